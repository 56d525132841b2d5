//! Records that runs set aside: listed across runs, mended, and read again.

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use domain::audit::AuditAction;
use domain::ids::{ClientId, ConnectionId, SiteId};
use domain::set_aside::{SetAside, SetAsideStatus};
use domain::validation::Checks;
use domain::{DataType, Invalid};
use http::Uri;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use store::SetAsideFilter;
use sync::MendError;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::body::{Form, Input, RawObject};
use crate::caller::Caller;
use crate::connections::{find as find_connection, find_named};
use crate::page::Page;
use crate::path::{Path, SetAsidePath};
use crate::query::{Limit, Query};
use crate::rules::Whose;
use crate::sync_trigger::{start_full_pull, started};
use crate::{ApiError, ApiState};

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_set_aside))
        .routes(routes!(get_set_aside))
        .routes(routes!(mend_set_aside))
        .routes(routes!(retry_set_aside))
        .routes(routes!(retry_all_set_aside))
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SetAsideQuery {
    /// The connection the records came over.
    #[param(value_type = String, example = "erp_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    erp_connection_id: ConnectionId,
    /// Only records of this kind.
    #[serde(default)]
    data_type: Option<DataType>,
    /// Those that still wait for somebody, or those that do not.
    #[serde(default)]
    #[param(default = "open", required = false)]
    status: SetAsideStatus,
    /// How many to show.
    #[serde(default)]
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 50, required = false)]
    limit: Limit,
    /// Where to go on: from the `Link` header of the page before.
    #[serde(default)]
    cursor: Option<String>,
}

/// List records that were set aside
///
/// Across runs: by kind of record, then newest first.
#[utoipa::path(get, path = "/erp/set-aside", tag = "syncs", params(SetAsideQuery),
    responses((status = 200, description = "The records", body = [SetAside]),
        (status = 404, description = "There is no such connection")))]
pub(crate) async fn list_set_aside(
    State(state): State<ApiState>,
    Query(query): Query<SetAsideQuery>,
    uri: Uri,
) -> Result<Page<SetAside>, ApiError> {
    let connection = find_connection(&state, &query.erp_connection_id).await?.id;
    let filter = SetAsideFilter { connection, data_type: query.data_type, status: query.status };
    let listing = state.store().list_set_aside(&filter, query.limit.0, query.cursor.as_deref()).await?;
    Ok(Page::new(&uri, query.limit.0, listing))
}

/// Read a record that was set aside
///
/// With what is wrong with it, and as the ERP sent it.
#[utoipa::path(get, path = "/erp/set-aside/{id}", tag = "syncs", params(SetAsidePath),
    responses((status = 200, description = "The record", body = SetAside), (status = 404)))]
pub(crate) async fn get_set_aside(
    State(state): State<ApiState>,
    Path(path): Path<SetAsidePath>,
) -> Result<Json<SetAside>, ApiError> {
    find(&state, &path).await.map(Json)
}

/// A record, as the ERP should have sent it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"record": {"productID": "17", "productName": "Chai", "unitPrice": "18.00"}}))]
pub(crate) struct MendInput {
    /// The record, with the ERP's field names.
    #[schema(value_type = Object)]
    record: Box<RawValue>,
}

/// Mend a record that was set aside
///
/// Takes the record in the form that is sent, by its sync config as it is now, and closes it. It shows as a run of one
/// record. A sync that reads the record from the ERP again takes what it finds there.
#[utoipa::path(post, path = "/erp/set-aside/{id}/mend", tag = "syncs", params(SetAsidePath), request_body = MendInput,
    responses((status = 200, description = "Mended and closed; `closedBy` is its run", body = SetAside), (status = 404),
        (status = 409, description = "It was closed before, or what it needs was deleted"),
        (status = 422, description = "It still cannot be taken; the fields at fault are named")))]
pub(crate) async fn mend_set_aside(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<SetAsidePath>,
    body: RawObject,
) -> Result<Json<SetAside>, ApiError> {
    let MendInput { record } = body.read()?;
    let by = caller.admin.id.to_string();
    let mended = state.engine.mend(&path.id, record.get().as_bytes(), by).await;
    let mended = mended.map_err(|error| not_mended(error, &path))?;
    let details = json!({"runId": mended.closed_by, "erpConnectionId": mended.erp_connection_id});
    caller.note(&state, AuditAction::ErpSetAsideMended, path.id.as_str(), details).await?;
    Ok(Json(mended))
}

fn not_mended(error: MendError, path: &SetAsidePath) -> ApiError {
    match error {
        MendError::NotFound => ApiError::not_found("record set aside", &path.id),
        MendError::StillWrong(errors) => ApiError::invalid(errors),
        MendError::Store(error) => error.into(),
        MendError::Closed => ApiError::conflict("This record was closed before; there is nothing to mend."),
        MendError::ConnectionGone(_) | MendError::ConfigGone(_) | MendError::ScopeGone(_) => {
            ApiError::conflict(format!("This record cannot be mended: {error}."))
        }
    }
}

/// Read a record that was set aside again
///
/// Starts a full sync of its connection and kind of record, which takes what the ERP has now. If the record comes
/// through, that run closes it.
#[utoipa::path(post, path = "/erp/set-aside/{id}/retry", tag = "syncs", params(SetAsidePath),
    responses((status = 202, description = "Started; `Location` is its log", body = domain::run::SyncLog), (status = 404),
        (status = 409, description = "It was closed before, or its sync cannot be started now")))]
pub(crate) async fn retry_set_aside(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<SetAsidePath>,
) -> Result<Response, ApiError> {
    let record = find(&state, &path).await?;
    if record.status == SetAsideStatus::Closed {
        return Err(ApiError::conflict("This record was closed before; there is nothing to read again."));
    }
    let connection = find_connection(&state, &record.erp_connection_id).await?;
    let run = start_full_pull(&state, connection, record.data_type, record.scope, &caller).await?;
    let details = json!({"runId": run.id, "dataType": run.data_type});
    caller.note(&state, AuditAction::ErpSetAsideRetried, path.id.as_str(), details).await?;
    Ok(started(run))
}

/// Which records are to be read again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"erpConnectionId": "erp_01KAHV3Z8M6W6W1Z0Q3T4N5P6R", "dataType": "products"}))]
pub(crate) struct RetryInput {
    /// The connection they came over.
    #[schema(value_type = String)]
    erp_connection_id: ConnectionId,
    /// The kind of record.
    data_type: DataType,
    /// Those that this site has of its own; without it, nobody's own.
    #[serde(default)]
    #[schema(example = "site_001")]
    site_id: Option<SiteId>,
    /// Those that this client has of its own. Not together with `siteId`.
    #[serde(default)]
    #[schema(example = "client_001")]
    client_id: Option<ClientId>,
}

impl Input for RetryInput {
    fn validate(&self) -> Result<(), Invalid> {
        let mut checks = Checks::default();
        self.whose().check(&mut checks);
        checks.finish()
    }
}

impl RetryInput {
    const fn whose(&self) -> Whose<'_> {
        Whose { site: self.site_id.as_ref(), client: self.client_id.as_ref() }
    }
}

/// Read all records that were set aside again
///
/// Starts a full sync, which takes what the ERP has now and closes what comes through.
#[utoipa::path(post, path = "/erp/set-aside/retry", tag = "syncs", request_body = RetryInput,
    responses((status = 202, description = "Started; `Location` is its log", body = domain::run::SyncLog),
        (status = 409, description = "Its sync cannot be started now")))]
pub(crate) async fn retry_all_set_aside(
    State(state): State<ApiState>,
    caller: Caller,
    Form(input): Form<RetryInput>,
) -> Result<Response, ApiError> {
    let connection = find_named(&state, &input.erp_connection_id).await?;
    let scope = input.whose().scope(&state, &connection.id, input.data_type).await?;
    let run = start_full_pull(&state, connection, input.data_type, scope, &caller).await?;
    let details = json!({"runId": run.id, "dataType": run.data_type});
    let target = input.erp_connection_id.as_str();
    caller.note(&state, AuditAction::ErpSetAsideRetried, target, details).await?;
    Ok(started(run))
}

async fn find(state: &ApiState, path: &SetAsidePath) -> Result<SetAside, ApiError> {
    let found = state.store().set_aside(&path.id).await?;
    found.ok_or_else(|| ApiError::not_found("record set aside", &path.id))
}
