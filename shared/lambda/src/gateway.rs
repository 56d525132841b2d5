//! Requests as API Gateway hands them over, made what a server would have received: the path under which the route is
//! registered, the caller's address, and answers whose addresses lead back through the same stage or domain.

use std::net::SocketAddr;

use api::BasePath;
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;
use http::{HeaderValue, Uri};
use lambda_http::RequestExt;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use telemetry::Telemetry;
use telemetry::trace::X_AMZN_TRACE_ID;

/// What a parameter is encoded by. The gateway decodes every escape but `%25`, so a percent sign still is one.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'%');

/// The route that takes what no other does.
const DEFAULT: &str = "$default";

/// Puts `app` behind the gateway.
pub(crate) fn behind(app: Router) -> Router {
    app.layer(from_fn(receive))
}

/// Sends off what was told, with each answer of `app`.
pub(crate) fn flushing(app: Router, telemetry: Telemetry) -> Router {
    app.layer(from_fn_with_state(telemetry, flush))
}

async fn flush(State(telemetry): State<Telemetry>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    telemetry.flush();
    response
}

async fn receive(mut request: Request, next: Next) -> Response {
    let Some(RequestContext::ApiGatewayV2(context)) = request.request_context_ref() else {
        return next.run(request).await;
    };
    let traced_by = request.lambda_context_ref().and_then(|lambda| lambda.xray_trace_id.clone());
    let address = context.http.source_ip.as_deref().and_then(|ip| ip.parse().ok());
    let (path, prefix) = called(&request, context);
    if let Some(uri) = with_path(request.uri(), &path) {
        *request.uri_mut() = uri;
    }
    // The gateway tells a trace too; Lambda has made a segment in it, which is what we go on from.
    if let Some(trace) = traced_by.and_then(|trace| HeaderValue::from_str(&trace).ok()) {
        request.headers_mut().insert(X_AMZN_TRACE_ID, trace);
    }
    if let Some(address) = address {
        request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address, 0)));
    }
    let mut response = next.run(request).await;
    prefix.prepend_to(&mut response);
    response
}

/// The path as the router knows it, and what stood before it: a stage, or what a domain maps.
fn called(request: &Request, context: &ApiGatewayV2httpRequestContext) -> (String, BasePath) {
    let raw = request.raw_http_path();
    if let Some((encoded, decoded)) = routed(request, context)
        && let Some(prefix) = raw.strip_suffix(decoded.as_str())
    {
        return (encoded, prefix.parse().unwrap_or_default());
    }
    let path = request.uri().path();
    let stage = context.stage.as_deref().filter(|stage| *stage != DEFAULT).map(|stage| format!("/{stage}"));
    match stage.as_deref().and_then(|stage| Some((stage, path.strip_prefix(stage)?))) {
        Some((stage, rest)) if raw.starts_with(stage) => (rest.to_owned(), stage.parse().unwrap_or_default()),
        Some((_, rest)) => (rest.to_owned(), BasePath::default()),
        None => (path.to_owned(), BasePath::default()),
    }
}

/// The path of the route that took the request, its parameters put in: encoded anew, for the gateway tells them decoded;
/// and as the gateway saw it.
fn routed(request: &Request, context: &ApiGatewayV2httpRequestContext) -> Option<(String, String)> {
    let (_, template) = context.route_key.as_deref()?.split_once(' ')?;
    let parameters = request.path_parameters_ref()?;
    let (mut encoded, mut decoded) = (String::new(), String::new());
    for segment in template.split('/').skip(1) {
        encoded.push('/');
        decoded.push('/');
        let name = segment.strip_prefix('{').and_then(|name| name.strip_suffix('}'));
        match name.map(|name| name.trim_end_matches('+')) {
            Some(name) => {
                let value = parameters.first(name)?;
                encoded.extend(utf8_percent_encode(value, ENCODED));
                decoded.push_str(value);
            }
            None => {
                encoded.push_str(segment);
                decoded.push_str(segment);
            }
        }
    }
    Some((encoded, decoded))
}

/// As a server receives it: path and query alone.
fn with_path(uri: &Uri, path: &str) -> Option<Uri> {
    let path = if path.is_empty() { "/" } else { path };
    match uri.query() {
        Some(query) => format!("{path}?{query}").parse().ok(),
        None => path.parse().ok(),
    }
}
