//! A connection's life: made, read, changed, replaced, deleted; and what is refused on the way.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::Causeway;

const CONNECTIONS: &str = "/erp/connections";
const MASK: &str = "••••••••";

fn sap() -> Value {
    json!({
        "name": "SAP Production", "provider": "SAP", "connectionMethod": "api", "status": "active",
        "credentials": {"apiUrl": "https://sap.example.com/api", "apiKey": "your-api-key"},
        "settings": {"timeout": 30000, "retryAttempts": 3, "enabledDataTypes": ["orders", "products", "inventory"]},
    })
}

fn path_of(connection: &Value) -> String {
    format!("{CONNECTIONS}/{}", connection["id"].as_str().unwrap())
}

#[tokio::test]
async fn the_body_of_the_contract_makes_a_connection_whose_secret_is_shown_to_nobody() {
    let causeway = Causeway::start().await;
    for path in [CONNECTIONS, "/erp/connections/enhanced"] {
        let answer = causeway.client().post(path, sap()).await;
        let location = answer.header("location").to_owned();
        assert!(!answer.header("etag").is_empty());
        let made = answer.expect(201);
        assert_eq!(location, path_of(&made));
        assert_eq!(made["credentials"], json!({"apiUrl": "https://sap.example.com/api", "apiKey": MASK}));
        assert_eq!(causeway.client().get(&location).await.expect(200), made);
    }
    let all = causeway.client().get(CONNECTIONS).await.expect(200);
    assert_eq!(all.as_array().unwrap().len(), 2);
    assert!(!all.to_string().contains("your-api-key"));
}

#[tokio::test]
async fn a_list_goes_on_where_its_link_points_and_ends() {
    let causeway = Causeway::start().await;
    for number in 0..5 {
        let mut connection = sap();
        connection["name"] = json!(format!("Connection {number}"));
        causeway.connect(connection).await;
    }
    let names = causeway.list("/erp/connections?limit=2").await;
    let mut names: Vec<_> = names.iter().map(|one| one["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, (0..5).map(|number| format!("Connection {number}")).collect::<Vec<_>>());
    causeway.client().get("/erp/connections?limit=2&cursor=tampered").await.expect(400);
    causeway.client().get("/erp/connections?limit=0").await.expect(400);
    causeway.client().get("/erp/connections?offset=2").await.expect(400);
}

#[tokio::test]
async fn a_patch_changes_what_it_names_and_a_put_puts_the_whole() {
    let causeway = Causeway::start().await;
    let made = causeway.connect(sap()).await;
    let path = path_of(&made);

    let patch = json!({"settings": {"timeout": 60000}, "credentials": {"apiKey": MASK}});
    let patched = causeway.client().patch(&path, patch).await.expect(200);
    assert_eq!(patched["settings"]["timeout"], 60_000);
    assert_eq!(patched["settings"]["enabledDataTypes"], made["settings"]["enabledDataTypes"]);
    assert_eq!(patched["credentials"], made["credentials"]);

    let mut whole = sap();
    whole["name"] = json!("SAP Test");
    whole["settings"] = json!({});
    let replaced = causeway.client().put(&path, whole).await.expect(200);
    assert_eq!(replaced["name"], "SAP Test");
    assert_eq!(replaced["settings"]["timeout"], 30_000, "what is left out takes its default");
    assert_eq!(replaced["id"], made["id"]);
    assert_eq!(replaced["createdAt"], made["createdAt"]);
}

#[tokio::test]
async fn who_names_a_version_does_not_overwrite_a_newer_one() {
    let causeway = Causeway::start().await;
    let client = causeway.client();
    let path = path_of(&causeway.connect(sap()).await);
    let seen = client.get(&path).await.header("etag").to_owned();
    client.patch(&path, json!({"name": "Changed by somebody else"})).await.expect(200);

    let late = client.request(Method::PATCH, &path).header("if-match", &seen);
    client.send_json(late, &json!({"name": "Too late"})).await.expect(412);
    assert_eq!(client.get(&path).await.expect(200)["name"], "Changed by somebody else");
}

#[tokio::test]
async fn a_bad_body_is_refused_with_each_field_that_is_wrong_and_nothing_is_stored() {
    let causeway = Causeway::start().await;
    let client = causeway.client();
    for (field, value) in [
        ("name", json!("")),
        ("name", json!("x".repeat(1 << 19))),
        ("name", json!("a\u{0}b")),
        ("provider", json!("SAPP")),
        ("connectionMethod", json!("carrier pigeon")),
        ("settings", json!({"timeout": "soon"})),
        ("settings", json!({"enabledDataTypes": ["prices"]})),
        ("credentials", json!({"apiUrl": "not a url"})),
        ("unheardOf", json!(1)),
    ] {
        let mut body = sap();
        body[field] = value;
        let refused = client.post(CONNECTIONS, body).await.expect(422);
        assert!(refused["error"].is_string(), "{refused}");
        let named = refused["details"][0]["field"].as_str().unwrap();
        assert!(named.starts_with(field), "{named} instead of {field}");
    }
    let broken = client.request(Method::POST, CONNECTIONS).header("content-type", "application/json");
    client.send(broken.body(r#"{"name": "#)).await.expect(400);
    let text = client.request(Method::POST, CONNECTIONS).header("content-type", "text/plain");
    client.send(text.body("name=SAP")).await.expect(415);
    let huge = client.request(Method::POST, CONNECTIONS).header("content-type", "application/json");
    client.send(huge.body(format!(r#"{{"name":"{}"}}"#, "x".repeat(2 << 20)))).await.expect(413);
    let nested = client.request(Method::POST, CONNECTIONS).header("content-type", "application/json");
    let status = client.send(nested.body("[".repeat(100_000))).await.status;
    assert!((400..500).contains(&status), "{status}");
    assert_eq!(client.get(CONNECTIONS).await.expect(200), json!([]));
}

#[tokio::test]
async fn an_id_that_cannot_be_one_is_refused_and_one_that_is_unknown_is_not_found() {
    let causeway = Causeway::start().await;
    for bad in ["a:b", "a%2Fb", "a%0Ab", "%00"] {
        let answer = causeway.client().get(&format!("{CONNECTIONS}/{bad}")).await;
        assert!([400, 404].contains(&answer.status), "{bad}: {}", answer.status);
    }
    causeway.client().get("/erp/connections/erp_unknown").await.expect(404);
    causeway.client().patch("/erp/connections/erp_unknown", json!({"name": "x"})).await.expect(404);
    causeway.client().delete("/erp/connections/erp_unknown").await.expect(404);
}

#[tokio::test]
async fn a_deleted_connection_takes_its_configs_with_it() {
    let causeway = Causeway::start().await;
    let client = causeway.client();
    let made = causeway.connect(sap()).await;
    let config = json!({"erpConnectionId": made["id"], "dataType": "products"});
    let config = client.post("/erp/sync-configs", config).await.expect(201);
    client.delete(&path_of(&made)).await.expect(204);
    client.get(&path_of(&made)).await.expect(404);
    client.get(&format!("/erp/sync-configs/{}", config["id"].as_str().unwrap())).await.expect(404);
    assert_eq!(client.get(CONNECTIONS).await.expect(200), json!([]));
}

#[tokio::test]
async fn a_request_that_is_sent_twice_under_one_key_is_done_once() {
    let causeway = Causeway::start().await;
    let client = causeway.client();
    let body = sap();
    let send = || {
        let request = client.request(Method::POST, CONNECTIONS).header("idempotency-key", "k-1");
        client.send_json(request, &body)
    };
    let (first, second) = (send().await.expect(201), send().await.expect(201));
    assert_eq!(first["id"], second["id"]);
    assert_eq!(client.get(CONNECTIONS).await.expect(200).as_array().unwrap().len(), 1);
}
