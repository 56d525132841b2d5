//! Which connections a site uses of its own.

use axum::extract::State;
use domain::Invalid;
use domain::assignment::{AssignmentSettings, Scope, SiteAssignment};
use domain::audit::AuditAction;
use domain::ids::{AssignmentId, ClientId, ConnectionId, SiteId};
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
use crate::path::{Path, SiteAssignmentPath, SitePath};
use crate::query::{PageQuery, Query};
use crate::rules::site_assignments;
use crate::{ApiError, ApiState};
use sync::now;

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(list_site_assignments, create_site_assignment))
        .routes(routes!(delete_site_assignment))
}

/// A connection for a site.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SiteAssignmentInput {
    /// The client the site belongs to.
    #[schema(example = "client_001")]
    client_id: ClientId,
    /// The connection.
    #[schema(example = "erp_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    erp_connection_id: ConnectionId,
    /// The catalogue that goes with it; named by the platform that uses us.
    #[serde(default)]
    #[schema(example = "cat_002", max_length = 200)]
    catalog_id: Option<String>,
    /// Whether it counts instead of the client's; `false` if left out.
    #[serde(default)]
    #[schema(example = true)]
    overrides_client: bool,
    /// What is synced.
    #[serde(default)]
    settings: AssignmentSettings,
    /// Its own rules, laid over those of the connection's sync configs: at most one for each data type. With
    /// `overridesClient`, the site then has records of its own of that data type: synced, kept and read apart, by
    /// `siteId`.
    #[serde(default)]
    overrides: Vec<RulesOverride>,
}

impl Input for SiteAssignmentInput {
    const SERVER_FIELDS: &'static [&'static str] = &["id", "siteId", "createdAt", "updatedAt"];

    fn validate(&self) -> Result<(), Invalid> {
        let mut checks = Checks::default();
        check_catalog_id(self.catalog_id.as_deref(), &mut checks);
        check_overrides(&self.overrides, &mut checks);
        checks.finish()
    }
}

/// List a site's assignments
///
/// Oldest first. What it really uses is told by `effective-erp`.
#[utoipa::path(get, path = "/sites/{siteId}/erp-assignments", tag = "assignments", params(SitePath, PageQuery),
    responses((status = 200, description = "The assignments", body = [SiteAssignment])))]
pub(crate) async fn list_site_assignments(
    State(state): State<ApiState>,
    Path(path): Path<SitePath>,
    Query(query): Query<PageQuery>,
    uri: Uri,
) -> Result<Page<SiteAssignment>, ApiError> {
    let listing =
        state.store().site_assignments(&path.site_id, query.limit.0, query.cursor.as_deref()).await?;
    Ok(Page::new(&uri, query.limit.0, listing))
}

/// Assign a connection to a site
///
/// With `overridesClient` the site uses it instead of its client's.
#[utoipa::path(post, path = "/sites/{siteId}/erp-assignments", tag = "assignments", params(SitePath),
    request_body = SiteAssignmentInput,
    responses((status = 201, description = "Assigned", body = SiteAssignment)))]
pub(crate) async fn create_site_assignment(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<SitePath>,
    Form(input): Form<SiteAssignmentInput>,
) -> Result<Created<SiteAssignment>, ApiError> {
    find_named(&state, &input.erp_connection_id).await?;
    let assignment = fresh(path.site_id, input);
    state.store().create_site_assignment(&assignment).await?;
    let connection = &assignment.erp_connection_id;
    let mut others = site_assignments(&state, &assignment.site_id).await?;
    others.retain(|other| other.id != assignment.id && other.erp_connection_id == *connection);
    // One that counted until now may count no more.
    if others.iter().any(|other| !other.overrides.is_empty()) {
        let scope = Scope::Site(assignment.site_id.clone());
        state.store().forget_disowned(&scope, connection, now()).await?;
    }
    let details = json!({
        "siteId": assignment.site_id,
        "erpConnectionId": assignment.erp_connection_id,
        "overridesClient": assignment.overrides_client,
    });
    caller.note(&state, AuditAction::SiteErpAssigned, assignment.id.as_str(), details).await?;
    let location = format!("/sites/{}/erp-assignments/{}", assignment.site_id, assignment.id);
    Ok(Created { location, version: None, body: assignment })
}

/// Take a connection back from a site
///
/// The site falls back to its client's. The records it has of its own because of it are deleted.
#[utoipa::path(delete, path = "/sites/{siteId}/erp-assignments/{assignmentId}", tag = "assignments",
    params(SiteAssignmentPath),
    responses((status = 204, description = "Taken back"), (status = 404)))]
pub(crate) async fn delete_site_assignment(
    State(state): State<ApiState>,
    caller: Caller,
    Path(path): Path<SiteAssignmentPath>,
) -> Result<StatusCode, ApiError> {
    let not_found = || ApiError::not_found("assignment", &path.assignment_id);
    let assignment = state.store().site_assignment(&path.site_id, &path.assignment_id).await?;
    let assignment = assignment.ok_or_else(not_found)?;
    if !state.store().delete_site_assignment(&path.site_id, &path.assignment_id).await? {
        return Err(not_found());
    }
    if !assignment.overrides.is_empty() {
        let scope = Scope::Site(path.site_id.clone());
        state.store().forget_disowned(&scope, &assignment.erp_connection_id, now()).await?;
    }
    let details = json!({"siteId": path.site_id});
    caller.note(&state, AuditAction::SiteErpUnassigned, path.assignment_id.as_str(), details).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn fresh(site_id: SiteId, input: SiteAssignmentInput) -> SiteAssignment {
    let now = now();
    SiteAssignment {
        id: AssignmentId::generate(),
        site_id,
        client_id: input.client_id,
        erp_connection_id: input.erp_connection_id,
        catalog_id: input.catalog_id,
        overrides_client: input.overrides_client,
        settings: input.settings,
        overrides: input.overrides,
        created_at: now,
        updated_at: now,
    }
}
