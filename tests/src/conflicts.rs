//! Conflicts: both sides changed a record since they last agreed.

use serde_json::{Value, json};

use crate::harness::{Causeway, Desk};

struct Shop {
    causeway: Causeway,
    desk: Desk,
    connection: String,
}

/// A Causeway that keeps product A with a desk in both directions, under a rule.
async fn shop(rule: &str) -> Shop {
    let (causeway, desk) = (Causeway::start().await, Desk::start().await);
    desk.set("products", json!({"sku": "A", "name": "Chai", "price": "18.00", "unit": "box"}));
    let connection = causeway.connect_http(desk.url()).await;
    let config = json!({
        "erpConnectionId": connection, "dataType": "products", "direction": "bidirectional",
        "settings": {"conflictResolution": rule},
    });
    causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let shop = Shop { causeway, desk, connection };
    shop.sync().await;
    shop
}

impl Shop {
    async fn sync(&self) -> Value {
        self.causeway.sync(&self.connection, "products").await
    }

    fn path(&self) -> String {
        format!("/erp/records/products/A?erpConnectionId={}", self.connection)
    }

    /// Changes product A on both sides.
    async fn both_change(&self, ours: Value, theirs: Value) {
        self.causeway.client().patch(&self.path(), ours).await.expect(200);
        let mut product = self.desk.records("products")[0].clone();
        product.as_object_mut().unwrap().extend(theirs.as_object().unwrap().clone());
        self.desk.set("products", product);
    }

    async fn conflicts(&self, status: &str) -> Vec<Value> {
        self.causeway.list(&format!("/erp/conflicts?status={status}")).await
    }

    async fn changes(&self) -> Vec<Value> {
        self.causeway.list("/erp/changes").await
    }

    fn at_erp(&self) -> Value {
        self.desk.records("products")[0].clone()
    }

    /// Both change the price; returns the conflict's path.
    async fn conflict(&self) -> String {
        self.both_change(json!({"price": "20.00"}), json!({"price": "19.00", "unit": "bag"})).await;
        let run = self.sync().await;
        assert_eq!(run["pushed"]["conflicts"], 1, "{run}");
        let open = self.conflicts("open").await;
        format!("/erp/conflicts/{}", open[0]["id"].as_str().unwrap())
    }
}

#[tokio::test]
async fn changes_of_unlike_fields_merge_by_themselves() {
    let shop = shop("manual").await;
    shop.both_change(json!({"price": "20.00"}), json!({"name": "Chai tea"})).await;
    let run = shop.sync().await;
    assert_eq!((&run["counts"]["updated"], &run["pushed"]["updated"]), (&json!(2), &json!(1)), "{run}");
    assert_eq!((&shop.at_erp()["price"], &shop.at_erp()["name"]), (&json!(20.00), &json!("Chai tea")));
    assert!(shop.conflicts("open").await.is_empty() && shop.changes().await.is_empty());
    let before = shop.causeway.client().get(&shop.path()).await.expect(200);
    let run = shop.sync().await;
    let after = shop.causeway.client().get(&shop.path()).await.expect(200);
    assert_eq!(after, before, "{run}");
    assert_eq!((&run["counts"]["unchanged"], &run["counts"]["read"]), (&json!(1), &json!(1)), "{run}");
}

#[tokio::test]
async fn both_making_the_same_change_is_no_conflict() {
    let shop = shop("manual").await;
    shop.both_change(json!({"price": "19.00"}), json!({"price": "19.0"})).await;
    let run = shop.sync().await;
    assert_eq!(run["pushed"]["unchanged"], 1, "{run}");
    assert!(shop.desk.writes().is_empty() && shop.changes().await.is_empty());
}

#[tokio::test]
async fn a_rule_decides_by_itself() {
    for (rule, price) in [("erp_wins", json!("19.00")), ("system_wins", json!(20.00))] {
        let shop = shop(rule).await;
        shop.both_change(json!({"price": "20.00", "brand": "B"}), json!({"price": "19.00", "unit": "bag"}))
            .await;
        let run = shop.sync().await;
        assert_eq!(run["pushed"]["updated"], 1, "{rule}: {run}");
        let there = shop.at_erp();
        assert_eq!(there["brand"], "B", "{rule}: what only we changed stands");
        assert_eq!(there["unit"], "bag", "{rule}: what only they changed stands");
        let told = there["price"].to_string().replace('"', "").parse::<f64>().unwrap();
        let wanted = price.to_string().replace('"', "").parse::<f64>().unwrap();
        assert!((told - wanted).abs() < 1e-9, "{rule}: {there}");
        assert!(shop.conflicts("open").await.is_empty() && shop.changes().await.is_empty());
    }
}

#[tokio::test]
async fn a_conflict_shows_both_versions_and_the_difference_field_by_field() {
    let shop = shop("manual").await;
    let path = shop.conflict().await;
    let conflict = shop.causeway.client().get(&path).await.expect(200);
    assert_eq!((&conflict["status"], &conflict["fields"]), (&json!("open"), &json!(["price"])));
    let price = |side: &str| conflict[side]["price"].clone();
    assert_eq!(
        (price("base"), price("erp"), price("system")),
        (json!("18.00"), json!("19.00"), json!("20.00"))
    );
    let expected = json!([
        {"field": "price", "base": "18.00", "erp": "19.00", "system": "20.00"},
        {"field": "unit", "base": "box", "erp": "bag", "system": "box"},
    ]);
    assert_eq!(conflict["difference"], expected);
    assert_eq!(shop.changes().await[0]["conflictId"], conflict["id"]);
    assert!(shop.desk.writes().is_empty());
    assert_eq!(shop.sync().await["pushed"]["read"], 0, "it waits for a person");
    let edit = shop.causeway.client().patch(&shop.path(), json!({"name": "x"})).await;
    assert!(edit.body["error"].as_str().unwrap().contains(conflict["id"].as_str().unwrap()), "{}", edit.body);
    edit.expect(409);
}

#[tokio::test]
async fn resolved_for_the_erp_our_change_is_dropped() {
    let shop = shop("manual").await;
    let path = format!("{}/resolve", shop.conflict().await);
    let client = shop.causeway.client();
    let resolved = client.post(&path, json!({"resolution": "erp"})).await.expect(200);
    assert_eq!((&resolved["status"], &resolved["resolution"]), (&json!("resolved"), &json!("erp")));
    assert!(shop.changes().await.is_empty() && shop.conflicts("open").await.is_empty());
    assert_eq!(shop.conflicts("resolved").await.len(), 1);
    assert_eq!(client.get(&shop.path()).await.expect(200)["data"]["price"], "19.00");
    let again = client.post(&path, json!({"resolution": "system"})).await;
    assert!(again.body["error"].as_str().unwrap().contains("resolved already"), "{}", again.body);
    again.expect(409);
    shop.sync().await;
    assert!(shop.desk.writes().is_empty());
}

#[tokio::test]
async fn resolved_for_us_our_change_is_sent_with_the_next_sync() {
    let shop = shop("manual").await;
    let path = format!("{}/resolve", shop.conflict().await);
    shop.causeway.client().post(&path, json!({"resolution": "system"})).await.expect(200);
    assert_eq!(shop.changes().await[0]["state"], "pending");
    let run = shop.sync().await;
    assert_eq!(run["pushed"]["updated"], 1, "{run}");
    assert_eq!((&shop.at_erp()["price"], &shop.at_erp()["unit"]), (&json!(20.00), &json!("box")));
    assert!(shop.changes().await.is_empty());
}

#[tokio::test]
async fn a_merged_record_is_checked_and_sent() {
    let shop = shop("manual").await;
    let path = format!("{}/resolve", shop.conflict().await);
    let client = shop.causeway.client();
    for (body, fields) in [
        (json!({"resolution": "merged"}), vec!["record"]),
        (json!({"resolution": "erp", "record": {}}), vec!["record"]),
        (json!({"resolution": "mine"}), vec!["resolution"]),
        (
            json!({"resolution": "merged", "record": {"price": "cheap", "sku": "B"}}),
            vec!["record.price", "record.sku"],
        ),
        (json!({"resolution": "merged", "record": {"colour": "red"}}), vec!["record.colour"]),
    ] {
        let refused = client.post(&path, body.clone()).await;
        assert_eq!(refused.fields(), fields, "{body}");
        refused.expect(422);
    }
    assert_eq!(shop.conflicts("open").await.len(), 1, "nothing was stored");
    let record = json!({"sku": "A", "name": "Chai", "price": "19.50", "unit": "bag"});
    client.post(&path, json!({"resolution": "merged", "record": record})).await.expect(200);
    shop.sync().await;
    assert_eq!((&shop.at_erp()["price"], &shop.at_erp()["unit"]), (&json!(19.50), &json!("bag")));
    client.post("/erp/conflicts/con_none/resolve", json!({"resolution": "erp"})).await.expect(404);
}

#[tokio::test]
async fn a_discarded_change_takes_its_conflict_with_it() {
    let shop = shop("manual").await;
    let conflict = shop.conflict().await;
    let id = shop.changes().await[0]["id"].as_str().unwrap().to_owned();
    let client = shop.causeway.client();
    client.post(&format!("/erp/changes/{id}/retry"), json!({})).await.expect(409);
    client.delete(&format!("/erp/changes/{id}")).await.expect(204);
    assert_eq!(client.get(&conflict).await.expect(200)["resolution"], "erp");
}

#[tokio::test]
async fn what_is_gone_at_the_erp_and_edited_here_is_a_conflict_that_can_make_it_anew() {
    let shop = shop("manual").await;
    shop.desk.set("products", json!({"sku": "B"}));
    shop.sync().await;
    shop.causeway.client().patch(&shop.path(), json!({"price": "20.00"})).await.expect(200);
    shop.desk.forget("products", "A");
    let settings = json!({"settings": {"maxDeletePercent": 100}});
    let configs = shop.causeway.list(&format!("/erp/connections/{}/sync-configs", shop.connection)).await;
    let config = format!("/erp/sync-configs/{}", configs[0]["id"].as_str().unwrap());
    shop.causeway.client().patch(&config, settings).await.expect(200);
    let run = shop.sync().await;
    assert_eq!((&run["counts"]["deleted"], &run["pushed"]["conflicts"]), (&json!(1), &json!(1)), "{run}");
    let open = shop.conflicts("open").await;
    assert_eq!((&open[0]["erp"], &open[0]["fields"]), (&Value::Null, &json!(["price"])));
    let path = format!("/erp/conflicts/{}/resolve", open[0]["id"].as_str().unwrap());
    shop.causeway.client().post(&path, json!({"resolution": "system"})).await.expect(200);
    let run = shop.sync().await;
    assert_eq!(run["pushed"]["created"], 1, "{run}");
    assert_eq!(shop.desk.records("products").len(), 2);
    let run = shop.sync().await;
    assert_eq!((&run["counts"]["unchanged"], &run["counts"]["read"]), (&json!(2), &json!(2)), "{run}");
}
