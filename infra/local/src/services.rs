//! The AWS services that Causeway needs, on this machine: a DynamoDB with its table, an SQS with its queues.

use std::path::Path;

use anyhow::Context;
use aws_sdk_dynamodb::config::SharedInterceptor;
use queue::Queue;
use store::Store;

use crate::clients::{self, REGION};
use crate::embedded::{DynamoDb, Queues, Sqs, make_queues};
use crate::event_source::EventSource;
use crate::first_admin;

/// The table's name.
const TABLE: &str = "causeway";

/// How many messages are worked on side by side. A worker mostly waits for an ERP.
const WORKERS: usize = 8;

/// The running services. Dropping them ends them; [`Services::stop`] closes the table first.
pub struct Services {
    store: Store,
    queue: Queue,
    pub(crate) queues: Queues,
    pub(crate) sqs_client: aws_sdk_sqs::Client,
    pub(crate) sqs: Sqs,
    dynamodb: DynamoDb,
}

impl Services {
    /// Starts them, over the table in `file` or one in memory, and makes table and queues where there are none.
    ///
    /// # Errors
    /// With what could not be started or made.
    pub async fn start(file: Option<&Path>, watcher: Option<SharedInterceptor>) -> anyhow::Result<Self> {
        let dynamodb = DynamoDb::start(file).await?;
        let sqs = Sqs::start().await?;
        let sqs_client = sqs.client(watcher.clone());
        let queues = make_queues(&sqs_client).await?;
        let store = Store::new(clients::dynamodb(dynamodb.address(), watcher), TABLE);
        store.create_table().await.context("cannot make the table (CAUSEWAY_DATA_DIR)")?;
        let queue = Queue::new(sqs_client.clone(), &queues.runs);
        Ok(Self { store, queue, queues, sqs_client, sqs, dynamodb })
    }

    /// The table.
    #[must_use]
    pub const fn store(&self) -> &Store {
        &self.store
    }

    /// Where producers send messages.
    #[must_use]
    pub const fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Where messages of runs come from.
    #[must_use]
    pub fn runs(&self) -> EventSource {
        EventSource::new(self.sqs_client.clone(), &self.queues.runs, WORKERS)
    }

    /// Where messages come from that were given up.
    #[must_use]
    pub fn dead_letters(&self) -> EventSource {
        EventSource::new(self.sqs_client.clone(), &self.queues.dead_letters, 1)
    }

    /// What a Lambda function finds in its environment when it works over these services.
    #[must_use]
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_REGION", REGION.to_owned()),
            ("AWS_ACCESS_KEY_ID", "local".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "local".to_owned()),
            ("AWS_ENDPOINT_URL_DYNAMODB", format!("http://{}", self.dynamodb.address())),
            ("AWS_ENDPOINT_URL_SQS", format!("http://{}", self.sqs.address())),
            ("CAUSEWAY_TABLE", TABLE.to_owned()),
            ("CAUSEWAY_RUNS_QUEUE_URL", self.queues.runs.clone()),
        ]
    }

    /// Makes an admin, unless there is one with that address.
    ///
    /// # Errors
    /// When the table cannot be written.
    pub async fn make_admin(&self, email: &str, password: &str) -> anyhow::Result<()> {
        first_admin::ensure(&self.store, email, Some(password.into())).await.map(|_| ())
    }

    /// Lets expired items go, as DynamoDB does in the cloud.
    pub(crate) fn database(&self) -> dynoxide::Database {
        self.dynamodb.database()
    }

    /// Closes the table.
    pub async fn stop(self) {
        drop(self.store);
        self.dynamodb.stop().await;
    }
}
