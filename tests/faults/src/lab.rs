//! Everything one seed works with: an ERP, a table, a queue, and the connection between them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aws_smithy_runtime_api::client::http::{HttpClient, SharedHttpClient};
use domain::connection::{
    Connection, ConnectionMethod, ConnectionSettings, ConnectionStatus, CredentialsOf, Provider,
};
use domain::ids::{ConnectionId, SyncConfigId};
use domain::sync_config::{SyncConfig, SyncSettings, SyncStatus};
use domain::{DataType, Direction};
use jiff::Timestamp;
use secrets::Vault;
use serde_json::json;
use store::{Collection, Store};
use sync::{Engine, Pace};
use tokio_util::sync::CancellationToken;
use transport::Transport;

use crate::dice::{Actor, Dice, Weather};
use crate::erp::{self, Catalogue, Desk, LEFT_OUT, Shop};
use crate::nudges::Nudges;
use crate::plan::{Paging, Plan, ms};
use crate::table::Table;
use crate::wire::Wire;
use crate::workers::Victims;

/// What is synced.
pub(crate) const DATA_TYPE: DataType = DataType::Products;

/// Calls that are made to find out how long one takes.
const CALLS: u32 = 20;

/// The laboratory of one seed.
#[derive(Debug)]
pub(crate) struct Lab {
    pub(crate) plan: Plan,
    pub(crate) weather: Arc<Weather>,
    pub(crate) shop: Arc<Mutex<Shop>>,
    pub(crate) nudges: Nudges,
    pub(crate) victims: Victims,
    pub(crate) connection: Connection,
    pub(crate) config: SyncConfig,
    /// The table, without faults: what is proved is read from here.
    pub(crate) store: Store,
    /// For what people do.
    pub(crate) dice: Dice,
    table: Table,
    vault: Vault,
    transport: Transport,
    processes: AtomicU64,
}

impl Lab {
    /// The records that are synced.
    pub(crate) fn collection(&self) -> Collection {
        Collection::plain(self.connection.id.clone(), DATA_TYPE)
    }

    pub(crate) async fn open(seed: u64) -> Self {
        let table = Table::start(seed).await;
        let store = table.calm();
        let plan = Plan::of(seed, time_of_a_call(&store).await);
        let weather = Weather::new(plan.faults);
        let dice = |actor| Dice::of(plan.seed, actor, &weather);
        let catalogue = Catalogue::new(&plan, dice(Actor::Catalogue).throw(fastrand::Rng::fork));
        let shop = Arc::new(Mutex::new(Shop { catalogue, desk: Desk::default() }));
        let victims = Victims::default();
        let url = erp::serve(Arc::clone(&shop), plan.clone(), dice(Actor::Erp), victims.clone()).await;
        let people = dice(Actor::People);
        let nudges = Nudges::new(plan.seed, dice(Actor::Delivery), plan.visibility);
        let connection = connection(&plan, url);
        let config = config(&connection.id);
        store.create_connection(&connection).await.unwrap();
        store.create_sync_config(&config).await.unwrap();
        let vault = Vault::from_key([7; 32]);
        let transport = Transport::new("127.0.0.0/8".parse().unwrap());
        Self {
            plan,
            weather,
            shop,
            nudges,
            victims,
            connection,
            config,
            store,
            dice: people,
            table,
            vault,
            transport,
            processes: AtomicU64::new(0),
        }
    }

    /// The engine of a new process, and what ends it.
    pub(crate) fn process(&self) -> (Engine, CancellationToken) {
        let number = self.processes.fetch_add(1, Ordering::SeqCst);
        let (dice, kill) =
            (Dice::of(self.plan.seed, Actor::Process(number), &self.weather), CancellationToken::new());
        let wire = |inner: SharedHttpClient, per_mille| {
            let slow = self.plan.pace.lease.mul_f64(0.7);
            Wire { inner, dice: dice.clone(), per_mille, slow, kill: kill.clone() }
        };
        let engine = Engine {
            store: self.table.over(wire(self.table.http(), self.plan.table_faults)),
            queue: self.nudges.over(wire(self.nudges.http(), self.plan.queue_faults)),
            vault: self.vault.clone(),
            transport: self.transport.clone(),
            pace: self.plan.pace,
        };
        (engine, kill)
    }

    /// The table by a way of its own.
    pub(crate) fn reached_by<W: HttpClient + 'static>(
        &self,
        way: impl FnOnce(SharedHttpClient) -> W,
    ) -> Store {
        self.table.over(way(self.table.http()))
    }

    /// An engine that nothing happens to and that takes its time.
    pub(crate) fn calm(&self) -> Engine {
        Engine {
            store: self.store.clone(),
            queue: self.nudges.over(self.nudges.http()),
            vault: self.vault.clone(),
            transport: self.transport.clone(),
            pace: Pace { batch_records: self.plan.pace.batch_records, ..Pace::default() },
        }
    }
}

/// How long a call to the table takes on this machine as busy as it is.
async fn time_of_a_call(store: &Store) -> Duration {
    let begun = Instant::now();
    for _ in 0..CALLS {
        store.connection(&ConnectionId::generate()).await.unwrap();
    }
    (begun.elapsed() / CALLS).max(ms(1))
}

fn connection(plan: &Plan, url: String) -> Connection {
    let style = match plan.paging {
        Paging::Page => "page",
        Paging::Offset => "offset",
        Paging::Cursor => "cursor",
        Paging::NextUrl => "auto",
    };
    let push = if plan.idempotent {
        json!({"idempotent": true})
    } else {
        json!({"lookup": {"path": "/orders?reference={reference}"}})
    };
    let settings = json!({
        "timeout": 5_000, "retryAttempts": 3, "retryDelay": 10, "batchSize": plan.page,
        "parallelParts": plan.parts,
        "api": {
            "paging": {"style": style},
            "push": {"orders": push},
            "changedSinceOf": {"products": {"param": "since", "format": "unix_ms"}},
        },
    });
    let now = Timestamp::now();
    Connection {
        id: ConnectionId::generate(),
        name: "An ERP that misbehaves".to_owned(),
        provider: Provider::Custom,
        connection_method: ConnectionMethod::Api,
        status: ConnectionStatus::Active,
        credentials: CredentialsOf { api_url: Some(url), ..CredentialsOf::default() },
        settings: serde_json::from_value::<ConnectionSettings>(settings).unwrap(),
        last_tested_at: None,
        last_sync_at: None,
        last_error: None,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

fn config(connection: &ConnectionId) -> SyncConfig {
    let now = Timestamp::now();
    let config = json!({
        "id": SyncConfigId::generate(), "erpConnectionId": connection, "dataType": DATA_TYPE,
        "direction": Direction::Pull, "enabled": true, "status": SyncStatus::Idle,
        "settings": SyncSettings { auto_sync: false, overlap_minutes: 0, ..SyncSettings::default() },
        "fieldMapping": {}, "transformations": [], "filters": {"category": {"ne": LEFT_OUT}},
        "createdAt": now, "updatedAt": now, "version": 1,
    });
    serde_json::from_value(config).unwrap()
}
