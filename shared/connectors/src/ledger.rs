//! Files that were stored and moved away, remembered by what is in them.

use std::fmt;

use async_trait::async_trait;
use domain::DataType;
use domain::stored_file::StoredFile;
use transport::ErpError;

/// The ledger of the files of one connection. A connector asks it whether a file came before.
#[async_trait]
pub trait Ledger: fmt::Debug + Send + Sync {
    /// Whether a file of this size was noted: if not, none of the same content was.
    ///
    /// # Errors
    /// If it cannot be read.
    async fn has_size(&self, data_type: DataType, size: u64) -> Result<bool, ErpError>;

    /// The file of this content that was noted last.
    ///
    /// # Errors
    /// If it cannot be read.
    async fn find(
        &self,
        data_type: DataType,
        size: u64,
        sha256: &str,
    ) -> Result<Option<StoredFile>, ErpError>;

    /// Notes a file that is stored, in place of an earlier one of the same content.
    ///
    /// # Errors
    /// If it cannot be written.
    async fn note(&self, data_type: DataType, file: &StoredFile) -> Result<(), ErpError>;
}
