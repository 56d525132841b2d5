//! Dry runs: what a sync would do, and not a trace of it having been done.

use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

fn product(n: u32, name: &str) -> Value {
    json!({"sku": format!("P{n}"), "name": name, "price": "1.50"})
}

async fn dry_run(causeway: &Causeway, connection: &str) -> Value {
    let path = format!("/erp/connections/{connection}/sync?dryRun=true&wait=20");
    causeway.client().post(&path, json!({"dataType": "products"})).await.expect(200)
}

async fn records(causeway: &Causeway, connection: &str) -> Vec<Value> {
    causeway.list(&format!("/erp/records/products?erpConnectionId={connection}")).await
}

#[tokio::test]
async fn it_tells_what_would_be_done_field_by_field_and_does_nothing() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    erp.set("products", (0..10).map(|n| product(n, "first")).collect());
    let first = dry_run(&causeway, &connection).await;
    assert_eq!((&first["dryRun"], &first["counts"]["created"]), (&json!(true), &json!(10)));
    assert!(records(&causeway, &connection).await.is_empty(), "nothing is stored");
    causeway.sync(&connection, "products").await;
    let before = records(&causeway, &connection).await;
    let statistics = format!("/erp/connections/{connection}/statistics");
    let counted = causeway.client().get(&statistics).await.expect(200);

    let mut changed: Vec<_> = (1..11).map(|n| product(n, "first")).collect();
    changed[2] = json!({"sku": "P3", "name": "second", "price": 1.5, "category": "new"});
    changed.push(json!({"sku": "P11", "price": "1,250"}));
    erp.set("products", changed);
    let run = dry_run(&causeway, &connection).await;
    let counts = &run["counts"];
    let told = ["read", "created", "updated", "unchanged", "deleted", "failed"].map(|name| &counts[name]);
    assert_eq!(told, [12, 1, 1, 8, 1, 1].map(|n| json!(n)).each_ref());

    let plan = causeway.list(&format!("/erp/sync-logs/{}/plan?limit=2", run["id"].as_str().unwrap())).await;
    let actions: Vec<_> =
        plan.iter().map(|p| (p["action"].as_str().unwrap(), p["key"].as_str().unwrap())).collect();
    assert_eq!(actions, [("update", "P3"), ("create", "P10"), ("delete", "P0")]);
    assert_eq!(
        plan[0]["differences"],
        json!([
            {"field": "name", "erp": "second", "system": "first"},
            {"field": "category", "erp": "new"},
        ])
    );
    assert_eq!(plan[1]["data"]["name"], "first");

    assert_eq!(records(&causeway, &connection).await, before, "nothing is changed");
    assert_eq!(causeway.client().get(&statistics).await.expect(200), counted, "no run is counted");
    let real = causeway.sync(&connection, "products").await;
    assert_eq!(real["counts"], run["counts"], "and the real run does what was told");
    let path = format!("/erp/sync-logs/{}/plan", real["id"].as_str().unwrap());
    causeway.client().get(&path).await.expect(409);
}
