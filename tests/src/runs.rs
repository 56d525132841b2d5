//! Runs as a user meets them: started, watched, found again, and picked up after a worker died.

use std::time::Duration;

use domain::DataType;
use domain::run::{Lease, Run, Trigger};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::harness::{Causeway, Erp};

#[tokio::test]
async fn a_second_start_of_a_running_sync_is_refused_and_named() {
    let causeway = Causeway::start().await;
    let (erp, gate) = Erp::gated(6).await;
    let connection = causeway.connect_http(&erp).await;
    let path = format!("/erp/connections/{connection}/sync");
    let first = causeway.client().post(&path, json!({"dataType": "products", "direction": "pull"})).await;
    assert_eq!(first.header("location"), format!("/erp/sync-logs/{}", first.body["id"].as_str().unwrap()));
    let first = first.expect(202);
    assert_eq!(first["status"], "syncing");

    let second = causeway.client().post(&path, json!({"dataType": "products"})).await.expect(409);
    assert!(second["error"].as_str().unwrap().contains(first["id"].as_str().unwrap()), "{second}");
    gate.add_permits(3);
    let done = causeway.finished(first["id"].as_str().unwrap()).await;
    assert_eq!((&done["status"], &done["recordsProcessed"]), (&json!("success"), &json!(6)));
    assert_eq!(done["progress"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_running_sync_tells_how_far_it_is() {
    let causeway = Causeway::start().await;
    let (erp, gate) = Erp::gated(6).await;
    let connection = causeway.connect_http(&erp).await;
    let path = format!("/erp/connections/{connection}/sync");
    let run = causeway.client().post(&path, json!({"dataType": "products"})).await.expect(202);
    gate.add_permits(1);
    tokio::time::sleep(Duration::from_millis(2_100)).await; // a batch that is not full is written after two seconds
    gate.add_permits(1);
    let progress = tokio::time::timeout(Duration::from_secs(5), async {
        loop {
            let log = causeway
                .client()
                .get(&format!("/erp/sync-logs/{}", run["id"].as_str().unwrap()))
                .await
                .expect(200);
            if log["progress"]["records"] != 0 {
                return log["progress"].clone();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let progress = progress.await.expect("progress shows");
    assert_eq!(
        (&progress["records"], &progress["total"], &progress["percent"]),
        (&json!(4), &json!(6), &json!(66.7))
    );
    gate.add_permits(1);
    assert_eq!(causeway.finished(run["id"].as_str().unwrap()).await["status"], "success");
}

#[tokio::test]
async fn a_run_whose_worker_died_is_taken_up_by_the_sweep() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    erp.set("products", (0..5).map(|n| json!({"sku": format!("S{n}")})).collect());
    let connection = causeway.connect_http(erp.url()).await;
    let engine = causeway.engine();

    // A worker took the run, its message is gone, and then it died: its lease has ended.
    let dead = Timestamp::now() - SignedDuration::from_secs(1);
    let mut run = run_of(&connection);
    run.lease = Some(Lease { holder: "dead".to_owned(), until: dead });
    engine.store.start_run(&run, None).await.unwrap();

    let finished = causeway.finished(run.id.as_str()).await;
    assert_eq!(
        (&finished["status"], &finished["counts"]["created"]),
        (&json!("success"), &json!(5)),
        "{finished}"
    );
    assert!(engine.store.active_runs(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_run_that_keeps_killing_its_workers_is_given_up() {
    let causeway = Causeway::start().await;
    let connection = causeway.connect_http("http://127.0.0.1:9").await;
    let mut run = run_of(&connection);
    run.stalled = 5;
    causeway.engine().store.start_run(&run, None).await.unwrap();
    causeway.engine().queue.send_run(&run.id, Duration::ZERO).await.unwrap();
    let finished = causeway.finished(run.id.as_str()).await;
    assert_eq!(finished["status"], "error");
    assert!(finished["error"].as_str().unwrap().contains("5 workers in a row"), "{finished}");
}

fn run_of(connection: &str) -> Run {
    let connection = connection.parse().unwrap();
    Run::start(connection, DataType::Products, Trigger::Manual, "usr_1".to_owned(), Timestamp::now())
}

#[tokio::test]
async fn logs_are_found_by_connection_and_data_type_newest_first() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    for list in ["products", "employees"] {
        erp.set(list, vec![json!({"id": "1"})]);
    }
    let (a, b) = (causeway.connect_http(erp.url()).await, causeway.connect_http(erp.url()).await);
    for (connection, data_type) in [(&a, "products"), (&a, "employees"), (&b, "products"), (&a, "products")] {
        causeway.sync(connection, data_type).await;
    }
    let of_a = causeway.list(&format!("/erp/sync-logs?erpConnectionId={a}&limit=2")).await;
    let types: Vec<_> = of_a.iter().map(|log| log["dataType"].as_str().unwrap()).collect();
    assert_eq!(types, ["products", "employees", "products"]);
    assert_eq!(
        causeway.list(&format!("/erp/sync-logs?erpConnectionId={a}&dataType=products")).await.len(),
        2
    );
    assert_eq!(causeway.list("/erp/sync-logs?limit=1").await.len(), 4);
    assert!(
        of_a[0]["duration"].as_f64().unwrap() >= 0.0
            && of_a[0]["startedAt"].as_str() > of_a[1]["startedAt"].as_str()
    );
}

#[tokio::test]
async fn a_sync_whose_configs_are_switched_off_does_not_run_without_their_mapping() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    erp.set("products", vec![json!({"id": "1"})]);
    let connection = causeway.connect_http(erp.url()).await;
    let config = json!({"erpConnectionId": connection, "dataType": "products", "enabled": false});
    let config = causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let path = format!("/erp/connections/{connection}/sync");
    let refused = causeway.client().post(&path, json!({"dataType": "products"})).await.expect(409);
    assert!(refused["error"].as_str().unwrap().contains("switched off"), "{refused}");

    let path = format!("/erp/sync-configs/{}", config["id"].as_str().unwrap());
    causeway.client().patch(&path, json!({"enabled": true})).await.expect(200);
    assert_eq!(causeway.sync(&connection, "products").await["counts"]["created"], 1);
}
