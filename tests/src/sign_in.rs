//! Signing in, and being kept out.

use serde_json::json;

use crate::harness::{ADMIN, Causeway, PASSWORD};

const LOGIN: &str = "/api/v1/auth/login";

#[tokio::test]
async fn who_knows_the_password_gets_a_token_that_opens_the_profile() {
    let causeway = Causeway::start().await;
    let body =
        causeway.stranger().post(LOGIN, json!({"email": ADMIN, "password": PASSWORD})).await.expect(200);
    assert_eq!(body["success"], true);
    assert_eq!(body["data"]["token_type"], "Bearer");
    assert!(body["data"]["expires_in"].as_u64().unwrap() > 0);
    assert_eq!(body["data"]["user"]["email"], ADMIN);
    assert!(!body.to_string().to_lowercase().contains("hash"), "{body}");

    let token = body["data"]["access_token"].as_str().unwrap();
    let profile = causeway.stranger().with_token(token).get("/api/v1/auth/profile").await.expect(200);
    assert_eq!(profile["data"]["email"], ADMIN);
}

#[tokio::test]
async fn an_address_is_known_in_any_case() {
    let causeway = Causeway::start().await;
    let body = json!({"email": ADMIN.to_uppercase(), "password": PASSWORD});
    causeway.stranger().post(LOGIN, body).await.expect(200);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_account_get_the_same_answer() {
    let causeway = Causeway::start().await;
    let wrong = causeway.stranger().post(LOGIN, json!({"email": ADMIN, "password": "wrong-password"})).await;
    let body = json!({"email": "nobody@causeway.local", "password": "wrong-password"});
    let unknown = causeway.stranger().post(LOGIN, body).await;
    assert_eq!(
        wrong.clone().expect(401)["error"]["message"],
        unknown.clone().expect(401)["error"]["message"]
    );
    assert_eq!(wrong.body["error"]["code"], unknown.body["error"]["code"]);
}

#[tokio::test]
async fn guessing_is_slowed_down_even_for_who_then_knows_the_password() {
    let causeway = Causeway::start().await;
    let stranger = causeway.stranger();
    for _ in 0..5 {
        stranger.post(LOGIN, json!({"email": ADMIN, "password": "wrong-password"})).await.expect(401);
    }
    let answer = stranger.post(LOGIN, json!({"email": ADMIN, "password": PASSWORD})).await;
    assert!(answer.header("retry-after").parse::<u64>().unwrap() > 0, "{answer:?}");
    answer.expect(429);
}
