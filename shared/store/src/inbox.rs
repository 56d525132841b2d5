//! Documents that somebody sent us and nobody has read yet, by connection and data type. That one came is remembered for
//! longer than it lies here, so that one that comes again is known.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::DataType;
use domain::ids::ConnectionId;
use jiff::{SignedDuration, Timestamp};
use ulid::Ulid;

use crate::item::{Item, Range, number, string, text};
use crate::key::{self, Key, TTL};
use crate::packed::{pack, unpack};
use crate::{Store, StoreError};

/// How long it is remembered that a document came. Senders give up trying long before.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Store {
    /// Keeps a document; `false` if one with this `id` came before.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] if an item cannot hold it.
    pub async fn keep_document(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        id: &str,
        document: &str,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut item = key::inbox_document(connection, data_type, &Ulid::generate().to_string()).to_item();
        pack(&document, &mut item)?;
        let mut came = key::inbox_came(connection, id).to_item();
        came.insert(TTL.to_owned(), number(now.as_second() + REMEMBERED.as_secs()));
        match self.transact(vec![self.new_item(item)?, self.new_item(came)?]).await {
            Ok(()) => Ok(true),
            Err(StoreError::Changed) => match self.get_item(&key::inbox_came(connection, id)).await? {
                Some(_) => Ok(false),
                // It was another transaction that was in the way.
                None => Err(StoreError::Changed),
            },
            Err(error) => Err(error),
        }
    }

    fn new_item(&self, item: Item) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression("attribute_not_exists(pk)");
        Ok(TransactWriteItem::builder().put(put.build().map_err(StoreError::corrupt)?).build())
    }

    /// The documents that wait behind the one at `after`, as they came, at most `limit`: each with its place. Read
    /// consistently, so that none that was kept before is missed.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn waiting_documents(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<(String, String)>, StoreError> {
        let answer = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression("pk = :pk AND sk > :after")
            .expression_attribute_values(":pk", text(key::inbox(connection, data_type)))
            .expression_attribute_values(":after", text(after.unwrap_or(" ")))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX))
            .consistent_read(true)
            .send()
            .await?;
        let read = |item: &Item| -> Result<(String, String), StoreError> {
            Ok((string(item, "sk")?.to_owned(), unpack(item)?))
        };
        answer.items.unwrap_or_default().iter().map(read).collect()
    }

    /// Forgets documents by their places, whether or not they are there.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn forget_documents(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        places: &[String],
    ) -> Result<(), StoreError> {
        let key = |place: &String| -> Key { key::inbox_document(connection, data_type, place) };
        let keys: Vec<Item> = places.iter().map(|place| key(place).to_item()).collect();
        self.delete_many(&keys).await
    }

    /// Deletes every document of a connection. What came is left to be forgotten by itself.
    pub(crate) async fn delete_inbox(&self, connection: &ConnectionId) -> Result<(), StoreError> {
        for data_type in DataType::ALL {
            loop {
                let range = Range { prefix: "", descending: false };
                let found = self.query(None, &key::inbox(connection, data_type), &range, 25, None).await?;
                if found.is_empty() {
                    break;
                }
                self.delete_many(&found).await?;
            }
        }
        Ok(())
    }
}
