//! Records that runs set aside, as a list of things to do across runs.

use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

struct Stage {
    causeway: Causeway,
    erp: Erp,
    connection: String,
}

fn product(sku: &str, price: &str) -> Value {
    json!({"code": sku, "price": price})
}

/// Two good products, one with a price that can be read two ways, and one without a key.
async fn stage() -> Stage {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    let config = json!({"erpConnectionId": connection, "dataType": "products",
        "fieldMapping": {"sku": "code"}, "filters": {"hidden": {"exists": false}}});
    causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let keyless = json!({"price": "1.00"});
    erp.set("products", vec![product("A", "1.00"), product("B", "1,250"), keyless, product("C", "3.00")]);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["counts"]["created"], &run["counts"]["failed"]), (&json!(2), &json!(2)), "{run}");
    Stage { causeway, erp, connection }
}

impl Stage {
    async fn list(&self, status: &str) -> Vec<Value> {
        let path = format!("/erp/set-aside?erpConnectionId={}&status={status}", self.connection);
        self.causeway.list(&path).await
    }

    async fn open_b(&self) -> Value {
        let open = self.list("open").await;
        open.into_iter().find(|record| record["key"] == "B").expect("B is open")
    }

    async fn post(&self, path: &str, body: Value) -> crate::harness::Answer {
        self.causeway.client().post(path, body).await
    }
}

fn path(record: &Value, what: &str) -> String {
    format!("/erp/set-aside/{}/{what}", record["id"].as_str().unwrap())
}

#[tokio::test]
async fn what_was_set_aside_is_listed_by_connection_with_its_class_and_what_is_wrong() {
    let stage = stage().await;
    let open = stage.list("open").await;
    assert_eq!(open.len(), 2);
    let b = stage.open_b().await;
    assert_eq!((&b["class"], &b["status"], &b["position"]), (&json!("mapping"), &json!("open"), &json!(2)));
    assert_eq!(b["errors"][0]["field"], "price", "{b}");
    assert!(b["raw"].as_str().unwrap().contains("1,250"), "{b}");
    assert_eq!(stage.causeway.client().get(path(&b, "").trim_end_matches('/')).await.expect(200), b);
    assert!(stage.list("closed").await.is_empty());
    let of = |more: &str| format!("/erp/set-aside?erpConnectionId={}{more}", stage.connection);
    assert_eq!(stage.causeway.list(&of("&dataType=products&limit=1")).await.len(), 2);
    assert!(stage.causeway.list(&of("&dataType=orders")).await.is_empty());
    stage.causeway.client().get("/erp/set-aside").await.expect(400);
    stage.causeway.client().get("/erp/set-aside?erpConnectionId=erp_none").await.expect(404);
    stage.causeway.client().get("/erp/set-aside/run_none.1").await.expect(404);
}

#[tokio::test]
async fn a_mended_record_is_stored_and_closed_by_a_run_of_its_own() {
    let stage = stage().await;
    let b = stage.open_b().await;
    let mend = path(&b, "mend");
    let mended = stage.post(&mend, json!({"record": product("B", "2.50")})).await.expect(200);
    assert_eq!(mended["status"], "closed", "{mended}");
    let run = stage.causeway.finished(mended["closedBy"].as_str().unwrap()).await;
    assert_eq!(
        (&run["trigger"], &run["status"], &run["counts"]["created"]),
        (&json!("mend"), &json!("success"), &json!(1))
    );
    assert_eq!(run["recordsProcessed"], 1);
    let record = format!("/erp/records/products/B?erpConnectionId={}", stage.connection);
    assert_eq!(stage.causeway.client().get(&record).await.expect(200)["data"]["price"], "2.50");
    assert_eq!((stage.list("open").await.len(), stage.list("closed").await), (1, vec![mended]));
    let again = stage.post(&mend, json!({"record": product("B", "2.50")})).await.expect(409);
    assert!(again["error"].as_str().unwrap().contains("closed before"), "{again}");
    let events =
        stage.causeway.client().get("/api/v1/audit-events?action=erp_set_aside_mended").await.expect(200);
    assert_eq!(events["data"][0]["target"], b["id"]);
}

#[tokio::test]
async fn a_mend_that_still_fails_changes_nothing_and_names_the_fields() {
    let stage = stage().await;
    let b = stage.open_b().await;
    let bad = [
        (json!({"record": product("B", "1,250")}), "price"),
        (json!({"record": {"price": "1.00"}}), "sku"),
        (json!({"record": {"code": "B", "hidden": true}}), "record"),
        (json!({"record": "B"}), "record"),
        (json!({}), "record"),
        (json!({"record": {}, "why": 1}), "why"),
    ];
    for (body, field) in bad {
        let refused = stage.post(&path(&b, "mend"), body).await;
        assert_eq!(refused.fields(), [field], "{refused:?}");
        refused.expect(422);
    }
    assert_eq!(stage.open_b().await, b);
    assert_eq!(stage.causeway.list("/erp/sync-logs").await.len(), 1, "no run was made");
    let record = format!("/erp/records/products/B?erpConnectionId={}", stage.connection);
    stage.causeway.client().get(&record).await.expect(404);
    stage.post("/erp/set-aside/run_none.1/mend", json!({"record": {}})).await.expect(404);
}

#[tokio::test]
async fn a_mend_keeps_every_digit() {
    let stage = stage().await;
    let mend = path(&stage.open_b().await, "mend");
    let request = stage.causeway.client().request(reqwest::Method::POST, &mend);
    let request = request.header("content-type", "application/json");
    let sent = r#"{"record": {"code": "B", "price": 12345678901234567.8900}}"#;
    stage.causeway.client().send(request.body(sent)).await.expect(200);
    let record = format!("/erp/records/products/B?erpConnectionId={}", stage.connection);
    let record = stage.causeway.client().get(&record).await.expect(200);
    assert_eq!(record["data"]["price"], "12345678901234567.8900");
}

#[tokio::test]
async fn a_later_success_of_the_same_record_closes_it_and_a_later_failure_takes_its_place() {
    let stage = stage().await;
    let first = stage.open_b().await;
    let again = stage.causeway.sync(&stage.connection, "products").await;
    assert_eq!(again["counts"]["failed"], 2);
    let (open, closed) = (stage.list("open").await, stage.list("closed").await);
    assert_eq!((open.len(), closed.len()), (2, 2), "the newest stands for the record");
    assert!(open.iter().all(|record| record["runId"] == again["id"]), "{open:?}");

    stage.erp.set("products", Vec::new());
    stage.causeway.sync(&stage.connection, "products").await;
    assert_eq!(stage.list("open").await, open, "an ERP that falls silent has not mended anything");

    stage.erp.set("products", vec![product("A", "1.00"), product("B", "2.00"), product("C", "3.00")]);
    let started = stage.post(&path(&stage.open_b().await, "retry"), json!({})).await;
    assert_eq!(started.header("location").split('/').nth(2), Some("sync-logs"));
    let run = stage.causeway.finished(started.expect(202)["id"].as_str().unwrap()).await;
    assert_eq!(
        (&run["mode"], &run["status"], &run["counts"]["created"]),
        (&json!("full"), &json!("success"), &json!(1))
    );
    assert!(stage.list("open").await.is_empty());
    let closed = stage.list("closed").await;
    assert!(
        closed.iter().any(|record| record["key"] == "B" && record["closedBy"] == run["id"]),
        "{closed:?}"
    );
    stage.post(&path(&first, "retry"), json!({})).await.expect(409);
}

#[tokio::test]
async fn all_of_a_kind_are_read_again_at_once() {
    let stage = stage().await;
    stage.erp.set("products", vec![product("A", "1.00"), product("B", "2.00")]);
    let body = json!({"erpConnectionId": stage.connection, "dataType": "products"});
    let started = stage.post("/erp/set-aside/retry", body).await.expect(202);
    stage.causeway.finished(started["id"].as_str().unwrap()).await;
    assert!(stage.list("open").await.is_empty());
    let nowhere = json!({"erpConnectionId": "erp_none", "dataType": "products"});
    stage.post("/erp/set-aside/retry", nowhere).await.expect(422);
    let events =
        stage.causeway.client().get("/api/v1/audit-events?action=erp_set_aside_retried").await.expect(200);
    assert_eq!(events["data"][0]["target"], stage.connection.as_str());
}

#[tokio::test]
async fn a_dry_run_sets_nothing_aside() {
    let stage = stage().await;
    let path = format!("/erp/connections/{}/sync?wait=20&dryRun=true", stage.connection);
    let run = stage.post(&path, json!({"dataType": "products"})).await.expect(200);
    assert_eq!(run["counts"]["failed"], 2, "{run}");
    assert!(stage.list("open").await.iter().all(|record| record["runId"] != run["id"]));
}
