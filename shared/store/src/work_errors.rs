//! Why workers could not move a run on, kept beside it for the day its message is given up.

use domain::ids::RunId;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::item::{number, text};
use crate::key::{self, TTL};
use crate::{Store, StoreError};

/// How long it is kept: longer than any message lives.
const KEPT: SignedDuration = SignedDuration::from_hours(15 * 24);

/// What went wrong with a run, outside of the run itself.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WorkErrors {
    /// How often.
    pub count: u32,
    /// The last error.
    pub last: String,
}

impl Store {
    /// Counts an error of a worker of `run`, and keeps it as the last.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn note_work_error(&self, run: &RunId, error: &str, at: Timestamp) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::work_error(run).to_item()))
            .update_expression("ADD #count :one SET #last = :error, #ttl = :ttl")
            .expression_attribute_names("#count", "count")
            .expression_attribute_names("#last", "last")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":error", text(error))
            .expression_attribute_values(":ttl", number((at + KEPT).as_second()));
        update.send().await?;
        Ok(())
    }

    /// What went wrong with `run`, if anything did.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn work_errors(&self, run: &RunId) -> Result<Option<WorkErrors>, StoreError> {
        self.get(&key::work_error(run)).await
    }
}
