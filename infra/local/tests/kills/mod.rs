//! Twenty times `kill -9` in the middle of syncs: whatever was cut off is taken up again, and everything is stored and
//! counted once.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use crate::program::Program;
use crate::{connection, id};

const KILLS: u32 = 20;
const RECORDS: usize = 12_000;
const PAGE: usize = 500;

/// How soon a run that was cut off must be at work again after the start.
const SOON: Duration = Duration::from_secs(10);

/// A run that five workers in a row took up without getting further is given up, and rightly so: before that may
/// happen, one of them is let live until it has got further.
const IN_VAIN: u32 = 3;

#[tokio::test]
async fn after_twenty_kills_every_record_is_stored_once_and_counted_once() {
    let mut chance = fastrand::Rng::with_seed(20);
    let erp = Erp::start().await;
    let directory = tempfile::tempdir().unwrap();
    let mut program = Program::start(directory.path());
    program.sign_in().await;
    let mut body = connection(&erp.url);
    body["settings"]["batchSize"] = PAGE.into();
    let connection = program.post("/erp/connections", body).await;
    let mut syncs = Syncs { connection: id(&connection).to_owned(), closed: 0, read: 0 };

    let mut run = syncs.start(&program, &erp).await;
    let (mut in_vain, mut last_read) = (0, 0);
    for _ in 0..KILLS {
        let until = Instant::now() + Duration::from_millis(chance.u64(20..900));
        while Instant::now() < until || in_vain >= IN_VAIN && run.read(&program).await == last_read {
            sleep(Duration::from_millis(20)).await;
        }
        let token = program.token.clone();
        program.kill();
        let requests = erp.requests();
        program = Program::start(directory.path());
        let started = Instant::now();
        program.token = token;
        while erp.requests() == requests && !run.is_closed(&program).await {
            assert!(started.elapsed() < SOON, "{} is not taken up within {SOON:?}", run.id);
            sleep(Duration::from_millis(20)).await;
        }
        let read = run.read(&program).await;
        in_vain = if read == last_read { in_vain + 1 } else { 0 };
        last_read = read;
        if run.is_closed(&program).await {
            syncs.hold(&program, &run).await;
            run = syncs.start(&program, &erp).await;
            (in_vain, last_read) = (0, 0);
        }
    }
    program.finished_run(&run.id).await;
    syncs.hold(&program, &run).await;
    let records = syncs.records(&program).await;
    assert_eq!(records, erp.records.lock().unwrap().clone());
    // Nothing is in the way of another.
    let last = syncs.start(&program, &erp).await;
    program.finished_run(&last.id).await;
    syncs.hold(&program, &last).await;
    program.stop();
}

/// A run, and what it must have done once it is closed.
struct Run {
    id: String,
    created: usize,
    updated: usize,
}

impl Run {
    async fn log(&self, program: &Program) -> Value {
        program.get(&format!("/erp/sync-logs/{}", self.id)).await
    }

    async fn read(&self, program: &Program) -> u64 {
        self.log(program).await["counts"]["read"].as_u64().unwrap()
    }

    async fn is_closed(&self, program: &Program) -> bool {
        self.log(program).await["status"] != "syncing"
    }
}

/// What was synced so far.
struct Syncs {
    connection: String,
    closed: u64,
    read: u64,
}

impl Syncs {
    /// Changes something at the ERP and starts a run.
    async fn start(&self, program: &Program, erp: &Erp) -> Run {
        let (created, updated) = if self.closed == 0 { (RECORDS, 0) } else { (0, erp.change()) };
        let path = format!("/erp/connections/{}/sync", self.connection);
        let log = program.post(&path, json!({"dataType": "products", "mode": "full"})).await;
        Run { id: id(&log).to_owned(), created, updated }
    }

    /// Holds a closed run and the statistics against what happened.
    async fn hold(&mut self, program: &Program, run: &Run) {
        let log = run.log(program).await;
        assert_eq!(log["status"], "success", "{log}");
        let counts = &log["counts"];
        let told = [&counts["read"], &counts["created"], &counts["updated"], &counts["unchanged"]];
        let Run { created, updated, .. } = *run;
        assert_eq!(told, [RECORDS, created, updated, RECORDS - created - updated], "{log}");
        self.closed += 1;
        self.read += RECORDS as u64;
        let statistics = program.get(&format!("/erp/connections/{}/statistics", self.connection)).await;
        let told =
            [&statistics["totalSyncs"], &statistics["successfulSyncs"], &statistics["totalRecordsProcessed"]];
        assert_eq!(told, [self.closed, self.closed, self.read], "{statistics}");
    }

    /// The names of all records, in the order of their keys.
    async fn records(&self, program: &Program) -> Vec<String> {
        let path = format!("/erp/records/products?erpConnectionId={}&limit=1000", self.connection);
        program
            .list(&path)
            .await
            .iter()
            .map(|record| record["data"]["name"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// An ERP that takes its time over each page.
struct Erp {
    url: String,
    /// The names of its records.
    records: Arc<Mutex<Vec<String>>>,
    requests: Arc<AtomicU64>,
}

type Shared = (Arc<Mutex<Vec<String>>>, Arc<AtomicU64>);

impl Erp {
    async fn start() -> Self {
        let records = (0..RECORDS).map(|number| format!("Product {number}")).collect();
        let (records, requests) = (Arc::new(Mutex::new(records)), Arc::new(AtomicU64::new(0)));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = (Arc::clone(&records), Arc::clone(&requests));
        let routes = axum::Router::new().route("/products", get(page)).with_state(state);
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { url, records, requests }
    }

    /// Changes every seventh record; says how many that are.
    fn change(&self) -> usize {
        self.records.lock().unwrap().iter_mut().step_by(7).map(|name| name.push('!')).count()
    }

    fn requests(&self) -> u64 {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn page(
    State((records, requests)): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
) -> Json<Value> {
    requests.fetch_add(1, Ordering::SeqCst);
    sleep(Duration::from_millis(40)).await;
    let page: usize = query.get("page").map_or(1, |page| page.parse().unwrap());
    let records = records.lock().unwrap();
    let data = records.iter().enumerate().skip((page - 1) * PAGE).take(PAGE);
    let data: Vec<Value> =
        data.map(|(number, name)| json!({"sku": format!("SKU-{number:05}"), "name": name})).collect();
    Json(json!({"data": data, "total": records.len()}))
}
