//! The API's description, for programs at `/openapi.json` and for people at `/docs`. Both work offline.

use axum::Router;
use axum::response::IntoResponse;
use axum::routing::get;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::base_path::BasePath;
use crate::{ApiState, openapi};

/// What the page at `/docs` may load: its own files, and the small pictures and styles it carries inline.
pub(crate) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'",
);

/// The two routes, for an API served under `base` too.
pub(crate) fn routes(base: &BasePath) -> Router<ApiState> {
    let document = openapi::served_under(base).to_json().unwrap_or_default();
    let json = get(async move || ([(CONTENT_TYPE, "application/json")], document.clone()).into_response());
    let page = SwaggerUi::new("/docs").config(Config::from("../openapi.json").try_it_out_enabled(true));
    Router::new().route("/openapi.json", json).merge(page)
}
