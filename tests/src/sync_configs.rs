//! Saying what is synced over a connection, when and how.

use jiff::{Timestamp, ToSpan};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::Causeway;

/// The example of seed 001, for a connection of ours.
fn daily_products(connection: &str) -> Value {
    json!({
        "erpConnectionId": connection,
        "dataType": "products",
        "direction": "pull",
        "schedule": "0 6 * * *",
        "enabled": true,
        "status": "idle",
        "settings": {
            "autoSync": true,
            "syncInterval": 1440,
            "syncOnDemand": true,
            "conflictResolution": "erp_wins",
        },
    })
}

/// A Causeway with one connection, and its id.
async fn start() -> (Causeway, String) {
    let causeway = Causeway::start().await;
    let connection = causeway.connect_http("https://erp.example.com").await;
    (causeway, connection)
}

/// Makes the example, and returns its path and body.
async fn make(causeway: &Causeway, connection: &str) -> (String, Value) {
    let answer = causeway.client().post("/erp/sync-configs", daily_products(connection)).await;
    let path = answer.header("location").to_owned();
    (path, answer.expect(201))
}

fn next_sync_at(config: &Value) -> Timestamp {
    config["nextSyncAt"].as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn the_known_example_is_taken_as_it_stands() {
    let (causeway, connection) = start().await;
    let (path, made) = make(&causeway, &connection).await;
    let mut sent = daily_products(&connection);
    for (setting, value) in sent["settings"].take().as_object().unwrap() {
        assert_eq!(&made["settings"][setting], value, "{setting}; what was not sent stands beside it");
    }
    for (field, sent) in sent.as_object().unwrap().iter().filter(|(field, _)| *field != "settings") {
        assert_eq!(&made[field], sent, "{field}");
    }
    assert_eq!(path, format!("/erp/sync-configs/{}", made["id"].as_str().unwrap()));
    assert_eq!(causeway.client().get(&path).await.expect(200), made);
    let listed = causeway.list(&format!("/erp/connections/{connection}/sync-configs")).await;
    assert_eq!(listed, [made]);
}

#[tokio::test]
async fn a_config_tells_when_it_runs_next() {
    let (causeway, connection) = start().await;
    let (_, made) = make(&causeway, &connection).await;
    let (next, now) = (next_sync_at(&made), Timestamp::now());
    assert_eq!(next.strftime("%H:%M:%S").to_string(), "06:00:00");
    assert!(next > now && next <= now + 24.hours(), "{next}");
}

#[tokio::test]
async fn a_changed_schedule_moves_the_next_run() {
    let (causeway, connection) = start().await;
    let (path, _) = make(&causeway, &connection).await;
    let patched = async |patch: Value| causeway.client().patch(&path, patch).await.expect(200);

    let moved = patched(json!({"schedule": "30 2 * * *"})).await;
    assert_eq!(next_sync_at(&moved).strftime("%H:%M").to_string(), "02:30");
    let in_tokyo = patched(json!({"settings": {"timeZone": "Asia/Tokyo"}})).await;
    assert_eq!(next_sync_at(&in_tokyo).strftime("%H:%M").to_string(), "17:30");
    assert_eq!(in_tokyo["settings"]["syncInterval"], 1440, "what was not named stays");

    let hourly = patched(json!({"schedule": null, "settings": {"syncInterval": 60}})).await;
    let wait = next_sync_at(&hourly).duration_since(Timestamp::now()).as_secs();
    assert!((3_500..=3_600).contains(&wait), "{wait} seconds");

    for patch in [json!({"enabled": false}), json!({"enabled": true, "settings": {"autoSync": false}})] {
        assert!(patched(patch).await.get("nextSyncAt").is_none(), "it does not run by itself");
    }
    let again = patched(json!({"enabled": true, "settings": {"autoSync": true}})).await;
    assert!(next_sync_at(&again) > Timestamp::now());
}

#[tokio::test]
async fn what_cannot_be_synced_is_named() {
    let (causeway, connection) = start().await;
    let with = |change: Value| {
        let mut config = daily_products(&connection);
        config.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        config
    };
    for (change, field) in [
        (json!({"schedule": "every day"}), "schedule"),
        (json!({"schedule": "0 0 6 * * *"}), "schedule"),
        (json!({"schedule": "61 * * * *"}), "schedule"),
        (json!({"schedule": 5}), "schedule"),
        (json!({"settings": {"timeZone": "Mars/Olympus"}}), "settings.timeZone"),
        (json!({"settings": {"syncInterval": 0}}), "settings.syncInterval"),
        (json!({"settings": {"syncInterval": -5}}), "settings.syncInterval"),
        (json!({"settings": {"conflictResolution": "me_wins"}}), "settings.conflictResolution"),
        (json!({"fieldMapping": {"colour": "COL"}}), "fieldMapping.colour"),
        (json!({"fieldMapping": {"sku": "$.a["}}), "fieldMapping.sku"),
        (json!({"fieldMapping": {"sku": 5}}), "fieldMapping.sku"),
        (json!({"fieldMapping": {format!("extra.{}", "x".repeat(500_000)): "a"}}), "fieldMapping"),
        (json!({"erpConnectionId": "erp_none"}), "erpConnectionId"),
        (json!({"erpConnectionId": "a:b"}), "erpConnectionId"),
        (json!({"dataType": "colours"}), "dataType"),
        (json!({"direction": "sideways"}), "direction"),
        (json!({"interval": 5}), "interval"),
    ] {
        let answer = causeway.client().post("/erp/sync-configs", with(change)).await;
        assert_eq!(answer.fields(), [field], "{field}: {}", answer.body);
        answer.expect(422);
    }
    let listed = causeway.list(&format!("/erp/connections/{connection}/sync-configs")).await;
    assert!(listed.is_empty(), "{listed:?}");
}

#[tokio::test]
async fn every_fault_is_told_at_once() {
    let (causeway, connection) = start().await;
    let mut config = daily_products(&connection);
    config["schedule"] = json!("never");
    config["settings"]["syncInterval"] = json!(0);
    config["fieldMapping"] = json!({"colour": "COL"});
    let answer = causeway.client().post("/erp/sync-configs", config).await;
    assert_eq!(answer.fields(), ["schedule", "settings.syncInterval", "fieldMapping.colour"]);
    answer.expect(422);
}

#[tokio::test]
async fn a_change_that_breaks_a_rule_changes_nothing() {
    let (causeway, connection) = start().await;
    let (path, made) = make(&causeway, &connection).await;
    for (patch, field) in [
        (json!({"enabled": false, "schedule": "never"}), "schedule"),
        (json!({"enabled": false, "fieldMapping": {"colour": "COL"}}), "fieldMapping.colour"),
        (json!({"enabled": false, "erpConnectionId": "erp_none"}), "erpConnectionId"),
        (json!({"enabled": false, "dataType": null}), "dataType"),
    ] {
        let answer = causeway.client().patch(&path, patch).await;
        assert_eq!(answer.fields(), [field], "{}", answer.body);
        answer.expect(422);
    }
    assert_eq!(causeway.client().get(&path).await.expect(200), made);
}

#[tokio::test]
async fn a_mapping_is_merged_entry_by_entry() {
    let (causeway, connection) = start().await;
    let (path, _) = make(&causeway, &connection).await;
    let patched = async |mapping: Value| {
        let config = causeway.client().patch(&path, json!({"fieldMapping": mapping})).await.expect(200);
        config["fieldMapping"].clone()
    };
    let both = json!({"sku": "productID", "name": "productName"});
    assert_eq!(patched(both.clone()).await, both);
    let three = patched(json!({"extra.colour": "$.attributes.colour"})).await;
    assert_eq!(three.as_object().unwrap().len(), 3);
    assert_eq!(patched(json!({"extra.colour": null})).await, both);
}

#[tokio::test]
async fn a_stale_change_is_refused() {
    let (causeway, connection) = start().await;
    let (path, _) = make(&causeway, &connection).await;
    let client = causeway.client();
    let etag = client.get(&path).await.header("etag").to_owned();
    client.patch(&path, json!({"enabled": false})).await.expect(200);
    let stale = |method| client.request(method, &path).header("if-match", &etag);
    client.send_json(stale(Method::PATCH), &json!({"enabled": true})).await.expect(412);
    client.send(stale(Method::DELETE)).await.expect(412);
    assert_eq!(client.get(&path).await.expect(200)["enabled"], false);
}

#[tokio::test]
async fn what_was_deleted_is_gone() {
    let (causeway, connection) = start().await;
    let (path, _) = make(&causeway, &connection).await;
    causeway.client().delete(&path).await.expect(204);
    causeway.client().get(&path).await.expect(404);
    causeway.client().patch(&path, json!({"enabled": false})).await.expect(404);
    causeway.client().delete(&path).await.expect(404);
    assert!(causeway.list(&format!("/erp/connections/{connection}/sync-configs")).await.is_empty());
    causeway.client().get("/erp/connections/erp_none/sync-configs").await.expect(404);
}
