//! The HTTP API in front of the functions: the routes that `infra/template.yaml` gives them, no others.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use template::Template;

use crate::functions::Functions;

/// What is asked for a route.
#[derive(Clone)]
struct Front {
    template: Arc<Template>,
    functions: Functions,
}

/// Every path of the template leads to the function that answers it.
pub(crate) fn routes(functions: Functions) -> Router {
    let front = Front { template: Arc::default(), functions };
    let paths: BTreeSet<String> = {
        let functions = front.template.functions();
        functions.flat_map(|function| function.events().map(|event| event.documented_path())).collect()
    };
    let mut routes = Router::new();
    for path in paths.into_iter().filter(|path| path.starts_with('/')) {
        let front = front.clone();
        // API Gateway's greedy parameters and the router's differ; those of the document match where slashes are escaped.
        let pattern = path.replace("{proxy}", "{*proxy}");
        routes = routes.route(&pattern, any(move |request| front.clone().answer(path.clone(), request)));
    }
    routes.fallback(unrouted).with_state(front)
}

async fn unrouted(State(front): State<Front>, request: Request) -> Response {
    front.answer("$default".to_owned(), request).await
}

impl Front {
    async fn answer(self, path: String, request: Request) -> Response {
        let Some(function) = self.template.answers(request.method().as_str(), &path) else {
            return (StatusCode::NOT_FOUND, r#"{"message":"Not Found"}"#).into_response();
        };
        match self.functions.forward(function.folder(), request).await {
            Ok(answer) => answer,
            Err(error) => {
                tracing::error!(%error, function = function.folder(), "a function cannot be called");
                (StatusCode::BAD_GATEWAY, r#"{"message":"Internal Server Error"}"#).into_response()
            }
        }
    }
}
