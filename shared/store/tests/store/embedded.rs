//! A table of its own for each test, and things to put into it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::interceptors::BeforeTransmitInterceptorContextRef;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, ConfigBag, Credentials, Intercept, Region, RuntimeComponents, SharedInterceptor,
};
use aws_sdk_dynamodb::error::BoxError;
use domain::DataType;
use domain::Direction;
use domain::connection::{
    Connection, ConnectionMethod, ConnectionSettings, ConnectionStatus, CredentialsOf, Provider,
};
use domain::ids::{ConnectionId, SyncConfigId};
use domain::run::{Counts, Run, RunStatus, Trigger};
use domain::sync_config::{SyncConfig, SyncSettings, SyncStatus};
use jiff::Timestamp;
use store::Store;

pub(crate) const TABLE: &str = "causeway";

/// An empty table. Its server ends with the test's runtime.
pub(crate) async fn store() -> Store {
    made(client(None).await).await
}

/// A table whose requests take unlike times to reach it.
pub(crate) async fn slow_store() -> Store {
    made(client(Some(Slow::default())).await).await
}

async fn made(client: Client) -> Store {
    let store = Store::new(client, TABLE);
    store.create_table().await.unwrap();
    store
}

/// A client of an embedded DynamoDB without a table.
pub(crate) async fn client(slow: Option<Slow>) -> Client {
    let database = dynoxide::Database::memory().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    let mut config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("local"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint);
    config.set_interceptors(slow.map(SharedInterceptor::new));
    Client::from_conf(config.build())
}

/// Holds each request up for a time of its own, as a network does.
#[derive(Debug, Default)]
pub(crate) struct Slow(AtomicU64);

impl Intercept for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn read_before_transmit(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let spread = self.0.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        std::thread::sleep(Duration::from_millis(spread >> 60));
        Ok(())
    }
}

pub(crate) fn connection(name: &str) -> Connection {
    let now = Timestamp::now();
    Connection {
        id: ConnectionId::generate(),
        name: name.to_owned(),
        provider: Provider::Sap,
        connection_method: ConnectionMethod::Sftp,
        status: ConnectionStatus::Active,
        credentials: CredentialsOf::default(),
        settings: ConnectionSettings {
            api: domain::connection::ApiSettings {
                paths: BTreeMap::from([(DataType::OrderStatus, "/x".to_owned())]),
                ..Default::default()
            },
            ..Default::default()
        },
        last_tested_at: None,
        last_sync_at: None,
        last_error: None,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

pub(crate) fn config(connection: &ConnectionId, data_type: DataType, due: Option<Timestamp>) -> SyncConfig {
    let now = Timestamp::now();
    SyncConfig {
        id: SyncConfigId::generate(),
        erp_connection_id: connection.clone(),
        data_type,
        direction: Direction::Pull,
        schedule: Some("0 6 * * *".to_owned()),
        enabled: true,
        status: SyncStatus::Idle,
        settings: SyncSettings::default(),
        field_mapping: BTreeMap::from([("name".to_owned(), None), ("sku".to_owned(), Some("id".to_owned()))]),
        transformations: Vec::new(),
        filters: BTreeMap::new(),
        last_outcome: None,
        last_sync_at: None,
        next_sync_at: due,
        held_since: None,
        last_run_id: None,
        created_at: now,
        updated_at: now,
        version: 1,
    }
}

pub(crate) fn run(connection: &ConnectionId, data_type: DataType, config: Option<&SyncConfigId>) -> Run {
    let started =
        Run::start(connection.clone(), data_type, Trigger::Manual, "usr_1".to_owned(), Timestamp::now());
    Run { sync_config_id: config.cloned(), ..started }
}

/// The run as a worker closes it.
pub(crate) fn closed(run: &Run, status: RunStatus, counts: Counts) -> Run {
    let mut run = run.clone();
    run.status = status;
    run.counts = counts;
    run.completed_at = Some(run.started_at + jiff::SignedDuration::from_millis(1_500));
    run.version += 1;
    run
}
