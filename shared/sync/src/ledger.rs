//! The ledger of a connection's files, kept in the table for all workers.

use async_trait::async_trait;
use connectors::Ledger;
use domain::DataType;
use domain::connection::Connection;
use domain::ids::ConnectionId;
use domain::stored_file::StoredFile;
use store::{Store, StoreError};
use transport::ErpError;

/// The ledger of one connection.
#[derive(Debug)]
pub(crate) struct KeptLedger {
    store: Store,
    connection: ConnectionId,
}

impl KeptLedger {
    pub(crate) fn new(store: Store, connection: &Connection) -> Self {
        Self { store, connection: connection.id.clone() }
    }
}

#[async_trait]
impl Ledger for KeptLedger {
    async fn has_size(&self, data_type: DataType, size: u64) -> Result<bool, ErpError> {
        let found = self.store.remembers_file_of_size(&self.connection, data_type, size).await;
        found.map_err(|error| unavailable(&error))
    }

    async fn find(
        &self,
        data_type: DataType,
        size: u64,
        sha256: &str,
    ) -> Result<Option<StoredFile>, ErpError> {
        let found = self.store.stored_file(&self.connection, data_type, size, sha256).await;
        found.map_err(|error| unavailable(&error))
    }

    async fn note(&self, data_type: DataType, file: &StoredFile) -> Result<(), ErpError> {
        let noted = self.store.remember_file(&self.connection, data_type, file).await;
        noted.map_err(|error| unavailable(&error))
    }
}

fn unavailable(error: &StoreError) -> ErpError {
    ErpError::Unavailable(format!("the ledger of files cannot be had: {error}"))
}
