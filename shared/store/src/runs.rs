//! Runs: started once, checkpointed under a version, closed once.

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Delete, Put, TransactWriteItem, Update};
use domain::DataType;
use domain::connection::ConnectionStatus;
use domain::ids::{ConnectionId, RunId, SyncConfigId};
use domain::mapping::drift::Profile;
use domain::run::{FailedRecord, Run, RunStatus};
use domain::sync_config::SyncStatus;
use futures::future::try_join_all;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::{Item, MAX_WRITES, Range, index, make_lean, number, string, text, value};
use crate::key::{self, BY_KIND, BY_OWNER, Index};
use crate::set_aside::set_aside_item;
use crate::{Collection, Listing, Permit, Store, StoreError, cursor};

/// Which runs are wanted.
#[derive(Debug, Clone, Default)]
pub struct RunFilter {
    /// Runs over this connection.
    pub connection: Option<ConnectionId>,
    /// Runs of this data type.
    pub data_type: Option<DataType>,
}

/// The slot of its schedule that a run takes.
#[derive(Debug, Clone)]
pub struct SlotTaken {
    /// When the run was due.
    pub due: Timestamp,
    /// When the next one is.
    pub next: Option<Timestamp>,
}

/// What became of a start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Started {
    /// The run is there and open.
    Yes,
    /// Another run of the same records is open.
    AlreadyRunning(RunId),
    /// Somebody else took the slot, or the config has changed.
    SlotGone,
}

/// The lock that keeps a second run of the same records away.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActiveRun {
    run_id: RunId,
}

impl Store {
    /// Starts a run: the run, its lock, the config's state and its next slot, all or nothing.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn start_run(&self, run: &Run, slot: Option<&SlotTaken>) -> Result<Started, StoreError> {
        let lock = key::active_run(&Collection::of(run));
        let mut writes = vec![
            self.put_new(lock.with(ActiveRun { run_id: run.id.clone() })?)?,
            self.put_new(run_item(run)?)?,
        ];
        if let Some(config) = noted_config(run) {
            writes.push(self.note_started(config, run, slot)?);
        }
        let sent = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        let error = match sent {
            Ok(_) => return Ok(Started::Yes),
            Err(error) => error,
        };
        match lost_conditions(error.as_service_error()).as_deref() {
            None => Err(error.into()),
            Some([true, ..]) => match self.get::<ActiveRun>(&lock).await? {
                Some(active) => Ok(Started::AlreadyRunning(active.run_id)),
                None => Err(error.into()),
            },
            Some([false, false, true]) => Ok(Started::SlotGone),
            Some(_) => Err(error.into()),
        }
    }

    fn note_started(
        &self,
        config: &SyncConfigId,
        run: &Run,
        slot: Option<&SlotTaken>,
    ) -> Result<TransactWriteItem, StoreError> {
        let mut update = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key::sync_config(config).to_item()))
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", value(SyncStatus::Syncing)?)
            .expression_attribute_values(":run", text(run.id.as_str()));
        let mut condition = "attribute_exists(pk)";
        let mut expression = "SET #status = :status, lastRunId = :run".to_owned();
        if let Some(SlotTaken { due, next }) = slot {
            condition = "due_at = :due";
            update = update.expression_attribute_values(":due", text(key::moment(*due)));
            match next {
                None => expression.push_str(" REMOVE nextSyncAt, due, due_at, heldSince"),
                Some(next) => {
                    expression.push_str(", nextSyncAt = :next, due_at = :dueAt REMOVE heldSince");
                    update = update
                        .expression_attribute_values(":next", value(next)?)
                        .expression_attribute_values(":dueAt", text(key::moment(*next)));
                }
            }
        }
        let update = update.update_expression(expression).condition_expression(condition).build();
        Ok(TransactWriteItem::builder().update(update.map_err(StoreError::corrupt)?).build())
    }

    /// Reads a run.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn run(&self, id: &RunId) -> Result<Option<Run>, StoreError> {
        self.get(&key::run(id)).await
    }

    /// The runs that are open, at most `limit`.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn active_runs(&self, limit: u32) -> Result<Vec<Run>, StoreError> {
        let range = Range { prefix: "", descending: false };
        let active: Listing<ActiveRun> = self.list(key::ACTIVE_RUNS, range, limit, None).await?;
        let keys: Vec<Item> = active.items.iter().map(|active| key::run(&active.run_id).to_item()).collect();
        self.get_many(&keys).await
    }

    /// Writes a run's new state. `run.version` must be one more than in the table.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if another worker has moved it on.
    pub async fn checkpoint_run(&self, run: &Run) -> Result<(), StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&*self.table)
            .set_item(Some(run_item(run)?))
            .condition_expression("version = :before")
            .expression_attribute_values(":before", number(run.version.saturating_sub(1)));
        put.send().await?;
        Ok(())
    }

    /// The write of [`Self::checkpoint_run`], to stand together with others.
    pub(crate) fn checkpoint_write(&self, run: &Run) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder()
            .table_name(&*self.table)
            .set_item(Some(run_item(run)?))
            .condition_expression("version = :before")
            .expression_attribute_values(":before", number(run.version.saturating_sub(1)));
        Ok(TransactWriteItem::builder().put(put.build().map_err(StoreError::corrupt)?).build())
    }

    /// Closes a run: its last state, its lock, the connection's statistics and what connection and config show of it,
    /// all or nothing, so that each run counts once. A connection or config that has gone meanwhile is left out; a
    /// connection of which the run's end says nothing stays as it is. A part is added to its run.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if another worker has moved it on.
    pub async fn close_run(&self, run: &Run, connection_error: Option<&str>) -> Result<(), StoreError> {
        self.close(run, connection_error, None).await
    }

    /// [`Self::close_run`] of one that reached its end; with what its records look like, if that is to be remembered.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if another worker has moved it on.
    pub async fn complete_run(&self, run: &Run, profile: Option<&Profile>) -> Result<(), StoreError> {
        self.close(run, None, profile).await
    }

    async fn close(
        &self,
        run: &Run,
        connection_error: Option<&str>,
        profile: Option<&Profile>,
    ) -> Result<(), StoreError> {
        if let Some(part) = &run.part {
            return self.close_part(run, &part.of).await;
        }
        let put = self.checkpoint_write(run)?;
        let config = noted_config(run).map(|id| self.note_closed(id, run)).transpose()?;
        let mut writes = vec![put, self.unlock(run)?];
        if run.dry_run {
            return self.transact(writes).await;
        }
        writes.push(self.count_run(run)?);
        if run.status == RunStatus::Success || connection_error.is_some() {
            writes.push(self.note_on_connection(run, connection_error)?);
        }
        writes.extend(config);
        writes.extend(self.remember(run)?);
        writes.extend(profile.map(|profile| self.remember_profile(run, profile)).transpose()?);
        loop {
            let sent =
                self.client.transact_write_items().set_transact_items(Some(writes.clone())).send().await;
            let Err(error) = sent else { return Ok(()) };
            match lost_conditions(error.as_service_error()) {
                None => return Err(error.into()),
                Some(lost) if lost.iter().take(2).any(|lost| *lost) => return Err(StoreError::Changed),
                Some(lost) if lost.contains(&true) => {
                    let mut lost = lost.into_iter();
                    writes.retain(|_| lost.next() != Some(true));
                }
                Some(_) => return Err(error.into()),
            }
        }
    }

    fn unlock(&self, run: &Run) -> Result<TransactWriteItem, StoreError> {
        let delete = Delete::builder()
            .table_name(&*self.table)
            .set_key(Some(key::active_run(&Collection::of(run)).to_item()))
            .condition_expression("runId = :run")
            .expression_attribute_values(":run", text(run.id.as_str()));
        Ok(TransactWriteItem::builder().delete(delete.build().map_err(StoreError::corrupt)?).build())
    }

    fn note_on_connection(&self, run: &Run, error: Option<&str>) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key::connection(&run.erp_connection_id).to_item()))
            .condition_expression("attribute_exists(pk) AND #status <> :inactive")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", value(status_after(error))?)
            .expression_attribute_values(":inactive", value(ConnectionStatus::Inactive)?);
        let update = match error {
            Some(error) => update
                .update_expression("SET #status = :status, lastError = :error")
                .expression_attribute_values(":error", text(error)),
            None => update
                .update_expression("SET #status = :status, lastSyncAt = :at REMOVE lastError")
                .expression_attribute_values(":at", value(run.completed_at)?),
        };
        Ok(TransactWriteItem::builder().update(update.build().map_err(StoreError::corrupt)?).build())
    }

    fn note_closed(&self, config: &SyncConfigId, run: &Run) -> Result<TransactWriteItem, StoreError> {
        let succeeded = run.status == RunStatus::Success;
        let status = match run.status {
            RunStatus::Success => SyncStatus::Success,
            RunStatus::Cancelled => SyncStatus::Idle,
            RunStatus::Error | RunStatus::Syncing => SyncStatus::Error,
        };
        let mut update = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key::sync_config(config).to_item()))
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_values(":status", value(status)?)
            .expression_attribute_values(":outcome", value(run.outcome())?)
            .update_expression("SET #status = :status, lastOutcome = :outcome");
        if succeeded {
            update = update
                .update_expression("SET #status = :status, lastOutcome = :outcome, lastSyncAt = :at")
                .expression_attribute_values(":at", value(run.completed_at)?);
        }
        Ok(TransactWriteItem::builder().update(update.build().map_err(StoreError::corrupt)?).build())
    }

    /// Lists runs, newest first.
    ///
    /// Each data type is a list of its own in the index; they are merged here, by run id, which is by time.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn list_runs(
        &self,
        filter: &RunFilter,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<Run>, StoreError> {
        const LIST: &str = "runs";
        let before = cursor::decode(LIST, cursor)?;
        let types = filter.data_type.map_or_else(|| DataType::ALL.to_vec(), |one| vec![one]);
        let lists =
            types.iter().map(|data_type| self.newest_runs(filter, *data_type, limit, before.as_deref()));
        let mut keys: Vec<Item> = try_join_all(lists).await?.into_iter().flatten().collect();
        keys.sort_by(|a, b| string(b, "pk").ok().cmp(&string(a, "pk").ok()));
        let more = keys.len() > limit as usize;
        keys.truncate(limit as usize);
        let items: Vec<Run> = self.get_many(&keys).await?;
        let next = items.last().filter(|_| more).map(|last| cursor::encode(LIST, last.id.as_str()));
        Ok(Listing { items, next })
    }

    async fn newest_runs(
        &self,
        filter: &RunFilter,
        data_type: DataType,
        limit: u32,
        before: Option<&str>,
    ) -> Result<Vec<Item>, StoreError> {
        let (index, pk, prefix): (Index, _, _) = match &filter.connection {
            Some(connection) => (BY_OWNER, key::owned_by(connection), key::owned_runs(data_type)),
            None => (BY_KIND, key::runs_of(data_type), String::new()),
        };
        let after = before.map(|run| format!("{prefix}{run}"));
        let range = Range { prefix: &prefix, descending: true };
        self.query(Some(index), &pk, &range, limit, after.as_deref()).await
    }

    /// Keeps records that were set aside. Writing the same position twice keeps the last; a worker whose lease has ended
    /// writes no more, for the next one may read other records at these positions.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if the permit ends, or if the table cannot be reached.
    pub async fn keep_failed_records(
        &self,
        run: &Run,
        failed: &[FailedRecord],
        permit: &Permit,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        for failed in failed.chunks(MAX_WRITES) {
            let items = failed.iter().map(|record| set_aside_item(run, record, at));
            let items = items.collect::<Result<_, _>>()?;
            permit.check()?;
            self.put_many(items).await?;
        }
        Ok(())
    }

    /// Forgets the failed records of a run beyond `position`: an attempt that was cut off left them.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn forget_failed_records_after(&self, run: &RunId, position: u64) -> Result<(), StoreError> {
        let after = key::failed_record(run, position);
        let range = Range { prefix: key::FAILED, descending: false };
        loop {
            let left = self.query(None, &after.pk, &range, 100, Some(&after.sk)).await?;
            if left.is_empty() {
                return Ok(());
            }
            self.delete_many(&left).await?;
        }
    }

    /// Lists the records a run set aside, in the order they were read; where it was read in parts, part by part.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn failed_records(
        &self,
        run: &RunId,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<FailedRecord>, StoreError> {
        let Listing { items, next } = self.list_over_parts(run, key::FAILED, limit, cursor).await?;
        let items = items.into_iter().map(serde_dynamo::from_item).collect::<Result<_, _>>()?;
        Ok(Listing { items, next })
    }
}

/// The config that shows what becomes of a run: it tells of its plain records only.
fn noted_config(run: &Run) -> Option<&SyncConfigId> {
    run.sync_config_id.as_ref().filter(|_| !run.dry_run && run.scope.is_none())
}

const fn status_after(error: Option<&str>) -> ConnectionStatus {
    if error.is_some() { ConnectionStatus::Error } else { ConnectionStatus::Active }
}

pub(crate) fn run_item(run: &Run) -> Result<Item, StoreError> {
    let mut item = key::run(&run.id).with(run)?;
    make_lean(&mut item, &["counts", "pushed"]);
    if run.part.is_some() {
        return Ok(item);
    }
    let sort = format!("{}{}", key::owned_runs(run.data_type), run.id);
    index(&mut item, BY_OWNER, key::owned_by(&run.erp_connection_id), sort);
    index(&mut item, BY_KIND, key::runs_of(run.data_type), run.id.as_str());
    Ok(item)
}

/// For each write of a cancelled transaction, whether its condition was lost. `None` if it failed for another reason.
pub(crate) fn lost_conditions(error: Option<&TransactWriteItemsError>) -> Option<Vec<bool>> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error? else { return None };
    let lost = |code: Option<&str>| code == Some("ConditionalCheckFailed");
    Some(cancelled.cancellation_reasons().iter().map(|reason| lost(reason.code())).collect())
}
