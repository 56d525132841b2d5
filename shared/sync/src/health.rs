//! The circuit breaker: notes what became of each contact with an ERP, probes connections that keep failing, and lets
//! held syncs go when one works again.

use domain::connection::{ConnectionMethod, ConnectionStatus, Provider};
use domain::health::{Contact, ContactKind, Health};
use domain::ids::{ConnectionId, ContactId};
use domain::run::{Run, RunStatus};
use jiff::{SignedDuration, Timestamp};
use metrics::counter;
use store::StoreError;
use telemetry::metric;
use transport::ErpError;

use crate::engine::{Engine, now};

/// Connections probed in one tick; what is left is due in the next.
const MAX_PROBES: u32 = 500;

/// How long a due sync is held where the breaker does not tell when it looks again.
const HOLD: SignedDuration = SignedDuration::from_mins(1);

/// Configs read at a time when a connection is healed.
const PAGE: u32 = 100;

impl Engine {
    /// Has a connection that keeps failing probed at once: somebody has just changed it.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn probe_soon(&self, connection: &ConnectionId) -> Result<(), StoreError> {
        let Some(hopeful) = self.store.health(connection).await?.hopeful(now()) else { return Ok(()) };
        match self.store.write_health(&hopeful).await {
            // A contact was noted at the same moment: that says more than a probe would.
            Ok(()) | Err(StoreError::Changed) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

/// Whether an error says something of the connection, not just of what was sent over it.
pub(crate) const fn concerns_connection(error: &ErpError) -> bool {
    !matches!(error, ErpError::Malformed(_) | ErpError::Rejected(_))
}

/// Whether only a person can mend what went wrong.
const fn is_lasting(error: &ErpError) -> bool {
    matches!(error, ErpError::Unauthorized(_) | ErpError::Misconfigured(_) | ErpError::Forbidden(_))
}

/// What is shown of a failure on its connection: the sentence, and the page that helps.
pub(crate) fn with_help(error: &ErpError, provider: Provider, method: ConnectionMethod) -> String {
    format!("{error} (help: {})", provider.manual(method))
}

/// A contact that ended now.
pub(crate) fn contact(kind: ContactKind, duration_ms: u64, error: Option<&ErpError>) -> Contact {
    Contact {
        id: ContactId::generate(),
        kind,
        ok: error.is_none(),
        at: now(),
        duration_ms,
        error: error.map(ToString::to_string),
        run_id: None,
        outcome: None,
    }
}

/// Notes a contact with a connection's ERP, and lets held syncs go if the connection is healed by it.
pub(crate) async fn note(
    engine: &Engine,
    connection: &ConnectionId,
    contact: &Contact,
    error: Option<&ErpError>,
) -> Result<(), StoreError> {
    loop {
        let before = engine.store.health(connection).await?;
        let after = before.after(contact, error.is_some_and(is_lasting));
        match engine.store.keep_contact(&after, contact).await {
            Ok(()) => return tell(engine, &before, &after).await,
            Err(StoreError::Changed) if engine.store.connection(connection).await?.is_none() => return Ok(()),
            Err(StoreError::Changed) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Notes how a run that is closed left its connection. A run that was cancelled, or failed for another reason, says
/// nothing of it. The run is closed already: what cannot be noted is logged.
pub(crate) async fn note_run(engine: &Engine, run: &Run, error: Option<&ErpError>) {
    // What it read proves that the connection works, whatever became of the records.
    let worked = run.status == RunStatus::Success || run.total_loss().is_some();
    if error.is_none() && !(run.part.is_none() && worked) {
        return;
    }
    let took = run.completed_at.unwrap_or(run.started_at).duration_since(run.started_at);
    let took = u64::try_from(took.as_millis()).unwrap_or_default();
    let outcome = run.outcome();
    let contact = Contact { run_id: Some(run.id.clone()), outcome, ..contact(ContactKind::Run, took, error) };
    if let Err(error) = note(engine, &run.erp_connection_id, &contact, error).await {
        tracing::warn!(run = %run.id, %error, "how the run left its connection could not be noted");
    }
}

async fn tell(engine: &Engine, before: &Health, after: &Health) -> Result<(), StoreError> {
    let connection = &after.erp_connection_id;
    match (before.opened_at, after.opened_at) {
        (None, Some(_)) => {
            let (failures, next) = (after.consecutive_failures, after.next_probe_at);
            counter!(metric::BREAKERS_OPENED).increment(1);
            tracing::warn!(%connection, failures, ?next, "a connection keeps failing: scheduled syncs are held");
            Ok(())
        }
        (Some(since), None) => {
            tracing::info!(%connection, %since, "a connection works again: held syncs are due");
            let_go(engine, connection).await
        }
        _ => Ok(()),
    }
}

/// Makes the syncs due that were held. One that is missed here is due when the next probe would have been.
async fn let_go(engine: &Engine, connection: &ConnectionId) -> Result<(), StoreError> {
    let mut cursor = None;
    loop {
        let page = engine.store.sync_configs_of(connection, PAGE, cursor.as_deref()).await?;
        for config in page.items.iter().filter(|config| config.held_since.is_some()) {
            match engine.store.hold_slot(config, now()).await {
                Ok(()) | Err(StoreError::Changed) => {}
                Err(error) => return Err(error),
            }
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(());
        }
    }
}

/// Until when the scheduled syncs of a connection are held; `None` if they are not.
pub(crate) async fn held_until(
    engine: &Engine,
    connection: &ConnectionId,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let health = engine.store.health(connection).await?;
    let soon = now.checked_add(HOLD).ok();
    Ok(health.opened_at.and_then(|_| health.next_probe_at.filter(|at| *at > now).or(soon)))
}

/// Sends the probes that are due; says how many.
pub(crate) async fn send_probes(engine: &Engine, now: Timestamp) -> Result<usize, StoreError> {
    let mut sent = 0;
    for health in engine.store.due_probes(now, MAX_PROBES).await? {
        match engine.store.write_health(&health.probed(now)).await {
            Ok(()) => {}
            Err(StoreError::Changed) => continue,
            Err(error) => return Err(error),
        }
        match engine.queue.send_probe(&health.erp_connection_id).await {
            Ok(()) => sent += 1,
            Err(error) => {
                tracing::warn!(connection = %health.erp_connection_id, %error, "a probe could not be sent; it is due again soon")
            }
        }
    }
    Ok(sent)
}

/// Tests a connection whose breaker is open; does nothing where it has healed or gone meanwhile.
pub(crate) async fn probe(engine: &Engine, id: &ConnectionId) -> Result<(), StoreError> {
    let health = engine.store.health(id).await?;
    let Some(connection) = engine.store.connection(id).await? else { return Ok(()) };
    if health.opened_at.is_none() {
        return Ok(());
    }
    let done = if connection.status == ConnectionStatus::Inactive {
        engine.store.write_health(&health.put_off(now())).await
    } else {
        engine.try_and_note(&connection, ContactKind::Probe).await.map(|_| ())
    };
    match done {
        Err(StoreError::Changed) => Ok(()),
        other => other,
    }
}
