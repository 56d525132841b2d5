//! Conflicts: records that both sides changed in the same fields, and what a person decides.

use axum::Json;
use axum::extract::State;
use domain::audit::AuditAction;
use domain::change::{Change, ChangeState, operation};
use domain::conflict::{Conflict, ConflictStatus, Resolution};
use domain::difference::{FieldDifference, difference};
use domain::ids::{ConflictId, ConnectionId};
use domain::json::Json as Text;
use domain::records::{RecordData, read_sent};
use domain::{DataType, FieldError, Invalid};
use http::Uri;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use store::{ChangeWrite, ConflictFilter, StoreError};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::RawObject;
use crate::caller::Caller;
use crate::page::Page;
use crate::path::{ConflictPath, Path};
use crate::pending_changes::resolved;
use crate::query::{Limit, Query};
use crate::{ApiError, ApiState};
use sync::now;

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_conflicts))
        .routes(routes!(get_conflict))
        .routes(routes!(resolve_conflict))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct ConflictsQuery {
    /// Only open ones, or only resolved ones.
    status: Option<ConflictStatus>,
    /// Only conflicts over this connection.
    erp_connection_id: Option<ConnectionId>,
    /// Only conflicts of this kind of record.
    data_type: Option<DataType>,
    /// How many to show.
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// Where to go on: from the `Link` header of the page before.
    cursor: Option<String>,
}

/// A conflict, field by field.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConflictDetail {
    #[serde(flatten)]
    conflict: Conflict,
    /// The fields in which the ERP's version and ours differ.
    difference: Vec<FieldDifference>,
}

impl ConflictDetail {
    fn of(conflict: Conflict) -> Self {
        let versions = [&conflict.base, &conflict.erp, &conflict.system];
        let [base, erp, system] = versions.map(|version| version.as_deref().map(Text::from));
        let difference = difference(conflict.data_type, base, erp, system);
        Self { conflict, difference }
    }
}

/// What a person decides.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResolveInput {
    /// Whose version is right.
    #[schema(example = "merged")]
    resolution: Resolution,
    /// With `merged`, the whole record as it should be.
    #[schema(value_type = Option<RecordData>)]
    record: Option<Box<RawValue>>,
}

/// List conflicts
///
/// Newest first. A page may hold fewer than `limit` and still have a next one.
#[utoipa::path(get, path = "/erp/conflicts", tag = "changes", params(ConflictsQuery),
    responses((status = 200, description = "The conflicts", body = [Conflict])))]
pub(crate) async fn list_conflicts(
    State(state): State<ApiState>,
    Query(query): Query<ConflictsQuery>,
    uri: Uri,
) -> Result<Page<Conflict>, ApiError> {
    let filter = ConflictFilter {
        status: query.status,
        connection: query.erp_connection_id,
        data_type: query.data_type,
    };
    let listing = state.store().list_conflicts(&filter, query.limit.0, query.cursor.as_deref()).await?;
    Ok(Page::new(&uri, query.limit.0, listing))
}

/// Read a conflict
///
/// With both versions, what they last agreed on, and the difference field by field.
#[utoipa::path(get, path = "/erp/conflicts/{id}", tag = "changes", params(ConflictPath),
    responses((status = 200, description = "The conflict", body = ConflictDetail), (status = 404)))]
pub(crate) async fn get_conflict(
    State(state): State<ApiState>,
    Path(path): Path<ConflictPath>,
) -> Result<Json<ConflictDetail>, ApiError> {
    Ok(Json(ConflictDetail::of(find(&state, &path.id).await?)))
}

/// Resolve a conflict
///
/// `erp` drops our change; `system` sends ours with the next sync; `merged` sends the record given here.
#[utoipa::path(post, path = "/erp/conflicts/{id}/resolve", tag = "changes", params(ConflictPath),
    request_body(content = ResolveInput, content_type = "application/json"),
    responses((status = 200, description = "Resolved", body = ConflictDetail), (status = 404),
        (status = 409, description = "It was resolved already")))]
pub(crate) async fn resolve_conflict(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<ConflictPath>,
    body: RawObject,
) -> Result<Json<ConflictDetail>, ApiError> {
    let ResolveInput { resolution, record } = body.read()?;
    let conflict = find(&state, &path.id).await?;
    let merged = merged(&conflict, resolution, record.as_deref())?;
    if conflict.status == ConflictStatus::Resolved {
        return Err(already_resolved(&conflict));
    }
    let change =
        state.store().change_of(&conflict.erp_connection_id, conflict.data_type, &conflict.record_id);
    let change = change.await?.filter(|change| change.id == conflict.change_id);
    let change = change.ok_or_else(|| already_resolved(&conflict))?;
    let resolved = resolved(conflict, resolution, &caller);
    let after = decided(&change, &resolved, merged);
    let write = match resolution {
        Resolution::Erp => ChangeWrite::Remove(&change),
        Resolution::System | Resolution::Merged => ChangeWrite::Replace(&after),
    };
    match state.store().resolve_conflict(&resolved, write).await {
        Err(StoreError::Changed) => return Err(already_resolved(&resolved)),
        other => other?,
    }
    let details = json!({"resolution": resolution, "changeId": change.id, "recordId": change.record_id});
    caller.note(&state, AuditAction::ErpConflictResolved, path.id.as_str(), details).await?;
    Ok(Json(ConflictDetail::of(resolved)))
}

async fn find(state: &ApiState, id: &ConflictId) -> Result<Conflict, ApiError> {
    state.store().conflict(id).await?.ok_or_else(|| ApiError::not_found("conflict", id))
}

fn already_resolved(conflict: &Conflict) -> ApiError {
    ApiError::conflict(format!("The conflict {} was resolved already.", conflict.id))
}

/// The merged record, checked; only `merged` comes with one.
fn merged(
    conflict: &Conflict,
    resolution: Resolution,
    record: Option<&RawValue>,
) -> Result<Option<Box<RawValue>>, ApiError> {
    match (resolution, record) {
        (Resolution::Merged, Some(record)) => {
            let current = conflict.erp.as_deref().map(Text::from);
            let key = Some(conflict.record_id.as_str());
            let read = read_sent(conflict.data_type, Text::from(record), key, current);
            read.map(|sent| Some(sent.record)).map_err(|Invalid(errors)| {
                let within = |error: FieldError| match error.field.as_str() {
                    "record" => error,
                    field => FieldError::new(format!("record.{field}"), error.message),
                };
                ApiError::invalid(errors.into_iter().map(within).collect())
            })
        }
        (Resolution::Merged, None) => {
            Err(ApiError::invalid_field("record", "is needed with the resolution merged"))
        }
        (_, Some(_)) => Err(ApiError::invalid_field("record", "goes with the resolution merged only")),
        (_, None) => Ok(None),
    }
}

/// The change once it is decided that it shall be sent: what the ERP has now is known, so it stands in its way no more.
fn decided(change: &Change, conflict: &Conflict, merged: Option<Box<RawValue>>) -> Change {
    let data = merged.or_else(|| change.data.clone());
    Change {
        operation: operation(data.is_some(), conflict.erp.is_some()),
        state: ChangeState::Pending,
        waiting_because: None,
        last_error: None,
        conflict_id: None,
        data,
        base: conflict.erp.clone(),
        in_flight: None,
        updated_at: now(),
        revision: change.revision + 1,
        version: change.version + 1,
        ..change.clone()
    }
}
