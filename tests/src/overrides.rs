//! Clients and sites whose assignment overrides mapping and filters: each has records of its own, over one connection.

use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::sync::{Notify, Semaphore};

use crate::harness::{Causeway, Erp};

const BERLIN: &str = "/sites/berlin/erp-assignments";
const PARIS: &str = "/sites/paris/erp-assignments";

/// Products with a name and a price for each channel; those of an odd number are only for Berlin.
fn products(numbers: impl IntoIterator<Item = u32>) -> Vec<Value> {
    let product = |n: u32| {
        let channel = if n % 2 == 1 { "de" } else { "all" };
        json!({"sku": format!("P{n:02}"), "name": format!("Product {n}"), "nameDe": format!("Produkt {n}"),
            "nameFr": format!("Produit {n}"), "channel": channel})
    };
    numbers.into_iter().map(product).collect()
}

fn assignment(connection: &str, overrides: Value) -> Value {
    json!({"clientId": "acme", "erpConnectionId": connection, "overridesClient": true, "overrides": overrides})
}

/// A Causeway with an ERP of twenty products: Berlin calls them by their German names, Paris takes those for all, by
/// their French ones. Answers the connection too.
async fn start() -> (Causeway, Erp, String) {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    erp.set("products", products(0..20));
    let berlin = json!([{"dataType": "products", "fieldMapping": {"name": "nameDe"}}]);
    let paris =
        json!([{"dataType": "products", "fieldMapping": {"name": "nameFr"}, "filters": {"channel": "all"}}]);
    for (path, overrides) in [(BERLIN, berlin), (PARIS, paris)] {
        causeway.client().post(path, assignment(&connection, overrides)).await.expect(201);
    }
    (causeway, erp, connection)
}

fn sync_path(connection: &str) -> String {
    format!("/erp/connections/{connection}/sync")
}

/// Syncs the products of `whose`, an object with `siteId`, `clientId` or nothing, and returns the finished run.
async fn sync(causeway: &Causeway, connection: &str, mut whose: Value) -> Value {
    whose["dataType"] = json!("products");
    let started = causeway.client().post(&sync_path(connection), whose).await.expect(202);
    causeway.finished(started["id"].as_str().unwrap()).await
}

/// The products there are, of whom `whose` names in the query, each with its name; without those that are gone.
async fn names(causeway: &Causeway, connection: &str, whose: &str) -> Vec<(String, String)> {
    let path = format!("/erp/records/products?erpConnectionId={connection}&limit=7{whose}");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = causeway.list(&path).await;
    let live = all.iter().filter(|record| record["deleted"] == false);
    live.map(|record| (text(&record["id"]), text(&record["data"]["name"]))).collect()
}

/// The names of `numbers` under `word`.
fn called(word: &str, numbers: impl IntoIterator<Item = u32>) -> Vec<(String, String)> {
    numbers.into_iter().map(|n| (format!("P{n:02}"), format!("{word} {n}"))).collect()
}

const SITE_BERLIN: &str = "&siteId=berlin";
const SITE_PARIS: &str = "&siteId=paris";

#[tokio::test]
async fn each_site_has_the_records_that_its_own_rules_make() {
    let (causeway, _erp, connection) = start().await;
    let plain = sync(&causeway, &connection, json!({})).await;
    assert_eq!((&plain["counts"]["created"], &plain["scope"]), (&json!(20), &Value::Null));
    assert!(names(&causeway, &connection, SITE_BERLIN).await.is_empty(), "not synced yet");

    let berlin = sync(&causeway, &connection, json!({"siteId": "berlin"})).await;
    assert_eq!((&berlin["counts"]["created"], &berlin["scope"]), (&json!(20), &json!("site:berlin")));
    let paris = sync(&causeway, &connection, json!({"siteId": "paris"})).await;
    assert_eq!(
        (&paris["counts"]["created"], &paris["counts"]["skipped"]),
        (&json!(10), &json!(10)),
        "{paris}"
    );

    assert_eq!(names(&causeway, &connection, "").await, called("Product", 0..20));
    assert_eq!(names(&causeway, &connection, SITE_BERLIN).await, called("Produkt", 0..20));
    assert_eq!(names(&causeway, &connection, SITE_PARIS).await, called("Produit", (0..20).step_by(2)));
    for (whose, name) in [("", "Product 4"), (SITE_BERLIN, "Produkt 4"), (SITE_PARIS, "Produit 4")] {
        let path = format!("/erp/records/products/P04?erpConnectionId={connection}{whose}");
        assert_eq!(causeway.client().get(&path).await.expect(200)["data"]["name"], name);
    }
    let odd = format!("/erp/records/products/P03?erpConnectionId={connection}{SITE_PARIS}");
    causeway.client().get(&odd).await.expect(404);
    let again = sync(&causeway, &connection, json!({"siteId": "paris"})).await;
    assert_eq!(again["counts"]["unchanged"], 10);
}

#[tokio::test]
async fn a_schedule_syncs_the_plain_records_and_everyones_own_once() {
    let (causeway, _erp, connection) = start().await;
    let config = json!({"erpConnectionId": connection, "dataType": "products", "schedule": "0 * * * *",
        "direction": "bidirectional"});
    let config = causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let due: Timestamp = config["nextSyncAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(sync::tick(causeway.engine(), due).await.unwrap().started, 3);
    assert_eq!(sync::tick(causeway.engine(), due).await.unwrap().started, 0, "the slot is taken");

    let logs = causeway.list(&format!("/erp/sync-logs?erpConnectionId={connection}")).await;
    let mut told = Vec::new();
    for log in &logs {
        let log = causeway.finished(log["id"].as_str().unwrap()).await;
        told.push((log["scope"].to_string(), log["direction"].to_string(), log["counts"]["created"].clone()));
    }
    told.sort_by(|a, b| a.0.cmp(&b.0));
    let expected = [
        ("\"site:berlin\"", "\"pull\"", json!(20)),
        ("\"site:paris\"", "\"pull\"", json!(10)),
        ("null", "\"bidirectional\"", json!(20)),
    ];
    assert_eq!(
        told,
        expected.map(|(scope, direction, count)| (scope.to_owned(), direction.to_owned(), count))
    );
    let after = causeway.client().get(&format!("/erp/sync-configs/{}", config["id"].as_str().unwrap())).await;
    let next: Timestamp = after.expect(200)["nextSyncAt"].as_str().unwrap().parse().unwrap();
    assert_eq!(next, due + SignedDuration::from_hours(1));
}

#[tokio::test]
async fn what_is_gone_goes_from_each_collection_by_its_own_sync() {
    let (causeway, erp, connection) = start().await;
    for whose in [json!({}), json!({"siteId": "berlin"}), json!({"siteId": "paris"})] {
        sync(&causeway, &connection, whose).await;
    }
    // One that Paris never had, and one that all had.
    erp.set("products", products((0..20).filter(|n| ![4, 5].contains(n))));
    let paris = sync(&causeway, &connection, json!({"siteId": "paris"})).await;
    assert_eq!((&paris["counts"]["deleted"], &paris["flags"]), (&json!(1), &json!([])), "{paris}");
    let even = (0..20).step_by(2).filter(|n| *n != 4);
    assert_eq!(names(&causeway, &connection, SITE_PARIS).await, called("Produit", even));
    assert_eq!(names(&causeway, &connection, SITE_BERLIN).await.len(), 20, "Berlin has not synced since");

    let berlin = sync(&causeway, &connection, json!({"siteId": "berlin"})).await;
    assert_eq!((&berlin["counts"]["deleted"], &berlin["counts"]["unchanged"]), (&json!(2), &json!(18)));
    assert_eq!(names(&causeway, &connection, "").await.len(), 20);
}

#[tokio::test]
async fn a_running_sync_keeps_a_second_one_of_the_same_records_away_and_no_other() {
    let gate = Arc::new(Semaphore::new(0));
    let permits = Arc::clone(&gate);
    let answer = async move || {
        permits.acquire().await.unwrap().forget();
        axum::Json(json!({"data": products(0..4), "total": 4}))
    };
    let causeway = Causeway::start().await;
    let connection = causeway.connect_http(&Erp::serving(Router::new().fallback(get(answer))).await).await;
    for path in [BERLIN, PARIS] {
        let overrides = json!([{"dataType": "products", "fieldMapping": {"name": "nameDe"}}]);
        causeway.client().post(path, assignment(&connection, overrides)).await.expect(201);
    }
    let mut runs = Vec::new();
    for whose in [json!({}), json!({"siteId": "berlin"}), json!({"siteId": "paris"})] {
        let mut body = whose;
        body["dataType"] = json!("products");
        let run = causeway.client().post(&sync_path(&connection), body.clone()).await.expect(202);
        let refused = causeway.client().post(&sync_path(&connection), body).await.expect(409);
        assert!(refused.to_string().contains(run["id"].as_str().unwrap()), "{refused}");
        runs.push(run["id"].as_str().unwrap().to_owned());
    }
    gate.add_permits(100);
    for run in runs {
        assert_eq!(causeway.finished(&run).await["counts"]["created"], 4);
    }
}

#[tokio::test]
async fn a_site_without_rules_of_its_own_has_its_clients_else_the_plain_records() {
    let (causeway, _erp, connection) = start().await;
    let body = json!({"erpConnectionId": connection,
        "overrides": [{"dataType": "products", "fieldMapping": {"name": "sku"}}]});
    causeway.client().post("/clients/acme/erp-assignments", body).await.expect(201);
    let plain = json!({"erpConnectionId": connection, "clientId": "acme"});
    causeway.client().post("/sites/rome/erp-assignments", plain).await.expect(201);
    let own = assignment(&connection, json!([{"dataType": "orders"}]));
    causeway.client().post("/sites/oslo/erp-assignments", own).await.expect(201);
    sync(&causeway, &connection, json!({})).await;
    sync(&causeway, &connection, json!({"clientId": "acme"})).await;

    let of_client = names(&causeway, &connection, "&clientId=acme").await;
    assert_eq!(of_client[3], ("P03".to_owned(), "P03".to_owned()));
    assert_eq!(names(&causeway, &connection, "&siteId=rome").await, of_client);
    assert_eq!(names(&causeway, &connection, "&siteId=oslo").await, called("Product", 0..20));
    for site in ["rome", "oslo", "nowhere"] {
        let body = json!({"dataType": "products", "siteId": site});
        let answer = causeway.client().post(&sync_path(&connection), body).await;
        assert_eq!(answer.fields(), ["siteId"], "{site} has nothing of its own to sync");
        answer.expect(422);
    }
}

#[tokio::test]
async fn what_names_nobody_or_cannot_be_is_refused() {
    let (causeway, _erp, connection) = start().await;
    let records = format!("/erp/records/products?erpConnectionId={connection}");
    let stock = format!("/erp/inventory/P01?erpConnectionId={connection}");
    for (path, field) in [
        (format!("{records}&siteId=nowhere"), "siteId"),
        (format!("{records}&clientId=nobody"), "clientId"),
        (format!("{records}&siteId=berlin&clientId=acme"), "clientId"),
        (format!("{stock}&siteId=nowhere"), "siteId"),
        ("/erp/inventory/P01?siteId=berlin".to_owned(), "erpConnectionId"),
    ] {
        let answer = causeway.client().get(&path).await;
        assert_eq!(answer.fields(), [field], "{path}");
        answer.expect(400);
    }
    for (body, field) in [
        (json!({"dataType": "products", "siteId": "berlin", "clientId": "acme"}), "clientId"),
        (json!({"dataType": "products", "siteId": "berlin", "direction": "push"}), "direction"),
        (json!({"dataType": "orders", "siteId": "berlin"}), "siteId"),
    ] {
        let answer = causeway.client().post(&sync_path(&connection), body).await;
        assert_eq!(answer.fields(), [field]);
        answer.expect(422);
    }
}

#[tokio::test]
async fn stock_is_told_by_the_rules_of_a_site() {
    let (causeway, erp, connection) = start().await;
    erp.set("inventory", vec![json!({"sku": "P01", "quantity": 9, "reserved": 4})]);
    let overrides = json!([{"dataType": "inventory", "fieldMapping": {"quantity": "reserved"}}]);
    causeway
        .client()
        .post("/sites/oslo/erp-assignments", assignment(&connection, overrides))
        .await
        .expect(201);
    causeway.sync(&connection, "inventory").await;
    let body = json!({"dataType": "inventory", "siteId": "oslo"});
    let run = causeway.client().post(&sync_path(&connection), body).await.expect(202);
    causeway.finished(run["id"].as_str().unwrap()).await;
    for (whose, quantity) in [("", 9), ("&siteId=oslo", 4), (SITE_BERLIN, 9)] {
        let path = format!("/erp/inventory/P01?erpConnectionId={connection}{whose}");
        assert_eq!(causeway.client().get(&path).await.expect(200)["quantity"], quantity, "{whose}");
    }
}

#[tokio::test]
async fn records_of_its_own_go_with_the_assignment_and_its_run_cannot_be_repeated() {
    let (causeway, _erp, connection) = start().await;
    for whose in [json!({}), json!({"siteId": "berlin"}), json!({"siteId": "paris"})] {
        sync(&causeway, &connection, whose).await;
    }
    let run = &causeway.list(&format!("/erp/sync-logs?erpConnectionId={connection}")).await[0];
    assert_eq!(run["scope"], "site:paris");
    let retry = format!("/erp/sync-logs/{}/retry", run["id"].as_str().unwrap());
    let again = causeway.client().post(&retry, json!({})).await.expect(202);
    assert_eq!(again["scope"], "site:paris");
    assert_eq!(causeway.finished(again["id"].as_str().unwrap()).await["counts"]["unchanged"], 10);

    let paris = &causeway.list(PARIS).await[0];
    causeway.client().delete(&format!("{PARIS}/{}", paris["id"].as_str().unwrap())).await.expect(204);
    let gone = causeway.client().post(&retry, json!({})).await.expect(202);
    let gone = causeway.finished(gone["id"].as_str().unwrap()).await;
    assert_eq!(gone["status"], "error");
    assert!(gone["error"].as_str().unwrap().contains("site:paris has no records of its own"), "{gone}");
    assert_eq!(names(&causeway, &connection, SITE_BERLIN).await.len(), 20, "the others stay");
    assert_eq!(names(&causeway, &connection, "").await.len(), 20);

    let overrides = json!([{"dataType": "products"}]);
    causeway.client().post(PARIS, assignment(&connection, overrides)).await.expect(201);
    assert!(names(&causeway, &connection, SITE_PARIS).await.is_empty(), "it starts anew");
    let first = sync(&causeway, &connection, json!({"siteId": "paris"})).await;
    assert_eq!((&first["counts"]["created"], &first["mode"]), (&json!(20), &json!("full")));
}

#[tokio::test]
async fn a_sync_that_outlives_its_assignment_ends_in_error_and_leaves_nothing() {
    let (gate, asked) = (Arc::new(Semaphore::new(0)), Arc::new(Notify::new()));
    let (permits, asks) = (Arc::clone(&gate), Arc::clone(&asked));
    let answer = async move || {
        asks.notify_one();
        permits.acquire().await.unwrap().forget();
        axum::Json(json!({"data": products(0..4), "total": 4}))
    };
    let causeway = Causeway::start().await;
    let connection = causeway.connect_http(&Erp::serving(Router::new().fallback(get(answer))).await).await;
    let overrides = json!([{"dataType": "products", "fieldMapping": {"name": "nameDe"}}]);
    let made = causeway.client().post(BERLIN, assignment(&connection, overrides.clone())).await.expect(201);
    let body = json!({"dataType": "products", "siteId": "berlin"});
    let run = causeway.client().post(&sync_path(&connection), body).await.expect(202);
    asked.notified().await;
    causeway.client().delete(&format!("{BERLIN}/{}", made["id"].as_str().unwrap())).await.expect(204);
    gate.add_permits(100);
    let run = causeway.finished(run["id"].as_str().unwrap()).await;
    assert!(run["error"].as_str().unwrap().contains("site:berlin has no records of its own"), "{run}");
    causeway.client().post(BERLIN, assignment(&connection, overrides)).await.expect(201);
    assert!(names(&causeway, &connection, SITE_BERLIN).await.is_empty(), "{run}");
}

#[tokio::test]
async fn a_newer_assignment_without_rules_takes_the_records_of_its_own_away() {
    let (causeway, _erp, connection) = start().await;
    sync(&causeway, &connection, json!({"siteId": "berlin"})).await;
    assert_eq!(names(&causeway, &connection, SITE_BERLIN).await.len(), 20);
    causeway.client().post(BERLIN, assignment(&connection, json!([]))).await.expect(201);
    assert!(
        names(&causeway, &connection, SITE_BERLIN).await.is_empty(),
        "the plain records count, and none are there"
    );
    let newest = &causeway.list(BERLIN).await[1];
    causeway.client().delete(&format!("{BERLIN}/{}", newest["id"].as_str().unwrap())).await.expect(204);
    assert!(names(&causeway, &connection, SITE_BERLIN).await.is_empty(), "its own were deleted");
}

#[tokio::test]
async fn what_was_set_aside_is_mended_by_the_rules_of_the_site_and_closed_by_its_runs_alone() {
    let (causeway, erp, connection) = start().await;
    let overrides = json!([{"dataType": "products", "fieldMapping": {"price": "net", "name": "nameDe"}}]);
    causeway
        .client()
        .post("/sites/oslo/erp-assignments", assignment(&connection, overrides))
        .await
        .expect(201);
    let mut broken = products(0..3);
    broken[1]["net"] = json!("1,250");
    erp.set("products", broken);
    let oslo = sync(&causeway, &connection, json!({"siteId": "oslo"})).await;
    assert_eq!((&oslo["counts"]["created"], &oslo["counts"]["failed"]), (&json!(2), &json!(1)));
    sync(&causeway, &connection, json!({})).await;

    let open = format!("/erp/set-aside?erpConnectionId={connection}&status=open");
    let list = causeway.list(&open).await;
    assert_eq!((list.len(), &list[0]["scope"], &list[0]["key"]), (1, &json!("site:oslo"), &json!("P01")));
    let path = format!("/erp/set-aside/{}/mend", list[0]["id"].as_str().unwrap());
    let mend = json!({"record": {"sku": "P01", "nameDe": "Produkt eins", "net": "1.50"}});
    causeway.client().post(&path, mend).await.expect(200);
    let mended = format!("/erp/records/products/P01?erpConnectionId={connection}");
    let own = causeway.client().get(&format!("{mended}&siteId=oslo")).await.expect(200);
    assert_eq!(own["data"]["name"], "Produkt eins");
    assert_eq!(causeway.client().get(&mended).await.expect(200)["data"]["name"], "Product 1");
    assert!(causeway.list(&open).await.is_empty());
}

#[tokio::test]
async fn files_that_are_moved_away_once_read_are_for_nobody_alone() {
    let causeway = Causeway::start().await;
    let connection = causeway.connect(json!({
        "name": "An ERP with files", "provider": "custom", "connectionMethod": "sftp",
        "credentials": {"sftpHost": "127.0.0.1", "sftpUsername": "erp", "sftpPassword": "secret"},
        "settings": {"enabledDataTypes": ["products"]},
    }));
    let connection = connection.await["id"].as_str().unwrap().to_owned();
    let overrides = json!([{"dataType": "products"}]);
    causeway.client().post(BERLIN, assignment(&connection, overrides)).await.expect(201);
    let body = json!({"dataType": "products", "siteId": "berlin"});
    let refused = causeway.client().post(&sync_path(&connection), body).await.expect(409);
    assert!(refused.to_string().contains("settings.files.afterRead"), "{refused}");
}
