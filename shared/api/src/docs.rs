//! The API's description, for programs at `/openapi.json` and for people at `/docs`, and the connectors' manuals. All
//! work offline.

use std::borrow::Cow;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderValue;
use http::header::CONTENT_TYPE;
use utoipa_axum::router::OpenApiRouter;
use utoipa_swagger_ui::{Config, SwaggerUi};

use crate::base_path::BasePath;
use crate::{ApiState, manuals};

/// What the page at `/docs` may load: its own files, and the small pictures and styles it carries inline.
pub(crate) const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; frame-ancestors 'none'",
);

/// The description, as a test holds it to the routes: the function that serves it need not have all of them in it.
const DOCUMENT: &str = include_str!("../openapi.json");

/// The routes. They are no part of the description.
pub fn public_routes() -> OpenApiRouter<ApiState> {
    let page = SwaggerUi::new("/docs").config(Config::from("../openapi.json").try_it_out_enabled(true));
    Router::new().route("/openapi.json", get(get_openapi)).merge(manuals::routes()).merge(page).into()
}

async fn get_openapi(State(state): State<ApiState>) -> Response {
    ([(CONTENT_TYPE, "application/json")], served_under(&state.config.base_path)).into_response()
}

/// The document of an API that is served under `base` too.
fn served_under(base: &BasePath) -> Cow<'static, str> {
    if base.as_str().is_empty() {
        return DOCUMENT.into();
    }
    const SERVERS: &str = "\"servers\": [";
    DOCUMENT.replacen(SERVERS, &format!("{SERVERS}{{\"url\": \"{}\"}},", base.as_str()), 1).into()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_base_path_is_named_as_a_server() {
        let base = "/make-server-6fcaeea3".parse().unwrap();
        let document: Value = serde_json::from_str(&served_under(&base)).unwrap();
        assert_eq!(document["servers"], json!([{"url": "/make-server-6fcaeea3"}, {"url": "/"}]));
    }
}
