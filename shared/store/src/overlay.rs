//! Records as we want them: our pending changes laid over what the ERP has.

use std::collections::BTreeMap;

use domain::DataType;
use domain::change::Change;
use domain::ids::ConnectionId;
use domain::records::Record;
use jiff::Timestamp;

use crate::cursor;
use crate::{Collection, Listing, Store, StoreError};

/// A record as we want it, with the change that makes it so.
#[derive(Debug)]
pub struct Current {
    /// The key it has: the ERP's, where that named it anew.
    pub key: String,
    /// The record with the change laid over it, also if it is deleted.
    pub record: Option<Record>,
    /// The pending change.
    pub change: Option<Change>,
}

impl Store {
    /// Reads one record with our change laid over it. A record that we named and the ERP named anew is found under both
    /// keys.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn current_record(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        key: &str,
    ) -> Result<Current, StoreError> {
        let named = self.record_and_change(connection, data_type, key).await?;
        if named.record.is_some() || named.change.is_some() {
            return Ok(named);
        }
        match self.erp_key(connection, data_type, key).await? {
            Some(erp_key) => self.record_and_change(connection, data_type, &erp_key).await,
            None => Ok(named),
        }
    }

    async fn record_and_change(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        key: &str,
    ) -> Result<Current, StoreError> {
        let of = Collection::plain(connection.clone(), data_type);
        let (base, change) =
            futures::future::try_join(self.record(&of, key), self.change_of(connection, data_type, key))
                .await?;
        let record = match &change {
            Some(change) => lay_over(base, change),
            None => base,
        };
        Ok(Current { key: key.to_owned(), record, change })
    }

    /// Lists records with our changes laid over them, in the order of their keys; with `updated_since`, only those
    /// changed here, by the ERP or by us, at or after it.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn list_current_records(
        &self,
        connection: &ConnectionId,
        data_type: DataType,
        updated_since: Option<Timestamp>,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<Record>, StoreError> {
        let of = Collection::plain(connection.clone(), data_type);
        let list = crate::records::list_name(&of);
        let after = cursor::decode(&list, cursor)?;
        let (base, (changes, more_changes)) = futures::future::try_join(
            self.list_records(&of, updated_since, limit, cursor),
            self.changes_by_key(connection, data_type, "", after.as_deref(), limit),
        )
        .await?;
        let last_record = base.items.last().filter(|_| base.next.is_some()).map(|record| record.id.clone());
        let last_change = changes.last().filter(|_| more_changes).map(|change| change.record_id.clone());
        // Behind it one of the two lists may hold more than was read.
        let horizon = [last_record, last_change].into_iter().flatten().min();

        let mut records: BTreeMap<String, Record> =
            base.items.into_iter().map(|record| (record.id.clone(), record)).collect();
        self.lay_all_over(&mut records, changes, updated_since).await?;
        let within = |record: &Record| horizon.as_ref().is_none_or(|horizon| record.id <= *horizon);
        let mut items: Vec<Record> = records.into_values().filter(within).collect();
        let cut = items.len() > limit as usize;
        items.truncate(limit as usize);
        let last = items.last().filter(|_| cut).map(|record| record.id.clone()).or(horizon);
        Ok(Listing { next: last.map(|last| cursor::encode(&list, &last)), items })
    }

    async fn lay_all_over(
        &self,
        records: &mut BTreeMap<String, Record>,
        changes: Vec<Change>,
        updated_since: Option<Timestamp>,
    ) -> Result<(), StoreError> {
        for change in changes {
            let key = change.record_id.clone();
            let base = match records.remove(&key) {
                None if updated_since.is_some_and(|since| change.updated_at < since) => continue,
                None if change.base.is_some() => {
                    let of = Collection::plain(change.erp_connection_id.clone(), change.data_type);
                    self.record(&of, &key).await?
                }
                base => base,
            };
            records.extend(lay_over(base, &change).map(|record| (key, record)));
        }
        Ok(())
    }

    /// The stock levels of one SKU at all its locations, with our changes laid over them.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn current_stock_levels(
        &self,
        connection: &ConnectionId,
        sku: &str,
    ) -> Result<Vec<Record>, StoreError> {
        let data_type = DataType::Inventory;
        let of = Collection::plain(connection.clone(), data_type);
        let levels = self.stock_levels(&of, sku).await?;
        let mut records: BTreeMap<String, Record> =
            levels.into_iter().map(|level| (level.id.clone(), level)).collect();
        let of_sku = |change: &Change| {
            let location = change.record_id.strip_prefix(sku);
            location.is_some_and(|rest| rest.is_empty() || rest.starts_with('|'))
        };
        let (mut after, mut more) = (None, true);
        while more {
            let (mut changes, rest) =
                self.changes_by_key(connection, data_type, sku, after.as_deref(), 100).await?;
            (after, more) = (changes.last().map(|change| change.record_id.clone()), rest);
            changes.retain(of_sku);
            self.lay_all_over(&mut records, changes, None).await?;
        }
        Ok(records.into_values().filter(|record| !record.deleted).collect())
    }
}

/// The record as we want it; none if it was never there and we do not want it.
fn lay_over(base: Option<Record>, change: &Change) -> Option<Record> {
    let base_updated = base.as_ref().map_or(change.updated_at, |base| base.updated_at);
    let created_at = base.as_ref().map_or(change.created_at, |base| base.created_at);
    let data = change.data.clone().or_else(|| base.map(|base| base.data))?;
    Some(Record {
        id: change.record_id.clone(),
        erp_connection_id: change.erp_connection_id.clone(),
        data_type: change.data_type,
        created_at,
        updated_at: base_updated.max(change.updated_at),
        deleted: change.data.is_none(),
        pending: true,
        change_id: Some(change.id.clone()),
        data,
    })
}
