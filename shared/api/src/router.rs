//! All routes and the layers around them.
//!
//! A route is either public or behind the guard: there is no third list, so none can be forgotten.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use http::Method;
use http::header::{AUTHORIZATION, COOKIE};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::sensitive_headers::SetSensitiveRequestHeadersLayer;
use tower_http::trace::TraceLayer;
use utoipa_axum::router::OpenApiRouter;

use crate::base_path::strip_base_path;
use crate::caller::{require_admin, slow_down_strangers};
use crate::idempotency::do_once;
use crate::rendering::render;
use crate::request_id::name_request;
use crate::request_limits::limit_head;
use crate::request_span::{span, tell};
use crate::security_headers::secure;
use crate::{
    ApiConfig, ApiError, ApiState, audit_events, auth, client_assignments, conflicts, connection_health,
    connection_test, connections, cors, dead_letters, dependencies, docs, doi, effective_erp, fields, health,
    inventory, mapping_templates, pending_changes, preview, providers, record_changes, records, schedules,
    set_aside, signing_keys, site_assignments, statistics, sync_configs, sync_control, sync_events,
    sync_logs, sync_trigger,
};

/// How long a request may take. Holding an answer with `wait` ends well before; API Gateway waits 30 seconds, the start
/// of a function included.
const PATIENCE: Duration = Duration::from_secs(27);

/// The routes everyone may call.
pub(crate) fn public() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .merge(auth::public_routes())
        .merge(signing_keys::public_routes())
        .merge(health::public_routes())
        .merge(docs::public_routes())
        .merge(doi::public_routes())
}

/// The routes that need an admin.
pub(crate) fn guarded() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .merge(dependencies::routes())
        .merge(connections::routes())
        .merge(connection_test::routes())
        .merge(connection_health::routes())
        .merge(providers::routes())
        .merge(sync_trigger::routes())
        .merge(sync_logs::routes())
        .merge(sync_control::routes())
        .merge(sync_events::routes())
        .merge(dead_letters::routes())
        .merge(set_aside::routes())
        .merge(statistics::routes())
        .merge(sync_configs::routes())
        .merge(schedules::routes())
        .merge(preview::routes())
        .merge(fields::routes())
        .merge(mapping_templates::routes())
        .merge(client_assignments::routes())
        .merge(site_assignments::routes())
        .merge(effective_erp::routes())
        .merge(records::routes())
        .merge(record_changes::routes())
        .merge(pending_changes::routes())
        .merge(conflicts::routes())
        .merge(inventory::routes())
        .merge(auth::routes())
        .merge(signing_keys::routes())
        .merge(audit_events::routes())
}

/// Everything: all routes, `/openapi.json` and `/docs`, with and without the base path.
pub fn router(state: ApiState) -> Router {
    serve(public(), guarded(), state)
}

/// Some of the routes, with the guard and every layer around them: what one Lambda serves.
pub fn serve(public: OpenApiRouter<ApiState>, guarded: OpenApiRouter<ApiState>, state: ApiState) -> Router {
    let (public, _) = public.split_for_parts();
    let (guarded, _) = guarded.split_for_parts();
    // A layer around no routes is a mistake to axum; a function may have none of one kind.
    let guarded = if guarded.has_routes() {
        guarded
            .route_layer(from_fn_with_state(state.clone(), do_once))
            .route_layer(from_fn_with_state(state.clone(), require_admin))
    } else {
        guarded
    };
    let public = if public.has_routes() {
        public.route_layer(from_fn_with_state(state.clone(), slow_down_strangers))
    } else {
        public
    };
    let routes = public.merge(guarded);
    layered(routes.with_state(state.clone()), &state.config)
}

/// The layers that every answer passes, the innermost first.
fn layered(routes: Router, config: &ApiConfig) -> Router {
    let trace =
        TraceLayer::new_for_http().make_span_with(span).on_request(()).on_response(tell).on_failure(());
    let app = routes
        .fallback(async || ApiError::no_such_path())
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(carry_through))
        .layer(from_fn(time_out))
        .layer(from_fn(limit_head))
        .layer(from_fn(render))
        .layer(from_fn(secure))
        .layer(CompressionLayer::new())
        .layer(cors::layer(&config.cors_origins))
        .layer(trace)
        .layer(SetSensitiveRequestHeadersLayer::new([AUTHORIZATION, COOKIE]))
        .layer(from_fn(name_request));
    Router::new().fallback_service(app).layer(from_fn_with_state(config.base_path.clone(), strip_base_path))
}

/// A change that has begun is carried through though its caller hangs up or loses patience; otherwise it could stand
/// without its audit event.
async fn carry_through(request: Request, next: Next) -> Response {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return next.run(request).await;
    }
    let answered = tokio::spawn(tracing::Instrument::in_current_span(next.run(request))).await;
    answered.unwrap_or_else(|error| ApiError::internal(error).into_response())
}

async fn time_out(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(PATIENCE, next.run(request)).await;
    answered.unwrap_or_else(|_| ApiError::timed_out(PATIENCE.as_secs()).into_response())
}

fn panicked(panic: Box<dyn std::any::Any + Send>) -> Response {
    let message = panic.downcast_ref::<String>().map(String::as_str);
    let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message");
    ApiError::internal(format!("a handler panicked: {message}")).into_response()
}

#[cfg(test)]
mod tests;
