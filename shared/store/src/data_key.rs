//! The data key that secrets are sealed under, wrapped by a key that never is in the table.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;

use crate::{Store, StoreError, key};

const WRAPPED: &str = "wrapped";

impl Store {
    /// Reads the wrapped data key; `None` before one was made.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn wrapped_data_key(&self) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(mut item) = self.get_item(&key::data_key()).await? else { return Ok(None) };
        match item.remove(WRAPPED) {
            Some(AttributeValue::B(wrapped)) => Ok(Some(wrapped.into_inner())),
            _ => Err(StoreError::corrupt("the item of the data key holds none")),
        }
    }

    /// Keeps the wrapped data key. It is never replaced: what is sealed under it could not be opened any more.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is one already.
    pub async fn keep_wrapped_data_key(&self, wrapped: Vec<u8>) -> Result<(), StoreError> {
        let mut item = key::data_key().to_item();
        item.insert(WRAPPED.to_owned(), AttributeValue::B(Blob::new(wrapped)));
        self.insert(item).await
    }
}
