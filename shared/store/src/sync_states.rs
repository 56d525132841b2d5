//! What the syncs of one collection remember from run to run.

use aws_sdk_dynamodb::types::{TransactWriteItem, Update};
use domain::run::{Mode, Run, RunStatus};
use domain::sync_state::SyncState;

use crate::item::value;
use crate::{Collection, Store, StoreError, key};

impl Store {
    /// What the syncs of a collection remember; nothing yet if none ever closed.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn sync_state(&self, of: &Collection) -> Result<SyncState, StoreError> {
        Ok(self.get(&key::sync_state(of)).await?.unwrap_or_default())
    }

    /// The write that remembers what a run that is being closed found out; `None` if it is nothing.
    pub(crate) fn remember(&self, run: &Run) -> Result<Option<TransactWriteItem>, StoreError> {
        let Some(census) = run.census.filter(|_| !run.dry_run) else { return Ok(None) };
        let mut update = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(key::sync_state(&Collection::of(run)).to_item()))
            .expression_attribute_values(":live", value(census.live)?);
        let unsure = census.unsure || run.status != RunStatus::Success;
        update = update.expression_attribute_values(":unsure", value(unsure)?);
        let mut expression = "SET live = :live, unsure = :unsure".to_owned();
        if run.status == RunStatus::Success {
            if let Some(high_water) = run.high_water {
                expression.push_str(", highWater = :highWater");
                update = update.expression_attribute_values(":highWater", value(high_water)?);
            }
            if run.mode == Mode::Full {
                expression.push_str(", lastFullAt = :at, program = :program");
                update = update
                    .expression_attribute_values(":at", value(run.started_at)?)
                    .expression_attribute_values(":program", value(run.program)?);
            }
        }
        if run.program.is_none() && !(run.status == RunStatus::Success && run.mode == Mode::Full) {
            expression.push_str(", program = :none");
            update = update.expression_attribute_values(":none", value(None::<u64>)?);
        }
        let update = update.update_expression(expression).build().map_err(StoreError::corrupt)?;
        Ok(Some(TransactWriteItem::builder().update(update).build()))
    }
}
