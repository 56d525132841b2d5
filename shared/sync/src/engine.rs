//! What every part of the engine works with.

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
