//! How well a connection works: its circuit breaker, and what became of the contacts with its ERP.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use domain::health::ConnectionHealth;
use futures::{TryFutureExt, try_join};
use http::Uri;
use http::header::LINK;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::connections::find;
use crate::page::next_link;
use crate::path::{ConnectionPath, Path};
use crate::query::{PageQuery, Query};
use crate::{ApiError, ApiState};

/// The route.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get_connection_health))
}

/// Read how well a connection works
///
/// Three failures in a row open the circuit: scheduled syncs are held, and the connection is probed after 1, 2, 4 … 30
/// minutes until it works again, then they run at once. Where only a person can mend what is wrong, such as a refused
/// password, it is probed every 30 minutes; a test, or a sync started by hand, is a probe too. `limit` and `cursor` page
/// through the history; the address of its next page is in the `Link` header.
#[utoipa::path(get, path = "/erp/connections/{id}/health", tag = "connections", params(ConnectionPath, PageQuery),
    responses((status = 200, description = "The health", body = ConnectionHealth), (status = 404)))]
pub(crate) async fn get_connection_health(
    State(state): State<ApiState>,
    Path(path): Path<ConnectionPath>,
    Query(query): Query<PageQuery>,
    uri: Uri,
) -> Result<Response, ApiError> {
    let (store, id) = (state.store(), &path.id);
    let history = store.contacts(id, query.limit.0, query.cursor.as_deref()).map_err(ApiError::from);
    let health = store.health(id).map_err(ApiError::from);
    let (connection, health, history) = try_join!(find(&state, id), health, history)?;
    let link = history.next.as_deref().and_then(|cursor| next_link(&uri, cursor));
    let shown = Json(ConnectionHealth::of(connection.status, health, history.items));
    Ok(match link {
        Some(link) => ([(LINK, link)], shown).into_response(),
        None => shown.into_response(),
    })
}
