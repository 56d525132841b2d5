//! Connections that keep failing: held, probed, and healed by themselves.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

/// An ERP with one product that answers with whatever status it is set to; 200 with a web page when set to 299.
struct Moody {
    url: String,
    status: Arc<AtomicU16>,
}

impl Moody {
    async fn start(status: u16) -> Self {
        let status = Arc::new(AtomicU16::new(status));
        let set = Arc::clone(&status);
        let answer = async move || answer(set.load(Ordering::Relaxed));
        Self { url: Erp::serving(Router::new().fallback(get(answer))).await, status }
    }

    fn set(&self, status: u16) {
        self.status.store(status, Ordering::Relaxed);
    }
}

fn answer(status: u16) -> Response {
    match status {
        200 => axum::Json(json!({"data": [{"sku": "A"}], "total": 1})).into_response(),
        299 => axum::response::Html("<html><title>Closed for repairs</title></html>").into_response(),
        status => StatusCode::from_u16(status).unwrap().into_response(),
    }
}

async fn health(causeway: &Causeway, connection: &str) -> Value {
    causeway.client().get(&format!("/erp/connections/{connection}/health")).await.expect(200)
}

/// Waits until the connection's circuit is in `state`.
async fn until_circuit(causeway: &Causeway, connection: &str, state: &str) -> Value {
    for _ in 0..200 {
        let health = health(causeway, connection).await;
        if health["circuit"] == state {
            return health;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the circuit does not become {state}: {}", health(causeway, connection).await);
}

fn moment(value: &Value) -> Timestamp {
    value.as_str().unwrap_or_else(|| panic!("{value} is a moment")).parse().unwrap()
}

async fn fail(causeway: &Causeway, connection: &str, times: usize) {
    for _ in 0..times {
        assert_eq!(causeway.sync(connection, "products").await["status"], "error");
    }
}

#[tokio::test]
async fn a_connection_that_fails_three_times_is_held_probed_and_healed() {
    let (causeway, erp) = (Causeway::start().await, Moody::start(503).await);
    let connection = causeway.connect_http(&erp.url).await;
    let config = json!({"erpConnectionId": connection, "dataType": "products", "schedule": "0 * * * *"});
    let config = causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let config_path = format!("/erp/sync-configs/{}", config["id"].as_str().unwrap());

    fail(&causeway, &connection, 2).await;
    assert_eq!(health(&causeway, &connection).await["circuit"], "closed");
    fail(&causeway, &connection, 1).await;
    let open = health(&causeway, &connection).await;
    assert_eq!(
        (&open["circuit"], &open["status"], &open["consecutiveFailures"]),
        (&json!("open"), &json!("error"), &json!(3))
    );
    let wait = moment(&open["nextProbeAt"]).duration_since(moment(&open["openedAt"]));
    assert_eq!(wait, SignedDuration::from_mins(1));
    assert!(open["lastFailure"]["error"].as_str().unwrap().contains("503"), "{open}");
    let history = open["history"].as_array().unwrap();
    assert_eq!(history.len(), 3);
    assert!(history.iter().all(|contact| contact["kind"] == "run" && contact["ok"] == false), "{open}");

    // What is due is held, and what is probed still fails.
    let due = moment(&config["nextSyncAt"]);
    let late = due.max(moment(&open["nextProbeAt"])) + SignedDuration::from_secs(1);
    let tick = sync::tick(causeway.engine(), late).await.unwrap();
    assert_eq!((tick.started, tick.probed), (0, 1));
    let held = causeway.client().get(&config_path).await.expect(200);
    assert_eq!(moment(&held["heldSince"]), due, "{held}");
    assert!(moment(&held["nextSyncAt"]) > late, "{held}");
    let still_open = until_circuit(&causeway, &connection, "open").await;
    assert_eq!(
        (&still_open["consecutiveFailures"], &still_open["history"][0]["kind"]),
        (&json!(4), &json!("probe"))
    );

    erp.set(200);
    let later = moment(&still_open["nextProbeAt"]) + SignedDuration::from_secs(1);
    assert_eq!(sync::tick(causeway.engine(), later).await.unwrap().probed, 1);
    let healed = until_circuit(&causeway, &connection, "closed").await;
    assert_eq!(
        (&healed["status"], &healed["consecutiveFailures"]),
        (&json!("active"), &json!(0)),
        "{healed}"
    );
    assert_eq!(healed["nextProbeAt"], Value::Null);

    // The sync that was held runs at once, on the process's own clock.
    for _ in 0..200 {
        let logs = causeway.list(&format!("/erp/sync-logs?erpConnectionId={connection}")).await;
        if logs[0]["trigger"] == "schedule" && logs[0]["status"] == "success" {
            let after = causeway.client().get(&config_path).await.expect(200);
            assert_eq!((&after["heldSince"], moment(&after["nextSyncAt"])), (&Value::Null, due), "{after}");
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the held sync did not run");
}

#[tokio::test]
async fn a_refused_key_is_probed_at_the_longest_interval_and_a_test_by_hand_heals() {
    let (causeway, erp) = (Causeway::start().await, Moody::start(401).await);
    let connection = causeway.connect_http(&erp.url).await;
    let test = format!("/erp/connections/{connection}/test");
    for _ in 0..3 {
        assert_eq!(causeway.client().post(&test, json!({})).await.expect(200)["success"], false);
    }
    let open = health(&causeway, &connection).await;
    let wait = moment(&open["nextProbeAt"]).duration_since(moment(&open["openedAt"]));
    assert_eq!((&open["circuit"], wait), (&json!("open"), SignedDuration::from_mins(30)), "{open}");
    assert_eq!(sync::tick(causeway.engine(), Timestamp::now()).await.unwrap().probed, 0);

    erp.set(200);
    assert_eq!(causeway.client().post(&test, json!({})).await.expect(200)["success"], true);
    let healed = health(&causeway, &connection).await;
    assert_eq!((&healed["circuit"], &healed["status"]), (&json!("closed"), &json!("active")), "{healed}");
}

#[tokio::test]
async fn a_connection_that_is_mended_is_probed_at_once() {
    let causeway = Causeway::start().await;
    let good = Erp::demanding("Bearer good-key", "welcome").await;
    let connection = causeway.connect_http(&good).await;
    let path = format!("/erp/connections/{connection}");
    for _ in 0..3 {
        causeway.client().post(&format!("{path}/test"), json!({})).await.expect(200);
    }
    assert_eq!(health(&causeway, &connection).await["circuit"], "open");
    let mended = json!({"credentials": {"apiKey": "good-key"}});
    causeway.client().patch(&path, mended).await.expect(200);
    let healed = until_circuit(&causeway, &connection, "closed").await;
    assert_eq!(
        (&healed["status"], &healed["history"][0]["kind"]),
        (&json!("active"), &json!("probe")),
        "{healed}"
    );
}

#[tokio::test]
async fn a_sync_by_hand_goes_through_an_open_circuit_and_closes_it() {
    let (causeway, erp) = (Causeway::start().await, Moody::start(500).await);
    let connection = causeway.connect_http(&erp.url).await;
    fail(&causeway, &connection, 3).await;
    assert_eq!(health(&causeway, &connection).await["circuit"], "open");
    erp.set(200);
    assert_eq!(causeway.sync(&connection, "products").await["status"], "success");
    let healed = health(&causeway, &connection).await;
    assert_eq!((&healed["circuit"], &healed["status"]), (&json!("closed"), &json!("active")), "{healed}");
    assert_eq!(healed["lastSuccessAt"], healed["history"][0]["at"]);
}

#[tokio::test]
async fn answers_that_make_no_sense_do_not_open_the_circuit() {
    let (causeway, erp) = (Causeway::start().await, Moody::start(299).await);
    let connection = causeway.connect_http(&erp.url).await;
    fail(&causeway, &connection, 4).await;
    let health = health(&causeway, &connection).await;
    assert_eq!(
        (&health["circuit"], &health["history"], &health["status"]),
        (&json!("closed"), &json!([]), &json!("active"))
    );
}

#[tokio::test]
async fn the_history_is_paged_newest_first_and_goes_with_the_connection() {
    let (causeway, erp) = (Causeway::start().await, Moody::start(200).await);
    let connection = causeway.connect_http(&erp.url).await;
    for _ in 0..3 {
        causeway.sync(&connection, "products").await;
    }
    let (mut seen, mut next) = (Vec::new(), Some(format!("/erp/connections/{connection}/health?limit=2")));
    while let Some(path) = next {
        let answer = causeway.client().get(&path).await;
        next = answer.next();
        seen.extend(answer.expect(200)["history"].as_array().unwrap().clone());
    }
    let times: Vec<_> = seen.iter().map(|contact| moment(&contact["at"])).collect();
    assert_eq!(times.len(), 3);
    assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
    let path = format!("/erp/connections/{connection}");
    causeway.client().delete(&path).await.expect(204);
    causeway.client().get(&format!("{path}/health")).await.expect(404);
    let id = connection.parse().unwrap();
    assert!(causeway.engine().store.contacts(&id, 10, None).await.unwrap().items.is_empty());
}
