//! What the syncs of one data type over one connection remember from run to run.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::census::Tally;

/// What is remembered; written when a run closes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SyncState {
    /// When the newest record was changed at the ERP, by the ERP's own clock. The next incremental pull asks for what
    /// changed since, with some overlap.
    pub high_water: Option<Timestamp>,
    /// The program (mapping, transformations and filters) under which everything was read. Under another one, what did
    /// not change at the ERP still changes here, so everything is read once more; so it is where there is none.
    pub program: Option<u64>,
    /// When a full pull last reached its end.
    pub last_full_at: Option<Timestamp>,
    /// The records that are here and not gone. May be off after a write beside the runs; a survey puts it right.
    pub live: Tally,
    /// Whether a run since ended before its end: a worker of it may have stored records that were never counted.
    pub unsure: bool,
}
