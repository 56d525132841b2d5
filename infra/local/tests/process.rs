//! The program as a person runs it: started with an environment, stopped, killed, started again.
#![cfg(test)]

mod kills;
mod program;
mod traces;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Json;
use axum::extract::{Query, State};
use axum::routing::get;
use program::{PASSWORD, Program, refusal};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Notify;

#[test]
fn everything_that_is_wrong_with_the_settings_is_told_before_anything_starts() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let told = refusal(&data, &[("CAUSEWAY_PORT", "ninety"), ("CAUSEWAY_EGRESS_ALLOW", "10.0.0.0/99")]);
    assert!(told.contains("CAUSEWAY_PORT must be a port from 0 to 65535, not \"ninety\""), "{told}");
    assert!(told.contains("CAUSEWAY_EGRESS_ALLOW") && told.contains("10.0.0.0/99"), "{told}");
    assert!(!data.exists(), "nothing was made");
}

#[test]
fn a_port_that_is_in_use_is_named_with_its_setting() {
    let directory = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let told = refusal(directory.path(), &[("CAUSEWAY_PORT", &port)]);
    assert!(told.contains(&format!("port {port} is in use")) && told.contains("CAUSEWAY_PORT"), "{told}");
}

#[tokio::test]
async fn a_second_process_does_not_touch_a_data_directory_in_use() {
    let directory = tempfile::tempdir().unwrap();
    let first = Program::start(directory.path());
    let told = refusal(directory.path(), &[("CAUSEWAY_PORT", "0")]);
    assert!(told.contains("in use by another Causeway") && told.contains("CAUSEWAY_DATA_DIR"), "{told}");
    first.stop();
}

#[tokio::test]
async fn a_restart_keeps_users_tokens_and_connections_and_shows_the_password_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let mut program = Program::start(directory.path());
    assert!(program.greeting.contains("admin@causeway.local") && program.greeting.contains(PASSWORD));
    program.sign_in().await;
    let made = program.post("/erp/connections", connection("http://127.0.0.1:1")).await;
    let token = program.token.clone();
    program.stop();

    let mut program = Program::start(directory.path());
    assert!(!program.greeting.contains("password"), "{}", program.greeting);
    program.token = token;
    assert_eq!(program.get(&format!("/erp/connections/{}", id(&made))).await, made);
    program.sign_in().await;
    program.stop();
}

#[tokio::test]
async fn a_sync_that_was_killed_in_the_middle_goes_on_after_the_next_start_and_counts_each_record_once() {
    let directory = tempfile::tempdir().unwrap();
    let erp = SlowErp::start().await;
    let mut program = Program::start(directory.path());
    program.sign_in().await;
    let made = program.post("/erp/connections", connection(&erp.url)).await;
    let sync = format!("/erp/connections/{}/sync", id(&made));
    let run = program.post(&sync, json!({"dataType": "products"})).await;
    erp.in_the_middle.notified().await;
    program.kill();

    erp.held.store(false, Ordering::SeqCst);
    let mut program = Program::start(directory.path());
    program.sign_in().await;
    let log = program.finished_run(id(&run)).await;
    assert_eq!(log["status"], "success", "{log}");
    assert_eq!(log["counts"]["read"], PAGES * PAGE, "{log}");
    assert_eq!(log["counts"]["created"], PAGES * PAGE, "{log}");
    let records = format!("/erp/records/products?erpConnectionId={}&limit=1000", id(&made));
    assert_eq!(program.get(&records).await.as_array().unwrap().len(), usize::try_from(PAGES * PAGE).unwrap());
    program.stop();
}

fn id(resource: &Value) -> &str {
    resource["id"].as_str().unwrap_or_else(|| panic!("no id: {resource}"))
}

fn connection(url: &str) -> Value {
    json!({
        "name": "Demo", "provider": "custom", "connectionMethod": "api", "credentials": {"apiUrl": url},
        "settings": {"enabledDataTypes": ["products"], "batchSize": PAGE},
    })
}

const PAGES: u64 = 4;
const PAGE: u64 = 100;

/// An ERP of [`PAGES`] pages that does not answer for the third while it is held.
struct SlowErp {
    url: String,
    held: Arc<AtomicBool>,
    in_the_middle: Arc<Notify>,
}

impl SlowErp {
    async fn start() -> Self {
        let (held, in_the_middle) = (Arc::new(AtomicBool::new(true)), Arc::new(Notify::new()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = (Arc::clone(&held), Arc::clone(&in_the_middle));
        let routes = axum::Router::new().route("/products", get(page)).with_state(state);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, held, in_the_middle }
    }
}

type Gate = (Arc<AtomicBool>, Arc<Notify>);

async fn page(
    State((held, reached)): State<Gate>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    let page: u64 = query.get("page").map_or(1, |page| page.parse().unwrap());
    if page == 3 && held.load(Ordering::SeqCst) {
        reached.notify_one();
        std::future::pending::<()>().await;
    }
    let from = (page - 1) * PAGE;
    let records = if page > PAGES { 0..0 } else { from..from + PAGE };
    let records: Vec<Value> =
        records.map(|n| json!({"sku": format!("SKU-{n:05}"), "name": format!("Product {n}")})).collect();
    Json(json!({"data": records, "total": PAGES * PAGE}))
}

#[test]
fn the_data_directory_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    Program::start(&data).stop();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    assert_eq!(mode(&data.join("secret.key")), 0o600);
}
