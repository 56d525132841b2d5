use axum::Json;
use axum::body::{Body, to_bytes};
use axum::routing::{get, post};
use domain::ids::ConnectionId;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, ALLOW, LINK, LOCATION, ORIGIN};
use http::{HeaderMap, Uri};
use serde_json::{Value, json};
use store::Listing;
use tower::ServiceExt;

use super::*;
use crate::answer::Created;
use crate::page::Page;
use crate::path::{ConnectionPath, Path};
use crate::query::{PageQuery, Query};

async fn list(Query(query): Query<PageQuery>, uri: Uri) -> Page<u32> {
    Page::new(&uri, query.limit.0, Listing { items: vec![1, 2], next: Some("more".to_owned()) })
}

async fn make() -> Created<Value> {
    Created { location: "/erp/things/1".to_owned(), version: Some(1), body: json!({"id": 1}) }
}

async fn read(Path(path): Path<ConnectionPath>) -> Result<Json<ConnectionId>, ApiError> {
    match path.id.as_str() {
        "missing" => Err(ApiError::not_found("connection", path.id)),
        "broken" => Err(ApiError::internal("the password is hunter2")),
        "panicking" => panic!("the password is hunter2"),
        _ => Ok(Json(path.id)),
    }
}

/// Every layer around a few routes of our own, on both surfaces.
fn app() -> Router {
    let config = ApiConfig {
        base_path: "/prefix".parse().unwrap(),
        cors_origins: "https://admin.example.com".parse().unwrap(),
        ..ApiConfig::default()
    };
    let routes = Router::new()
        .route("/erp/things", get(list).post(make))
        .route("/erp/things/{id}", get(read).delete(read))
        .route("/api/v1/things", get(list))
        .route("/api/v1/things/{id}", get(read));
    layered(routes, &config)
}

struct Answer {
    status: u16,
    headers: HeaderMap,
    json: Value,
}

async fn answered(app: Router, request: http::request::Builder) -> Answer {
    let response = app.oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = to_bytes(body, usize::MAX).await.unwrap();
    let json = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
    Answer { status: parts.status.as_u16(), headers: parts.headers, json }
}

async fn send(method: Method, uri: &str) -> Answer {
    answered(app(), Request::builder().method(method).uri(uri)).await
}

#[tokio::test]
async fn an_error_is_a_sentence_on_the_erp_surface_and_an_envelope_on_the_platform_surface() {
    let erp = send(Method::GET, "/erp/things/missing").await;
    assert_eq!((erp.status, &erp.json["code"]), (404, &json!("NOT_FOUND")));
    assert_eq!(erp.json["error"], "There is no connection missing.");
    assert_eq!(erp.json["requestId"], erp.headers["x-request-id"].to_str().unwrap());
    let platform = send(Method::GET, "/api/v1/things/missing").await;
    assert_eq!((platform.status, &platform.json["success"]), (404, &json!(false)));
    assert_eq!(platform.json["error"]["message"], "There is no connection missing.");
    assert_eq!(platform.json["meta"]["request_id"], platform.headers["x-request-id"].to_str().unwrap());
}

#[tokio::test]
async fn a_good_answer_is_plain_on_the_erp_surface_and_wrapped_on_the_platform_surface() {
    let erp = send(Method::GET, "/erp/things?limit=2").await;
    assert_eq!(erp.json, json!([1, 2]));
    assert_eq!(erp.headers[LINK], "</erp/things?limit=2&cursor=more>; rel=\"next\"");
    let platform = send(Method::GET, "/api/v1/things?limit=2").await;
    assert_eq!((&platform.json["success"], &platform.json["data"]), (&json!(true), &json!([1, 2])));
    assert_eq!(platform.json["meta"]["pagination"], json!({"per_page": 2, "next_cursor": "more"}));
    assert_eq!(platform.json["meta"]["version"], "1.0");
}

#[tokio::test]
async fn what_went_wrong_inside_stays_inside() {
    for method in [Method::GET, Method::DELETE] {
        for id in ["broken", "panicking"] {
            let answer = send(method.clone(), &format!("/erp/things/{id}")).await;
            assert_eq!(
                (answer.status, &answer.json["code"]),
                (500, &json!("INTERNAL_ERROR")),
                "{method} {id}"
            );
            assert!(!answer.json.to_string().contains("hunter2"), "{}", answer.json);
            assert!(answer.json["requestId"].is_string());
        }
    }
}

#[tokio::test]
async fn an_unknown_path_and_an_unknown_method_are_errors_like_any_other() {
    let nowhere = send(Method::GET, "/erp/nowhere").await;
    assert_eq!((nowhere.status, &nowhere.json["code"]), (404, &json!("NOT_FOUND")));
    let method = send(Method::PUT, "/erp/things").await;
    assert_eq!((method.status, &method.json["code"]), (405, &json!("METHOD_NOT_ALLOWED")));
    let mut allowed: Vec<_> = method.headers[ALLOW].to_str().unwrap().split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}

#[tokio::test]
async fn an_id_is_decoded_before_it_is_checked() {
    for id in ["a%3Ab", "a%2Fb", "a%00b", "a%0Ab", "%FF", &"x".repeat(129)] {
        let answer = send(Method::GET, &format!("/erp/things/{id}")).await;
        assert_eq!((answer.status, &answer.json["code"]), (400, &json!("INVALID_PARAMETER")), "{id}");
    }
    assert_eq!(send(Method::GET, "/erp/things/erp%5F1").await.json, "erp_1");
}

#[tokio::test]
async fn everything_is_served_under_the_prefix_too() {
    let plain = send(Method::POST, "/erp/things").await;
    assert_eq!((plain.status, &plain.headers[LOCATION]), (201, &HeaderValue::from_static("/erp/things/1")));
    let prefixed = send(Method::POST, "/prefix/erp/things").await;
    assert_eq!(
        (prefixed.status, prefixed.headers[LOCATION].to_str().unwrap()),
        (201, "/prefix/erp/things/1")
    );
    let list = send(Method::GET, "/prefix/erp/things").await;
    assert_eq!(list.headers[LINK], "</prefix/erp/things?cursor=more>; rel=\"next\"");
    let platform = send(Method::GET, "/prefix/api/v1/things").await;
    assert_eq!(platform.json["success"], true);
    assert_eq!(send(Method::GET, "/prefixed/erp/things").await.status, 404);
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let request = Request::builder().uri("/erp/things").header("x-request-id", "checkout-42");
    assert_eq!(answered(app(), request).await.headers["x-request-id"], "checkout-42");
    assert_eq!(send(Method::GET, "/erp/nowhere").await.headers["x-request-id"].len(), 26);
}

#[tokio::test]
async fn every_answer_forbids_guessing_storing_framing_and_leaking() {
    for uri in ["/erp/things", "/erp/nowhere", "/erp/things/broken"] {
        let headers = send(Method::GET, uri).await.headers;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "no-referrer"),
            ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(headers[name], value, "{uri}: {name}");
        }
        assert!(headers["permissions-policy"].to_str().unwrap().contains("camera=()"), "{uri}");
        assert!(!headers.contains_key("strict-transport-security"), "{uri} came by plain HTTP");
    }
    let by_https = Request::builder().uri("/erp/things").header("x-forwarded-proto", "https");
    assert_eq!(answered(app(), by_https).await.headers["strict-transport-security"], "max-age=63072000");
}

#[tokio::test]
async fn an_endless_address_and_endless_headers_are_refused() {
    let long = send(Method::GET, &format!("/erp/things?cursor={}", "x".repeat(8 * 1024))).await;
    assert_eq!((long.status, &long.json["code"]), (414, &json!("URI_TOO_LONG")));
    let request = Request::builder().uri("/erp/things");
    let request = (0..9).fold(request, |request, n| request.header(format!("x-{n}"), "x".repeat(4 * 1024)));
    let many = answered(app(), request).await;
    assert_eq!((many.status, &many.json["code"]), (431, &json!("HEADERS_TOO_LARGE")));
}

#[tokio::test]
async fn only_the_origins_we_named_may_call_from_a_browser() {
    let from = |origin| Request::builder().uri("/erp/things").header(ORIGIN, origin);
    let ours = answered(app(), from("https://admin.example.com")).await;
    assert_eq!(ours.headers[ACCESS_CONTROL_ALLOW_ORIGIN], "https://admin.example.com");
    let theirs = answered(app(), from("https://evil.example")).await;
    assert!(!theirs.headers.contains_key(ACCESS_CONTROL_ALLOW_ORIGIN));
}

#[tokio::test]
async fn a_change_is_carried_through_though_its_caller_hangs_up() {
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let (go_on, may_go_on) = tokio::sync::oneshot::channel::<()>();
    let (done, is_done) = tokio::sync::oneshot::channel();
    let channels = std::sync::Arc::new(std::sync::Mutex::new(Some((begun, may_go_on, done))));
    let slow = async move || {
        let (begun, may_go_on, done) = channels.lock().unwrap().take().unwrap();
        begun.send(()).unwrap();
        may_go_on.await.unwrap();
        done.send(()).unwrap();
    };
    let app = layered(Router::new().route("/erp/things", post(slow)), &ApiConfig::default());
    let request = Request::builder().method(Method::POST).uri("/erp/things").body(Body::empty()).unwrap();
    let call = tokio::spawn(app.oneshot(request));
    has_begun.await.unwrap();
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    go_on.send(()).unwrap();
    is_done.await.unwrap();
}
