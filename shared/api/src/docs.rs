//! The API's description, for programs at `/openapi.json` and for people at `/docs`, and the connectors' manuals. All
//! work offline.

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::{ApiState, manuals, openapi};

/// What the page at `/docs` may load: its own files, and the small pictures and styles it carries inline.
pub(crate) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'",
);

/// The routes. They are no part of the description, which is made for the first who asks.
pub fn public_routes() -> OpenApiRouter<ApiState> {
    let page = SwaggerUi::new("/docs").config(Config::from("../openapi.json").try_it_out_enabled(true));
    let made = Arc::new(OnceLock::new());
    let document = get(async move |State(state): State<ApiState>| get_openapi(&state, &made));
    Router::new().route("/openapi.json", document).merge(manuals::routes()).merge(page).into()
}

fn get_openapi(state: &ApiState, made: &OnceLock<String>) -> Response {
    let document =
        made.get_or_init(|| openapi::served_under(&state.config.base_path).to_json().unwrap_or_default());
    ([(CONTENT_TYPE, "application/json")], document.clone()).into_response()
}
