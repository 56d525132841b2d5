//! Runs that are read in parts, side by side.

use serde::{Deserialize, Serialize};

use super::{Run, RunStatus};
use crate::census::Census;
use crate::ids::RunId;

/// Where a part of a run belongs. A part is a run of its own that only pulls; what it did is added to the run it belongs
/// to when it closes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// The run it belongs to.
    pub of: RunId,
    /// Which of its parts it is, from 1.
    pub number: u32,
}

/// The parts of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parts {
    /// Each of them.
    pub ids: Vec<RunId>,
    /// How many are not closed yet.
    pub open: u32,
    /// Whether those that are closed read everything they should.
    pub complete: bool,
    /// Why the first one that failed did.
    pub error: Option<String>,
}

impl Run {
    /// A part of this run, which is about to be read from `resume` on, side by side with others.
    #[must_use]
    pub fn part(&self, number: u32, resume: String) -> Self {
        let census = self.census.map(|census| Census {
            known: census.known,
            unsure: census.unsure,
            ..Census::default()
        });
        Self {
            part: Some(Part { of: self.id.clone(), number }),
            sync_config_id: self.sync_config_id.clone(),
            scope: self.scope.clone(),
            direction: self.direction,
            dry_run: self.dry_run,
            mode: self.mode,
            since: self.since,
            program: self.program,
            census,
            cursor: Some(resume),
            ..Self::start(
                self.erp_connection_id.clone(),
                self.data_type,
                self.trigger,
                self.triggered_by.clone(),
                self.started_at,
            )
        }
    }

    /// The run it belongs to, which is itself unless it is a part.
    #[must_use]
    pub fn whole(&self) -> &RunId {
        self.part.as_ref().map_or(&self.id, |part| &part.of)
    }

    /// How many of its parts are at work.
    #[must_use]
    pub fn open_parts(&self) -> u32 {
        self.parts.as_ref().map_or(0, |parts| parts.open)
    }

    /// Adds what a part did that is being closed.
    pub fn absorb(&mut self, part: &Self) {
        self.counts.add(&part.counts);
        self.high_water = self.high_water.max(part.high_water);
        if let (Some(census), Some(more)) = (&mut self.census, &part.census) {
            census.seen.join(&more.seen);
            census.live.join(&more.live);
            census.unreadable += more.unreadable;
        }
        part.flags.iter().for_each(|flag| self.flag_alone(*flag));
        for warning in &part.warnings {
            if !self.warnings.contains(warning) {
                self.warnings.push(warning.clone());
            }
        }
        self.repeated += part.repeated;
        self.notices.join(&part.notices);
        self.files.join(&part.files);
        self.note_missing(&part.missing);
        if let Some(parts) = &mut self.parts {
            parts.open = parts.open.saturating_sub(1);
            parts.complete &= part.status == RunStatus::Success && part.complete;
            parts.error = parts.error.take().or_else(|| part.error.clone());
        }
        self.checkpointed_at = part.completed_at.unwrap_or(self.checkpointed_at);
    }
}
