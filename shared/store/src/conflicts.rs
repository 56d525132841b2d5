//! Conflicts: opened by a push, resolved once by a person.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::DataType;
use domain::conflict::{Conflict, ConflictStatus};
use domain::ids::{ConflictId, ConnectionId};

use crate::changes::ChangeWrite;
use crate::cursor;
use crate::item::{Item, Range, index, string, value};
use crate::key::{self, BY_KIND, BY_OWNER};
use crate::packed::{pack, unpack};
use crate::{Listing, Store, StoreError};

/// Conflicts read at a time while filtering.
const PAGE: u32 = 100;

/// Pages read at most for one answer, so that a filter that matches nothing does not read everything.
const MAX_PAGES: usize = 10;

/// Which conflicts are wanted. What is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct ConflictFilter {
    /// Open or resolved ones.
    pub status: Option<ConflictStatus>,
    /// Conflicts over this connection.
    pub connection: Option<ConnectionId>,
    /// Conflicts of this kind of record.
    pub data_type: Option<DataType>,
}

impl ConflictFilter {
    fn matches(&self, conflict: &Conflict) -> bool {
        self.status.is_none_or(|status| status == conflict.status)
            && self.connection.as_ref().is_none_or(|connection| *connection == conflict.erp_connection_id)
            && self.data_type.is_none_or(|data_type| data_type == conflict.data_type)
    }
}

impl Store {
    /// Reads a conflict.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn conflict(&self, id: &ConflictId) -> Result<Option<Conflict>, StoreError> {
        self.get_item(&key::conflict(id)).await?.as_ref().map(unpack).transpose()
    }

    /// Keeps what a person decided, and what becomes of the change by it: both or neither.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if the conflict was resolved, or the change changed meanwhile.
    pub async fn resolve_conflict(
        &self,
        resolved: &Conflict,
        change: ChangeWrite<'_>,
    ) -> Result<(), StoreError> {
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(conflict_item(resolved)?))
            .condition_expression("#status = :open")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":open", value(ConflictStatus::Open)?);
        let put = TransactWriteItem::builder().put(put.build().map_err(StoreError::corrupt)?).build();
        self.transact(vec![put, self.change_write(change, None)?]).await
    }

    /// Lists conflicts, newest first. A page may hold fewer than `limit` and still have a next one.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn list_conflicts(
        &self,
        filter: &ConflictFilter,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<Conflict>, StoreError> {
        const LIST: &str = "conflicts";
        let (index, pk, prefix) = match (&filter.connection, filter.status) {
            (Some(connection), _) => (Some(BY_OWNER), key::owned_by(connection), key::OWNED_CONFLICTS),
            (None, Some(status)) => (Some(BY_KIND), key::conflicts_of(status), ""),
            (None, None) => (None, key::CONFLICTS.to_owned(), ""),
        };
        let mut after = cursor::decode(LIST, cursor)?;
        let mut items: Vec<Conflict> = Vec::new();
        for _ in 0..MAX_PAGES {
            let range = Range { prefix, descending: true };
            let from = after.as_ref().map(|id| format!("{prefix}{id}"));
            let mut keys = self.query(index, &pk, &range, PAGE, from.as_deref()).await?;
            let more = keys.len() > PAGE as usize;
            keys.truncate(PAGE as usize);
            let found = if index.is_some() { self.get_many_items(&keys).await? } else { keys };
            for item in &found {
                if items.len() == limit as usize {
                    let next = items.last().map(|last| cursor::encode(LIST, last.id.as_str()));
                    return Ok(Listing { items, next });
                }
                after = Some(string(item, "sk")?.to_owned());
                let conflict: Conflict = unpack(item)?;
                items.extend(filter.matches(&conflict).then_some(conflict));
            }
            if !more {
                return Ok(Listing { items, next: None });
            }
        }
        let next = after.map(|after| cursor::encode(LIST, &after));
        Ok(Listing { items, next })
    }
}

pub(crate) fn conflict_item(conflict: &Conflict) -> Result<Item, StoreError> {
    let mut item = key::conflict(&conflict.id).to_item();
    item.insert("status".to_owned(), value(conflict.status)?);
    let sort = format!("{}{}", key::OWNED_CONFLICTS, conflict.id);
    index(&mut item, BY_OWNER, key::owned_by(&conflict.erp_connection_id), sort);
    index(&mut item, BY_KIND, key::conflicts_of(conflict.status), conflict.id.as_str());
    pack(conflict, &mut item)?;
    Ok(item)
}
