//! Runs ended early, and started again.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::audit::AuditAction;
use domain::run::{RunStatus, SyncLog};
use http::StatusCode;
use serde_json::json;
use sync::{CancelError, RetryError, now};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::path::{Path, RunPath};
use crate::sync_trigger::{refused, started};
use crate::{ApiError, ApiState};

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(cancel_sync)).routes(routes!(retry_sync))
}

/// Cancel a run
///
/// It ends after the batch at hand: what is stored by then stands and is counted. The log is still `syncing` in the
/// answer while a worker is at that batch. May be asked again.
#[utoipa::path(post, path = "/erp/sync-logs/{id}/cancel", tag = "syncs", params(RunPath),
    responses((status = 202, description = "It ends, or has ended: see `status`", body = SyncLog), (status = 404),
        (status = 409, description = "It had ended before")))]
pub(crate) async fn cancel_sync(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<RunPath>,
) -> Result<(StatusCode, Json<SyncLog>), ApiError> {
    let run = state.engine.cancel(&path.id).await.map_err(|error| match error {
        CancelError::NotFound => ApiError::not_found("sync log", &path.id),
        CancelError::Ended(status) => ApiError::conflict(already_ended(status)),
        CancelError::Store(error) => error.into(),
    })?;
    let details = json!({"erpConnectionId": run.erp_connection_id, "dataType": run.data_type});
    caller.note(&state, AuditAction::ErpSyncCancelled, path.id.as_str(), details).await?;
    Ok((StatusCode::ACCEPTED, Json(SyncLog::of(run, now()))))
}

const fn already_ended(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Cancelled => "This run was cancelled already.",
        RunStatus::Error => "This run has ended already, in error.",
        RunStatus::Success | RunStatus::Syncing => "This run has ended already; there is nothing to cancel.",
    }
}

/// Start a run again
///
/// A new run of the same connection, data type, direction and mode, with the sync config as it is now.
#[utoipa::path(post, path = "/erp/sync-logs/{id}/retry", tag = "syncs", params(RunPath),
    responses((status = 202, description = "Started; `Location` is its log", body = SyncLog), (status = 404),
        (status = 409, description = "It is still at work, another one is, or what it needs is gone or switched off")))]
pub(crate) async fn retry_sync(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<RunPath>,
) -> Result<Response, ApiError> {
    let by = caller.admin.id.to_string();
    let run = state.engine.retry(&path.id, by).await.map_err(not_retried)?;
    let details = json!({"runId": run.id, "dataType": run.data_type, "direction": run.direction});
    caller.note(&state, AuditAction::ErpSyncRetried, path.id.as_str(), details).await?;
    Ok(started(run))
}

/// Why a run was not started again, as the client is told.
pub(crate) fn not_retried(error: RetryError) -> ApiError {
    match error {
        RetryError::NotFound(run) => ApiError::not_found("sync log", run),
        RetryError::Open(run) => ApiError::already_running(&run),
        RetryError::NotStarted(error) => refused(error),
        RetryError::ConnectionGone(_) | RetryError::ConfigGone(_) => {
            ApiError::conflict(format!("This run cannot be started again: {error}."))
        }
    }
}
