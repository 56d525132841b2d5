//! What all runs of a connection add up to.

use axum::Json;
use axum::extract::State;
use domain::run::Statistics;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::connections::find;
use crate::path::{ConnectionPath, Path};
use crate::{ApiError, ApiState};

/// The routes.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get_statistics))
}

/// Read a connection's statistics
///
/// Over all runs that ended.
#[utoipa::path(get, path = "/erp/connections/{id}/statistics", tag = "syncs", params(ConnectionPath),
    responses((status = 200, description = "The statistics", body = Statistics), (status = 404)))]
pub(crate) async fn get_statistics(
    State(state): State<ApiState>,
    Path(path): Path<ConnectionPath>,
) -> Result<Json<Statistics>, ApiError> {
    let connection = find(&state, &path.id).await?;
    Ok(Json(state.store().statistics(&connection.id).await?))
}
