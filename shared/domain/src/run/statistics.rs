//! What the runs of a connection add up to.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

/// What all runs of a connection add up to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Statistics {
    /// Runs that ended.
    #[schema(example = 150)]
    pub total_syncs: u64,
    /// Runs that reached their end.
    #[schema(example = 145)]
    pub successful_syncs: u64,
    /// How many of those were not clean: records were set aside, changes refused, or something else did not come.
    #[schema(example = 3)]
    pub partial_syncs: u64,
    /// How many of those had nothing to read or to send.
    #[schema(example = 12)]
    pub empty_syncs: u64,
    /// Runs that ended in error; the others were cancelled.
    #[schema(example = 5)]
    pub failed_syncs: u64,
    /// When a run last ended.
    #[schema(required = false)]
    pub last_sync_date: Option<Timestamp>,
    /// Average duration, in seconds.
    #[schema(example = 120.0)]
    pub avg_sync_duration: f64,
    /// Records read by all runs.
    #[schema(example = 5000)]
    pub total_records_processed: u64,
    /// How many of those were set aside.
    #[schema(example = 4)]
    pub total_records_failed: u64,
}
