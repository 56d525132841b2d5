//! Changing a connection: merge patches, replacements, and two people at once.

use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Answer, Causeway, Client, Erp};

/// A connection with everything that the tests change; returns its path.
async fn connect(causeway: &Causeway, url: &str) -> String {
    let made = causeway.connect(json!({
        "name": "SAP", "provider": "Custom", "connectionMethod": "api",
        "credentials": {"apiUrl": url, "apiKey": "the-user", "apiSecret": "the-password"},
        "settings": {"timeout": 5000, "retryAttempts": 0, "enabledDataTypes": ["orders"]},
    }));
    format!("/erp/connections/{}", made.await["id"].as_str().unwrap())
}

async fn start() -> (Causeway, String) {
    let causeway = Causeway::start().await;
    let path = connect(&causeway, "https://sap.example.com").await;
    (causeway, path)
}

#[tokio::test]
async fn what_is_named_is_changed_and_the_rest_stays() {
    let (causeway, path) = start().await;
    let before = causeway.client().get(&path).await.expect(200);
    let patch = json!({"name": "SAP Test", "settings": {"timeout": 60000}});
    let after = causeway.client().patch(&path, patch).await.expect(200);
    assert_eq!((&after["name"], &after["settings"]["timeout"]), (&json!("SAP Test"), &json!(60_000)));
    assert_eq!(after["settings"]["enabledDataTypes"], json!(["orders"]));
    assert_eq!(after["credentials"], before["credentials"]);
    assert_eq!(causeway.client().get(&path).await.expect(200), after, "the change lasts");
}

#[tokio::test]
async fn null_clears() {
    let (causeway, path) = start().await;
    let patch =
        json!({"credentials": {"apiSecret": null}, "settings": {"enabledDataTypes": null, "timeout": null}});
    let after = causeway.client().patch(&path, patch).await.expect(200);
    assert!(after["credentials"].get("apiSecret").is_none(), "{after}");
    assert!(after["credentials"]["apiKey"].is_string(), "{after}");
    assert!(after["settings"].get("enabledDataTypes").is_none(), "{after}");
    assert_eq!(after["settings"]["timeout"], 30_000, "what always has a value takes its default");

    let refused = causeway.client().patch(&path, json!({"name": null})).await;
    assert_eq!(refused.fields(), ["name"]);
    refused.expect(422);
}

#[tokio::test]
async fn a_mask_sent_back_keeps_the_secret_and_a_new_one_replaces_it() {
    const THE_USER_THE_PASSWORD: &str = "Basic dGhlLXVzZXI6dGhlLXBhc3N3b3Jk";
    let causeway = Causeway::start().await;
    let url = Erp::demanding(THE_USER_THE_PASSWORD, "welcome").await;
    let path = connect(&causeway, &url).await;
    let gets_in = async || {
        let tested = causeway.client().post(&format!("{path}/test"), json!({})).await.expect(200);
        tested["success"].as_bool().unwrap()
    };
    assert!(gets_in().await);

    let shown = causeway.client().get(&path).await.expect(200);
    assert_eq!(shown["credentials"]["apiSecret"], "••••••••");
    causeway.client().patch(&path, json!({"credentials": shown["credentials"]})).await.expect(200);
    assert!(gets_in().await, "a patch with the mask keeps the secret");
    causeway.client().put(&path, whole(&shown)).await.expect(200);
    assert!(gets_in().await, "so does a replacement");

    let patch = json!({"credentials": {"apiSecret": "another"}});
    causeway.client().patch(&path, patch).await.expect(200);
    assert!(!gets_in().await, "a new secret counts");
}

/// What PUT takes of a connection as it is shown.
fn whole(shown: &Value) -> Value {
    let fields = ["name", "provider", "connectionMethod", "status", "credentials", "settings"];
    fields
        .iter()
        .map(|field| ((*field).to_owned(), shown[*field].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

#[tokio::test]
async fn a_mask_where_no_secret_is_set_is_refused() {
    let (causeway, path) = start().await;
    let answer = causeway.client().patch(&path, json!({"credentials": {"oauthToken": "••••••••"}})).await;
    assert_eq!(answer.fields(), ["credentials.oauthToken"]);
    answer.expect(422);
}

#[tokio::test]
async fn fields_that_only_we_set_are_ignored() {
    let (causeway, path) = start().await;
    let before = causeway.client().get(&path).await.expect(200);
    let sent = json!({
        "id": "erp_mine", "createdAt": "2001-01-01T00:00:00Z", "updatedAt": "2001-01-01T00:00:00Z",
        "lastTestedAt": "2001-01-01T00:00:00Z", "lastSyncAt": null, "lastError": "none", "version": 99,
    });
    let after = causeway.client().patch(&path, sent).await.expect(200);
    assert_eq!((&after["id"], &after["createdAt"]), (&before["id"], &before["createdAt"]));
    assert!(after.get("lastTestedAt").is_none() && after.get("lastError").is_none(), "{after}");
    assert_eq!(after["version"], before["version"].as_u64().unwrap() + 1);

    let everything = causeway.client().patch(&path, after.clone()).await.expect(200);
    assert_eq!(everything["credentials"], after["credentials"], "an answer may be sent back whole");
}

#[tokio::test]
async fn an_unknown_field_is_named_by_its_path() {
    let (causeway, path) = start().await;
    for (patch, field) in [
        (json!({"nmae": "SAP"}), "nmae"),
        (json!({"settings": {"timeuot": 1}}), "settings.timeuot"),
        (json!({"settings": {"api": {"paging": {"stile": "page"}}}}), "settings.api.paging.stile"),
        (json!({"credentials": {"passwort": "x"}}), "credentials.passwort"),
    ] {
        let answer = causeway.client().patch(&path, patch).await;
        assert_eq!(answer.fields(), [field], "{}", answer.body);
        assert!(answer.body["error"].as_str().unwrap().contains(field), "{}", answer.body);
        answer.expect(422);
    }
}

#[tokio::test]
async fn put_replaces_the_whole_and_what_is_left_out_takes_its_default() {
    let (causeway, path) = start().await;
    let before = causeway.client().get(&path).await.expect(200);
    let replacement = json!({
        "name": "SAP 2", "provider": "Custom", "connectionMethod": "api", "status": "inactive",
        "credentials": {"apiUrl": "https://sap2.example.com"},
    });
    let after = causeway.client().put(&path, replacement).await.expect(200);
    assert_eq!((&after["name"], &after["status"]), (&json!("SAP 2"), &json!("inactive")));
    assert_eq!(after["credentials"], json!({"apiUrl": "https://sap2.example.com"}));
    assert_eq!(after["settings"]["timeout"], 30_000);
    assert_eq!((&after["id"], &after["createdAt"]), (&before["id"], &before["createdAt"]));

    let answer = causeway.client().put(&path, json!({"name": "SAP 3"})).await;
    assert_eq!(answer.fields(), ["provider"]);
    answer.expect(422);
}

#[tokio::test]
async fn who_changes_what_somebody_else_changed_meanwhile_is_told() {
    let (causeway, path) = start().await;
    let client = causeway.client();
    let etag = client.get(&path).await.header("etag").to_owned();
    let changed = patch_if(client, &path, &etag, "Mine").await;
    assert_ne!(changed.header("etag"), etag, "each change has its own tag");
    let newest = changed.header("etag").to_owned();
    changed.expect(200);

    patch_if(client, &path, &etag, "Theirs").await.expect(412);
    let stale = |method| client.request(method, &path).header("if-match", &etag);
    let body = whole(&client.get(&path).await.expect(200));
    client.send_json(stale(Method::PUT), &body).await.expect(412);
    client.send(stale(Method::DELETE)).await.expect(412);
    assert_eq!(client.get(&path).await.expect(200)["name"], "Mine");

    patch_if(client, &path, &newest, "Theirs").await.expect(200);
}

async fn patch_if(client: &Client, path: &str, etag: &str, name: &str) -> Answer {
    let request = client.request(Method::PATCH, path).header("if-match", etag);
    client.send_json(request, &json!({"name": name})).await
}

#[tokio::test]
async fn changes_made_at_once_are_all_kept() {
    let (causeway, path) = start().await;
    let patches = (0..8).map(|n| {
        let (client, path) = (causeway.client().clone(), path.clone());
        let patch = json!({"settings": {"api": {"headers": {format!("X-Header-{n}"): "1"}}}});
        tokio::spawn(async move { client.patch(&path, patch).await.expect(200) })
    });
    for patch in patches.collect::<Vec<_>>() {
        patch.await.unwrap();
    }
    let after = causeway.client().get(&path).await.expect(200);
    assert_eq!(after["settings"]["api"]["headers"].as_object().unwrap().len(), 8, "{after}");
}
