//! Sync logs: what each run did, and what it set aside.

use axum::Json;
use axum::extract::State;
use domain::DataType;
use domain::ids::{ConnectionId, RunId};
use domain::planned::PlannedChange;
use domain::run::{FailedRecord, Run, SyncLog};
use http::Uri;
use serde::Deserialize;
use serde_json::value::RawValue;
use store::RunFilter;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::page::Page;
use crate::path::{Path, RunPath};
use crate::query::{Limit, PageQuery, Query};
use crate::{ApiError, ApiState};
use sync::now;

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_sync_logs))
        .routes(routes!(get_sync_log))
        .routes(routes!(list_sync_log_errors))
        .routes(routes!(list_planned_changes))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct SyncLogsQuery {
    /// Only runs over this connection.
    erp_connection_id: Option<ConnectionId>,
    /// Only runs of this kind of record.
    data_type: Option<DataType>,
    /// How many to show.
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// Where to go on: from the `Link` header of the page before.
    cursor: Option<String>,
}

/// List sync logs
///
/// Newest first. A run that is at work shows its progress.
#[utoipa::path(get, path = "/erp/sync-logs", tag = "syncs", params(SyncLogsQuery),
    responses((status = 200, description = "The runs", body = [SyncLog])))]
pub(crate) async fn list_sync_logs(
    State(state): State<ApiState>,
    Query(query): Query<SyncLogsQuery>,
    uri: Uri,
) -> Result<Page<SyncLog>, ApiError> {
    let filter = RunFilter { connection: query.erp_connection_id, data_type: query.data_type };
    let listing = state.store().list_runs(&filter, query.limit.0, query.cursor.as_deref()).await?;
    let now = now();
    Ok(Page::new(&uri, query.limit.0, listing.map(|run| SyncLog::of(run, now))))
}

/// Read a sync log
///
/// A run that is at work shows its progress.
#[utoipa::path(get, path = "/erp/sync-logs/{id}", tag = "syncs", params(RunPath),
    responses((status = 200, description = "The run", body = SyncLog), (status = 404)))]
pub(crate) async fn get_sync_log(
    State(state): State<ApiState>,
    Path(path): Path<RunPath>,
) -> Result<Json<SyncLog>, ApiError> {
    Ok(Json(SyncLog::of(find(&state, &path.id).await?, now())))
}

/// List the records a run set aside
///
/// In the order they were read, each with what is wrong with it, field by field, and as the ERP sent it.
#[utoipa::path(get, path = "/erp/sync-logs/{id}/errors", tag = "syncs", params(RunPath, PageQuery),
    responses((status = 200, description = "The records", body = [FailedRecord]), (status = 404)))]
pub(crate) async fn list_sync_log_errors(
    State(state): State<ApiState>,
    Path(path): Path<RunPath>,
    Query(query): Query<PageQuery>,
    uri: Uri,
) -> Result<Page<FailedRecord>, ApiError> {
    let run = find(&state, &path.id).await?;
    let listing = state.store().failed_records(&run.id, query.limit.0, query.cursor.as_deref()).await?;
    Ok(Page::new(&uri, query.limit.0, listing))
}

/// List what a dry run would do
///
/// In the order of what it looked at, 10000 at most: what would be created, updated (field by field), deleted and
/// pushed. The counts of its log cover all. For a run that is no dry run, 409: its `counts` tell what it did.
#[utoipa::path(get, path = "/erp/sync-logs/{id}/plan", tag = "syncs", params(RunPath, PageQuery),
    responses((status = 200, description = "What it would do", body = [PlannedChange]), (status = 404),
        (status = 409, description = "The run is no dry run")))]
pub(crate) async fn list_planned_changes(
    State(state): State<ApiState>,
    Path(path): Path<RunPath>,
    Query(query): Query<PageQuery>,
    uri: Uri,
) -> Result<Page<Box<RawValue>>, ApiError> {
    let run = find(&state, &path.id).await?;
    if !run.dry_run {
        return Err(ApiError::conflict("This run was no dry run; see its counts for what it did."));
    }
    let listing = state.store().planned(&run.id, query.limit.0, query.cursor.as_deref()).await?;
    Ok(Page::new(&uri, query.limit.0, listing))
}

/// The run called `id`.
///
/// # Errors
/// 404 if there is none.
pub(crate) async fn find(state: &ApiState, id: &RunId) -> Result<Run, ApiError> {
    state.store().run_so_far(id).await?.ok_or_else(|| ApiError::not_found("sync log", id))
}
