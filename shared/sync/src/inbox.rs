//! Documents that somebody sends us by themselves: kept before they are answered, read by the next run of their data
//! type, which is due at once.

use async_trait::async_trait;
use connectors::{Inbox, Waiting};
use domain::connection::{Connection, ConnectionMethod};
use domain::ids::ConnectionId;
use domain::sync_config::SyncConfig;
use domain::{DataType, Direction};
use store::{Store, StoreError};
use transport::ErpError;

use crate::engine::{Engine, now};

/// Sync configs read at a time.
const PAGE: u32 = 100;

/// The documents of one connection.
#[derive(Debug)]
pub(crate) struct KeptDocuments {
    store: Store,
    connection: ConnectionId,
}

impl KeptDocuments {
    pub(crate) fn new(store: Store, connection: &Connection) -> Self {
        Self { store, connection: connection.id.clone() }
    }
}

#[async_trait]
impl Inbox for KeptDocuments {
    async fn waiting(
        &self,
        data_type: DataType,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Waiting>, ErpError> {
        let found = self.store.waiting_documents(&self.connection, data_type, after, limit).await;
        let found = found.map_err(|error| unavailable(&error))?;
        Ok(found.into_iter().map(|(id, document)| Waiting { id, document }).collect())
    }

    async fn forget(&self, data_type: DataType, ids: &[String]) -> Result<(), ErpError> {
        let forgotten = self.store.forget_documents(&self.connection, data_type, ids).await;
        forgotten.map_err(|error| unavailable(&error))
    }
}

fn unavailable(error: &StoreError) -> ErpError {
    ErpError::Unavailable(format!("the documents that came cannot be had: {error}"))
}

impl Engine {
    /// Keeps a document that came over a connection, and makes the sync due that reads it; `false` if it came before. A
    /// sender who gets an error sends it again.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`], or if the table cannot be reached.
    pub async fn take_document(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        id: &str,
        document: &str,
    ) -> Result<bool, StoreError> {
        let is_new = self.store.keep_document(connection, data_type, id, document, now()).await?;
        // Also if it came before: whoever took it then may have died before this.
        if let Some(config) = self.reading_config(connection, data_type).await? {
            self.store.make_due(&config, now()).await?;
        }
        Ok(is_new)
    }

    /// The oldest enabled config that pulls a data type.
    async fn reading_config(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
    ) -> Result<Option<SyncConfig>, StoreError> {
        let mut cursor = None;
        loop {
            let page = self.store.sync_configs_of(connection, PAGE, cursor.as_deref()).await?;
            let reads = |config: &SyncConfig| {
                config.enabled && config.data_type == data_type && config.direction != Direction::Push
            };
            if let Some(found) = page.items.into_iter().find(reads) {
                return Ok(Some(found));
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(None);
            }
        }
    }
}

/// Makes the config of a run that is about to end due again if documents still wait: it read as many as one run may.
pub(crate) async fn go_on(
    engine: &Engine,
    connection: &Connection,
    config: Option<&SyncConfig>,
    data_type: DataType,
) -> Result<(), StoreError> {
    let Some(config) = config.filter(|_| connection.connection_method == ConnectionMethod::Doi) else {
        return Ok(());
    };
    if engine.store.waiting_documents(&connection.id, data_type, None, 1).await?.is_empty() {
        return Ok(());
    }
    engine.store.make_due(config, now()).await
}
