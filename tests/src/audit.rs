//! The audit trail: who did what, to what, from where.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{ADMIN, Causeway, Client, Erp};

const EVENTS: &str = "/api/v1/audit-events";

/// Every event that `query` finds, newest first, page by page.
async fn events(client: &Client, query: &str) -> Vec<Value> {
    let (mut all, mut next) = (Vec::new(), Some(format!("{EVENTS}?{query}")));
    while let Some(path) = next {
        let answer = client.get(&path).await;
        next = answer.next();
        all.extend(answer.expect(200)["data"].as_array().unwrap().iter().cloned());
    }
    all
}

fn actions(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["action"].as_str().unwrap()).collect()
}

/// Sends a request that is to be audited, as a client with a name of its own; returns the body and the event.
async fn do_and_find(client: &Client, method: Method, path: &str, body: Value) -> (Value, Value) {
    let request = client.request(method, path).header("user-agent", "AdminConsole/7");
    let answer = client.send_json(request, &body).await;
    assert!((200..300).contains(&answer.status), "{path}: {answer:?}");
    let newest = events(client, "limit=1000").await.swap_remove(0);
    assert_eq!(newest["requestId"], answer.header("x-request-id"), "{path}");
    (answer.body, newest)
}

#[tokio::test]
async fn everything_an_admin_does_is_written_down_with_who_and_from_where() {
    let causeway = Causeway::start().await;
    let client = causeway.client();
    let profile = client.get("/api/v1/auth/profile").await.expect(200);
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let check = async |method, path: &str, body, action: &str, target: &str| {
        let (answer, event) = do_and_find(client, method, path, body).await;
        let target = if target.is_empty() { id(&answer) } else { target.to_owned() };
        assert_eq!((event["action"].as_str(), event["target"].as_str()), (Some(action), Some(&*target)));
        assert_eq!(event["actor"], profile["data"]["id"]);
        assert_eq!(
            (&event["ipAddress"], &event["userAgent"]),
            (&json!("127.0.0.1"), &json!("AdminConsole/7"))
        );
        target
    };
    let (post, patch, delete) = (|| Method::POST, || Method::PATCH, || Method::DELETE);

    let erp = Erp::start().await;
    erp.set("products", vec![json!({"sku": "S1"})]);
    let sent = json!({"name": "ERP", "provider": "Custom", "connectionMethod": "api",
        "credentials": {"apiUrl": erp.url()}, "settings": {"retryAttempts": 0}});
    let connection =
        check(post(), "/erp/connections/enhanced", sent, "erp_connection_created_enhanced", "").await;
    let path = format!("/erp/connections/{connection}");
    check(patch(), &path, json!({"name": "The ERP"}), "erp_connection_updated", &connection).await;
    check(post(), &format!("{path}/test"), json!({}), "erp_connection_tested", &connection).await;

    let sent = json!({"erpConnectionId": connection, "dataType": "products"});
    let config = check(post(), "/erp/sync-configs", sent, "erp_sync_config_created", "").await;
    let config_path = format!("/erp/sync-configs/{config}");
    check(patch(), &config_path, json!({"enabled": true}), "erp_sync_config_updated", &config).await;
    let sent = json!({"dataType": "products"});
    check(post(), &format!("{path}/sync?wait=20"), sent, "erp_manual_sync_triggered", &connection).await;
    check(delete(), &config_path, json!({}), "erp_sync_config_deleted", &config).await;

    let list = "/clients/acme/erp-assignments";
    let sent = json!({"erpConnectionId": connection});
    let assigned = check(post(), list, sent, "client_erp_assigned", "").await;
    check(delete(), &format!("{list}/{assigned}"), json!({}), "client_erp_unassigned", &assigned).await;
    let list = "/sites/berlin/erp-assignments";
    let sent = json!({"erpConnectionId": connection, "clientId": "acme"});
    let assigned = check(post(), list, sent, "site_erp_assigned", "").await;
    check(delete(), &format!("{list}/{assigned}"), json!({}), "site_erp_unassigned", &assigned).await;
    check(delete(), &path, json!({}), "erp_connection_deleted", &connection).await;

    let all = events(client, "").await;
    assert_eq!(all.len(), 13, "each once, and the sign-in of the start: {:?}", actions(&all));
}

#[tokio::test]
async fn sign_ins_are_written_down_whether_they_succeed_or_not() {
    let causeway = Causeway::start().await;
    let login = json!({"email": ADMIN, "password": "a-wrong-password"});
    causeway.stranger().post("/api/v1/auth/login", login).await.expect(401);
    let found = events(causeway.client(), "").await;
    assert_eq!(actions(&found), ["sign_in_failed", "signed_in"]);
    assert_eq!(found[0]["actor"], ADMIN);
    assert_eq!(found[0]["ipAddress"], "127.0.0.1");
    assert_eq!(found[1]["actor"], found[1]["target"], "a user signed in as themselves");
}

#[tokio::test]
async fn what_was_refused_or_only_read_is_not_written_down() {
    let causeway = Causeway::start().await;
    let client = causeway.client();
    let before = events(client, "").await;
    client.get("/erp/connections").await.expect(200);
    client.post("/erp/connections", json!({"name": ""})).await.expect(422);
    client.patch("/erp/connections/erp_none", json!({"name": "x"})).await.expect(404);
    client.delete("/erp/sync-configs/cfg_none").await.expect(404);
    causeway.stranger().delete("/erp/connections/erp_none").await.expect(401);
    assert_eq!(events(client, "").await, before);
}

/// Makes three connections and renames the first; returns its id.
async fn some_events(causeway: &Causeway) -> String {
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(causeway.connect_http("https://erp.example.com").await);
    }
    let path = format!("/erp/connections/{}", ids[0]);
    causeway.client().patch(&path, json!({"name": "renamed"})).await.expect(200);
    ids.swap_remove(0)
}

#[tokio::test]
async fn events_are_found_by_what_by_whom_to_what_and_when() {
    let causeway = Causeway::start().await;
    let renamed = some_events(&causeway).await;
    let client = causeway.client();
    let all = events(client, "").await;
    let (made, updated, signed_in) =
        ("erp_connection_created_enhanced", "erp_connection_updated", "signed_in");
    assert_eq!(actions(&all), [updated, made, made, made, signed_in], "newest first");

    let found = async |query: String| events(client, &query).await;
    assert_eq!(found(format!("action={made}")).await, all[1..4]);
    assert_eq!(actions(&found(format!("target={renamed}")).await), [updated, made]);
    assert_eq!(actions(&found(format!("target={renamed}&action={updated}")).await), [updated]);
    let actor = all[0]["actor"].as_str().unwrap();
    assert_eq!(found(format!("actor={actor}")).await, all);
    assert!(found("actor=usr_nobody".to_owned()).await.is_empty());

    let at = all[0]["at"].as_str().unwrap();
    assert_eq!(found(format!("since={at}&until=2999-01-01T00:00:00Z")).await[0], all[0]);
    assert!(!found(format!("until={at}")).await.contains(&all[0]), "until is not included");
    assert!(found("until=2020-01-01T00:00:00Z".to_owned()).await.is_empty());
    for query in ["action=unknown", "since=yesterday", "colour=red"] {
        client.get(&format!("{EVENTS}?{query}")).await.expect(400);
    }
}

#[tokio::test]
async fn events_are_paged_with_and_without_a_filter() {
    let causeway = Causeway::start().await;
    some_events(&causeway).await;
    let all = events(causeway.client(), "").await;
    assert_eq!(events(causeway.client(), "limit=2").await, all);
    let filter = "action=erp_connection_created_enhanced";
    assert_eq!(events(causeway.client(), &format!("{filter}&limit=1")).await, all[1..4]);

    let page = causeway.client().get(&format!("{EVENTS}?limit=2")).await.expect(200);
    assert_eq!(page["meta"]["pagination"]["per_page"], 2);
    let cursor = page["meta"]["pagination"]["next_cursor"].as_str().unwrap();
    let next = causeway.client().get(&format!("{EVENTS}?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!(next["data"], Value::from(&all[2..4]));
}

#[tokio::test]
async fn an_update_names_the_fields_and_never_their_values() {
    let causeway = Causeway::start().await;
    let connection = causeway.connect_http("https://erp.example.com").await;
    let patch =
        json!({"name": "renamed", "credentials": {"apiKey": "very-secret"}, "settings": {"timeout": 5000}});
    let path = format!("/erp/connections/{connection}");
    let (_, event) = do_and_find(causeway.client(), Method::PATCH, &path, patch).await;
    let mut changed: Vec<_> =
        event["details"]["changed"].as_array().unwrap().iter().map(|field| field.as_str().unwrap()).collect();
    changed.sort_unstable();
    assert_eq!(changed, ["credentials.apiKey", "name", "settings.timeout"]);
    assert!(!event.to_string().contains("very-secret"), "{event}");
}
