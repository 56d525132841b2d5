//! What every part of the engine works with.

use jiff::{Timestamp, Unit};
use queue::Queue;
use secrets::Vault;
use store::Store;
use transport::Transport;

/// The clients a process has one of each. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Engine {
    /// The table.
    pub store: Store,
    /// The queue of nudges.
    pub queue: Queue,
    /// Opens credentials.
    pub vault: Vault,
    /// Reaches the ERPs.
    pub transport: Transport,
}

/// The time, to the millisecond: finer is noise in an answer, and the table keeps no finer.
#[must_use]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    now.round(Unit::Millisecond).unwrap_or(now)
}
