//! A Causeway that was deployed: the same tests through API Gateway, Lambda and SQS. `make test-cloud` deploys it and
//! says in the environment where it is; without that each test starts a Causeway of its own.
//!
//! There is one deployment, so tests take turns, each with an empty table as on one machine. Never point this at a
//! Causeway whose data anybody wants.

use std::env;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use queue::Queue;
use secrets::Vault;
use serde_json::json;
use store::Store;
use sync::{Engine, Pace};
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::task::JoinHandle;
use transport::Transport;

/// What stays when the table is emptied, by partition: keys that the functions have read already.
const KEPT: [&str; 3] = ["data_key", "signing_key", "signing_key_private"];

/// How long a test waits for its turn. Longer means that a test asked for two turns at once.
const TURN: Duration = Duration::from_secs(1_800);

/// How often the scheduler is called: as often as the local process of a test does. EventBridge does each minute.
const TICK: Duration = Duration::from_millis(500);

/// The deployed Causeway, while one test has it.
pub(crate) struct Deployment {
    address: String,
    engine: Engine,
    ticking: JoinHandle<()>,
    _turn: OwnedMutexGuard<()>,
}

impl Deployment {
    /// Waits for this test's turn and empties the table; `None` if nothing is deployed.
    pub(crate) async fn claim() -> Option<Self> {
        static TURNS: OnceLock<Arc<Mutex<()>>> = OnceLock::new();
        let address = env::var("E2E_URL").ok()?;
        let turn = Arc::clone(TURNS.get_or_init(Arc::default)).lock_owned();
        let turn = tokio::time::timeout(TURN, turn).await.expect("a test has the deployment to itself, once");
        let config = aws_config::load_defaults(BehaviorVersion::v2026_01_12()).await;
        let table = setting("E2E_TABLE");
        empty(&Client::new(&config), &table).await;
        let ticking = tokio::spawn(tick(config.endpoint_url().unwrap().to_owned(), setting("E2E_SCHEDULER")));
        Some(Self { address, engine: engine(config, &table), ticking, _turn: turn })
    }

    /// Where its API is.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// An engine over its table, queue and data key.
    pub(crate) const fn engine(&self) -> &Engine {
        &self.engine
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        self.ticking.abort();
    }
}

/// Whether a test is to be left out, because what it looks at cannot be there in the cloud for `reason`. Told, so that
/// the list of such tests is seen.
pub(crate) fn left_out_in_the_cloud(test: &str, reason: &str) -> bool {
    let deployed = env::var_os("E2E_URL").is_some();
    if deployed {
        println!("left out: {test}: {reason}");
    }
    deployed
}

fn setting(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("E2E_URL is set, so {name} must be: see scripts/test-cloud"))
}

fn engine(config: SdkConfig, table: &str) -> Engine {
    let store = Store::new(Client::new(&config), table);
    Engine {
        queue: Queue::new(aws_sdk_sqs::Client::new(&config), setting("E2E_RUNS_QUEUE_URL")),
        vault: Vault::from_kms(config, setting("E2E_KMS_KEY_ID"), store.clone()),
        transport: Transport::new("127.0.0.0/8,::1/128".parse().unwrap()),
        pace: Pace::default(),
        store,
    }
}

/// Takes every item out of the table but the keys.
async fn empty(client: &Client, table: &str) {
    let scan =
        client.scan().table_name(table).projection_expression("pk, sk").into_paginator().items().send();
    let items = scan.try_collect().await.unwrap();
    let kept = |item: &AttributeValue| KEPT.contains(&item.as_s().unwrap().as_str());
    let items: Vec<_> = items.into_iter().filter(|item| !kept(&item["pk"])).collect();
    for batch in items.chunks(25) {
        let deleted = batch.iter().map(|item| {
            let request = DeleteRequest::builder().set_key(Some(item.clone())).build().unwrap();
            WriteRequest::builder().delete_request(request).build()
        });
        let batch = client.batch_write_item().request_items(table, deleted.collect());
        let left = batch.send().await.unwrap().unprocessed_items.unwrap_or_default();
        assert!(left.is_empty(), "the table throttles: {left:?}");
    }
}

/// Calls the scheduler's function as EventBridge Scheduler does, only more often.
#[expect(clippy::disallowed_methods, reason = "a client from outside; the egress guard is not meant for it")]
async fn tick(endpoint: String, function: String) {
    let http = reqwest::Client::new();
    let url = format!("{endpoint}/2015-03-31/functions/{function}/invocations");
    loop {
        let called = http.post(&url).body(json!({}).to_string()).send().await;
        called.unwrap().error_for_status().expect("the scheduler can be called");
        tokio::time::sleep(TICK).await;
    }
}
