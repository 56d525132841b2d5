//! What API Gateway sends, and what goes back to it.

use api::{ApiConfig, ApiState};
use axum::Json;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse, Response};
use http::header::{COOKIE, LOCATION};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent};
use local::LocalProcess;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tower::ServiceExt;
use utoipa_axum::router::OpenApiRouter;

use super::causeway;
use crate::gateway::behind;

const BASE64_BODY: &str = include_str!("fixtures/default_stage_base64_body.json");
const NAMED_STAGE: &str = include_str!("fixtures/named_stage_query_and_cookies.json");
const DECODED: &str = include_str!("fixtures/decoded_parameters.json");
const UNROUTED: &str = include_str!("fixtures/unrouted.json");

/// What the gateway is answered to `event`.
async fn answered(app: Router, event: &str) -> Value {
    let event: LambdaRequest = serde_json::from_str(event).unwrap();
    let answer = Adapter::from(behind(app)).oneshot(LambdaEvent::new(event, Context::default())).await;
    serde_json::to_value(answer.unwrap()).unwrap()
}

/// Tells what a handler would see, and an address as a handler tells one.
async fn tell(request: Request) -> Response {
    let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>().unwrap();
    let seen = json!({
        "uri": request.uri().to_string(),
        "peer": peer.ip().to_string(),
        "cookie": request.headers().get(COOKIE).map(|cookie| cookie.to_str().unwrap()),
    });
    ([(LOCATION, "/erp/connections/erp_1")], Json(seen)).into_response()
}

async fn seen(event: &str) -> (Value, Value) {
    let answer = answered(Router::new().fallback(tell), event).await;
    let body = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    (body, answer["headers"]["location"].clone())
}

#[tokio::test]
async fn a_stage_is_taken_off_the_path_and_put_before_the_addresses_of_the_answer() {
    let (seen, location) = seen(NAMED_STAGE).await;
    assert_eq!(seen["uri"], "/erp/connections?status=active&status=error&name=A%26B");
    assert_eq!(location, "/make-server-6fcaeea3/erp/connections/erp_1");
    assert_eq!((&seen["cookie"], &seen["peer"]), (&json!("theme=dark; session=abc"), &json!("2001:db8::7")));
}

#[tokio::test]
async fn parameters_that_the_gateway_decoded_are_one_segment_each_again() {
    let (seen, location) = seen(DECODED).await;
    assert_eq!(seen["uri"], "/erp/records/products/A%2F1%20%C3%BC%205%25?erpConnectionId=erp_1");
    assert_eq!(location, "/erp/connections/erp_1");
}

#[tokio::test]
async fn what_no_route_takes_is_without_its_stage_too() {
    let (seen, location) = seen(UNROUTED).await;
    assert_eq!(
        (seen["uri"].as_str(), location.as_str()),
        (Some("/nowhere"), Some("/prod/erp/connections/erp_1"))
    );
}

/// The whole API over the table of `process`, as functions serve it.
fn api(process: &LocalProcess) -> Router {
    let config = ApiConfig { answers_whole: true, ..ApiConfig::default() };
    api::router(ApiState::new(process.engine().clone(), config))
}

#[tokio::test]
async fn a_function_may_have_routes_of_one_kind_alone() {
    let (process, _data_dir) = causeway().await;
    let state = ApiState::new(process.engine().clone(), ApiConfig::default());
    let open = api::serve(api::docs::public_routes(), OpenApiRouter::new(), state.clone());
    assert_eq!(answered(open, UNROUTED).await["statusCode"], 404);
    let guarded = api::serve(OpenApiRouter::new(), api::audit_events::routes(), state);
    assert_eq!(answered(guarded, UNROUTED).await["statusCode"], 404);
}

#[tokio::test]
async fn a_body_in_base64_signs_in_and_the_token_is_good_under_a_named_stage() {
    let (process, _data_dir) = causeway().await;
    let answer = answered(api(&process), BASE64_BODY).await;
    assert_eq!((&answer["statusCode"], &answer["isBase64Encoded"]), (&json!(200), &json!(false)), "{answer}");
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    let token = body["data"]["access_token"].as_str().unwrap();
    let events = process.engine().store.list_audit_events(&Default::default(), 10, None).await.unwrap().items;
    assert_eq!(events[0].ip_address, "203.0.113.7", "as the gateway tells it");

    let mut event: Value = serde_json::from_str(NAMED_STAGE).unwrap();
    event["rawQueryString"] = json!("limit=5");
    assert_eq!(answered(api(&process), &event.to_string()).await["statusCode"], 401);
    event["headers"]["authorization"] = json!(format!("Bearer {token}"));
    let answer = answered(api(&process), &event.to_string()).await;
    assert_eq!(answer["statusCode"], 200, "{answer}");
}
