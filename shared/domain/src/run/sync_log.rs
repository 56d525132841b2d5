//! A run as it is shown.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Counts, Mode, Phase, Run, RunFile, RunFlag, RunOutcome, RunStatus, Trigger};
use crate::assignment::Scope;
use crate::data_type::{DataType, Direction};
use crate::ids::{ConnectionId, RunId, SyncConfigId};

/// How far a run is, while it is at work.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Records so far.
    #[schema(example = 42_000)]
    pub records: u64,
    /// Records a second since the start.
    #[schema(example = 12_500.0)]
    pub records_per_second: f64,
    /// Records in all, where the ERP tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// Share done, in percent, where the total is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub percent: Option<f64>,
    /// Seconds to go at this rate, where the total is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining_seconds: Option<f64>,
}

/// A run as it is shown: the `ERPSyncLog`.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ERPSyncLog)]
pub struct SyncLog {
    /// Its id.
    #[schema(value_type = String, example = "run_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub id: RunId,
    /// The connection.
    pub erp_connection_id: ConnectionId,
    /// The config that shaped it, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync_config_id: Option<SyncConfigId>,
    /// The kind of record.
    pub data_type: DataType,
    /// Whose records it pulls, `client:…` or `site:…`, if an assignment shapes them by rules of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "site:site_001")]
    pub scope: Option<Scope>,
    /// Which side is written to.
    pub direction: Direction,
    /// Whether it is at work, and how it ended.
    pub status: RunStatus,
    /// What it came to, once it has ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<RunOutcome>,
    /// What started it.
    pub trigger: Trigger,
    /// Who started it.
    pub triggered_by: String,
    /// The run it repeats.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub retry_of: Option<RunId>,
    /// The trace in which it was started, as log lines and traces name it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "4bf92f3577b34da6a3ce929d0e0e4736")]
    pub trace_id: Option<String>,
    /// Whether it only tells what it would do: nothing is written, here or at the ERP.
    pub dry_run: bool,
    /// How much of the ERP's records it reads.
    pub mode: Mode,
    /// What it is at, while at work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<Phase>,
    /// When it was started.
    pub started_at: Timestamp,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_at: Option<Timestamp>,
    /// How long it took, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 12.345)]
    pub duration: Option<f64>,
    /// Records read.
    pub records_processed: u64,
    /// Records read that did not fail.
    pub records_success: u64,
    /// Records set aside.
    pub records_failed: u64,
    /// What it did, in full: pull and push together.
    pub counts: Counts,
    /// What of it the push did, where there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pushed: Option<Counts>,
    /// Why it ended in `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "the ERP answered 401 Unauthorized: wrong API key")]
    pub error: Option<String>,
    /// What a person should know though the run went on.
    pub warnings: Vec<String>,
    /// What an operator should look at.
    pub flags: Vec<RunFlag>,
    /// The files it read, up to 300 of them; the last ones, where there were more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    pub files: Vec<RunFile>,
    /// How many files it read before those.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub more_files: Option<u64>,
    /// How far it is, while at work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

impl SyncLog {
    /// Shows `run` as of `now`.
    #[must_use]
    pub fn of(run: Run, now: Timestamp) -> Self {
        let progress = run.is_open().then(|| progress(&run, now));
        let duration = run.completed_at.map(|end| seconds(run.started_at, end));
        let outcome = run.outcome();
        let phase = run.is_open().then_some(run.phase);
        let mut counts = run.counts;
        counts.add(&run.pushed);
        Self {
            progress,
            duration,
            phase,
            outcome,
            records_processed: counts.read,
            records_success: counts.read - counts.failed,
            records_failed: counts.failed,
            pushed: (run.direction != Direction::Pull).then_some(run.pushed),
            retry_of: run.retry_of,
            trace_id: run.trace_id,
            dry_run: run.dry_run,
            mode: run.mode,
            flags: run.flags,
            more_files: Some(run.files.more).filter(|more| *more > 0),
            files: run.files.named,
            id: run.id,
            erp_connection_id: run.erp_connection_id,
            sync_config_id: run.sync_config_id,
            data_type: run.data_type,
            scope: run.scope,
            direction: run.direction,
            status: run.status,
            trigger: run.trigger,
            triggered_by: run.triggered_by,
            started_at: run.started_at,
            completed_at: run.completed_at,
            counts,
            error: run.error,
            warnings: run.warnings.into_iter().chain(run.notices.sentences()).collect(),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people to read")]
fn progress(run: &Run, now: Timestamp) -> Progress {
    let records = run.counts.read;
    let elapsed = seconds(run.started_at, now).max(0.001);
    let rate = records as f64 / elapsed;
    let share = run.total.filter(|total| *total > 0).map(|total| (records as f64 / total as f64).min(1.0));
    Progress {
        records,
        records_per_second: (rate * 10.0).round() / 10.0,
        total: run.total,
        percent: share.map(|share| (share * 1_000.0).round() / 10.0),
        remaining_seconds: share
            .filter(|share| *share > 0.0)
            .map(|share| (elapsed * (1.0 - share) / share * 10.0).round() / 10.0),
    }
}

/// Seconds between two moments, to the millisecond.
#[must_use]
pub fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    let milliseconds = to.duration_since(from).as_millis().max(0);
    #[expect(clippy::cast_precision_loss, reason = "2^53 ms are 285,000 years")]
    let seconds = milliseconds as f64 / 1_000.0;
    seconds
}
