//! Dead letters: messages that no worker could deal with, to be looked at, sent again and deleted.

use axum::Json;
use axum::extract::State;
use domain::audit::AuditAction;
use domain::dead_letter::DeadLetter;
use domain::ids::DeadLetterId;
use http::{StatusCode, Uri};
use serde_json::json;
use sync::RedriveError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::page::Page;
use crate::path::{DeadLetterPath, Path};
use crate::query::{PageQuery, Query};
use crate::sync_control::not_retried;
use crate::{ApiError, ApiState};

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_dead_letters))
        .routes(routes!(get_dead_letter, delete_dead_letter))
        .routes(routes!(redrive_dead_letter))
}

/// List dead letters
///
/// Newest first. Each is a message that failed too often; the run it was about was closed in error with the reason.
#[utoipa::path(get, path = "/erp/dead-letters", tag = "syncs", params(PageQuery),
    responses((status = 200, description = "The letters", body = [DeadLetter])))]
pub(crate) async fn list_dead_letters(
    State(state): State<ApiState>,
    Query(query): Query<PageQuery>,
    uri: Uri,
) -> Result<Page<DeadLetter>, ApiError> {
    let listing = state.store().list_dead_letters(query.limit.0, query.cursor.as_deref()).await?;
    Ok(Page::new(&uri, query.limit.0, listing))
}

/// Read a dead letter
///
/// With the reason it was given up for, and what became of it since.
#[utoipa::path(get, path = "/erp/dead-letters/{id}", tag = "syncs", params(DeadLetterPath),
    responses((status = 200, description = "The letter", body = DeadLetter), (status = 404)))]
pub(crate) async fn get_dead_letter(
    State(state): State<ApiState>,
    Path(path): Path<DeadLetterPath>,
) -> Result<Json<DeadLetter>, ApiError> {
    find(&state, &path.id).await.map(Json)
}

/// Send a dead letter again
///
/// Once. A letter about a run starts that sync anew, as `POST /erp/sync-logs/{id}/retry` does; one that could not be
/// read goes back to the workers as it is.
#[utoipa::path(post, path = "/erp/dead-letters/{id}/redrive", tag = "syncs", params(DeadLetterPath),
    responses((status = 202, description = "Sent; `redrivenAs` is the run that was started", body = DeadLetter),
        (status = 404), (status = 409, description = "It was sent before, or its sync cannot be started now")))]
pub(crate) async fn redrive_dead_letter(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<DeadLetterPath>,
) -> Result<(StatusCode, Json<DeadLetter>), ApiError> {
    let by = caller.admin.id.to_string();
    let run = state.engine.redrive(&path.id, by).await.map_err(|error| not_sent(error, &path.id))?;
    let details = json!({"runId": run.map(|run| run.id)});
    caller.note(&state, AuditAction::ErpDeadLetterRedriven, path.id.as_str(), details).await?;
    Ok((StatusCode::ACCEPTED, Json(find(&state, &path.id).await?)))
}

fn not_sent(error: RedriveError, id: &DeadLetterId) -> ApiError {
    match error {
        RedriveError::NotFound => ApiError::not_found("dead letter", id),
        RedriveError::Before => ApiError::conflict("This letter was sent again before."),
        RedriveError::Cut => {
            ApiError::conflict("This letter was too long to be kept whole; it cannot be sent again.")
        }
        RedriveError::NotStarted(error) => not_retried(error),
        RedriveError::NotSent(error) => ApiError::unavailable().caused_by(error),
    }
}

/// Delete a dead letter
///
/// The run it was about stays as it is.
#[utoipa::path(delete, path = "/erp/dead-letters/{id}", tag = "syncs", params(DeadLetterPath),
    responses((status = 204, description = "Deleted"), (status = 404)))]
pub(crate) async fn delete_dead_letter(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<DeadLetterPath>,
) -> Result<StatusCode, ApiError> {
    let letter = find(&state, &path.id).await?;
    state.store().delete_dead_letter(&path.id).await?;
    let details = json!({"runId": letter.run_id, "redriven": letter.redriven_at.is_some()});
    caller.note(&state, AuditAction::ErpDeadLetterDeleted, path.id.as_str(), details).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(state: &ApiState, id: &DeadLetterId) -> Result<DeadLetter, ApiError> {
    state.store().dead_letter(id).await?.ok_or_else(|| ApiError::not_found("dead letter", id))
}
