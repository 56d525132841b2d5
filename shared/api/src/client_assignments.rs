//! Which connections a client uses.

use axum::extract::State;
use domain::Invalid;
use domain::assignment::{AssignmentSettings, ClientAssignment, Scope};
use domain::audit::AuditAction;
use domain::ids::{AssignmentId, ClientId, ConnectionId};
use domain::mapping::{RulesOverride, check_overrides};
use domain::validation::Checks;
use http::{StatusCode, Uri};
use serde::Deserialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::answer::Created;
use crate::body::{Form, Input};
use crate::caller::Caller;
use crate::catalog::check_catalog_id;
use crate::connections::find_named;
use crate::page::Page;
use crate::path::{ClientAssignmentPath, ClientPath, Path};
use crate::query::{PageQuery, Query};
use crate::rules::client_assignments;
use crate::{ApiError, ApiState};
use sync::now;

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_client_assignments, create_client_assignment))
        .routes(routes!(delete_client_assignment))
}

/// A connection for a client.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ClientAssignmentInput {
    /// The connection.
    #[schema(example = "erp_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    erp_connection_id: ConnectionId,
    /// The catalogue that goes with it; named by the platform that uses us.
    #[serde(default)]
    #[schema(example = "cat_001", max_length = 200)]
    catalog_id: Option<String>,
    /// Whether sites fall back to this one. It takes the mark from the client's others.
    #[serde(default)]
    is_default: bool,
    /// What is synced.
    #[serde(default)]
    settings: AssignmentSettings,
    /// Its own rules, laid over those of the connection's sync configs: at most one for each data type. The client then
    /// has records of its own of that data type: synced, kept and read apart, by `clientId`.
    #[serde(default)]
    overrides: Vec<RulesOverride>,
}

impl Input for ClientAssignmentInput {
    const SERVER_FIELDS: &'static [&'static str] = &["id", "clientId", "createdAt", "updatedAt"];

    fn validate(&self) -> Result<(), Invalid> {
        let mut checks = Checks::default();
        check_catalog_id(self.catalog_id.as_deref(), &mut checks);
        check_overrides(&self.overrides, &mut checks);
        checks.finish()
    }
}

/// List a client's assignments
///
/// Oldest first.
#[utoipa::path(get, path = "/clients/{clientId}/erp-assignments", tag = "assignments",
    params(ClientPath, PageQuery),
    responses((status = 200, description = "The assignments", body = [ClientAssignment])))]
pub(crate) async fn list_client_assignments(
    State(state): State<ApiState>,
    Path(path): Path<ClientPath>,
    Query(query): Query<PageQuery>,
    uri: Uri,
) -> Result<Page<ClientAssignment>, ApiError> {
    let listing =
        state.store().client_assignments(&path.client_id, query.limit.0, query.cursor.as_deref()).await?;
    Ok(Page::new(&uri, query.limit.0, listing))
}

/// Assign a connection to a client
///
/// Each of the client's sites uses it, unless the site has an assignment of its own that overrides.
#[utoipa::path(post, path = "/clients/{clientId}/erp-assignments", tag = "assignments", params(ClientPath),
    request_body = ClientAssignmentInput,
    responses((status = 201, description = "Assigned", body = ClientAssignment)))]
pub(crate) async fn create_client_assignment(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<ClientPath>,
    Form(input): Form<ClientAssignmentInput>,
) -> Result<Created<ClientAssignment>, ApiError> {
    find_named(&state, &input.erp_connection_id).await?;
    let assignment = fresh(path.client_id, input);
    state.store().create_client_assignment(&assignment).await?;
    let connection = &assignment.erp_connection_id;
    let mut others = client_assignments(&state, &assignment.client_id).await?;
    others.retain(|other| other.id != assignment.id && other.erp_connection_id == *connection);
    // One that counted until now may count no more.
    if others.iter().any(|other| !other.overrides.is_empty()) {
        let scope = Scope::Client(assignment.client_id.clone());
        state.store().forget_disowned(&scope, connection, now()).await?;
    }
    let details = json!({
        "clientId": assignment.client_id,
        "erpConnectionId": assignment.erp_connection_id,
        "isDefault": assignment.is_default,
    });
    caller.note(&state, AuditAction::ClientErpAssigned, assignment.id.as_str(), details).await?;
    let location = format!("/clients/{}/erp-assignments/{}", assignment.client_id, assignment.id);
    Ok(Created { location, version: None, body: assignment })
}

/// Take a connection back from a client
///
/// The connection itself stays. The records the client has of its own because of it are deleted.
#[utoipa::path(delete, path = "/clients/{clientId}/erp-assignments/{assignmentId}", tag = "assignments",
    params(ClientAssignmentPath),
    responses((status = 204, description = "Taken back"), (status = 404)))]
pub(crate) async fn delete_client_assignment(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<ClientAssignmentPath>,
) -> Result<StatusCode, ApiError> {
    let not_found = || ApiError::not_found("assignment", &path.assignment_id);
    let assignment = state.store().client_assignment(&path.client_id, &path.assignment_id).await?;
    let assignment = assignment.ok_or_else(not_found)?;
    if !state.store().delete_client_assignment(&path.client_id, &path.assignment_id).await? {
        return Err(not_found());
    }
    if !assignment.overrides.is_empty() {
        let scope = Scope::Client(path.client_id.clone());
        state.store().forget_disowned(&scope, &assignment.erp_connection_id, now()).await?;
    }
    let details = json!({"clientId": path.client_id});
    caller.note(&state, AuditAction::ClientErpUnassigned, path.assignment_id.as_str(), details).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn fresh(client_id: ClientId, input: ClientAssignmentInput) -> ClientAssignment {
    let now = now();
    ClientAssignment {
        id: AssignmentId::generate(),
        client_id,
        erp_connection_id: input.erp_connection_id,
        catalog_id: input.catalog_id,
        is_default: input.is_default,
        settings: input.settings,
        overrides: input.overrides,
        created_at: now,
        updated_at: now,
    }
}
