//! Connections: made, listed, read, changed, replaced, deleted.

use axum::extract::State;
use domain::audit::AuditAction;
use domain::connection::{Connection, ConnectionInput, ConnectionStatus, CredentialsOf, PublicConnection};
use domain::ids::ConnectionId;
use domain::{FieldError, Invalid};
use http::{StatusCode, Uri};
use serde::Deserialize;
use serde_json::json;
use store::{AssignmentRef, StoreError};
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::{Created, IfMatch, Versioned};
use crate::body::{Form, Input, MergePatch};
use crate::caller::Caller;
use crate::changes::{ATTEMPTS, changed_fields, stand_back};
use crate::page::Page;
use crate::path::{ConnectionPath, Path};
use crate::query::{PageQuery, Query};
use crate::{ApiError, ApiState};
use sync::now;

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_connections, create_connection))
        .routes(routes!(create_connection_enhanced))
        .routes(routes!(get_connection, update_connection, replace_connection, delete_connection))
}

impl Input for ConnectionInput {
    const SERVER_FIELDS: &'static [&'static str] = &Self::SERVER_FIELDS;

    fn validate(&self) -> Result<(), Invalid> {
        self.validate()
    }
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct DeleteQuery {
    /// Delete it though assignments use it; they are deleted too.
    #[param(default = false)]
    force: bool,
}

/// List connections
///
/// Oldest first. Secrets are masked.
#[utoipa::path(get, path = "/erp/connections", tag = "connections", params(PageQuery),
    responses((status = 200, description = "The connections", body = [PublicConnection])))]
pub(crate) async fn list_connections(
    State(state): State<ApiState>,
    Query(query): Query<PageQuery>,
    uri: Uri,
) -> Result<Page<PublicConnection>, ApiError> {
    let listing = state.store().list_connections(query.limit.0, query.cursor.as_deref()).await?;
    Ok(Page::new(&uri, query.limit.0, listing.map(|connection| connection.to_public())))
}

/// Make a connection
///
/// Nothing is called yet: test it next.
#[utoipa::path(post, path = "/erp/connections", tag = "connections", request_body = ConnectionInput,
    responses((status = 201, description = "Made", body = PublicConnection)))]
pub(crate) async fn create_connection(
    State(state): State<ApiState>,
    caller: Caller,
    Form(input): Form<ConnectionInput>,
) -> Result<Created<PublicConnection>, ApiError> {
    let connection = fresh(&state, input).await?;
    state.store().create_connection(&connection).await?;
    let details = json!({"name": connection.name, "provider": connection.provider});
    caller.note(&state, AuditAction::ErpConnectionCreatedEnhanced, connection.id.as_str(), details).await?;
    Ok(Created {
        location: format!("/erp/connections/{}", connection.id),
        version: Some(connection.version),
        body: connection.to_public(),
    })
}

/// Make a connection (the name existing front ends call)
///
/// The same as `POST /erp/connections`.
#[utoipa::path(post, path = "/erp/connections/enhanced", tag = "connections", request_body = ConnectionInput,
    responses((status = 201, description = "Made", body = PublicConnection)))]
pub(crate) async fn create_connection_enhanced(
    state: State<ApiState>,
    caller: Caller,
    form: Form<ConnectionInput>,
) -> Result<Created<PublicConnection>, ApiError> {
    create_connection(state, caller, form).await
}

/// Read a connection
///
/// Secrets are masked.
#[utoipa::path(get, path = "/erp/connections/{id}", tag = "connections", params(ConnectionPath),
    responses((status = 200, description = "The connection", body = PublicConnection), (status = 404)))]
pub(crate) async fn get_connection(
    State(state): State<ApiState>,
    Path(path): Path<ConnectionPath>,
) -> Result<Versioned<PublicConnection>, ApiError> {
    let connection = find(&state, &path.id).await?;
    Ok(Versioned(connection.version, connection.to_public()))
}

/// Change a connection
///
/// A JSON merge patch (RFC 7396): what is named is changed, `null` clears, a secret sent as its mask stays.
#[utoipa::path(patch, path = "/erp/connections/{id}", tag = "connections", params(ConnectionPath),
    request_body(content = Object, content_type = "application/json", description = "The fields to change",
        example = json!({"name": "SAP Test", "settings": {"timeout": 60000}})),
    responses((status = 200, description = "Changed", body = PublicConnection), (status = 404), (status = 412)))]
pub(crate) async fn update_connection(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<ConnectionPath>,
    if_match: IfMatch,
    patch: MergePatch,
) -> Result<Versioned<PublicConnection>, ApiError> {
    change(&state, &caller, &path.id, &if_match, |current| patch.apply(&current.to_public())).await
}

/// Replace a connection
///
/// What is left out takes its default; a secret sent as its mask stays.
#[utoipa::path(put, path = "/erp/connections/{id}", tag = "connections", params(ConnectionPath),
    request_body = ConnectionInput,
    responses((status = 200, description = "Replaced", body = PublicConnection), (status = 404), (status = 412)))]
pub(crate) async fn replace_connection(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<ConnectionPath>,
    if_match: IfMatch,
    Form(input): Form<ConnectionInput>,
) -> Result<Versioned<PublicConnection>, ApiError> {
    change(&state, &caller, &path.id, &if_match, |_| Ok(input.clone())).await
}

/// Delete a connection
///
/// With its sync configs and records. One that assignments still use is only deleted by force.
#[utoipa::path(delete, path = "/erp/connections/{id}", tag = "connections", params(ConnectionPath, DeleteQuery),
    responses((status = 204, description = "Deleted"), (status = 404),
        (status = 409, description = "Assignments use it; they are named"), (status = 412)))]
pub(crate) async fn delete_connection(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<ConnectionPath>,
    Query(query): Query<DeleteQuery>,
    if_match: IfMatch,
) -> Result<StatusCode, ApiError> {
    let connection = find(&state, &path.id).await?;
    if_match.check(connection.version)?;
    let assignments = state.store().assignments_of_connection(&path.id).await?;
    if !assignments.is_empty() && !query.force {
        let message =
            "Assignments still use this connection: take them back first, or delete it with ?force=true.";
        return Err(ApiError::in_use(message, assignments.iter().map(named).collect()));
    }
    state.store().delete_connection(&path.id).await?;
    let details = json!({"name": connection.name, "assignmentsDeleted": assignments.len()});
    caller.note(&state, AuditAction::ErpConnectionDeleted, path.id.as_str(), details).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The connection called `id`.
///
/// # Errors
/// 404 if there is none.
pub(crate) async fn find(state: &ApiState, id: &ConnectionId) -> Result<Connection, ApiError> {
    state.store().connection(id).await?.ok_or_else(|| ApiError::not_found("connection", id))
}

/// The connection that a field of a body names.
///
/// # Errors
/// 422 if there is none.
pub(crate) async fn find_named(state: &ApiState, id: &ConnectionId) -> Result<Connection, ApiError> {
    let found = state.store().connection(id).await?;
    found.ok_or_else(|| {
        ApiError::invalid_field("erpConnectionId", format!("names no connection: there is no {id}"))
    })
}

async fn fresh(state: &ApiState, input: ConnectionInput) -> Result<Connection, ApiError> {
    let id = ConnectionId::generate();
    let credentials = state.vault().seal(&id, input.credentials, &CredentialsOf::default()).await?;
    let now = now();
    Ok(Connection {
        id,
        name: input.name,
        provider: input.provider,
        connection_method: input.connection_method,
        status: input.status,
        credentials,
        settings: input.settings,
        last_tested_at: None,
        last_sync_at: None,
        last_error: None,
        created_at: now,
        updated_at: now,
        version: 1,
    })
}

/// Reads, changes and writes; begins anew where somebody else was quicker, unless the client insists on a version.
async fn change(
    state: &ApiState,
    caller: &Caller,
    id: &ConnectionId,
    if_match: &IfMatch,
    wanted: impl Fn(&Connection) -> Result<ConnectionInput, ApiError>,
) -> Result<Versioned<PublicConnection>, ApiError> {
    for attempt in 1..=ATTEMPTS {
        let before = find(state, id).await?;
        if_match.check(before.version)?;
        let after = changed(state, &before, wanted(&before)?).await?;
        match state.store().replace_connection(&after).await {
            Err(StoreError::Changed) if if_match.is_given() => return Err(ApiError::changed_meanwhile()),
            Err(StoreError::Changed) => {
                stand_back(attempt).await;
                continue;
            }
            other => other?,
        }
        let details = json!({"changed": changed_fields(&before, &after, &ConnectionInput::SERVER_FIELDS)?});
        caller.note(state, AuditAction::ErpConnectionUpdated, id.as_str(), details).await?;
        state.engine.probe_soon(id).await?;
        return Ok(Versioned(after.version, after.to_public()));
    }
    Err(StoreError::Changed.into())
}

async fn changed(
    state: &ApiState,
    before: &Connection,
    input: ConnectionInput,
) -> Result<Connection, ApiError> {
    let last_error = before.last_error.clone().filter(|_| input.status == ConnectionStatus::Error);
    Ok(Connection {
        credentials: state.vault().seal(&before.id, input.credentials, &before.credentials).await?,
        name: input.name,
        provider: input.provider,
        connection_method: input.connection_method,
        status: input.status,
        settings: input.settings,
        last_error,
        updated_at: now(),
        version: before.version + 1,
        ..before.clone()
    })
}

fn named(assignment: &AssignmentRef) -> FieldError {
    match assignment {
        AssignmentRef::Client { client_id, id } => {
            FieldError::new(format!("/clients/{client_id}/erp-assignments/{id}"), "uses this connection")
        }
        AssignmentRef::Site { site_id, id } => {
            FieldError::new(format!("/sites/{site_id}/erp-assignments/{id}"), "uses this connection")
        }
    }
}
