//! What a run did, record by record.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a run did, record by record. `read` is the sum of the others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Counts {
    /// Records looked at: those the ERP sent, and those found to be gone there.
    pub read: u64,
    /// New to us.
    pub created: u64,
    /// Known, and changed.
    pub updated: u64,
    /// Known, and as before.
    pub unchanged: u64,
    /// Gone at the ERP.
    pub deleted: u64,
    /// Left out by a filter.
    pub skipped: u64,
    /// Set aside with a reason.
    pub failed: u64,
    /// Changed on both sides.
    pub conflicts: u64,
}

impl Counts {
    /// Adds what a batch did.
    pub fn add(&mut self, more: &Self) {
        self.read += more.read;
        self.created += more.created;
        self.updated += more.updated;
        self.unchanged += more.unchanged;
        self.deleted += more.deleted;
        self.skipped += more.skipped;
        self.failed += more.failed;
        self.conflicts += more.conflicts;
    }

    /// Whether every record read is accounted for.
    #[must_use]
    pub const fn add_up(&self) -> bool {
        self.read
            == self.created
                + self.updated
                + self.unchanged
                + self.deleted
                + self.skipped
                + self.failed
                + self.conflicts
    }
}
