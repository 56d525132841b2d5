//! What a run that has ended came to: the status tells whether it reached its end, the outcome whether everything did
//! that it was to bring.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Run, RunFlag, RunStatus};

/// What a run that has ended came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunOutcome {
    /// Everything that was read came in, and everything that was to be sent was taken.
    Clean,
    /// Something did not: records were set aside, changes were refused, fields were left out, or deletions withheld. The
    /// flags and warnings tell what.
    Partial,
    /// It ended in error.
    Failed,
    /// It reached its end and there was nothing to read or to send.
    Empty,
}

impl RunOutcome {
    /// The name used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Partial => "partial",
            Self::Failed => "failed",
            Self::Empty => "empty",
        }
    }
}

impl RunFlag {
    /// Whether something that the run was to bring may not have come, or not as it was sent.
    const fn is_of_loss(self) -> bool {
        match self {
            Self::SuddenlyEmpty
            | Self::DeletionsWithheld
            | Self::CountMismatch
            | Self::DeletionsNotChecked
            | Self::RecordsSetAside
            | Self::ChangesRefused
            | Self::FieldsLeftOut
            | Self::RecordsRepeated
            | Self::FieldsHeld
            | Self::FieldsEmptied => true,
            Self::SchemaDrift | Self::PathsNotFound => false,
        }
    }
}

impl Run {
    /// What it came to; `None` while it is at work. One that was cancelled brought a part of what it should.
    #[must_use]
    pub fn outcome(&self) -> Option<RunOutcome> {
        Some(match self.status {
            RunStatus::Syncing => return None,
            RunStatus::Error => RunOutcome::Failed,
            RunStatus::Cancelled => RunOutcome::Partial,
            RunStatus::Success if self.flags.iter().any(|flag| flag.is_of_loss()) => RunOutcome::Partial,
            RunStatus::Success if self.counts.read + self.pushed.read == 0 => RunOutcome::Empty,
            RunStatus::Success => RunOutcome::Clean,
        })
    }

    /// Notes, as its end is near, what did not come through. Once told, it is not told again.
    pub fn flag_losses(&mut self) {
        let (failed, read) = (self.counts.failed, self.counts.read);
        if failed > 0 {
            let warning =
                format!("{failed} of {read} records were set aside: the list of its errors says why");
            self.flag(RunFlag::RecordsSetAside, warning);
        }
        let (refused, sent) = (self.pushed.failed, self.pushed.read);
        if refused > 0 {
            let warning =
                format!("{refused} of {sent} changes did not reach the ERP: the list of changes says why");
            self.flag(RunFlag::ChangesRefused, warning);
        }
    }

    /// Why it is no success though it reached its end: all that was read was set aside.
    #[must_use]
    pub fn total_loss(&self) -> Option<String> {
        let counts = &self.counts;
        let nothing_came = counts.failed > 0 && counts.failed + counts.skipped == counts.read;
        let why = self.files.named.iter().find_map(|file| file.reason.as_deref());
        let why = why.map(|why| format!(": {why}")).unwrap_or_default();
        nothing_came.then(|| match counts.failed {
            1 => format!("the only record was set aside and nothing was stored{why}"),
            failed => format!("all {failed} records were set aside and nothing was stored{why}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::data_type::DataType;
    use crate::ids::ConnectionId;
    use crate::run::{Counts, Trigger};

    fn ended(status: RunStatus, counts: Counts, pushed: Counts) -> Run {
        let at = Timestamp::UNIX_EPOCH;
        let run = Run::start(ConnectionId::generate(), DataType::Products, Trigger::Manual, "me".into(), at);
        let mut run = Run { status, counts, pushed, ..run };
        run.flag_losses();
        run
    }

    #[test]
    fn an_outcome_tells_a_clean_run_from_one_that_lost_something() {
        let some = Counts { read: 3, created: 3, ..Counts::default() };
        let one_failed = Counts { read: 3, created: 2, failed: 1, ..Counts::default() };
        let none = Counts::default();
        for (status, counts, pushed, wanted) in [
            (RunStatus::Success, some, none, Some(RunOutcome::Clean)),
            (RunStatus::Success, one_failed, none, Some(RunOutcome::Partial)),
            (RunStatus::Success, some, one_failed, Some(RunOutcome::Partial)),
            (RunStatus::Success, none, some, Some(RunOutcome::Clean)),
            (RunStatus::Success, none, none, Some(RunOutcome::Empty)),
            (RunStatus::Error, some, none, Some(RunOutcome::Failed)),
            (RunStatus::Cancelled, some, none, Some(RunOutcome::Partial)),
            (RunStatus::Syncing, one_failed, none, None),
        ] {
            assert_eq!(ended(status, counts, pushed).outcome(), wanted, "{status:?} {counts:?} {pushed:?}");
        }
    }

    #[test]
    fn a_run_that_set_everything_aside_is_a_total_loss_whatever_its_filters_left_out() {
        let total_loss = |counts| ended(RunStatus::Syncing, counts, Counts::default()).total_loss();
        assert!(total_loss(Counts { read: 5, failed: 3, skipped: 2, ..Counts::default() }).is_some());
        assert!(total_loss(Counts { read: 5, failed: 4, unchanged: 1, ..Counts::default() }).is_none());
        assert!(total_loss(Counts { read: 5, skipped: 5, ..Counts::default() }).is_none());
        assert!(total_loss(Counts::default()).is_none());
    }
}
