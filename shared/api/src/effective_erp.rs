//! The connection a site really uses: its own if it overrides, else its client's.

use axum::Json;
use axum::extract::State;
use domain::assignment::{ClientAssignment, SiteAssignment, default_of, override_of};
use domain::connection::PublicConnection;
use domain::ids::{ClientId, ConnectionId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::path::{Path, SitePath};
use crate::query::Query;
use crate::rules::{client_assignments, site_assignments};
use crate::{ApiError, ApiState};

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get_effective_erp))
}

#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct EffectiveQuery {
    /// The client the site belongs to. May be left out if the site has an assignment, which names it.
    #[param(example = "client_001")]
    client_id: Option<ClientId>,
}

/// What a site really uses.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(crate) struct EffectiveErp {
    /// The connection.
    #[schema(required = true)]
    connection: Option<PublicConnection>,
    /// Whose assignment it is.
    source: Source,
    /// The assignment.
    #[schema(required = true)]
    assignment: Option<Assignment>,
}

/// Whose assignment counts.
#[derive(Debug, Default, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EffectiveSource)]
pub(crate) enum Source {
    /// The site's own.
    Site,
    /// Its client's.
    Client,
    /// Nobody's: there is none.
    #[default]
    None,
}

/// The assignment that counts.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum Assignment {
    /// The site's own.
    Site(SiteAssignment),
    /// Its client's.
    Client(ClientAssignment),
}

/// Read what a site really uses
///
/// Its newest assignment that overrides, else its client's default, else its client's oldest, else none.
#[utoipa::path(get, path = "/sites/{siteId}/effective-erp", tag = "assignments", params(SitePath, EffectiveQuery),
    responses((status = 200, description = "What the site uses", body = EffectiveErp)))]
pub(crate) async fn get_effective_erp(
    State(state): State<ApiState>,
    Path(path): Path<SitePath>,
    Query(query): Query<EffectiveQuery>,
) -> Result<Json<EffectiveErp>, ApiError> {
    let of_site = site_assignments(&state, &path.site_id).await?;
    let named = of_site.iter().max_by(|a, b| a.id.cmp(&b.id)).map(|newest| newest.client_id.clone());
    if let Some(own) = override_of(of_site) {
        let connection = shown(&state, &own.erp_connection_id).await?;
        return Ok(Json(EffectiveErp {
            connection,
            source: Source::Site,
            assignment: Some(Assignment::Site(own)),
        }));
    }
    let client = query.client_id.or(named).ok_or_else(|| {
        ApiError::invalid_parameter(
            "clientId",
            "is needed: this site has no assignment that names its client",
        )
    })?;
    let Some(default) = default_of(client_assignments(&state, &client).await?) else {
        return Ok(Json(EffectiveErp::default()));
    };
    let connection = shown(&state, &default.erp_connection_id).await?;
    let assignment = Some(Assignment::Client(default));
    Ok(Json(EffectiveErp { connection, source: Source::Client, assignment }))
}

async fn shown(state: &ApiState, id: &ConnectionId) -> Result<Option<PublicConnection>, ApiError> {
    Ok(state.store().connection(id).await?.map(|connection| connection.to_public()))
}
