//! Our changes on their way to the ERP: what waits, and why.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use domain::audit::AuditAction;
use domain::change::{Change, ChangeState, operation};
use domain::conflict::{Conflict, ConflictStatus, Resolution};
use domain::connection::ConnectionStatus;
use domain::ids::{ChangeId, ConnectionId};
use domain::{DataType, Direction};
use http::{StatusCode, Uri};
use serde::Deserialize;
use serde_json::json;
use store::{ChangeFilter, ChangeWrite, StoreError};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::caller::Caller;
use crate::page::Page;
use crate::path::{ChangePath, Path};
use crate::query::{Limit, Query};
use crate::{ApiError, ApiState};
use sync::now;

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_changes))
        .routes(routes!(get_change, discard_change))
        .routes(routes!(retry_change))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct ChangesQuery {
    /// Only changes that go over this connection.
    erp_connection_id: Option<ConnectionId>,
    /// Only changes of this kind of record.
    data_type: Option<DataType>,
    /// Only changes in this state.
    state: Option<ChangeState>,
    /// How many to show.
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 50)]
    limit: Limit,
    /// Where to go on: from the `Link` header of the page before.
    cursor: Option<String>,
}

/// List changes
///
/// What the ERP has not taken yet, and why, oldest first. A page may hold fewer than `limit` and still have a next one.
#[utoipa::path(get, path = "/erp/changes", tag = "changes", params(ChangesQuery),
    responses((status = 200, description = "The changes", body = [Change])))]
pub(crate) async fn list_changes(
    State(state): State<ApiState>,
    Query(query): Query<ChangesQuery>,
    uri: Uri,
) -> Result<Page<Change>, ApiError> {
    let filter =
        ChangeFilter { connection: query.erp_connection_id, data_type: query.data_type, state: query.state };
    let mut listing = state.store().list_changes(&filter, query.limit.0, query.cursor.as_deref()).await?;
    explain(&state, &mut listing.items).await?;
    Ok(Page::new(&uri, query.limit.0, listing))
}

/// Read a change
///
/// Once the ERP has taken it, there is no such change any more: the record shows what the ERP has.
#[utoipa::path(get, path = "/erp/changes/{id}", tag = "changes", params(ChangePath),
    responses((status = 200, description = "The change", body = Change), (status = 404)))]
pub(crate) async fn get_change(
    State(state): State<ApiState>,
    Path(path): Path<ChangePath>,
) -> Result<Json<Change>, ApiError> {
    let mut change = find(&state, &path.id).await?;
    explain(&state, std::slice::from_mut(&mut change)).await?;
    Ok(Json(change))
}

/// Retry a change
///
/// One that was rejected, could not be mapped, or whose fate is unknown waits for the next sync again. An `unknown` one
/// is then sent again though the ERP may have taken it: look there first.
#[utoipa::path(post, path = "/erp/changes/{id}/retry", tag = "changes", params(ChangePath),
    responses((status = 200, description = "It waits for the next sync", body = Change), (status = 404),
        (status = 409, description = "It is being sent, or in conflict")))]
pub(crate) async fn retry_change(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<ChangePath>,
) -> Result<Json<Change>, ApiError> {
    let before = find(&state, &path.id).await?;
    let mut change = retried(&before)?;
    if change.version != before.version {
        state.store().replace_change(&change).await?;
        caller.note(&state, AuditAction::ErpChangeRetried, path.id.as_str(), about(&change)).await?;
    }
    explain(&state, std::slice::from_mut(&mut change)).await?;
    Ok(Json(change))
}

/// Discard a change
///
/// The record is then as the ERP has it. A conflict it is in is resolved for the ERP.
#[utoipa::path(delete, path = "/erp/changes/{id}", tag = "changes", params(ChangePath),
    responses((status = 204, description = "Discarded"), (status = 404),
        (status = 409, description = "It is being sent")))]
pub(crate) async fn discard_change(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<ChangePath>,
) -> Result<StatusCode, ApiError> {
    let change = find(&state, &path.id).await?;
    if change.state == ChangeState::Sending {
        return Err(being_sent());
    }
    match open_conflict(&state, &change).await? {
        Some(conflict) => {
            let resolved = resolved(conflict, Resolution::Erp, &caller);
            state.store().resolve_conflict(&resolved, ChangeWrite::Remove(&change)).await?;
        }
        None => state.store().remove_change(&change).await?,
    }
    caller.note(&state, AuditAction::ErpChangeDiscarded, path.id.as_str(), about(&change)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(state: &ApiState, id: &ChangeId) -> Result<Change, ApiError> {
    state.store().change(id).await?.ok_or_else(|| ApiError::not_found("change", id))
}

fn being_sent() -> ApiError {
    ApiError::conflict("It is being sent to the ERP this moment; wait until its sync is done.")
}

fn about(change: &Change) -> serde_json::Value {
    json!({
        "erpConnectionId": change.erp_connection_id, "dataType": change.data_type, "recordId": change.record_id,
    })
}

async fn open_conflict(state: &ApiState, change: &Change) -> Result<Option<Conflict>, StoreError> {
    let Some(id) = &change.conflict_id else { return Ok(None) };
    Ok(state.store().conflict(id).await?.filter(|conflict| conflict.status == ConflictStatus::Open))
}

/// The conflict as it is once `caller` has decided.
pub(crate) fn resolved(conflict: Conflict, resolution: Resolution, caller: &Caller) -> Conflict {
    Conflict {
        status: ConflictStatus::Resolved,
        resolution: Some(resolution),
        resolved_by: Some(caller.admin.id.to_string()),
        resolved_at: Some(now()),
        ..conflict
    }
}

fn retried(change: &Change) -> Result<Change, ApiError> {
    let mut again = change.clone();
    match change.state {
        ChangeState::Pending => return Ok(again),
        ChangeState::Sending => return Err(being_sent()),
        ChangeState::Conflict => {
            let conflict = change.conflict_id.as_ref().map(ToString::to_string).unwrap_or_default();
            return Err(ApiError::conflict(format!("It is in conflict {conflict}: resolve that.")));
        }
        // An ERP that knows idempotency keys would repeat its refusal to the same key.
        ChangeState::Rejected | ChangeState::NeedsMapping => again.revision += 1,
        ChangeState::Unknown => {
            again.in_flight = None;
            again.operation = operation(change.data.is_some(), change.base.is_some());
        }
    }
    again.state = ChangeState::Pending;
    again.waiting_because = None;
    again.version += 1;
    Ok(again)
}

/// Says of each change why the ERP does not have it yet.
async fn explain(state: &ApiState, changes: &mut [Change]) -> Result<(), ApiError> {
    let mut known: HashMap<(ConnectionId, DataType), String> = HashMap::new();
    for change in changes {
        let because = match change.state {
            ChangeState::Pending => {
                let of = (change.erp_connection_id.clone(), change.data_type);
                match known.get(&of) {
                    Some(reason) => reason.clone(),
                    None => {
                        let reason = pending_because(state, &of.0, of.1).await?;
                        known.insert(of, reason.clone());
                        reason
                    }
                }
            }
            _ if change.waiting_because.is_some() => continue,
            ChangeState::Sending => "it is being sent to the ERP".to_owned(),
            ChangeState::Unknown => {
                "it was sent, and the answer got lost: the next sync finds out whether the ERP has it"
                    .to_owned()
            }
            ChangeState::Rejected => "the ERP refused it: change the record, retry, or discard it".to_owned(),
            ChangeState::NeedsMapping => {
                "it cannot be put into the ERP's form: change the push settings or the record, then retry"
                    .to_owned()
            }
            ChangeState::Conflict => "the ERP changed the same fields: resolve the conflict".to_owned(),
        };
        change.waiting_because = Some(because);
    }
    Ok(())
}

async fn pending_because(
    state: &ApiState,
    connection: &ConnectionId,
    data_type: DataType,
) -> Result<String, ApiError> {
    let Some(connection) = state.store().connection(connection).await? else {
        return Ok("its connection is deleted".to_owned());
    };
    if connection.status == ConnectionStatus::Inactive {
        return Ok(format!("the connection {} is switched off", connection.name));
    }
    if !connection.settings.enables(data_type) {
        let name = &connection.name;
        return Ok(format!("{data_type} is not among the enabledDataTypes of the connection {name}"));
    }
    let configs = state.store().sync_configs_of(&connection.id, Limit::MAX, None).await?.items;
    let mut pushing = configs
        .into_iter()
        .filter(|config| {
            config.enabled && config.data_type == data_type && config.direction != Direction::Pull
        })
        .peekable();
    if pushing.peek().is_none() {
        return Ok(format!("no enabled sync config of this connection pushes {data_type}"));
    }
    Ok(match pushing.filter_map(|config| config.next_sync_at).min() {
        Some(at) => format!("the next sync that pushes {data_type} is due at {at}"),
        None => format!("no sync that pushes {data_type} is scheduled: start one by hand"),
    })
}
