//! Asking the ERP for what changed, and for everything now and then.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

fn product(n: u32, name: &str, modified_at: &str) -> Value {
    json!({"sku": format!("P{n}"), "name": name, "modifiedAt": modified_at})
}

async fn connect(causeway: &Causeway, erp: &Erp) -> String {
    let made = causeway.connect(json!({
        "name": "An ERP that tells changes", "provider": "custom", "connectionMethod": "api",
        "credentials": {"apiUrl": erp.url()},
        "settings": {"api": {"changedSince": {"param": "since"}}},
    }));
    made.await["id"].as_str().unwrap().to_owned()
}

async fn sync(causeway: &Causeway, connection: &str, mode: Value) -> Value {
    let path = format!("/erp/connections/{connection}/sync?wait=20");
    causeway.client().post(&path, json!({"dataType": "products", "mode": mode})).await.expect(200)
}

#[tokio::test]
async fn after_a_full_pull_only_what_changed_is_asked_for() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = connect(&causeway, &erp).await;
    let mut all: Vec<_> = (0..20).map(|n| product(n, "first", "2026-11-01T08:00:00Z")).collect();
    all[3] = product(3, "first", "2026-11-02T12:00:00Z");
    erp.set("products", all.clone());
    let first = sync(&causeway, &connection, Value::Null).await;
    assert_eq!((&first["mode"], &first["counts"]["created"]), (&json!("full"), &json!(20)));

    all[5] = product(5, "second", "2026-11-03T08:00:00Z");
    all.remove(9);
    erp.set("products", all.clone());
    let next = sync(&causeway, &connection, Value::Null).await;
    assert_eq!(next["mode"], "incremental", "{next}");
    // P3 lies within the overlap of five minutes before the newest change.
    let counts = &next["counts"];
    assert_eq!((&counts["read"], &counts["updated"], &counts["deleted"]), (&json!(2), &json!(1), &json!(0)));

    let full = sync(&causeway, &connection, json!("full")).await;
    let counts = &full["counts"];
    assert_eq!(
        (&full["mode"], &counts["unchanged"], &counts["deleted"]),
        (&json!("full"), &json!(19), &json!(1))
    );
}

#[tokio::test]
async fn changes_alone_are_not_enough_where_the_mapping_changed_or_the_erp_cannot_tell() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = connect(&causeway, &erp).await;
    erp.set("products", vec![product(1, "first", "2026-11-01T08:00:00Z")]);
    sync(&causeway, &connection, Value::Null).await;
    let config =
        json!({"erpConnectionId": connection, "dataType": "products", "fieldMapping": {"brand": "name"}});
    causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let run = sync(&causeway, &connection, json!("incremental")).await;
    assert_eq!((&run["mode"], &run["counts"]["updated"]), (&json!("full"), &json!(1)));
    assert!(run["warnings"][0].as_str().unwrap().contains("mapping"), "{run}");

    let plain = causeway.connect_http(erp.url()).await;
    let run = sync(&causeway, &plain, json!("incremental")).await;
    assert_eq!(run["mode"], "full");
    assert!(run["warnings"][0].as_str().unwrap().contains("changedSince"), "{run}");
}

#[tokio::test]
async fn a_clock_that_runs_ahead_hides_no_later_change() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = connect(&causeway, &erp).await;
    erp.set("products", vec![product(1, "first", "2999-01-01T00:00:00Z")]);
    sync(&causeway, &connection, Value::Null).await;
    let soon = (jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60)).to_string();
    erp.set("products", vec![product(1, "first", "2999-01-01T00:00:00Z"), product(2, "new", &soon)]);
    let run = sync(&causeway, &connection, Value::Null).await;
    assert_eq!((&run["mode"], &run["counts"]["created"]), (&json!("incremental"), &json!(1)));
}

#[tokio::test]
async fn records_can_be_asked_for_by_when_they_changed_here() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = connect(&causeway, &erp).await;
    let stamp = "2026-11-01T08:00:00Z";
    erp.set("products", (0..20).map(|n| product(n, "first", stamp)).collect());
    sync(&causeway, &connection, json!("full")).await;
    let records = format!("/erp/records/products?erpConnectionId={connection}");
    let before = causeway.list(&records).await;
    let newest = before.iter().map(|record| record["updatedAt"].as_str().unwrap()).max().unwrap();
    let since: Timestamp = newest.parse::<Timestamp>().unwrap() + SignedDuration::from_millis(1);

    let name = |n| if n == 7 { "second" } else { "first" };
    erp.set("products", (0..20).map(|n| product(n, name(n), stamp)).collect());
    sync(&causeway, &connection, json!("full")).await;
    let changed = causeway.list(&format!("{records}&updatedSince={since}")).await;
    assert_eq!(changed.iter().map(|record| &record["id"]).collect::<Vec<_>>(), ["P7"]);
}
