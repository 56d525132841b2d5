//! ERPs that misbehave: the run ends in error with a sentence a person can act on, and what was stored before stands.

use axum::Router;
use axum::body::Body;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE, LOCATION};
use axum::http::{StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

/// Syncs ten products, then lets the ERP answer with `bad` and syncs again. The run must end in error and name what
/// `sentence` says, and the ten products must still be there.
async fn check(bad: impl IntoResponse + Clone + Send + Sync + 'static, sentence: &[&str]) {
    check_routes(Router::new().fallback(get(async move || bad)), sentence).await;
}

async fn check_routes(bad: Router, sentence: &[&str]) {
    let (causeway, good) = (Causeway::start().await, Erp::start().await);
    good.set("products", (0..10).map(|n| json!({"sku": format!("S{n}")})).collect());
    let connection = causeway.connect_http(good.url()).await;
    assert_eq!(causeway.sync(&connection, "products").await["counts"]["created"], 10);

    let moved = json!({"credentials": {"apiUrl": Erp::serving(bad).await}});
    causeway.client().patch(&format!("/erp/connections/{connection}"), moved).await.expect(200);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(run["status"], "error", "{run}");
    let error = run["error"].as_str().unwrap();
    for part in sentence {
        assert!(error.contains(part), "{part:?} is not in: {error}");
    }
    let records = causeway.list(&format!("/erp/records/products?erpConnectionId={connection}")).await;
    assert_eq!(records.len(), 10, "what was stored before stands");
    assert!(records.iter().all(|record| record["deleted"] == false));
    let statistics =
        causeway.client().get(&format!("/erp/connections/{connection}/statistics")).await.expect(200);
    assert_eq!((&statistics["successfulSyncs"], &statistics["failedSyncs"]), (&json!(1), &json!(1)));
}

fn json_text(text: impl Into<String>) -> ([(axum::http::HeaderName, &'static str); 1], String) {
    ([(CONTENT_TYPE, "application/json")], text.into())
}

#[tokio::test]
async fn a_web_page() {
    let page = ([(CONTENT_TYPE, "text/html")], "<html><title>Sign in to ACME</title><body>…</body></html>");
    check(page, &["web page", "Sign in to ACME"]).await;
}

#[tokio::test]
async fn half_a_json() {
    check(json_text(r#"{"data": [{"sku": "S1"}, {"sku":"#), &["127.0.0.1", "JSON"]).await;
}

#[tokio::test]
async fn nothing_at_all() {
    check(json_text(""), &["nothing in it"]).await;
}

#[tokio::test]
async fn no_records_where_they_should_be() {
    check(json_text(r#"{"greeting": "hello"}"#), &["recordsPath"]).await;
}

#[tokio::test]
async fn a_refusal_in_its_own_words() {
    check((StatusCode::UNAUTHORIZED, json_text(r#"{"message": "key expired"}"#)), &["401", "key expired"])
        .await;
}

#[tokio::test]
async fn pages_that_go_in_circles() {
    let circle = async |uri: Uri| {
        let page: u32 =
            uri.query().and_then(|q| q.strip_prefix("at=")).and_then(|at| at.parse().ok()).unwrap_or(0);
        let next = format!("/products?at={}", page % 3 + 1);
        json_text(json!({"data": [{"sku": format!("C{page}")}], "next": next}).to_string())
    };
    check_circle(Router::new().fallback(get(circle))).await;
}

/// Pages that were read before the circle showed may be stored: they are good records.
async fn check_circle(bad: Router) {
    let causeway = Causeway::start().await;
    let connection = causeway.connect_http(&Erp::serving(bad).await).await;
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(run["status"], "error", "{run}");
    assert!(run["error"].as_str().unwrap().contains("endless page loop"), "{run}");
}

#[tokio::test]
async fn a_redirect_to_another_host() {
    let elsewhere = (StatusCode::FOUND, [(LOCATION, "http://169.254.169.254/latest/meta-data")]);
    check(elsewhere, &["169.254.169.254"]).await;
}

#[tokio::test]
async fn a_compressed_bomb() {
    let bomb = async || -> Response {
        let zeros = include_bytes!("../fixtures/zeros.json.gz");
        ([(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, "gzip")], Body::from(zeros.as_slice()))
            .into_response()
    };
    check_routes(Router::new().fallback(get(bomb)), &["MiB"]).await;
}

#[tokio::test]
async fn nobody_at_home() {
    let causeway = Causeway::start().await;
    let connection = causeway.connect_http("http://127.0.0.1:9").await;
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(run["status"], "error");
    assert!(run["error"].as_str().unwrap().contains("127.0.0.1:9"), "{run}");
    let shown = causeway.client().get(&format!("/erp/connections/{connection}")).await.expect(200);
    let with_help = format!("{} (help: docs/connectors/rest.md)", run["error"].as_str().unwrap());
    assert_eq!((&shown["status"], &shown["lastError"]), (&json!("error"), &json!(with_help)));
    let page = causeway.stranger().get("/docs/connectors/rest.md").await.expect(200);
    assert!(page.as_str().unwrap().contains("<h1>Any HTTP API</h1>"), "{page}");
}

#[tokio::test]
async fn an_address_that_is_not_allowed() {
    let causeway = Causeway::start().await;
    let connection = causeway.connect_http("http://10.1.2.3/api").await;
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(run["status"], "error");
    assert!(run["error"].as_str().unwrap().contains("10.1.2.3"), "{run}");
}

#[tokio::test]
async fn records_that_are_no_products_are_set_aside_one_by_one() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let bad =
        [json!({"name": "no sku"}), json!({"sku": "A", "price": "1,250"}), json!(7), json!({"sku": "\u{1}"})];
    erp.set("products", bad.into_iter().chain([json!({"sku": "B", "price": 1.10})]).collect::<Vec<Value>>());
    let connection = causeway.connect_http(erp.url()).await;
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(
        (&run["status"], &run["counts"]["created"], &run["counts"]["failed"]),
        (&json!("success"), &json!(1), &json!(4))
    );
    let errors = causeway.list(&format!("/erp/sync-logs/{}/errors", run["id"].as_str().unwrap())).await;
    let fields: Vec<_> = errors.iter().map(|e| e["errors"][0]["field"].as_str().unwrap()).collect();
    assert_eq!(fields, ["sku", "price", "record", "sku"]);
    assert_eq!(errors[1]["raw"], r#"{"price":"1,250","sku":"A"}"#);
}
