//! Transformations and filters as a user meets them: written in a sync config, at work in its runs.

use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

fn products() -> Vec<Value> {
    vec![
        json!({"id": 1, "title": " chai ", "net": "10.00", "group": "T", "blocked": "0"}),
        json!({"id": 2, "title": "chang", "net": "19.99", "group": "X", "blocked": "0"}),
        json!({"id": 3, "title": "ikura", "net": "31", "group": "T", "blocked": "1"}),
        json!({"id": 4, "title": "tofu", "net": "free", "group": "T", "blocked": "0"}),
    ]
}

fn config(connection: &str) -> Value {
    json!({
        "erpConnectionId": connection, "dataType": "products",
        "fieldMapping": {"name": "title", "price": "net", "category": "group"},
        "transformations": [
            {"field": "sku", "operation": "prefix", "value": "P-"},
            {"field": "name", "operation": "trim"},
            {"field": "name", "operation": "capitalize"},
            {"field": "price", "operation": "multiply", "value": "1.19"},
            {"field": "price", "operation": "round", "value": 2},
            {"field": "category", "operation": "map", "value": {"T": "tea", "*": "other"}},
        ],
        "filters": {"blocked": false},
    })
}

#[tokio::test]
async fn a_config_shapes_what_is_synced_and_what_is_left_out() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    erp.set("products", products());
    let connection = causeway.connect_http(erp.url()).await;
    let made = causeway.client().post("/erp/sync-configs", config(&connection)).await.expect(201);
    assert_eq!(made["transformations"], config(&connection)["transformations"]);

    let run = causeway.sync(&connection, "products").await;
    let counts = &run["counts"];
    assert_eq!(
        [&counts["read"], &counts["created"], &counts["skipped"], &counts["failed"]],
        [&json!(4), &json!(2), &json!(1), &json!(1)],
        "{run}"
    );
    let path = |sku: &str| format!("/erp/records/products/{sku}?erpConnectionId={connection}");
    let record = causeway.client().get(&path("P-1")).await.expect(200);
    assert_eq!(
        record["data"],
        json!({"sku": "P-1", "name": "Chai", "price": "11.90", "category": "tea", "discontinued": false})
    );
    let record = causeway.client().get(&path("P-2")).await.expect(200);
    assert_eq!(record["data"]["price"], "23.79");

    let errors = causeway.list(&format!("/erp/sync-logs/{}/errors", run["id"].as_str().unwrap())).await;
    assert_eq!(errors[0]["errors"][0]["field"], "price");
    assert!(errors[0]["errors"][0]["message"].as_str().unwrap().starts_with("multiply: "), "{errors:?}");
}

#[tokio::test]
async fn a_changed_transformation_changes_what_was_synced_before() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    erp.set("products", products());
    let connection = causeway.connect_http(erp.url()).await;
    let made = causeway.client().post("/erp/sync-configs", config(&connection)).await.expect(201);
    causeway.sync(&connection, "products").await;
    assert_eq!(causeway.sync(&connection, "products").await["counts"]["unchanged"], 2);

    let path = format!("/erp/sync-configs/{}", made["id"].as_str().unwrap());
    let steps = json!([{"field": "sku", "operation": "prefix", "value": "P-"},
        {"field": "price", "operation": "default", "value": "1"}]);
    let patched = causeway.client().patch(&path, json!({"transformations": steps})).await.expect(200);
    assert_eq!((&patched["transformations"], &patched["filters"]), (&steps, &json!({"blocked": false})));
    assert_eq!(causeway.sync(&connection, "products").await["counts"]["updated"], 2);
}

#[tokio::test]
async fn what_cannot_work_is_refused_when_it_is_saved() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    for (member, value, field) in [
        ("transformations", json!([{"field": "colour", "operation": "trim"}]), "transformations.0.field"),
        ("transformations", json!([{"field": "name", "operation": "twist"}]), "transformations.0.operation"),
        (
            "transformations",
            json!([{"field": "name", "operation": "trim"}, {"field": "price", "operation": "add", "value": "x"}]),
            "transformations.1.value",
        ),
        ("direction", json!("bidirectional"), "transformations"),
        ("filters", json!({"price": {"like": 1}}), "filters.price.like"),
        ("filters", json!({"price": {"in": 1}}), "filters.price.in"),
        ("filters", json!({"$[": 1}), "filters.$["),
    ] {
        let mut config = config(&connection);
        config[member] = value;
        let refused = causeway.client().post("/erp/sync-configs", config).await.expect(422);
        assert_eq!(refused["details"][0]["field"], field, "{refused}");
    }
    let configs = causeway.list(&format!("/erp/connections/{connection}/sync-configs")).await;
    assert_eq!(configs.len(), 0);
}

#[tokio::test]
async fn a_program_too_large_for_the_table_is_refused_by_name() {
    let causeway = Causeway::start().await;
    let connection = causeway.connect_http("http://127.0.0.1:9").await;
    let config = json!({
        "erpConnectionId": connection, "dataType": "products",
        "transformations": [{"field": "name", "operation": "prefix", "value": "x".repeat(70_000)}],
        "filters": {"name": "x".repeat(70_000)},
    });
    let refused = causeway.client().post("/erp/sync-configs", config).await.expect(422).to_string();
    assert!(
        refused.contains("\"transformations") && refused.contains("\"filters"),
        "{}",
        &refused[..500.min(refused.len())]
    );
    assert!(refused.len() < 2_000, "what was sent is not echoed");
}
