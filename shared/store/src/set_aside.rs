//! Records that runs set aside, found again by connection: each lies under its run, and the index tells which are open.

use std::collections::BTreeSet;

use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use domain::DataType;
use domain::ids::{ConnectionId, RunId, SetAsideId};
use domain::run::{FailedRecord, Run};
use domain::set_aside::{SetAside, SetAsideStatus};
use jiff::Timestamp;

use crate::item::{Item, Range, index, string, text, value};
use crate::key::{self, BY_OWNER};
use crate::runs::run_item;
use crate::{Collection, Listing, Store, StoreError};

/// Index entries read at a time.
const PAGE: u32 = 1_000;

/// Which records are wanted.
#[derive(Debug, Clone)]
pub struct SetAsideFilter {
    /// Those over this connection.
    pub connection: ConnectionId,
    /// Those of this data type.
    pub data_type: Option<DataType>,
    /// Those that wait for somebody, or those that do not.
    pub status: SetAsideStatus,
}

/// The item of a record that `run` sets aside.
pub(crate) fn set_aside_item(run: &Run, record: &FailedRecord, at: Timestamp) -> Result<Item, StoreError> {
    let set_aside = SetAside::by(run, record.clone(), at);
    let mut item = key::failed_record(&run.id, record.position).with(&set_aside)?;
    if set_aside.status == SetAsideStatus::Open {
        index(&mut item, BY_OWNER, key::owned_by(&run.erp_connection_id), key::set_aside_sort(&set_aside));
    }
    Ok(item)
}

impl Store {
    /// Lists records that were set aside: by data type, then newest first.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn list_set_aside(
        &self,
        filter: &SetAsideFilter,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<SetAside>, StoreError> {
        let prefix = key::owned_set_aside(filter.status, filter.data_type);
        let range = Range { prefix: &prefix, descending: true };
        self.list_index(BY_OWNER, &key::owned_by(&filter.connection), range, limit, cursor).await
    }

    /// Reads a record that was set aside.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn set_aside(&self, id: &SetAsideId) -> Result<Option<SetAside>, StoreError> {
        let Some((run, position)) = id.parts() else { return Ok(None) };
        self.get(&key::failed_record(&run, position)).await
    }

    /// The keys of the records that are open, so that a pull knows which ones to close when they come through.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn open_set_aside_keys(&self, of: &Collection) -> Result<BTreeSet<String>, StoreError> {
        let whose = key::set_aside_whose(of.scope.as_ref());
        let mut keys = BTreeSet::new();
        let mut after = None;
        loop {
            let page = self.open_set_aside(of, after.as_deref()).await?;
            for item in &page {
                let found = key::set_aside_at(string(item, BY_OWNER.sk)?);
                let found = found.filter(|at| at.whose == whose && !at.key.is_empty());
                keys.extend(found.map(|at| at.key.to_owned()));
            }
            let Some(last) = page.last().filter(|_| page.len() >= PAGE as usize) else { return Ok(keys) };
            after = Some(string(last, BY_OWNER.sk)?.to_owned());
        }
    }

    /// Closes the open records of a collection with these keys; all of them, also those without a key, if `keys` is
    /// `None`. If a run does, those that runs before it set aside. Says how many.
    ///
    /// # Errors
    /// If the table cannot be reached; some may be closed then.
    pub async fn close_set_aside(
        &self,
        of: &Collection,
        keys: Option<&BTreeSet<String>>,
        run: Option<&RunId>,
        at: Timestamp,
    ) -> Result<usize, StoreError> {
        let whose = key::set_aside_whose(of.scope.as_ref());
        let (mut closed, mut after) = (0, None);
        loop {
            let page = self.open_set_aside(of, after.as_deref()).await?;
            for item in &page {
                let sort = string(item, BY_OWNER.sk)?;
                let Some(place) = key::set_aside_at(sort).filter(|place| place.whose == whose) else {
                    continue;
                };
                let by = place.id.parts().map(|(by, _)| by);
                let before = run.is_none_or(|run| by.is_some_and(|by| by < *run));
                if before && keys.is_none_or(|keys| keys.contains(place.key)) {
                    closed += usize::from(self.close_one(&place.id, sort, run, at).await?);
                }
            }
            let Some(last) = page.last().filter(|_| page.len() >= PAGE as usize) else { return Ok(closed) };
            after = Some(string(last, BY_OWNER.sk)?.to_owned());
        }
    }

    async fn open_set_aside(&self, of: &Collection, after: Option<&str>) -> Result<Vec<Item>, StoreError> {
        let prefix = key::owned_set_aside(SetAsideStatus::Open, Some(of.data_type));
        let range = Range { prefix: &prefix, descending: false };
        self.query(Some(BY_OWNER), &key::owned_by(&of.connection), &range, PAGE, after).await
    }

    async fn close_one(
        &self,
        id: &SetAsideId,
        sort: &str,
        run: Option<&RunId>,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        match self.transact(vec![self.closing(id, sort, run, at)?]).await {
            Ok(()) => Ok(true),
            Err(StoreError::Changed) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The write that closes an open record; `sort` is where it stands in the index.
    fn closing(
        &self,
        id: &SetAsideId,
        sort: &str,
        run: Option<&RunId>,
        at: Timestamp,
    ) -> Result<TransactWriteItem, StoreError> {
        let (by, position) = id.parts().ok_or_else(|| StoreError::corrupt("no record has this id"))?;
        let update = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key::failed_record(&by, position).to_item()))
            .condition_expression("#status = :open")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#sort", BY_OWNER.sk)
            .expression_attribute_values(":closed", value(SetAsideStatus::Closed)?)
            .expression_attribute_values(":open", value(SetAsideStatus::Open)?)
            .expression_attribute_values(":at", value(at)?)
            .expression_attribute_values(":sort", text(key::closed_set_aside_sort(sort)));
        let close = "SET #status = :closed, closedAt = :at, #sort = :sort";
        let update = match run {
            None => update.update_expression(close),
            Some(run) => update
                .update_expression(format!("{close}, closedBy = :run"))
                .expression_attribute_values(":run", text(run.as_str())),
        };
        Ok(TransactWriteItem::builder().update(update.build().map_err(StoreError::corrupt)?).build())
    }

    /// Writes the run that brought a mended record in, which has ended already, and closes the record: both or neither.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if the record is not open any more.
    pub async fn keep_mended(&self, mended: &SetAside, run: &Run, at: Timestamp) -> Result<(), StoreError> {
        let put = Put::builder().table_name(&*self.table).set_item(Some(run_item(run)?));
        let put = put.condition_expression("attribute_not_exists(pk)").build();
        let put = TransactWriteItem::builder().put(put.map_err(StoreError::corrupt)?).build();
        let closing = self.closing(&mended.id, &key::set_aside_sort(mended), Some(&run.id), at)?;
        self.transact(vec![put, self.count_run(run)?, closing]).await
    }
}
