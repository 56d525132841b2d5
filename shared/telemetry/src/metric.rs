//! The names of what is counted and measured, with their units. Whoever counts uses the macros of `metrics` with these.
//!
//! Each dimension is a metric of its own to CloudWatch, and paid for: there are `provider` and `data_type`, and no ids.

use metrics::Unit;

/// Runs that were closed. Parts of a run and dry runs do not count.
pub const RUNS: &str = "sync_runs";
/// Those of them that reached their end, though something did not come through.
pub const RUNS_PARTIAL: &str = "sync_runs_partial";
/// Those of them that ended in error.
pub const RUNS_FAILED: &str = "sync_runs_failed";
/// Those of them that were cancelled.
pub const RUNS_CANCELLED: &str = "sync_runs_cancelled";
/// How long they took, from trigger to end.
pub const RUN_SECONDS: &str = "sync_run_seconds";
/// What they did, record by record.
pub const RECORDS_READ: &str = "sync_records_read";
/// New to us.
pub const RECORDS_CREATED: &str = "sync_records_created";
/// Known, and changed.
pub const RECORDS_UPDATED: &str = "sync_records_updated";
/// Known, and as before.
pub const RECORDS_UNCHANGED: &str = "sync_records_unchanged";
/// Gone at the ERP.
pub const RECORDS_DELETED: &str = "sync_records_deleted";
/// Left out by a filter.
pub const RECORDS_SKIPPED: &str = "sync_records_skipped";
/// Set aside with a reason.
pub const RECORDS_FAILED: &str = "sync_records_failed";
/// Changed on both sides.
pub const RECORDS_CONFLICTS: &str = "sync_records_conflicts";
/// How long an ERP took to answer, each try by itself.
pub const ERP_CALL_SECONDS: &str = "erp_call_seconds";
/// Tries that failed: no answer, or one of 408, 425, 429 or 5xx.
pub const ERP_CALLS_FAILED: &str = "erp_calls_failed";
/// Tries after the first.
pub const ERP_CALLS_RETRIED: &str = "erp_calls_retried";
/// Tries that were answered with 429.
pub const ERP_CALLS_THROTTLED: &str = "erp_calls_throttled";
/// Connections that kept failing, so that their scheduled syncs are held.
pub const BREAKERS_OPENED: &str = "erp_breakers_opened";
/// How long a message waited for a worker, beyond the delay it was sent with.
pub const QUEUE_LAG_SECONDS: &str = "queue_lag_seconds";
/// Messages that came again.
pub const QUEUE_REDELIVERIES: &str = "queue_redeliveries";
/// Messages that were given up and are kept for a person.
pub const DEAD_LETTERS_KEPT: &str = "dead_letters_kept";
/// Starts of a Lambda's environment.
pub const COLD_STARTS: &str = "cold_starts";

/// The dimension of the ERP's kind.
pub const PROVIDER: &str = "provider";
/// The dimension of the kind of record.
pub const DATA_TYPE: &str = "data_type";

/// Tells the recorder what there is.
pub(crate) fn describe() {
    for name in [RUN_SECONDS, ERP_CALL_SECONDS, QUEUE_LAG_SECONDS] {
        metrics::describe_histogram!(name, Unit::Seconds, "");
    }
    for name in [
        RUNS,
        RUNS_PARTIAL,
        RUNS_FAILED,
        RUNS_CANCELLED,
        RECORDS_READ,
        RECORDS_CREATED,
        RECORDS_UPDATED,
        RECORDS_UNCHANGED,
        RECORDS_DELETED,
        RECORDS_SKIPPED,
        RECORDS_FAILED,
        RECORDS_CONFLICTS,
        ERP_CALLS_FAILED,
        ERP_CALLS_RETRIED,
        ERP_CALLS_THROTTLED,
        BREAKERS_OPENED,
        QUEUE_REDELIVERIES,
        DEAD_LETTERS_KEPT,
        COLD_STARTS,
    ] {
        metrics::describe_counter!(name, Unit::Count, "");
    }
}
