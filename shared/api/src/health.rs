//! Whether the process answers.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ApiState;

/// The route everyone may call.
pub fn public_routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get_health))
}

/// That it answers, and what it is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// Always `ok`: a process that is not well does not answer.
    #[schema(example = "ok")]
    status: &'static str,
    /// The version of Causeway.
    #[schema(example = "0.1.0")]
    version: &'static str,
}

/// Check that Causeway answers
///
/// For load balancers and scripts; needs no token.
#[utoipa::path(get, path = "/health", tag = "service",
    responses((status = 200, description = "It answers", body = Health)))]
pub(crate) async fn get_health() -> Json<Health> {
    Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}
