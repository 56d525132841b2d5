//! Our pending changes: one item for each record, at the record's key, until the ERP has taken it.

use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem};
use domain::DataType;
use domain::change::{Change, ChangeState};
use domain::conflict::Conflict;
use domain::ids::{ChangeId, ConnectionId};
use domain::run::{FailedRecord, Run};
use futures::future::try_join_all;

use crate::cursor;
use crate::item::{Item, Range, index, number, string, value};
use crate::key::{self, BY_KIND, BY_OWNER, Index, Key};
use crate::packed::{pack, unpack};
use crate::runs::lost_conditions;
use crate::set_aside::set_aside_item;
use crate::{Listing, Store, StoreError};

/// Changes read at a time while filtering.
const PAGE: u32 = 100;

/// Pages read at most for one answer, so that a filter that matches nothing does not read everything.
const MAX_PAGES: usize = 10;

/// Which changes are wanted. What is left out does not matter.
#[derive(Debug, Clone, Default)]
pub struct ChangeFilter {
    /// Changes that go over this connection.
    pub connection: Option<ConnectionId>,
    /// Changes of this kind of record.
    pub data_type: Option<DataType>,
    /// Changes in this state.
    pub state: Option<ChangeState>,
}

impl ChangeFilter {
    fn matches(&self, change: &Change) -> bool {
        self.data_type.is_none_or(|data_type| data_type == change.data_type)
            && self.state.is_none_or(|state| state == change.state)
    }
}

/// One write of a step of a push.
#[derive(Debug, Clone, Copy)]
pub enum ChangeWrite<'a> {
    /// Writes a change again; its version must be one more than in the table.
    Replace(&'a Change),
    /// Takes a change away; its version must be that in the table.
    Remove(&'a Change),
    /// Writes a change at a key where there is none.
    Insert(&'a Change),
    /// Notes under which key the ERP has the record of a change.
    Link(&'a Change, &'a str),
    /// Opens a conflict.
    Open(&'a Conflict),
    /// Sets a record aside.
    Fail(&'a FailedRecord),
}

/// What became of a step of a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stepped {
    /// All of it is written.
    Yes,
    /// Nothing is written: another worker has moved the run on.
    RunLost,
    /// Nothing is written: somebody changed the change meanwhile.
    ChangeLost,
}

impl Store {
    /// Adds a change.
    ///
    /// # Errors
    /// [`StoreError::Exists`] if there is one of the same record, [`StoreError::TooLarge`].
    pub async fn create_change(&self, change: &Change) -> Result<(), StoreError> {
        self.insert(change_item(change)?).await
    }

    /// Writes a change again.
    ///
    /// # Errors
    /// [`StoreError::Changed`] unless the version in the table is the one before, [`StoreError::TooLarge`].
    pub async fn replace_change(&self, change: &Change) -> Result<(), StoreError> {
        self.transact(vec![self.change_write(ChangeWrite::Replace(change), None)?]).await
    }

    /// Takes a change away.
    ///
    /// # Errors
    /// [`StoreError::Changed`] unless it is in the table as it is given.
    pub async fn remove_change(&self, change: &Change) -> Result<(), StoreError> {
        self.transact(vec![self.change_write(ChangeWrite::Remove(change), None)?]).await
    }

    /// Moves a run and changes on together: all or nothing. `run.version` must be one more than in the table.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn step_push(&self, run: &Run, steps: &[ChangeWrite<'_>]) -> Result<Stepped, StoreError> {
        let mut writes = vec![self.checkpoint_write(run)?];
        for step in steps {
            writes.push(self.change_write(*step, Some(run))?);
        }
        let sent = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        let Err(error) = sent else { return Ok(Stepped::Yes) };
        match lost_conditions(error.as_service_error()).as_deref() {
            Some([true, ..]) => Ok(Stepped::RunLost),
            Some(lost) if lost.contains(&true) => Ok(Stepped::ChangeLost),
            _ => Err(error.into()),
        }
    }

    pub(crate) fn change_write(
        &self,
        step: ChangeWrite<'_>,
        run: Option<&Run>,
    ) -> Result<TransactWriteItem, StoreError> {
        match step {
            ChangeWrite::Replace(change) => {
                self.put_versioned(change_item(change)?, change.version.saturating_sub(1))
            }
            ChangeWrite::Insert(change) => self.put_new(change_item(change)?),
            ChangeWrite::Open(conflict) => self.put_new(crate::conflicts::conflict_item(conflict)?),
            ChangeWrite::Link(change, erp_key) => {
                self.link_write(&change.erp_connection_id, change.data_type, &change.record_id, erp_key)
            }
            ChangeWrite::Remove(change) => {
                let delete = Delete::builder()
                    .table_name(&*self.table)
                    .set_key(Some(key_of(change).to_item()))
                    .condition_expression("version = :version")
                    .expression_attribute_values(":version", number(change.version));
                Ok(TransactWriteItem::builder().delete(delete.build().map_err(StoreError::corrupt)?).build())
            }
            ChangeWrite::Fail(record) => {
                let run = run.ok_or_else(|| StoreError::corrupt("a record is set aside by a run"))?;
                let item = set_aside_item(run, record, run.checkpointed_at)?;
                let put = Put::builder().table_name(&*self.table).set_item(Some(item));
                Ok(TransactWriteItem::builder().put(put.build().map_err(StoreError::corrupt)?).build())
            }
        }
    }

    fn put_versioned(&self, item: Item, before: u64) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(item))
            .condition_expression("version = :before")
            .expression_attribute_values(":before", number(before));
        Ok(TransactWriteItem::builder().put(put.build().map_err(StoreError::corrupt)?).build())
    }

    /// The pending change of a record.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn change_of(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        record: &str,
    ) -> Result<Option<Change>, StoreError> {
        let item = self.get_item(&key::change(connection, data_type, record)).await?;
        item.as_ref().map(unpack).transpose()
    }

    /// A change by its id.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn change(&self, id: &ChangeId) -> Result<Option<Change>, StoreError> {
        let range = Range { prefix: id.as_str(), descending: false };
        let keys = self.query(Some(BY_KIND), key::CHANGES, &range, 1, None).await?;
        let found = self.changes_at(&keys).await?;
        Ok(found.into_iter().find(|change| change.id == *id))
    }

    /// Up to `limit` changes of a collection, oldest first, from behind `after` on.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn oldest_changes(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        after: Option<&ChangeId>,
        limit: u32,
    ) -> Result<Vec<Change>, StoreError> {
        let mut after = after.map(|id| id.as_str().to_owned());
        loop {
            let keys = self.oldest_keys(connection, data_type, after.as_deref(), limit).await?;
            let Some(last) = keys.last() else { return Ok(Vec::new()) };
            let found = self.changes_at(&keys).await?;
            if !found.is_empty() {
                return Ok(found);
            }
            // The index still knows some that are gone.
            after = id_in(last, BY_OWNER);
        }
    }

    async fn oldest_keys(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Vec<Item>, StoreError> {
        let prefix = key::owned_changes(data_type);
        let range = Range { prefix: &prefix, descending: false };
        let after = after.map(|id| key::owned_change(data_type, id));
        self.query(Some(BY_OWNER), &key::owned_by(connection), &range, limit, after.as_deref()).await
    }

    async fn changes_at(&self, keys: &[Item]) -> Result<Vec<Change>, StoreError> {
        self.get_many_items(keys).await?.iter().map(unpack).collect()
    }

    /// Lists changes, oldest first. A page may hold fewer than `limit` and still have a next one.
    ///
    /// Each data type is a list of its own in the index; they are merged here, by change id, which is by age.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn list_changes(
        &self,
        filter: &ChangeFilter,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<Change>, StoreError> {
        const LIST: &str = "changes";
        let mut after = cursor::decode(LIST, cursor)?;
        let mut items: Vec<Change> = Vec::new();
        for _ in 0..MAX_PAGES {
            let (keys, more) = self.change_keys(filter, after.as_deref()).await?;
            for change in self.changes_at(&keys).await? {
                if items.len() == limit as usize {
                    let next = items.last().map(|last| cursor::encode(LIST, last.id.as_str()));
                    return Ok(Listing { items, next });
                }
                after = Some(change.id.as_str().to_owned());
                items.extend(filter.matches(&change).then_some(change));
            }
            if !more {
                return Ok(Listing { items, next: None });
            }
        }
        let next = after.map(|after| cursor::encode(LIST, &after));
        Ok(Listing { items, next })
    }

    /// The keys of up to a page of changes behind `after`, oldest first, and whether there are more.
    async fn change_keys(
        &self,
        filter: &ChangeFilter,
        after: Option<&str>,
    ) -> Result<(Vec<Item>, bool), StoreError> {
        let (index, mut keys) = match &filter.connection {
            Some(connection) => {
                let types = filter.data_type.map_or_else(|| DataType::ALL.to_vec(), |one| vec![one]);
                let lists =
                    types.iter().map(|data_type| self.oldest_keys(connection, *data_type, after, PAGE));
                (BY_OWNER, try_join_all(lists).await?.into_iter().flatten().collect::<Vec<_>>())
            }
            None => {
                let range = Range { prefix: "", descending: false };
                (BY_KIND, self.query(Some(BY_KIND), key::CHANGES, &range, PAGE, after).await?)
            }
        };
        keys.sort_by_key(|key| id_in(key, index));
        let more = keys.len() > PAGE as usize;
        keys.truncate(PAGE as usize);
        Ok((keys, more))
    }

    /// Up to `limit` changes of a collection in the order of their records' keys, and whether there are more.
    pub(crate) async fn changes_by_key(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        prefix: &str,
        after: Option<&str>,
        limit: u32,
    ) -> Result<(Vec<Change>, bool), StoreError> {
        let range = Range { prefix, descending: false };
        let mut items = self.query(None, &key::changes(connection, data_type), &range, limit, after).await?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        Ok((items.iter().map(unpack).collect::<Result<_, _>>()?, more))
    }
}

/// The id of the change that a key of an index leads to.
fn id_in(item: &Item, index: Index) -> Option<String> {
    string(item, index.sk).ok().and_then(|sort| Some(sort.rsplit(':').next()?.to_owned()))
}

fn key_of(change: &Change) -> Key {
    key::change(&change.erp_connection_id, change.data_type, &change.record_id)
}

fn change_item(change: &Change) -> Result<Item, StoreError> {
    let mut item = key_of(change).to_item();
    item.insert("version".to_owned(), number(change.version));
    item.insert("state".to_owned(), value(change.state)?);
    let sort = key::owned_change(change.data_type, change.id.as_str());
    index(&mut item, BY_OWNER, key::owned_by(&change.erp_connection_id), sort);
    index(&mut item, BY_KIND, key::CHANGES, change.id.as_str());
    pack(change, &mut item)?;
    Ok(item)
}
