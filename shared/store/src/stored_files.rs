//! The ledger of files: what was stored from a connection's files, by content. An item of some 300 bytes for each, which
//! vanishes by itself, also after its connection is deleted.

use aws_sdk_dynamodb::types::Select;
use domain::DataType;
use domain::ids::ConnectionId;
use domain::stored_file::StoredFile;
use jiff::SignedDuration;

use crate::item::{number, text};
use crate::key::{self, TTL};
use crate::{Store, StoreError};

/// How long a file is remembered: a price list or a count of stock that comes once a year is still known a month late.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(400 * 24);

impl Store {
    /// Whether a file of this size is remembered.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn remembers_file_of_size(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        size: u64,
    ) -> Result<bool, StoreError> {
        let found = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression("pk = :pk AND begins_with(sk, :size)")
            .expression_attribute_values(":pk", text(key::stored_files(connection, data_type)))
            .expression_attribute_values(":size", text(key::stored_files_of_size(size)))
            .select(Select::Count)
            .limit(1)
            .consistent_read(true)
            .send()
            .await?;
        Ok(found.count > 0)
    }

    /// Reads what is remembered of a content.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn stored_file(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        size: u64,
        sha256: &str,
    ) -> Result<Option<StoredFile>, StoreError> {
        self.get(&key::stored_file(connection, data_type, size, sha256)).await
    }

    /// Remembers a file, in place of an earlier one of the same content.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn remember_file(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        file: &StoredFile,
    ) -> Result<(), StoreError> {
        let mut item = key::stored_file(connection, data_type, file.size, &file.sha256).with(file)?;
        item.insert(TTL.to_owned(), number(file.stored_at.as_second() + REMEMBERED.as_secs()));
        self.client.put_item().table_name(&*self.table).set_item(Some(item)).send().await?;
        Ok(())
    }
}
