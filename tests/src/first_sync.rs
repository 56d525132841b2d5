//! A first sync as the README walks through it, over HTTP; then what happens when the ERP's records change.

use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

fn product(number: usize, price: &str) -> Value {
    json!({"sku": format!("SKU-{number:04}"), "name": format!("Product {number}"), "price": price})
}

async fn erp_with(count: usize) -> Erp {
    let erp = Erp::start().await;
    erp.set("products", (0..count).map(|number| product(number, "9.90")).collect());
    erp
}

fn counts(run: &Value) -> [u64; 5] {
    ["read", "created", "updated", "unchanged", "failed"].map(|name| run["counts"][name].as_u64().unwrap())
}

#[tokio::test]
async fn a_sync_brings_every_page_in_and_the_next_one_changes_nothing() {
    let (causeway, erp) = (Causeway::start().await, erp_with(2_500).await);
    let connection = causeway.connect_http(erp.url()).await;

    let run = causeway.sync(&connection, "products").await;
    assert_eq!(run["status"], "success", "{run}");
    assert_eq!(counts(&run), [2_500, 2_500, 0, 0, 0]);
    let records =
        causeway.list(&format!("/erp/records/products?erpConnectionId={connection}&limit=1000")).await;
    assert_eq!(records.len(), 2_500);
    assert_eq!(records[0]["data"]["price"], "9.90", "money keeps its digits");

    let again = causeway.sync(&connection, "products").await;
    assert_eq!(counts(&again), [2_500, 0, 0, 2_500, 0], "{again}");
    let statistics =
        causeway.client().get(&format!("/erp/connections/{connection}/statistics")).await.expect(200);
    assert_eq!(statistics["totalSyncs"], 2);
    assert_eq!(statistics["totalRecordsProcessed"], 5_000);
}

#[tokio::test]
async fn what_changed_at_the_erp_is_updated_and_what_is_new_is_created() {
    let (causeway, erp) = (Causeway::start().await, erp_with(10).await);
    let connection = causeway.connect_http(erp.url()).await;
    causeway.sync(&connection, "products").await;
    let mut changed: Vec<Value> = (0..12).map(|number| product(number, "9.90")).collect();
    changed[3] = product(3, "12.50");
    erp.set("products", changed);

    let run = causeway.sync(&connection, "products").await;
    assert_eq!(counts(&run), [12, 2, 1, 9, 0], "{run}");
    let record = format!("/erp/records/products/SKU-0003?erpConnectionId={connection}");
    assert_eq!(causeway.client().get(&record).await.expect(200)["data"]["price"], "12.50");
}

#[tokio::test]
async fn an_erp_that_cannot_be_reached_ends_the_run_with_a_sentence_and_leaves_what_was_stored() {
    let (causeway, erp) = (Causeway::start().await, erp_with(3).await);
    let connection = causeway.connect_http(erp.url()).await;
    causeway.sync(&connection, "products").await;
    let gone = json!({"credentials": {"apiUrl": "http://127.0.0.1:1"}});
    causeway.client().patch(&format!("/erp/connections/{connection}"), gone).await.expect(200);

    let run = causeway.sync(&connection, "products").await;
    assert_eq!(run["status"], "error");
    assert!(run["error"].as_str().unwrap().contains("127.0.0.1:1"), "{run}");
    let records = causeway.list(&format!("/erp/records/products?erpConnectionId={connection}")).await;
    assert_eq!(records.len(), 3);
}
