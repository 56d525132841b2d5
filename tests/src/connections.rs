//! Making connections, and seeing them.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Causeway, left_out_in_the_cloud};

/// What seed 001 sends.
fn sap() -> Value {
    json!({
        "name": "SAP Production",
        "provider": "SAP",
        "connectionMethod": "api",
        "status": "active",
        "credentials": {"apiUrl": "https://sap.example.com/api", "apiKey": "your-api-key"},
        "settings": {"timeout": 30000, "retryAttempts": 3, "enabledDataTypes": ["orders", "products", "inventory"]},
    })
}

#[tokio::test]
async fn both_paths_make_the_connection_that_was_sent() {
    let causeway = Causeway::start().await;
    for path in ["/erp/connections/enhanced", "/erp/connections"] {
        let answer = causeway.client().post(path, sap()).await;
        let (location, etag) = (answer.header("location").to_owned(), answer.header("etag").to_owned());
        let made = answer.expect(201);
        for field in ["name", "provider", "connectionMethod", "status"] {
            assert_eq!(made[field], sap()[field], "{field}");
        }
        let masked = json!({"apiUrl": "https://sap.example.com/api", "apiKey": "••••••••"});
        assert_eq!(made["credentials"], masked);
        assert_eq!(made["settings"]["timeout"], 30_000);
        assert_eq!(made["settings"]["enabledDataTypes"], json!(["orders", "products", "inventory"]));
        assert!(made["createdAt"].as_str().unwrap().ends_with('Z'), "{made}");
        assert_eq!(location, format!("/erp/connections/{}", made["id"].as_str().unwrap()));

        let answer = causeway.client().get(&location).await;
        assert_eq!(answer.header("etag"), etag);
        assert_eq!(answer.expect(200), made);
    }
    assert_eq!(causeway.list("/erp/connections").await.len(), 2);
}

#[tokio::test]
async fn each_method_needs_its_own_credentials() {
    let causeway = Causeway::start().await;
    for (method, credentials, field) in [
        ("api", json!({}), "credentials.apiUrl"),
        ("api", json!({"apiUrl": "sap.example.com"}), "credentials.apiUrl"),
        ("api", json!({"apiUrl": "ftp://sap.example.com"}), "credentials.apiUrl"),
        ("api", json!({"apiUrl": "https://me:secret@sap.example.com"}), "credentials.apiUrl"),
        ("doi", json!({"doiEndpoint": "https://doi.example.com"}), "credentials.doiPassword"),
        ("sftp", json!({"sftpHost": "files.example.com", "sftpUsername": "erp"}), "credentials.sftpPassword"),
        ("sftp", json!({"sftpUsername": "erp", "sftpPassword": "x"}), "credentials.sftpHost"),
    ] {
        let body = json!({"name": "x", "provider": "Custom", "connectionMethod": method, "credentials": credentials});
        let answer = causeway.client().post("/erp/connections", body).await;
        assert!(answer.fields().contains(&field), "{method}, {credentials}: {}", answer.body);
        answer.expect(422);
    }
    assert_eq!(causeway.list("/erp/connections").await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_list_is_an_array_that_is_paged_by_its_link_header() {
    let causeway = Causeway::start().await;
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(causeway.connect(sap()).await);
    }
    let answer = causeway.client().get("/erp/connections").await;
    assert_eq!(answer.next(), None, "they fit on one page");
    assert_eq!(answer.expect(200), Value::from(made.clone()), "oldest first");

    let first = causeway.client().get("/erp/connections?limit=2").await;
    assert!(first.next().unwrap().contains("limit=2"), "the next page is as long");
    assert_eq!(first.expect(200).as_array().unwrap().len(), 2);
    assert_eq!(causeway.list("/erp/connections?limit=2").await, made, "each once, none left out");
    assert_eq!(causeway.list("/erp/connections?limit=5").await, made, "also where the last page is full");
}

#[tokio::test]
async fn links_to_next_pages_keep_the_base_path() {
    let causeway = Causeway::start_with_base_path().await;
    for _ in 0..3 {
        causeway.connect(sap()).await;
    }
    let path = "/make-server-6fcaeea3/erp/connections?limit=1";
    let answer = causeway.client().get(path).await;
    if !left_out_in_the_cloud(
        "links keep the stage",
        "the emulator tells paths without their stage, AWS with it",
    ) {
        assert!(answer.next().unwrap().starts_with("/make-server-6fcaeea3/erp/connections?"), "{answer:?}");
    }
    assert_eq!(causeway.list(path).await.len(), 3);
}

#[tokio::test]
async fn a_creation_sent_twice_under_one_key_is_done_once() {
    let causeway = Causeway::start().await;
    let client = causeway.client();
    let send = async |body: Value| {
        let request = client.request(Method::POST, "/erp/connections").header("idempotency-key", "order-66");
        client.send_json(request, &body).await
    };
    let first = send(sap()).await;
    let again = send(sap()).await;
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.expect(201), first.expect(201));

    let mut other = sap();
    other["name"] = json!("SAP Test");
    let refused = send(other).await;
    assert_eq!(refused.body["code"], "IDEMPOTENCY_KEY_REUSED");
    refused.expect(422);
    assert_eq!(causeway.list("/erp/connections").await.len(), 1);
}

#[tokio::test]
async fn a_creation_that_was_refused_may_be_mended_under_its_key() {
    let causeway = Causeway::start().await;
    let client = causeway.client();
    for (name, status) in [("", 422), ("SAP", 201)] {
        let mut body = sap();
        body["name"] = json!(name);
        let request = client.request(Method::POST, "/erp/connections").header("idempotency-key", "k");
        client.send_json(request, &body).await.expect(status);
    }
}
