//! What can go wrong with the table, in the kinds a caller acts on.

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use thiserror::Error;

/// A failed operation on the table.
#[derive(Debug, Error)]
pub enum StoreError {
    /// Somebody else changed the item since it was read.
    #[error("the item was changed by somebody else meanwhile")]
    Changed,
    /// There is such an item already.
    #[error("there is such an item already")]
    Exists,
    /// A cursor that this listing did not hand out.
    #[error("the cursor is not one of this list")]
    InvalidCursor,
    /// DynamoDB could not be reached, or asked us to slow down for longer than we retry.
    #[error("the table is not available: {message}")]
    Unavailable {
        /// What DynamoDB said.
        message: String,
        /// The cause.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A table that an earlier version made, and that this one cannot work with.
    #[error("the table was made by an earlier version, which kept records otherwise: begin with a new one")]
    OldTable,
    /// An item that is larger than the table takes.
    #[error("it has {bytes} bytes when compressed, the table takes {limit}")]
    TooLarge {
        /// How many bytes it has, compressed.
        bytes: usize,
        /// How many it may have.
        limit: usize,
    },
    /// An item that cannot be read back, or a value that cannot be written: a defect of ours.
    #[error("an item of the table cannot be read or written: {0}")]
    Corrupt(String),
}

impl StoreError {
    /// A defect: something in the table is not what we wrote.
    pub(crate) fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }
}

/// Classes any failed call; callers that can name a lost condition do so before.
impl<E, R> From<SdkError<E, R>> for StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        match error.code() {
            Some("ConditionalCheckFailedException") => Self::Changed,
            Some("ValidationException") => {
                Self::corrupt(error.message().unwrap_or("the request is not valid"))
            }
            code => {
                let message = error.message().or(code).unwrap_or("no answer").to_owned();
                Self::Unavailable { message, source: Box::new(error) }
            }
        }
    }
}

impl From<serde_dynamo::Error> for StoreError {
    fn from(error: serde_dynamo::Error) -> Self {
        Self::corrupt(error)
    }
}
