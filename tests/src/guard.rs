//! Nothing but a short list is open to strangers. The list may only shrink.

use reqwest::Method;
use serde_json::Value;

use crate::harness::{Causeway, Client};

/// What needs no token. Documents come with the credentials of their connection; `doi.rs` holds that.
const PUBLIC: [&str; 5] = [
    "POST /api/v1/auth/login",
    "GET /.well-known/jwks.json",
    "GET /health",
    "GET /openapi.json",
    "POST /doi/{connectionId}",
];

/// Every operation of the OpenAPI document, with something in the place of its parameters.
async fn operations(client: &Client) -> Vec<(Method, String)> {
    let document = client.get("/openapi.json").await.expect(200);
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            operations.push((method.to_uppercase().parse().unwrap(), path.clone()));
        }
    }
    operations
}

fn filled_in(path: &str) -> String {
    let fill = |step: &str| match step {
        "{dataType}" => "products".to_owned(),
        step if step.starts_with('{') => "x_1".to_owned(),
        step => step.to_owned(),
    };
    path.split('/').map(fill).collect::<Vec<_>>().join("/")
}

#[tokio::test]
async fn every_operation_refuses_a_stranger() {
    let causeway = Causeway::start().await;
    let stranger = causeway.stranger();
    let operations = operations(&stranger).await;
    assert!(operations.len() >= 30, "only {} operations are described", operations.len());
    for (method, path) in operations {
        if PUBLIC.contains(&format!("{method} {path}").as_str()) {
            continue;
        }
        let answer = stranger.send(stranger.request(method.clone(), &filled_in(&path))).await;
        assert_eq!(answer.status, 401, "{method} {path}: {}", answer.body);
        assert!(answer.header("www-authenticate").starts_with("Bearer"), "{method} {path}");
    }
}

#[tokio::test]
async fn a_token_that_is_not_ours_opens_nothing() {
    let causeway = Causeway::start().await;
    let unsigned = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1c3JfMSIsImV4cCI6OTk5OTk5OTk5OX0.";
    for token in ["", "x", "a.b.c", unsigned] {
        let body: Value = causeway.stranger().with_token(token).get("/erp/connections").await.expect(401);
        assert!(body["error"].is_string(), "{body}");
    }
}

#[tokio::test]
async fn a_token_of_another_causeway_opens_nothing() {
    let (causeway, other) = (Causeway::start().await, Causeway::start_another().await);
    let foreign = Client::new(causeway.client().address());
    let login = serde_json::json!({"email": crate::harness::ADMIN, "password": crate::harness::PASSWORD});
    let answer = other.stranger().post("/api/v1/auth/login", login).await.expect(200);
    let token = answer["data"]["access_token"].as_str().unwrap();
    foreign.with_token(token).get("/erp/connections").await.expect(401);
    causeway.client().get("/erp/connections").await.expect(200);
}
