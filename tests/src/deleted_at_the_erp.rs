//! Records of which the ERP itself says that they are deleted, by a flag or as a config tells.

use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

async fn live(causeway: &Causeway, connection: &str) -> Vec<String> {
    let all = causeway.list(&format!("/erp/records/products?erpConnectionId={connection}&limit=1000")).await;
    let live = all.iter().filter(|record| record["deleted"] == false);
    live.map(|record| record["id"].as_str().unwrap().to_owned()).collect()
}

fn product(sku: &str, more: Value) -> Value {
    let mut product = json!({"sku": sku, "name": "a", "modifiedAt": "2026-01-01T00:00:00Z"});
    product.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    product
}

#[tokio::test]
async fn a_flag_deletes_in_a_pull_of_changes_and_the_record_comes_back_without_it() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let settings = json!({"changedSince": {"param": "since"}});
    let connection = causeway.connect_http_with(erp.url(), settings).await;
    erp.set("products", vec![product("A1", json!({})), product("A2", json!({}))]);
    causeway.sync_as(&connection, "", json!({"dataType": "products", "mode": "full"})).await;

    let changed = "2026-02-01T00:00:00Z";
    let gone = json!({"sku": "A2", "name": null, "deleted": true, "modifiedAt": changed});
    erp.set("products", vec![product("A1", json!({})), gone]);
    let changes = json!({"dataType": "products", "mode": "incremental"});
    let run = causeway.sync_as(&connection, "", changes.clone()).await;
    assert_eq!((&run["mode"], &run["counts"]["deleted"]), (&json!("incremental"), &json!(1)), "{run}");
    assert_eq!(live(&causeway, &connection).await, ["A1"]);
    let again = causeway.sync_as(&connection, "", changes.clone()).await;
    assert_eq!((&again["counts"]["deleted"], &again["counts"]["skipped"]), (&json!(0), &json!(1)), "{again}");
    let full = causeway.sync_as(&connection, "", json!({"dataType": "products", "mode": "full"})).await;
    assert_eq!((&full["flags"], &full["outcome"]), (&json!([]), &json!("clean")), "{full}");

    erp.set(
        "products",
        vec![product("A1", json!({})), product("A2", json!({"modifiedAt": "2026-03-01T00:00:00Z"}))],
    );
    let back = causeway.sync_as(&connection, "", changes).await;
    assert_eq!(back["counts"]["created"], json!(1), "{back}");
    assert_eq!(live(&causeway, &connection).await, ["A1", "A2"]);
}

#[tokio::test]
async fn a_config_tells_which_are_deleted_or_that_none_is() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    let config = json!({"erpConnectionId": connection, "dataType": "products",
        "settings": {"deletedWhen": {"state": {"in": ["gone", "archived"]}}}, "filters": {"name": "a"}});
    let config = causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let all = |state: &str| {
        let records = [("A1", "here"), ("A2", state), ("A3", "here")];
        records.map(|(sku, state)| product(sku, json!({"state": state, "deleted": true}))).to_vec()
    };
    erp.set("products", all("here"));
    causeway.sync(&connection, "products").await;
    assert_eq!(
        live(&causeway, &connection).await,
        ["A1", "A2", "A3"],
        "deletedWhen decides, not the usual names"
    );

    let mut gone = all("archived");
    gone[1]["name"] = Value::Null; // A filter does not keep a deletion from being seen.
    erp.set("products", gone);
    let plan = causeway.sync_as(&connection, "&dryRun=true", json!({"dataType": "products"})).await;
    assert_eq!(plan["counts"]["deleted"], json!(1), "{plan}");
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["counts"]["deleted"], &run["counts"]["unchanged"]), (&json!(1), &json!(2)), "{run}");
    assert_eq!(live(&causeway, &connection).await, ["A1", "A3"]);

    let path = format!("/erp/sync-configs/{}", config["id"].as_str().unwrap());
    causeway
        .client()
        .patch(&path, json!({"settings": {"deletedWhen": {"state": null}}, "filters": {"name": null}}))
        .await
        .expect(200);
    causeway.sync(&connection, "products").await;
    assert_eq!(live(&causeway, &connection).await, ["A1", "A2", "A3"], "no record says so any more");
    let wrong = json!({"settings": {"deletedWhen": {"state": {"like": "x"}}}});
    let answer = causeway.client().patch(&path, wrong).await.expect(422);
    assert_eq!(answer["details"][0]["field"], json!("settings.deletedWhen.state.like"), "{answer}");
}

#[tokio::test]
async fn a_condition_that_holds_for_nearly_all_deletes_none_and_says_so() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    let products = |deleted: bool| {
        let each = (0..300).map(|n| product(&format!("P{n:03}"), json!({"deleted": deleted && n > 9})));
        each.collect::<Vec<_>>()
    };
    erp.set("products", products(false));
    causeway.sync(&connection, "products").await;
    erp.set("products", products(true));
    let run = causeway.sync(&connection, "products").await;
    assert!(run["flags"].as_array().unwrap().contains(&json!("deletions_withheld")), "{run}");
    assert!(run["warnings"].to_string().contains("290 of 300 known records"), "{run}");
    assert_eq!(live(&causeway, &connection).await.len(), 300);
}
