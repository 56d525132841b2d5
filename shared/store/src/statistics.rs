//! What all runs of a connection add up to: counters, raised in the transaction that closes a run.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::ids::ConnectionId;
use domain::run::{Run, RunOutcome, RunStatus, Statistics};
use jiff::Timestamp;
use serde::Deserialize;

use crate::item::{number, value};
use crate::{Store, StoreError, key};

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Counters {
    total_syncs: u64,
    successful_syncs: u64,
    partial_syncs: u64,
    empty_syncs: u64,
    failed_syncs: u64,
    duration_ms: u64,
    records: u64,
    records_failed: u64,
    last_sync_date: Option<Timestamp>,
}

impl Store {
    /// What all runs of a connection add up to.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn statistics(&self, connection: &ConnectionId) -> Result<Statistics, StoreError> {
        let counters: Counters = self.get(&key::statistics(connection)).await?.unwrap_or_default();
        #[expect(clippy::cast_precision_loss, reason = "an average for people to read")]
        let average = counters.duration_ms as f64 / 1_000.0 / counters.total_syncs.max(1) as f64;
        Ok(Statistics {
            total_syncs: counters.total_syncs,
            successful_syncs: counters.successful_syncs,
            partial_syncs: counters.partial_syncs,
            empty_syncs: counters.empty_syncs,
            failed_syncs: counters.failed_syncs,
            last_sync_date: counters.last_sync_date,
            avg_sync_duration: (average * 1_000.0).round() / 1_000.0,
            total_records_processed: counters.records,
            total_records_failed: counters.records_failed,
        })
    }

    /// The write that counts a run that is being closed.
    pub(crate) fn count_run(&self, run: &Run) -> Result<TransactWriteItem, StoreError> {
        let end = run.completed_at.unwrap_or(run.checkpointed_at);
        let duration_ms = end.duration_since(run.started_at).as_millis().max(0);
        let succeeded = u8::from(run.status == RunStatus::Success);
        let failed = u8::from(run.status == RunStatus::Error);
        let of_success = |outcome| u8::from(succeeded == 1 && run.outcome() == Some(outcome));
        let update = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key::statistics(&run.erp_connection_id).to_item()))
            .update_expression(
                "ADD totalSyncs :one, successfulSyncs :succeeded, partialSyncs :partial, emptySyncs :empty, \
                 failedSyncs :failed, durationMs :duration, records :records, recordsFailed :recordsFailed \
                 SET lastSyncDate = :end",
            )
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":succeeded", number(succeeded))
            .expression_attribute_values(":partial", number(of_success(RunOutcome::Partial)))
            .expression_attribute_values(":empty", number(of_success(RunOutcome::Empty)))
            .expression_attribute_values(":failed", number(failed))
            .expression_attribute_values(":recordsFailed", number(run.counts.failed))
            .expression_attribute_values(":duration", number(duration_ms))
            .expression_attribute_values(":records", number(run.counts.read))
            .expression_attribute_values(":end", value(end)?);
        Ok(TransactWriteItem::builder().update(update.build().map_err(StoreError::corrupt)?).build())
    }
}
