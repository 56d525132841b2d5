//! What every part of the engine works with.

use std::sync::Arc;
use std::time::Duration;

use connectors::{Connector, connector_for};
use domain::connection::{Connection, Credentials};
use jiff::{Timestamp, Unit};
use queue::Queue;
use secrets::{SecretsError, Vault};
use store::Store;
use transport::{ErpError, Transport};

use crate::access_tokens::KeptTokens;
use crate::inbox::KeptDocuments;
use crate::ledger::KeptLedger;

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
    /// Its paces.
    pub pace: Pace,
}

impl Engine {
    /// The credentials of a connection, opened, for somebody who waits for the answer.
    pub(crate) async fn credentials(&self, connection: &Connection) -> Result<Credentials, ErpError> {
        self.vault.open(&connection.id, &connection.credentials).await.map_err(|error| match error {
            SecretsError::Unavailable(_) => ErpError::Unavailable(error.to_string()),
            other => ErpError::Misconfigured(other.to_string()),
        })
    }

    /// The connector of a connection; its access tokens are kept for all workers.
    pub(crate) fn connector(
        &self,
        connection: &Connection,
        credentials: Credentials,
    ) -> Result<Box<dyn Connector>, ErpError> {
        let tokens = KeptTokens::new(self.store.clone(), self.vault.clone(), connection);
        let inbox = KeptDocuments::new(self.store.clone(), connection);
        let ledger = KeptLedger::new(self.store.clone(), connection);
        let (tokens, inbox, ledger) = (Arc::new(tokens), Arc::new(inbox), Arc::new(ledger));
        connector_for(connection, credentials, &self.transport, tokens, inbox, ledger)
    }
}

/// How long things take and how much is done at a time. The defaults are what ships; the fault suite lives faster.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long a worker's lease on a run lasts unless it is renewed.
    pub lease: Duration,
    /// How often a lease is renewed while nothing is checkpointed.
    pub renew_every: Duration,
    /// Records after which a batch is written.
    pub batch_records: usize,
    /// A batch that is not full is written after this long, so that progress shows.
    pub write_after: Duration,
    /// How long a worker stays with one run before it looks whether others wait, and lets them go first.
    pub slice: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(15),
            renew_every: Duration::from_secs(4),
            batch_records: 33_000,
            write_after: Duration::from_secs(2),
            slice: Duration::from_secs(3),
        }
    }
}

/// The time, to the millisecond: finer is noise in an answer, and the table keeps no finer.
#[must_use]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    now.round(Unit::Millisecond).unwrap_or(now)
}
