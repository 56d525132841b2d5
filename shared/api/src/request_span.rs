//! The span of a request: what its log lines and its trace hang on. It goes on with the trace that the caller is in.

use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use domain::ids::{ConnectionId, RunId};
use http::HeaderMap;
use telemetry::trace;
use tracing::Span;
use tracing::field::{Empty, display};

use crate::request_id::RequestId;

/// Routes whose `{id}` is a connection's, and those where it is a run's: what comes before it.
const OF_CONNECTION: &str = "/erp/connections/{id}";
const OF_RUN: &str = "/erp/sync-logs/{id}";

/// Opens the span of a request.
pub(crate) fn span(request: &Request) -> Span {
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        otel.kind = "server",
        otel.name = format!("{} {route}", request.method()),
        otel.status_code = Empty,
        method = %request.method(),
        route,
        request_id = request.extensions().get::<RequestId>().map_or("", |id| id.0.as_str()),
        connection = Empty,
        run = Empty,
        trace_id = Empty,
    );
    let headers = request.headers();
    trace::take_up(&span, text(headers, trace::TRACEPARENT), text(headers, trace::X_AMZN_TRACE_ID));
    // What is no id of ours goes into no log.
    let id = request.uri().path().split('/').nth(3).unwrap_or_default();
    if let (true, Ok(id)) = (route.starts_with(OF_CONNECTION), id.parse::<ConnectionId>()) {
        span.record("connection", display(id));
    } else if let (true, Ok(id)) = (route.starts_with(OF_RUN), id.parse::<RunId>()) {
        span.record("run", display(id));
    }
    span
}

/// Closes it, with a line. The reason of a 5xx is logged where its body is emptied.
pub(crate) fn tell(response: &Response, took: Duration, span: &Span) {
    let (status, latency_ms) = (response.status(), took.as_millis());
    if status.is_server_error() {
        span.record("otel.status_code", "ERROR");
        tracing::warn!(status = status.as_u16(), latency_ms, "answered");
    } else {
        tracing::info!(status = status.as_u16(), latency_ms, "answered");
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}
