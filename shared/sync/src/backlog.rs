//! How far behind the work is. The table knows better than the queue: a message is only a nudge, and may be lost.

use domain::run::Run;
use jiff::{SignedDuration, Timestamp};
use store::StoreError;

use crate::engine::{Engine, now};
use crate::parts;

/// Open runs looked at.
const MAX_RUNS: u32 = 200;

/// How long a run may wait for a worker before something is wrong: the sweep nudges quiet runs each minute.
const LATE: SignedDuration = SignedDuration::from_mins(3);

/// What waits to be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// Runs that a worker is at.
    pub at_work: u64,
    /// Runs that wait for a worker.
    pub waiting: u64,
    /// How long the longest of them has waited, in seconds.
    pub longest_wait_seconds: u64,
    /// Syncs that were due minutes ago and that nobody has started: the scheduler does not come.
    pub overdue_syncs: u64,
}

impl Backlog {
    /// Whether runs wait so long that workers must be missing.
    #[must_use]
    pub fn lacks_workers(&self) -> bool {
        i64::try_from(self.longest_wait_seconds).unwrap_or(i64::MAX) > LATE.as_secs()
    }
}

impl Engine {
    /// Looks at what waits, among the first 200 open runs.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn backlog(&self) -> Result<Backlog, StoreError> {
        let now = now();
        let mut backlog = Backlog::default();
        let open = parts::at_work(self, self.store.active_runs(MAX_RUNS).await?).await?;
        for run in open.iter().filter(|run| run.is_open()) {
            match waits_since(run, now) {
                None => backlog.at_work += 1,
                Some(since) => {
                    backlog.waiting += 1;
                    let waited = u64::try_from(now.duration_since(since).as_secs()).unwrap_or_default();
                    backlog.longest_wait_seconds = backlog.longest_wait_seconds.max(waited);
                }
            }
        }
        let overdue = self.store.due_sync_configs(now - LATE, MAX_RUNS).await?;
        backlog.overdue_syncs = u64::try_from(overdue.len()).unwrap_or(u64::MAX);
        Ok(backlog)
    }
}

/// Since when nobody is at a run that may go on.
fn waits_since(run: &Run, now: Timestamp) -> Option<Timestamp> {
    match &run.lease {
        Some(lease) => Some(lease.until).filter(|until| *until < now),
        None => Some(run.held_until.unwrap_or(run.checkpointed_at)).filter(|since| *since < now),
    }
}
