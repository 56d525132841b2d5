//! The table: an embedded DynamoDB in memory, for one seed alone.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::SharedHttpClient;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Config, Credentials, HttpClient, Region, StalledStreamProtectionConfig,
};
use store::Store;

use crate::plan::ms;

const NAME: &str = "causeway";

/// A running table.
#[derive(Debug)]
pub(crate) struct Table {
    config: Config,
    http: SharedHttpClient,
}

impl Table {
    /// An empty one. Its server ends with the runtime.
    pub(crate) async fn start(seed: u64) -> Self {
        let database = dynoxide::Database::memory().unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(dynoxide::server::serve_on(listener, database));
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("local"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url(endpoint)
            .http_client(http.clone())
            // A bucket of retries is shared by all clients of a partition, and other seeds run in this process.
            .retry_partition(RetryPartition::new(format!("seed {seed}")))
            .retry_config(RetryConfig::standard().with_initial_backoff(ms(1)).with_max_backoff(ms(4)))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .build();
        let table = Self { config, http };
        table.calm().create_table().await.unwrap();
        table
    }

    /// Reaches it by `wire`.
    pub(crate) fn over(&self, wire: impl HttpClient + 'static) -> Store {
        Store::new(Client::from_conf(self.config.to_builder().http_client(wire).build()), NAME)
    }

    /// Reaches it without faults.
    pub(crate) fn calm(&self) -> Store {
        Store::new(Client::from_conf(self.config.clone()), NAME)
    }

    /// What a wire leads to.
    pub(crate) fn http(&self) -> SharedHttpClient {
        self.http.clone()
    }
}
