//! Sync configs: what is synced over a connection, when and how.

use axum::extract::State;
use domain::Invalid;
use domain::audit::AuditAction;
use domain::ids::SyncConfigId;
use domain::sync_config::{SyncConfig, SyncConfigInput, SyncStatus};
use http::{StatusCode, Uri};
use serde_json::json;
use store::StoreError;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Created, IfMatch, Versioned};
use crate::body::{Form, Input, MergePatch};
use crate::caller::Caller;
use crate::changes::{ATTEMPTS, changed_fields, stand_back};
use crate::connections::{find as find_connection, find_named};
use crate::page::Page;
use crate::path::{ConnectionPath, Path, SyncConfigPath};
use crate::query::{PageQuery, Query};
use crate::{ApiError, ApiState};
use sync::now;

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_sync_configs))
        .routes(routes!(create_sync_config))
        .routes(routes!(get_sync_config, update_sync_config, delete_sync_config))
}

impl Input for SyncConfigInput {
    const SERVER_FIELDS: &'static [&'static str] = &Self::SERVER_FIELDS;

    fn validate(&self) -> Result<(), Invalid> {
        self.validate()
    }
}

/// List a connection's sync configs
///
/// Oldest first.
#[utoipa::path(get, path = "/erp/connections/{id}/sync-configs", tag = "sync configs",
    params(ConnectionPath, PageQuery),
    responses((status = 200, description = "The sync configs", body = [SyncConfig]), (status = 404)))]
pub(crate) async fn list_sync_configs(
    State(state): State<ApiState>,
    Path(path): Path<ConnectionPath>,
    Query(query): Query<PageQuery>,
    uri: Uri,
) -> Result<Page<SyncConfig>, ApiError> {
    let connection = find_connection(&state, &path.id).await?;
    let listing =
        state.store().sync_configs_of(&connection.id, query.limit.0, query.cursor.as_deref()).await?;
    Ok(Page::new(&uri, query.limit.0, listing))
}

/// Make a sync config
///
/// `nextSyncAt` tells when it will first run by itself.
#[utoipa::path(post, path = "/erp/sync-configs", tag = "sync configs", request_body = SyncConfigInput,
    responses((status = 201, description = "Made", body = SyncConfig)))]
pub(crate) async fn create_sync_config(
    State(state): State<ApiState>,
    caller: Caller,
    Form(input): Form<SyncConfigInput>,
) -> Result<Created<SyncConfig>, ApiError> {
    find_named(&state, &input.erp_connection_id).await?;
    let config = fresh(input);
    state.store().create_sync_config(&config).await?;
    let details = json!({"erpConnectionId": config.erp_connection_id, "dataType": config.data_type});
    caller.note(&state, AuditAction::ErpSyncConfigCreated, config.id.as_str(), details).await?;
    let location = format!("/erp/sync-configs/{}", config.id);
    Ok(Created { location, version: Some(config.version), body: config })
}

/// Read a sync config
///
/// With what it is doing, and when it runs next.
#[utoipa::path(get, path = "/erp/sync-configs/{id}", tag = "sync configs", params(SyncConfigPath),
    responses((status = 200, description = "The sync config", body = SyncConfig), (status = 404)))]
pub(crate) async fn get_sync_config(
    State(state): State<ApiState>,
    Path(path): Path<SyncConfigPath>,
) -> Result<Versioned<SyncConfig>, ApiError> {
    let config = find(&state, &path.id).await?;
    Ok(Versioned(config.version, config))
}

/// Change a sync config
///
/// A JSON merge patch (RFC 7396): what is named is changed, `null` clears. `nextSyncAt` is computed anew when what it
/// follows from is changed.
#[utoipa::path(patch, path = "/erp/sync-configs/{id}", tag = "sync configs", params(SyncConfigPath),
    request_body(content = Object, content_type = "application/json", description = "The fields to change",
        example = json!({"schedule": "0 2 * * *", "fieldMapping": {"sku": "productID"}})),
    responses((status = 200, description = "Changed", body = SyncConfig), (status = 404), (status = 412)))]
pub(crate) async fn update_sync_config(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<SyncConfigPath>,
    if_match: IfMatch,
    patch: MergePatch,
) -> Result<Versioned<SyncConfig>, ApiError> {
    for attempt in 1..=ATTEMPTS {
        let before = find(&state, &path.id).await?;
        if_match.check(before.version)?;
        let after = changed(&before, patch.apply(&before)?);
        find_named(&state, &after.erp_connection_id).await?;
        match state.store().replace_sync_config(&after, !after.is_timed_as(&before)).await {
            Err(StoreError::Changed) if if_match.is_given() => return Err(ApiError::changed_meanwhile()),
            Err(StoreError::Changed) => {
                stand_back(attempt).await;
                continue;
            }
            other => other?,
        }
        let details = json!({"changed": changed_fields(&before, &after, &SyncConfigInput::SERVER_FIELDS)?});
        caller.note(&state, AuditAction::ErpSyncConfigUpdated, path.id.as_str(), details).await?;
        return Ok(Versioned(after.version, after));
    }
    Err(StoreError::Changed.into())
}

/// Delete a sync config
///
/// What was synced stays.
#[utoipa::path(delete, path = "/erp/sync-configs/{id}", tag = "sync configs", params(SyncConfigPath),
    responses((status = 204, description = "Deleted"), (status = 404), (status = 412)))]
pub(crate) async fn delete_sync_config(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<SyncConfigPath>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let config = find(&state, &path.id).await?;
    if_match.check(config.version)?;
    if !state.store().delete_sync_config(&path.id).await? {
        return Err(ApiError::not_found("sync config", &path.id));
    }
    let details = json!({"erpConnectionId": config.erp_connection_id, "dataType": config.data_type});
    caller.note(&state, AuditAction::ErpSyncConfigDeleted, path.id.as_str(), details).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn find(state: &ApiState, id: &SyncConfigId) -> Result<SyncConfig, ApiError> {
    state.store().sync_config(id).await?.ok_or_else(|| ApiError::not_found("sync config", id))
}

fn fresh(input: SyncConfigInput) -> SyncConfig {
    let now = now();
    let config = SyncConfig {
        id: SyncConfigId::generate(),
        erp_connection_id: input.erp_connection_id,
        data_type: input.data_type,
        direction: input.direction,
        schedule: input.schedule,
        enabled: input.enabled,
        status: SyncStatus::Idle,
        settings: input.settings,
        field_mapping: input.field_mapping,
        transformations: input.transformations,
        filters: input.filters,
        last_outcome: None,
        last_sync_at: None,
        next_sync_at: None,
        held_since: None,
        last_run_id: None,
        created_at: now,
        updated_at: now,
        version: 1,
    };
    SyncConfig { next_sync_at: config.next_due(now), ..config }
}

fn changed(before: &SyncConfig, input: SyncConfigInput) -> SyncConfig {
    let now = now();
    let after = SyncConfig {
        erp_connection_id: input.erp_connection_id,
        data_type: input.data_type,
        direction: input.direction,
        schedule: input.schedule,
        enabled: input.enabled,
        settings: input.settings,
        field_mapping: input.field_mapping,
        transformations: input.transformations,
        filters: input.filters,
        updated_at: now,
        version: before.version + 1,
        ..before.clone()
    };
    // A change of anything else must neither put off an interval nor lose a time that is due this very minute.
    if after.is_timed_as(before) {
        return after;
    }
    SyncConfig { next_sync_at: after.next_due(now), ..after }
}
