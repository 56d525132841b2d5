//! Testing a connection: it really connects, says what it saw, and notes the outcome.

use axum::http::header::CONTENT_TYPE;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::{Causeway, Erp};

const XML: ([(axum::http::HeaderName, &str); 1], &str) =
    ([(CONTENT_TYPE, "application/xml")], "<Pong><at>2026-11-21</at></Pong>");

/// Makes a connection, tests it and returns what the test found and what the connection then looks like.
async fn test(method: &str, credentials: Value) -> (Value, Value) {
    test_by("test", method, credentials).await
}

async fn test_by(route: &str, method: &str, credentials: Value) -> (Value, Value) {
    let causeway = Causeway::start().await;
    let made = causeway.connect(json!({
        "name": "ERP", "provider": "Custom", "connectionMethod": method, "credentials": credentials,
        "settings": {"timeout": 5000, "retryAttempts": 0},
    }));
    let made = made.await;
    assert!(made.get("lastTestedAt").is_none(), "{made}");
    let path = format!("/erp/connections/{}", made["id"].as_str().unwrap());
    let client = causeway.client();
    let tested =
        client.send(client.request(reqwest::Method::POST, &format!("{path}/{route}"))).await.expect(200);
    assert!(tested["responseTime"].is_u64(), "{tested}");
    let after = client.get(&path).await.expect(200);
    let at = |body: &Value, field: &str| body[field].as_str().unwrap().parse::<Timestamp>().unwrap();
    assert!(at(&after, "lastTestedAt") >= at(&made, "createdAt"), "{after}");
    (tested, after)
}

/// The test failed, with these parts in its message, and the connection says so.
fn failed((tested, after): (Value, Value), parts: &[&str]) {
    assert_eq!(tested["success"], false, "{tested}");
    let message = tested["message"].as_str().unwrap();
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
    assert_eq!((&after["status"], &after["lastError"]), (&json!("error"), &tested["message"]));
}

#[tokio::test]
async fn a_good_key_is_let_in_by_either_route() {
    for route in ["test", "test-enhanced"] {
        let url = Erp::demanding("Bearer good-key", "welcome").await;
        let (tested, after) = test_by(route, "api", json!({"apiUrl": url, "apiKey": "good-key"})).await;
        assert_eq!(tested["success"], true, "{tested}");
        assert_eq!(tested["details"]["status"], 200);
        assert_eq!(after["status"], "active");
        assert!(after.get("lastError").is_none(), "{after}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_told_with_what_the_server_said() {
    for route in ["test", "test-enhanced"] {
        let url = Erp::demanding("Bearer good-key", "welcome").await;
        let outcome = test_by(route, "api", json!({"apiUrl": url, "apiKey": "a-wrong-key"})).await;
        assert!(!outcome.0.to_string().contains("a-wrong-key"), "{}", outcome.0);
        assert_eq!(outcome.0["details"]["error"], "unauthorized");
        failed(outcome, &["127.0.0.1", "401", "This key is locked, ask Ms. Field.", "apiKey"]);
    }
}

#[tokio::test]
async fn a_server_that_is_not_there_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let outcome = test("api", json!({"apiUrl": format!("http://{free}/api")})).await;
    assert_eq!(outcome.0["details"]["error"], "unavailable");
    failed(outcome, &[&free.to_string(), "refused"]);
}

#[tokio::test]
async fn an_address_we_must_not_reach_is_not_called() {
    let outcome = test("api", json!({"apiUrl": "http://169.254.169.254/latest/meta-data"})).await;
    assert_eq!(outcome.0["details"]["error"], "forbidden");
    failed(outcome, &["169.254.169.254"]);
}

#[tokio::test]
async fn a_test_that_succeeds_takes_the_error_away() {
    let causeway = Causeway::start().await;
    let url = Erp::demanding("Bearer good-key", "welcome").await;
    let path = format!("/erp/connections/{}", causeway.connect_http(&url).await);
    let test = format!("{path}/test");
    assert_eq!(causeway.client().post(&test, json!({})).await.expect(200)["success"], false);
    assert_eq!(causeway.client().get(&path).await.expect(200)["status"], "error");
    let patch = json!({"credentials": {"apiKey": "good-key"}});
    causeway.client().patch(&path, patch).await.expect(200);
    assert_eq!(causeway.client().post(&test, json!({})).await.expect(200)["success"], true);
    let after = causeway.client().get(&path).await.expect(200);
    assert_eq!(after["status"], "active");
    assert!(after.get("lastError").is_none(), "{after}");
}

#[tokio::test]
async fn a_connection_that_is_switched_off_stays_so() {
    let causeway = Causeway::start().await;
    let path = format!("/erp/connections/{}", causeway.connect_http(&Erp::demanding("", "").await).await);
    causeway.client().patch(&path, json!({"status": "inactive"})).await.expect(200);
    causeway.client().post(&format!("{path}/test"), json!({})).await.expect(200);
    assert_eq!(causeway.client().get(&path).await.expect(200)["status"], "inactive");
}

#[tokio::test]
async fn a_connection_that_is_not_there_cannot_be_tested() {
    let causeway = Causeway::start().await;
    for route in ["test", "test-enhanced"] {
        causeway.client().post(&format!("/erp/connections/erp_none/{route}"), json!({})).await.expect(404);
    }
}

/// Credentials for order XML, as `Basic ZG9pOmdvb2Qta2V5` expects them.
fn doi(url: &str) -> Value {
    json!({"doiEndpoint": url, "doiUsername": "doi", "doiPassword": "good-key"})
}

#[tokio::test]
async fn an_endpoint_for_order_xml_that_answers_xml_is_good() {
    let url = Erp::demanding("Basic ZG9pOmdvb2Qta2V5", XML).await;
    let (tested, after) = test("doi", doi(&url)).await;
    assert_eq!(tested["success"], true, "{tested}");
    assert_eq!(tested["details"]["rootElement"], "Pong");
    assert_eq!(after["status"], "active");
}

#[tokio::test]
async fn an_endpoint_for_order_xml_that_answers_something_else_is_not() {
    let page = ([(CONTENT_TYPE, "text/html")], "<html><body>It works!</body></html>");
    let json = ([(CONTENT_TYPE, "application/json")], r#"{"pong": true}"#);
    for good in [page, json] {
        let url = Erp::demanding("Basic ZG9pOmdvb2Qta2V5", good).await;
        failed(test("doi", doi(&url)).await, &["127.0.0.1", "must answer XML"]);
    }
}

#[tokio::test]
async fn a_wrong_password_for_order_xml_is_told() {
    let url = Erp::demanding("Basic ZG9pOmFub3RoZXI=", XML).await;
    let outcome = test("doi", doi(&url)).await;
    assert!(!outcome.0.to_string().contains("good-key"), "{}", outcome.0);
    failed(outcome, &["401", "This key is locked", "doiPassword"]);
}
