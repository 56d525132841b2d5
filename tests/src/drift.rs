//! An ERP whose records change their shape: what runs tell of it, and what the policies make of it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

const SHAPE_CHANGED: &str = "the ERP's records changed their shape";

/// A Causeway with a connection to an ERP and a config of its products under a policy; returns the config's id too.
async fn start(policy: &str) -> (Causeway, Erp, String, String) {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    let config = json!({"erpConnectionId": connection, "dataType": "products",
        "settings": {"autoSync": false, "schemaPolicy": policy}});
    let config = causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let config = config["id"].as_str().unwrap().to_owned();
    (causeway, erp, connection, config)
}

async fn switch(causeway: &Causeway, config: &str, policy: &str) {
    let settings = json!({"settings": {"schemaPolicy": policy}});
    causeway.client().patch(&format!("/erp/sync-configs/{config}"), settings).await.expect(200);
}

async fn stored(causeway: &Causeway, connection: &str, sku: &str) -> Value {
    let path = format!("/erp/records/products/{sku}?erpConnectionId={connection}");
    causeway.client().get(&path).await.expect(200)["data"].clone()
}

/// What a run tells of changed shapes, in the order of the alphabet; empty if it does not tell any.
fn told(run: &Value) -> Vec<&str> {
    assert_eq!(run["status"], "success", "{run}");
    let flagged = run["flags"].as_array().unwrap().contains(&json!("schema_drift"));
    let warnings = run["warnings"].as_array().unwrap().iter().map(|warning| warning.as_str().unwrap());
    let mut told: Vec<_> = warnings.filter(|warning| warning.starts_with("the field ")).collect();
    assert_eq!(flagged, !told.is_empty(), "{run}");
    told.sort_unstable();
    told
}

fn counts<'r, const N: usize>(run: &'r Value, names: [&str; N]) -> [&'r Value; N] {
    names.map(|name| &run["counts"][name])
}

#[tokio::test]
async fn fields_that_appear_vanish_or_change_their_type_are_told_once() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    let size = |value: Value| json!({"width": value});
    erp.set(
        "products",
        vec![
            json!({"sku": "A", "stock": 1, "old": true, "note": null, "size": size(json!(1))}),
            json!({"sku": "B", "stock": 2.5, "old": null, "note": null, "size": size(json!(2))}),
        ],
    );
    assert_eq!(told(&causeway.sync(&connection, "products").await), [""; 0], "the first run learns");
    let changed = vec![
        json!({"sku": "A", "stock": null, "note": "x", "size": size(json!("1 m")), "colour": "red"}),
        json!({"sku": "B", "stock": 3, "note": null, "size": null, "colour": null}),
    ];
    erp.set("products", changed);
    let drift = [
        "the field colour appeared, with texts",
        "the field old vanished",
        "the field size.width held numbers, and now texts",
    ];
    let dry = format!("/erp/connections/{connection}/sync?dryRun=true&wait=20");
    let dry = causeway.client().post(&dry, json!({"dataType": "products"})).await.expect(200);
    assert_eq!(told(&dry), drift, "a dry run tells it and learns nothing");
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(told(&run), drift);
    assert_eq!(run["warnings"][0], SHAPE_CHANGED);
    assert_eq!(told(&causeway.sync(&connection, "products").await), [""; 0]);
    erp.set("products", Vec::new());
    assert_eq!(told(&causeway.sync(&connection, "products").await), [""; 0], "no records have no shape");
    erp.set("products", vec![json!({"sku": "A", "old": true})]);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(told(&run)[1], "the field note vanished", "{run}");
    assert_eq!(told(&run).last(), Some(&"the field stock vanished"), "{run}");
    assert!(told(&run).contains(&"the field old appeared, with true or false"), "it was forgotten: {run}");
}

#[tokio::test]
async fn many_changes_are_told_by_number() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    erp.set("products", vec![json!({"sku": "A"})]);
    causeway.sync(&connection, "products").await;
    let mut wide = json!({"sku": "A"});
    for field in 0..70 {
        wide[format!("f{field}")] = json!(1);
    }
    erp.set("products", vec![wide]);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(told(&run).len(), 20);
    assert_eq!(run["warnings"].as_array().unwrap().last().unwrap(), "50 more fields changed");
}

#[tokio::test]
async fn evolving_keeps_new_fields_in_extra_and_a_switch_maps_unchanged_records_again() {
    let (causeway, erp, connection, config) = start("discard").await;
    erp.set("products", vec![json!({"sku": "A", "name": "Chai", "colour": "red"})]);
    causeway.sync(&connection, "products").await;
    let known = json!({"sku": "A", "name": "Chai"});
    assert_eq!(stored(&causeway, &connection, "A").await, known);

    let preview = format!("/erp/connections/{connection}/preview");
    let tried = json!({"dataType": "products", "schemaPolicy": "evolve"});
    let shown = causeway.client().post(&preview, tried).await.expect(200);
    let evolved = json!({"sku": "A", "name": "Chai", "extra": {"colour": "red"}});
    assert_eq!(shown["records"][0]["mapped"], evolved);

    switch(&causeway, &config, "evolve").await;
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(counts(&run, ["updated", "unchanged"]), [&json!(1), &json!(0)], "{run}");
    assert_eq!(stored(&causeway, &connection, "A").await, evolved);
    let shown = causeway.client().post(&preview, json!({"dataType": "products"})).await.expect(200);
    assert_eq!(shown["records"][0]["mapped"], evolved, "what is left out is taken from the config");

    erp.set("products", vec![json!({"sku": "A", "name": "Chai", "colour": "red", "grams": 1.50})]);
    assert_eq!(
        told(&causeway.sync(&connection, "products").await),
        ["the field grams appeared, with numbers"]
    );
    let evolved = json!({"sku": "A", "name": "Chai", "extra": {"colour": "red", "grams": 1.5}});
    assert_eq!(stored(&causeway, &connection, "A").await, evolved);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((told(&run).len(), counts(&run, ["unchanged"])), (0, [&json!(1)]));
    switch(&causeway, &config, "discard").await;
    causeway.sync(&connection, "products").await;
    assert_eq!(stored(&causeway, &connection, "A").await, known);
}

#[tokio::test]
async fn a_frozen_shape_sets_records_aside_deletes_none_and_is_accepted_by_another_policy() {
    let (causeway, erp, connection, config) = start("freeze").await;
    let plain = |sku: &str| json!({"sku": sku, "name": "Chai", "stock": 1});
    erp.set("products", ["A", "B", "C", "D"].map(plain).into());
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(counts(&run, ["created", "failed"]), [&json!(4), &json!(0)], "the first run learns: {run}");

    let new = |sku: &str| json!({"sku": sku, "name": "Chai", "stock": 1, "colour": "red"});
    let retyped = json!({"sku": "C", "name": "Chang", "stock": "some"});
    erp.set("products", vec![plain("A"), new("B"), retyped, new("D")]);
    let preview = format!("/erp/connections/{connection}/preview");
    let shown = causeway.client().post(&preview, json!({"dataType": "products"})).await.expect(200);
    assert_eq!(shown["counts"], json!({"read": 4, "mapped": 1, "deleted": 0, "skipped": 0, "failed": 3}));

    let drift = ["the field colour appeared, with texts", "the field stock held numbers, and now texts"];
    for _ in 0..2 {
        let run = causeway.sync(&connection, "products").await;
        assert_eq!(told(&run), drift, "as long as it is not accepted");
        let expected = [1, 0, 0, 3].map(|n| json!(n));
        assert_eq!(counts(&run, ["unchanged", "updated", "deleted", "failed"]), expected.each_ref(), "{run}");
        let path = format!("/erp/sync-logs/{}/errors", run["id"].as_str().unwrap());
        let errors = causeway.list(&path).await;
        assert_eq!((&errors[0]["key"], &errors[0]["class"]), (&json!("B"), &json!("mapping")));
        let expected = json!([{"field": "colour", "message": "is a field that earlier records do not have"}]);
        assert_eq!(errors[0]["errors"], expected);
        let expected =
            json!([{"field": "stock", "message": "held numbers in earlier records, the ERP sent a text"}]);
        assert_eq!(errors[1]["errors"], expected);
    }
    assert_eq!(stored(&causeway, &connection, "C").await["name"], "Chai", "it stands as it was");

    switch(&causeway, &config, "discard").await;
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(told(&run), drift);
    assert_eq!(counts(&run, ["failed", "deleted"]), [&json!(0), &json!(0)], "{run}");
    assert_eq!(stored(&causeway, &connection, "C").await["name"], "Chang");
    switch(&causeway, &config, "freeze").await;
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((told(&run).len(), counts(&run, ["failed"])), (0, [&json!(0)]), "the new shape is accepted");
}

/// An ERP of 200 products, 20 to a page. Once it is changed, the first product of page 2 and the last one of all have
/// fields of their own, and no record but that of the first page has what all had before.
#[derive(Default)]
struct Pages {
    changed: AtomicUsize,
    /// The page before which it asks for a pause, once.
    pause_at: AtomicUsize,
}

impl Pages {
    fn record(&self, n: usize) -> Value {
        let mut record = json!({"sku": format!("P{n:03}"), "name": "Chai"});
        let changed = self.changed.load(Ordering::SeqCst) > 0;
        if !changed || n == 0 {
            record["old"] = json!(1);
        }
        if changed && n == 20 {
            record["early"] = json!("x");
        }
        if changed && n == 199 {
            record["late"] = json!(true);
        }
        record
    }
}

async fn page(State(pages): State<Arc<Pages>>, Query(query): Query<HashMap<String, usize>>) -> Response {
    let page = query.get("page").copied().unwrap_or(1);
    if pages.pause_at.compare_exchange(page, 0, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
        return (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "1")]).into_response();
    }
    let data: Vec<_> = (0..200).skip((page - 1) * 20).take(20).map(|n| pages.record(n)).collect();
    axum::Json(json!({"data": data, "page": page, "total": 200})).into_response()
}

async fn connect(causeway: &Causeway, pages: &Arc<Pages>, parts: u32) -> String {
    let routes = Router::new().fallback(get(page)).with_state(Arc::clone(pages));
    let made = causeway.connect(json!({
        "name": "An ERP of pages", "provider": "custom", "connectionMethod": "api",
        "credentials": {"apiUrl": Erp::serving(routes).await},
        "settings": {"batchSize": 20, "parallelParts": parts, "retryAttempts": 0},
    }));
    made.await["id"].as_str().unwrap().to_owned()
}

const EARLY_AND_LATE: [&str; 2] =
    ["the field early appeared, with texts", "the field late appeared, with true or false"];

#[tokio::test]
async fn what_the_parts_of_a_run_saw_is_told_as_one() {
    let (causeway, pages) = (Causeway::start().await, Arc::new(Pages::default()));
    let connection = connect(&causeway, &pages, 4).await;
    assert_eq!(told(&causeway.sync(&connection, "products").await), [""; 0]);
    pages.changed.store(1, Ordering::SeqCst);
    assert_eq!(told(&causeway.sync(&connection, "products").await), EARLY_AND_LATE);
    assert_eq!(told(&causeway.sync(&connection, "products").await), [""; 0]);
}

#[tokio::test]
async fn the_worker_that_goes_on_after_a_pause_tells_what_was_seen_before_it() {
    let (causeway, pages) = (Causeway::start().await, Arc::new(Pages::default()));
    let connection = connect(&causeway, &pages, 1).await;
    causeway.sync(&connection, "products").await;
    pages.changed.store(1, Ordering::SeqCst);
    pages.pause_at.store(5, Ordering::SeqCst);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(pages.pause_at.load(Ordering::SeqCst), 0, "it was paused");
    assert_eq!(run["counts"]["read"], 200);
    assert_eq!(told(&run), EARLY_AND_LATE);
    assert_eq!(told(&causeway.sync(&connection, "products").await), [""; 0]);
}
