//! Runs ended early, started again, and watched live.

use std::time::Duration;

use domain::DataType;
use domain::run::{Lease, Run, Trigger};
use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};

use crate::harness::{Causeway, Erp, left_out_in_the_cloud};

async fn start(causeway: &Causeway, connection: &str) -> String {
    let path = format!("/erp/connections/{connection}/sync");
    let run = causeway.client().post(&path, json!({"dataType": "products"})).await.expect(202);
    run["id"].as_str().unwrap().to_owned()
}

fn path(run: &str, what: &str) -> String {
    format!("/erp/sync-logs/{run}/{what}")
}

/// Waits until a worker holds the run.
async fn held(causeway: &Causeway, run: &str) {
    let id = run.parse().unwrap();
    while causeway.engine().store.run(&id).await.unwrap().unwrap().lease.is_none() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_run_at_work_ends_after_its_batch_and_counts_what_it_stored() {
    let causeway = Causeway::start().await;
    let (erp, gate) = Erp::gated(200).await;
    let connection = causeway.connect_http(&erp).await;
    let run = start(&causeway, &connection).await;
    held(&causeway, &run).await;
    gate.add_permits(1);

    let asked = causeway.client().post(&path(&run, "cancel"), json!({})).await.expect(202);
    assert_eq!(asked["status"], "syncing", "its worker is at a batch: {asked}");
    causeway.client().post(&path(&run, "cancel"), json!({})).await.expect(202);
    gate.add_permits(50);
    let ended = causeway.finished(&run).await;
    assert_eq!((&ended["status"], &ended["error"]), (&json!("cancelled"), &Value::Null), "{ended}");
    let created = ended["counts"]["created"].as_u64().unwrap();
    assert!(created < 200, "{ended}");
    let records = causeway.list(&format!("/erp/records/products?erpConnectionId={connection}")).await;
    assert_eq!(records.len() as u64, created, "what is stored is counted");
    let after = causeway.client().get(&format!("/erp/connections/{connection}")).await.expect(200);
    assert_eq!((&after["status"], &after["lastSyncAt"]), (&json!("active"), &Value::Null));

    let again = causeway.client().post(&path(&run, "cancel"), json!({})).await.expect(409);
    assert!(again["error"].as_str().unwrap().contains("cancelled already"), "{again}");
    let events = causeway.client().get("/api/v1/audit-events?action=erp_sync_cancelled").await.expect(200);
    assert_eq!(events["data"][0]["target"], run.as_str());
    gate.add_permits(1_000);
    assert_eq!(causeway.sync(&connection, "products").await["status"], "success", "its lock is gone");
}

#[tokio::test]
async fn a_run_that_nobody_holds_is_cancelled_at_once() {
    let causeway = Causeway::start().await;
    let connection = causeway.connect_http("http://127.0.0.1:9").await;
    for until in [None, Some(Timestamp::now() - SignedDuration::from_secs(1))] {
        let mut run = Run::start(
            connection.parse().unwrap(),
            DataType::Products,
            Trigger::Manual,
            "usr_1".to_owned(),
            Timestamp::now(),
        );
        run.lease = until.map(|until| Lease { holder: "dead".to_owned(), until });
        causeway.engine().store.start_run(&run, None).await.unwrap();
        let ended = causeway.client().post(&path(run.id.as_str(), "cancel"), json!({})).await.expect(202);
        assert_eq!(ended["status"], "cancelled", "{ended}");
        assert!(causeway.engine().store.active_runs(10).await.unwrap().is_empty());
    }
    causeway.client().post(&path("run_none", "cancel"), json!({})).await.expect(404);
}

#[tokio::test]
async fn a_run_that_has_ended_is_started_again_in_the_same_way() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    let config =
        json!({"erpConnectionId": connection, "dataType": "products", "fieldMapping": {"sku": "code"}});
    causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let failed = causeway.sync(&connection, "products").await;
    assert_eq!(failed["status"], "error", "the ERP has no products yet: {failed}");
    erp.set("products", vec![json!({"code": "A"})]);

    let run = failed["id"].as_str().unwrap();
    let started = causeway.client().post(&path(run, "retry"), json!({})).await;
    let location = started.header("location").to_owned();
    let started = started.expect(202);
    assert_eq!(location, format!("/erp/sync-logs/{}", started["id"].as_str().unwrap()));
    for same in ["erpConnectionId", "syncConfigId", "dataType", "direction", "mode", "dryRun"] {
        assert_eq!(started[same], failed[same], "{same}");
    }
    assert_eq!(started["retryOf"], run);
    let done = causeway.finished(started["id"].as_str().unwrap()).await;
    assert_eq!((&done["status"], &done["counts"]["created"]), (&json!("success"), &json!(1)), "{done}");
    let events = causeway.client().get("/api/v1/audit-events?action=erp_sync_retried").await.expect(200);
    assert_eq!(events["data"][0]["target"], run);
}

#[tokio::test]
async fn a_run_is_not_started_again_while_it_or_another_is_at_work_or_what_it_needs_is_gone() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    erp.set("employees", vec![json!({"id": "1"})]);
    let (slow, gate) = Erp::gated(200).await;
    let connection = causeway.connect_http(&slow).await;
    let run = start(&causeway, &connection).await;
    let refused = causeway.client().post(&path(&run, "retry"), json!({})).await.expect(409);
    assert_eq!(refused["details"][0]["message"], run.as_str(), "{refused}");
    causeway.client().post(&path("run_none", "retry"), json!({})).await.expect(404);
    gate.add_permits(1_000);
    causeway.finished(&run).await;

    causeway.client().delete(&format!("/erp/connections/{connection}")).await.expect(204);
    let refused = causeway.client().post(&path(&run, "retry"), json!({})).await.expect(409);
    assert!(refused["error"].as_str().unwrap().contains("was deleted"), "{refused}");
}

/// Reads a stream of events to its end: name and data of each. Where it breaks off before the run has ended, as behind
/// API Gateway, it is taken up again, as a browser does.
async fn events(causeway: &Causeway, run: &str, header: Option<(&str, &str)>) -> Vec<(String, Value)> {
    let mut seen: Vec<(String, Value)> = Vec::new();
    while seen.last().is_none_or(|(name, _)| name != "done") {
        let request = causeway.client().request(Method::GET, &path(run, "events"));
        let request = header.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let response = request.header("accept-encoding", "gzip").send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert!(!response.headers().contains_key("content-encoding"), "a packed stream would come in lumps");
        let text = response.text().await.unwrap();
        assert!(text.contains("retry: 1000"), "{text}");
        seen.extend(text.split("\n\n").filter_map(event));
    }
    seen
}

fn event(text: &str) -> Option<(String, Value)> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name).map(str::trim));
    Some((field("event:")?.to_owned(), serde_json::from_str(field("data:")?).unwrap()))
}

/// The first events arrive while the run waits for its ERP.
async fn first_event_comes_at_once(causeway: &Causeway, run: &str) {
    let request = causeway.client().request(Method::GET, &path(run, "events"));
    let mut response = request.send().await.unwrap();
    let first = tokio::time::timeout(Duration::from_secs(5), response.chunk()).await;
    let first = String::from_utf8(first.expect("an event comes at once").unwrap().unwrap().to_vec()).unwrap();
    let (name, log) = event(&first).unwrap();
    assert_eq!((name.as_str(), &log["status"], &log["id"]), ("progress", &json!("syncing"), &json!(run)));
}

#[tokio::test]
async fn a_run_is_watched_live_to_its_end() {
    let causeway = Causeway::start().await;
    let (erp, gate) = Erp::gated(200).await;
    let connection = causeway.connect_http(&erp).await;
    let run = start(&causeway, &connection).await;
    held(&causeway, &run).await;

    if !left_out_in_the_cloud("the first event arrives while the run waits", "API Gateway holds answers back")
    {
        first_event_comes_at_once(&causeway, &run).await;
    }
    gate.add_permits(1_000);
    let seen = events(&causeway, &run, Some(("last-event-id", "99"))).await;
    let (last, log) = seen.last().unwrap();
    assert_eq!((last.as_str(), &log["status"]), ("done", &json!("success")), "{seen:?}");
    assert_eq!(log["counts"]["created"], 200);
    assert!(seen[..seen.len() - 1].iter().all(|(name, _)| name == "progress"));
}

#[tokio::test]
async fn a_run_that_has_ended_is_told_at_once_and_one_that_is_not_there_is_not_found() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    erp.set("products", vec![json!({"sku": "A"})]);
    let connection = causeway.connect_http(erp.url()).await;
    let run = causeway.sync(&connection, "products").await;
    let seen = events(&causeway, run["id"].as_str().unwrap(), None).await;
    assert_eq!((seen.len(), seen[0].0.as_str()), (1, "done"));
    causeway.client().get(&path("run_none", "events")).await.expect(404);
}
