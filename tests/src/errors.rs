//! The shape of every refusal, on the surface existing front ends know and on the platform's.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Causeway};

/// One refusal of every kind that needs no ERP.
async fn refusals(causeway: &Causeway) -> Vec<Answer> {
    let (client, stranger) = (causeway.client(), causeway.stranger());
    let text =
        client.request(Method::POST, "/erp/connections").header("content-type", "text/plain").body("{}");
    let broken =
        client.request(Method::POST, "/erp/connections").header("content-type", "application/json").body("{");
    vec![
        stranger.get("/erp/connections").await,
        client.get("/erp/connections/erp_none").await,
        client.get("/erp/connections?limit=0").await,
        client.get("/nowhere").await,
        client.delete("/erp/connections").await,
        client.post("/erp/connections", json!({})).await,
        client.send(text).await,
        client.send(broken).await,
    ]
}

#[tokio::test]
async fn an_error_is_a_sentence_with_a_code_and_the_request_it_belongs_to() {
    let causeway = Causeway::start().await;
    let refusals = refusals(&causeway).await;
    let statuses: Vec<_> = refusals.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [401, 404, 400, 404, 405, 422, 415, 400]);
    for answer in refusals {
        let body = &answer.body;
        assert!(body["error"].as_str().unwrap().ends_with('.'), "a sentence: {body}");
        let code = body["code"].as_str().unwrap();
        assert!(code.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'), "{body}");
        assert_eq!(body["requestId"], answer.header("x-request-id"), "{body}");
        assert!(answer.header("content-type").starts_with("application/json"), "{answer:?}");
        let known = ["error", "code", "details", "requestId"];
        assert!(body.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{body}");
    }
}

#[tokio::test]
async fn fields_at_fault_are_listed_with_what_is_wrong() {
    let causeway = Causeway::start().await;
    let body = json!({
        "name": "", "provider": "Custom", "connectionMethod": "api", "credentials": {},
        "settings": {"timeout": 1, "retryAttempts": 99},
    });
    let answer = causeway.client().post("/erp/connections", body).await;
    let expected = ["name", "credentials.apiUrl", "settings.timeout", "settings.retryAttempts"];
    assert_eq!(answer.fields(), expected, "all at once");
    let body = answer.expect(422);
    assert_eq!(body["code"], "VALIDATION_ERROR");
    for detail in body["details"].as_array().unwrap() {
        assert!(!detail["message"].as_str().unwrap().is_empty(), "{detail}");
    }
}

#[tokio::test]
async fn a_request_keeps_the_name_its_client_gave_it() {
    let causeway = Causeway::start().await;
    let named = async |id: &str| {
        let request = causeway.client().request(Method::GET, "/erp/connections/erp_none");
        causeway.client().send(request.header("x-request-id", id)).await.expect(404)["requestId"].clone()
    };
    assert_eq!(named("checkout-42").await, "checkout-42");
    assert_ne!(named("a b<script>").await, "a b<script>", "unless it could do harm in a log");
}

#[tokio::test]
async fn the_platform_wraps_what_it_answers() {
    let causeway = Causeway::start().await;
    let answer = causeway.client().get("/api/v1/auth/profile").await;
    let id = answer.header("x-request-id").to_owned();
    let body = answer.expect(200);
    assert_eq!(body["success"], true);
    assert!(body["data"]["id"].is_string() && body.get("error").is_none(), "{body}");
    check_meta(&body["meta"], &id);

    let body = causeway.client().get("/api/v1/audit-events").await.expect(200);
    assert!(body["data"].is_array(), "{body}");
    assert_eq!(body["meta"]["pagination"]["per_page"], 50);
}

#[tokio::test]
async fn the_platform_wraps_its_errors_too() {
    let causeway = Causeway::start().await;
    let (client, stranger) = (causeway.client(), causeway.stranger());
    for (answer, status, code) in [
        (stranger.get("/api/v1/auth/profile").await, 401, "UNAUTHORIZED"),
        (client.get("/api/v1/nothing").await, 404, "NOT_FOUND"),
        (client.get("/api/v1/audit-events?limit=0").await, 400, "INVALID_PARAMETER"),
        (client.delete("/api/v1/audit-events").await, 405, "METHOD_NOT_ALLOWED"),
        (stranger.post("/api/v1/auth/login", json!({"email": "x"})).await, 422, "VALIDATION_ERROR"),
    ] {
        let id = answer.header("x-request-id").to_owned();
        let body = answer.expect(status);
        assert_eq!((&body["success"], &body["error"]["code"]), (&json!(false), &json!(code)));
        assert!(body["error"]["message"].is_string() && body["error"]["details"].is_array(), "{body}");
        check_meta(&body["meta"], &id);
    }
}

fn check_meta(meta: &Value, request_id: &str) {
    assert_eq!((&meta["version"], &meta["request_id"]), (&json!("1.0"), &json!(request_id)));
    meta["timestamp"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
}
