//! Secrets go in and never come out: not in an answer, not in an error, not in the audit trail.

use serde_json::{Value, json};

use crate::harness::{Answer, Causeway, Erp};

/// No part of an answer, headers included, holds what was sent as a secret.
#[track_caller]
fn tells_nothing(answer: &Answer) {
    let told = format!("{answer:?}");
    assert!(!told.contains("s3cr3t"), "a secret is told: {told}");
}

#[tokio::test]
async fn no_answer_about_a_connection_tells_its_secrets() {
    let causeway = Causeway::start().await;
    let client = causeway.client();
    let url = Erp::demanding("Bearer another", "").await;
    let body = json!({
        "name": "ERP", "provider": "Custom", "connectionMethod": "api", "settings": {"retryAttempts": 0},
        "credentials": {
            "apiUrl": url, "apiKey": "s3cr3t-key", "apiSecret": "s3cr3t-secret", "oauthToken": "s3cr3t-token",
            "doiPassword": "s3cr3t-doi", "sftpPassword": "s3cr3t-sftp", "sftpPrivateKey": "s3cr3t-private",
            "sftpPassphrase": "s3cr3t-passphrase",
        },
    });
    let made = client.post("/erp/connections", body.clone()).await;
    let path = made.header("location").to_owned();
    let masked = made.body["credentials"].as_object().unwrap().values().filter(|shown| *shown == "••••••••");
    assert_eq!(masked.count(), 7, "{}", made.body);
    tells_nothing(&made);
    tells_nothing(&client.get(&path).await);
    tells_nothing(&client.get("/erp/connections").await);
    tells_nothing(&client.put(&path, body).await);
    tells_nothing(&client.patch(&path, json!({"credentials": {"apiKey": "s3cr3t-2"}})).await);
    tells_nothing(&client.post(&format!("{path}/test"), json!({})).await);
    tells_nothing(&client.post(&format!("{path}/sync?wait=20"), json!({"dataType": "products"})).await);
    tells_nothing(&client.get("/erp/sync-logs").await);
    let id = path.rsplit('/').next().unwrap();
    let site = json!({"erpConnectionId": id, "clientId": "acme", "overridesClient": true});
    tells_nothing(&client.post("/sites/berlin/erp-assignments", site).await);
    let effective = client.get("/sites/berlin/effective-erp").await;
    assert_eq!(effective.body["connection"]["credentials"]["apiKey"], "••••••••");
    tells_nothing(&effective);
    tells_nothing(&client.delete(&format!("{path}?force=true")).await);
    tells_nothing(&client.get("/api/v1/audit-events").await);
}

#[tokio::test]
async fn no_refusal_repeats_what_was_sent() {
    let causeway = Causeway::start().await;
    let with = |credentials: Value| json!({"name": "x", "provider": "Custom", "connectionMethod": "api", "credentials": credentials});
    for body in [
        with(json!("s3cr3t")),
        with(json!(["s3cr3t"])),
        with(json!({"apiKey": {"value": "s3cr3t"}})),
        with(json!({"apiKey": ["s3cr3t"]})),
        with(json!({"apiUrl": "https://me:s3cr3t@erp.example.com", "apiKey": "s3cr3t"})),
        with(json!({"apiUrl": "s3cr3t"})),
        with(json!({"sftpPort": "s3cr3t"})),
        json!({"name": "x", "provider": "s3cr3t", "connectionMethod": "s3cr3t"}),
    ] {
        let answer = causeway.client().post("/erp/connections", body).await;
        tells_nothing(&answer);
        answer.expect(422);
    }
    let request = causeway.client().request(reqwest::Method::POST, "/erp/connections");
    let request = request.header("content-type", "application/json").body(r#"{"apiKey": "s3cr3t", s3cr3t}"#);
    let answer = causeway.client().send(request).await;
    tells_nothing(&answer);
    answer.expect(400);
    let login = json!({"email": "a@b.example", "password": "s3cr3t"});
    let answer = causeway.stranger().post("/api/v1/auth/login", login).await;
    tells_nothing(&answer);
    answer.expect(401);
}
