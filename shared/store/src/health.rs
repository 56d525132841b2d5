//! The health of connections: the breaker's state, one item each, and the contacts it follows from.

use aws_sdk_dynamodb::types::{ConditionCheck, Put, TransactWriteItem};
use domain::health::{Contact, Health};
use domain::ids::ConnectionId;
use jiff::{SignedDuration, Timestamp};

use crate::item::{Item, Range, index, number};
use crate::key::{self, BY_DUE, TTL};
use crate::{Listing, Store, StoreError};

/// How long a contact is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

impl Store {
    /// The health of a connection, as far as anything is known of it.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn health(&self, connection: &ConnectionId) -> Result<Health, StoreError> {
        let known = self.get(&key::health(connection)).await?;
        Ok(known.unwrap_or_else(|| Health::unknown(connection.clone())))
    }

    /// Writes the health of a connection. `health.version` must be one more than in the table.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if somebody else wrote it, or the connection has gone.
    pub async fn write_health(&self, health: &Health) -> Result<(), StoreError> {
        self.transact(self.health_writes(health)?).await
    }

    /// Keeps a contact, and writes the health that follows from it, both or neither.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if somebody else wrote the health, or the connection has gone.
    pub async fn keep_contact(&self, health: &Health, contact: &Contact) -> Result<(), StoreError> {
        let mut item = key::contact(&health.erp_connection_id, &contact.id).with(contact)?;
        item.insert(TTL.to_owned(), number((contact.at + KEPT).as_second()));
        let put = Put::builder().table_name(&*self.table).set_item(Some(item)).build();
        let put = TransactWriteItem::builder().put(put.map_err(StoreError::corrupt)?).build();
        let mut writes = self.health_writes(health)?;
        writes.push(put);
        self.transact(writes).await
    }

    fn health_writes(&self, health: &Health) -> Result<Vec<TransactWriteItem>, StoreError> {
        let mut item = key::health(&health.erp_connection_id).with(health)?;
        if let Some(due) = health.next_probe_at {
            index(&mut item, BY_DUE, key::PROBES, key::moment(due));
        }
        let put = Put::builder().table_name(&*self.table).set_item(Some(item));
        let put = match health.version {
            0 | 1 => put.condition_expression("attribute_not_exists(pk)"),
            version => put
                .condition_expression("version = :before")
                .expression_attribute_values(":before", number(version - 1)),
        };
        let there = ConditionCheck::builder()
            .table_name(&*self.table)
            .set_key(Some(key::connection(&health.erp_connection_id).to_item()))
            .condition_expression("attribute_exists(pk)");
        Ok(vec![
            TransactWriteItem::builder().put(put.build().map_err(StoreError::corrupt)?).build(),
            TransactWriteItem::builder().condition_check(there.build().map_err(StoreError::corrupt)?).build(),
        ])
    }

    /// The connections whose probe is due at `now`, the longest due first, at most `limit`.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn due_probes(&self, now: Timestamp, limit: u32) -> Result<Vec<Health>, StoreError> {
        let due = self.due(key::PROBES, now, limit).await?;
        self.get_many(&due).await
    }

    /// Lists the contacts with a connection's ERP, newest first.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn contacts(
        &self,
        connection: &ConnectionId,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<Contact>, StoreError> {
        self.list(&key::contacts(connection), Range { prefix: "", descending: true }, limit, cursor).await
    }

    /// Forgets how well a connection works.
    pub(crate) async fn delete_health(&self, connection: &ConnectionId) -> Result<(), StoreError> {
        let range = Range { prefix: "", descending: false };
        loop {
            let contacts: Vec<Item> = self.query(None, &key::contacts(connection), &range, 100, None).await?;
            if contacts.is_empty() {
                break;
            }
            self.delete_many(&contacts).await?;
        }
        self.delete(&key::health(connection)).await.map(|_| ())
    }
}
