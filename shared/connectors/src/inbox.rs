//! Documents that came in by themselves and wait to be read.

use std::fmt;

use async_trait::async_trait;
use domain::DataType;
use transport::ErpError;

/// The documents of one connection that wait. A connector reads them and says which may be forgotten.
#[async_trait]
pub trait Inbox: fmt::Debug + Send + Sync {
    /// Those of a data type behind the one called `after`, as they came, at most `limit`.
    ///
    /// # Errors
    /// If they cannot be had.
    async fn waiting(
        &self,
        data_type: DataType,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Waiting>, ErpError>;

    /// Forgets documents that were read and stored. It is no error if one is gone.
    ///
    /// # Errors
    /// If they cannot be reached.
    async fn forget(&self, data_type: DataType, ids: &[String]) -> Result<(), ErpError>;
}

/// One document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its place; later ones sort behind it.
    pub id: String,
    /// It, as it came.
    pub document: String,
}
