//! Input that nobody should send: each a clear refusal that names what is wrong, and nothing stored.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Causeway, left_out_in_the_cloud};

/// The lists that must still be empty after what was refused.
const LISTS: [&str; 4] =
    ["/erp/connections", "/erp/sync-logs", "/clients/acme/erp-assignments", "/sites/berlin/erp-assignments"];

async fn nothing_is_stored(causeway: &Causeway) {
    for list in LISTS {
        assert_eq!(causeway.list(list).await, Vec::<Value>::new(), "{list}");
    }
    let events = causeway.client().get("/api/v1/audit-events").await.expect(200);
    assert_eq!(events["data"].as_array().unwrap().len(), 1, "only the sign-in: {events}");
}

fn connection() -> Value {
    json!({
        "name": "SAP", "provider": "Custom", "connectionMethod": "api",
        "credentials": {"apiUrl": "https://sap.example.com"},
    })
}

/// The connection above with the value at `pointer` replaced.
fn with(pointer: &str, value: Value) -> Value {
    let mut body = connection();
    let mut at = &mut body;
    for name in pointer.split('/') {
        at = &mut at[name];
    }
    *at = value;
    body
}

async fn post_text(causeway: &Causeway, path: &str, kind: &str, text: impl Into<String>) -> Answer {
    let request = causeway.client().request(Method::POST, path);
    causeway.client().send(request.header("content-type", kind).body(text.into())).await
}

/// Everything that takes a body.
const TAKES_A_BODY: [&str; 4] = [
    "/erp/connections",
    "/erp/sync-configs",
    "/clients/acme/erp-assignments",
    "/sites/berlin/erp-assignments",
];

#[tokio::test]
async fn a_body_that_is_no_json() {
    let causeway = Causeway::start().await;
    for path in TAKES_A_BODY {
        for text in ["", "{", "nonsense", r#"{"name": "x",}"#, "{} {}", "\u{feff}{}", "{\"name\": \"\u{1}\"}"]
        {
            let answer = post_text(&causeway, path, "application/json", text).await;
            assert_eq!(answer.body["code"], "MALFORMED_JSON", "{path} {text:?}: {}", answer.body);
            answer.expect(400);
        }
        for text in ["[]", "null", "5", r#""text""#] {
            let answer = post_text(&causeway, path, "application/json", text).await;
            assert_eq!(answer.fields(), ["body"], "{text}");
            answer.expect(422);
        }
    }
    nothing_is_stored(&causeway).await;
}

#[tokio::test]
async fn a_body_of_another_type() {
    let causeway = Causeway::start().await;
    for kind in ["text/plain", "application/x-www-form-urlencoded", "text/json", "application/xml"] {
        for path in TAKES_A_BODY {
            post_text(&causeway, path, kind, connection().to_string()).await.expect(415);
        }
    }
    let untyped = causeway.client().request(Method::POST, "/erp/connections").body(connection().to_string());
    causeway.client().send(untyped).await.expect(415);
    nothing_is_stored(&causeway).await;
    post_text(&causeway, "/erp/connections", "Application/JSON; charset=utf-8", connection().to_string())
        .await
        .expect(201);
}

#[tokio::test]
async fn fields_that_are_wrong_missing_or_unknown_are_named_by_their_path() {
    let causeway = Causeway::start().await;
    let mut nameless = connection();
    nameless.as_object_mut().unwrap().remove("name");
    for (body, field) in [
        (nameless, "name"),
        (json!({}), "name"),
        (with("name", json!(5)), "name"),
        (with("name", json!("   ")), "name"),
        (with("name", json!("a\u{0}b")), "name"),
        (with("name", json!("x".repeat(201))), "name"),
        (with("provider", json!("Abacus")), "provider"),
        (with("connectionMethod", json!("fax")), "connectionMethod"),
        (with("status", json!("on")), "status"),
        (with("credentials", json!("key")), "credentials"),
        (with("credentials/apiUrl", json!(["https://sap.example.com"])), "credentials.apiUrl"),
        (with("credentials/sftpPort", json!(70_000)), "credentials.sftpPort"),
        (with("settings", json!({"timeout": "30s"})), "settings.timeout"),
        (with("settings", json!({"timeout": 1.5})), "settings.timeout"),
        (with("settings", json!({"retryAttempts": -1})), "settings.retryAttempts"),
        (with("settings", json!({"enabledDataTypes": ["colours"]})), "settings.enabledDataTypes.0"),
        (with("settings", json!({"enabledDataTypes": "orders"})), "settings.enabledDataTypes"),
        (with("settings", json!({"api": {"paths": {"colours": "/c"}}})), "settings.api.paths"),
        (with("settings", json!({"api": {"headers": {"X": 5}}})), "settings.api.headers.X"),
        (with("colour", json!("red")), "colour"),
        (with("settings", json!({"files": {"csv": {"quoting": "'"}}})), "settings.files.csv.quoting"),
        (with("settings", json!({"files": {"csv": {"delimiter": "abc"}}})), "settings.files.csv.delimiter"),
        (
            with("settings", json!({"files": {"csv": {"skipLines": 2, "headerRow": 3}}})),
            "settings.files.csv.headerRow",
        ),
        (with("settings", json!({"timeZone": "Mars/Olympus"})), "settings.timeZone"),
    ] {
        let answer = causeway.client().post("/erp/connections", body.clone()).await;
        assert_eq!(answer.fields(), [field], "{body}: {}", answer.body);
        answer.expect(422);
    }
    nothing_is_stored(&causeway).await;
}

#[tokio::test]
async fn wrong_assignments() {
    let causeway = Causeway::start().await;
    for (path, body, field) in [
        ("/clients/acme/erp-assignments", json!({}), "erpConnectionId"),
        ("/clients/acme/erp-assignments", json!({"erpConnectionId": 5}), "erpConnectionId"),
        ("/clients/acme/erp-assignments", json!({"erpConnectionId": "a/b"}), "erpConnectionId"),
        ("/sites/berlin/erp-assignments", json!({"erpConnectionId": "erp_1"}), "clientId"),
        ("/sites/berlin/erp-assignments", json!({"erpConnectionId": "erp_1", "clientId": ""}), "clientId"),
        (
            "/sites/berlin/erp-assignments",
            json!({"erpConnectionId": "erp_1", "clientId": "acme", "settings": {"syncColours": true}}),
            "settings.syncColours",
        ),
    ] {
        let answer = causeway.client().post(path, body.clone()).await;
        assert_eq!(answer.fields(), [field], "{body}: {}", answer.body);
        answer.expect(422);
    }
    nothing_is_stored(&causeway).await;
}

#[tokio::test]
async fn what_is_not_there_is_not_found() {
    let causeway = Causeway::start().await;
    let client = causeway.client();
    for path in [
        "/erp/connections/erp_none",
        "/erp/connections/erp_none/sync-configs",
        "/erp/connections/erp_none/statistics",
        "/erp/sync-configs/cfg_none",
        "/erp/sync-logs/run_none",
        "/erp/sync-logs/run_none/errors",
        "/erp/records/products?erpConnectionId=erp_none",
        "/erp/records/products/SKU-1?erpConnectionId=erp_none",
        "/erp/inventory/SKU-1",
    ] {
        client.get(path).await.expect(404);
    }
    client.post("/erp/connections/erp_none/sync", json!({"dataType": "products"})).await.expect(404);
    client.patch("/erp/sync-configs/cfg_none", json!({})).await.expect(404);
    client.put("/erp/connections/erp_none", connection()).await.expect(404);
    client.delete("/clients/acme/erp-assignments/asg_none").await.expect(404);
    client.delete("/sites/berlin/erp-assignments/asg_none").await.expect(404);
    nothing_is_stored(&causeway).await;
}

#[tokio::test]
async fn ids_that_no_one_gave_out() {
    let causeway = Causeway::start().await;
    let long = "x".repeat(129);
    let mut ids = vec!["a%3Ab", "a%00b", "a%0Ab", "a%7Fb", "a%20b", "%C3%BC", "%FF", "a:b", &long];
    if !left_out_in_the_cloud("ids with a slash", "API Gateway decodes it before it looks for the route") {
        ids.extend(["a%2Fb", "%2E%2E%2F"]);
    }
    for id in ids {
        for (path, parameter) in [
            (format!("/erp/connections/{id}"), "id"),
            (format!("/erp/sync-configs/{id}"), "id"),
            (format!("/erp/sync-logs/{id}"), "id"),
            (format!("/clients/{id}/erp-assignments"), "clientId"),
            (format!("/sites/{id}/effective-erp"), "siteId"),
        ] {
            let answer = causeway.client().get(&path).await;
            assert!(answer.fields() == [parameter] || id == "%FF", "{path}: {}", answer.body);
            answer.expect(400);
        }
        causeway.client().delete(&format!("/erp/connections/{id}?force=true")).await.expect(400);
        let body = json!({"erpConnectionId": "erp_1"});
        causeway.client().post(&format!("/clients/{id}/erp-assignments"), body).await.expect(400);
    }
    nothing_is_stored(&causeway).await;
}

#[tokio::test]
async fn a_body_or_a_text_that_is_too_large() {
    let causeway = Causeway::start().await;
    let megabyte = "x".repeat(1024 * 1024);
    causeway.client().post("/erp/connections", with("name", json!(megabyte.repeat(2)))).await.expect(413);
    let text = json!(format!("https://sap.example.com/{}", &megabyte[..1_000_000]));
    for (body, field) in [
        (with("name", text.clone()), "name"),
        (with("credentials/apiUrl", text.clone()), "credentials.apiUrl"),
        (with("credentials/apiKey", text.clone()), "credentials.apiKey"),
        (with("credentials/sftpPath", text.clone()), "credentials.sftpPath"),
        (with("settings", json!({"api": {"recordsPath": text}})), "settings"),
        (with("settings", json!({"files": {"csv": {"nullValues": [text]}}})), "settings"),
    ] {
        let answer = causeway.client().post("/erp/connections", body).await;
        assert_eq!(answer.fields(), [field], "{}", answer.body["error"]);
        assert!(answer.body.to_string().len() < 2_000, "what was sent is not repeated");
        answer.expect(422);
    }
    nothing_is_stored(&causeway).await;
}

#[tokio::test]
async fn json_nested_without_end() {
    let causeway = Causeway::start().await;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{{\"name\": {}1{}}}", open.repeat(100_000), close.repeat(100_000));
        let answer = post_text(&causeway, "/erp/connections", "application/json", deep).await;
        assert_eq!(answer.body["code"], "MALFORMED_JSON");
        answer.expect(400);
    }
    nothing_is_stored(&causeway).await;
}

#[tokio::test]
async fn cursors_that_were_tampered_with() {
    let causeway = Causeway::start().await;
    for _ in 0..3 {
        causeway.connect(connection()).await;
    }
    let next = causeway.client().get("/erp/connections?limit=1").await.next().unwrap();
    let cursor = next.split("cursor=").nth(1).unwrap();
    let flipped = if cursor.ends_with('A') { 'B' } else { 'A' };
    let changed = format!("{}{flipped}", &cursor[..cursor.len() - 1]);
    let refused = async |path: String| {
        let answer = causeway.client().get(&path).await;
        assert!(answer.fields().contains(&"cursor"), "{path}: {}", answer.body);
        answer.expect(400);
    };
    for bad in [&changed, &cursor[..4], "x", "%00", "erp_1", &format!("{cursor}{cursor}")] {
        refused(format!("/erp/connections?limit=1&cursor={bad}")).await;
        refused(format!("/api/v1/audit-events?cursor={bad}")).await;
    }
    for list in &LISTS[1..] {
        refused(format!("{list}?cursor={cursor}")).await;
    }
}

#[tokio::test]
async fn query_parameters_that_cannot_be() {
    let causeway = Causeway::start().await;
    for path in LISTS.into_iter().chain(["/api/v1/audit-events"]) {
        for bad in ["limit=0", "limit=1001", "limit=abc", "limit=-1", "limit=", "limit=5&limit=6"] {
            let answer = causeway.client().get(&format!("{path}?{bad}")).await;
            assert_eq!(answer.fields(), ["limit"], "{path}?{bad}");
            answer.expect(400);
        }
        let answer = causeway.client().get(&format!("{path}?colour=red")).await;
        assert_eq!(answer.fields(), ["colour"], "{path}");
        answer.expect(400);
        causeway.client().get(&format!("{path}?limit=1000")).await.expect(200);
    }
    for (path, parameter) in [
        ("/erp/sync-logs?dataType=colours", "dataType"),
        ("/erp/sync-logs?erpConnectionId=a:b", "erpConnectionId"),
        ("/erp/records/colours?erpConnectionId=erp_1", "dataType"),
        ("/erp/records/products", "erpConnectionId"),
        ("/erp/records/products?erpConnectionId=erp_1&updatedSince=yesterday", "updatedSince"),
    ] {
        let answer = causeway.client().get(path).await;
        assert_eq!(answer.fields(), [parameter], "{path}: {}", answer.body);
        answer.expect(400);
    }
    nothing_is_stored(&causeway).await;
}
