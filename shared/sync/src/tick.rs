//! The scheduler's minute: starts what is due and nudges what has gone quiet.

use domain::connection::{ConnectionMethod, ConnectionStatus};
use domain::run::{Run, Trigger};
use domain::sync_config::SyncConfig;
use jiff::{SignedDuration, Timestamp};
use store::{SlotTaken, StoreError};

use crate::health::{held_until, send_probes};
use crate::parts;
use crate::scopes;
use crate::{Engine, TriggerError, TriggerRequest};

/// Configs looked at in one tick; what is left is due in the next.
const MAX_DUE: u32 = 500;

/// Open runs looked at in one tick.
const MAX_ACTIVE: u32 = 1_000;

/// A run that nobody holds is nudged again after this long: its message may be lost.
const QUIET: SignedDuration = SignedDuration::from_secs(20);

/// A sync of documents that came while one was running is put off for this long, not left out: nobody else would read
/// them.
const PUT_OFF: SignedDuration = SignedDuration::from_secs(5);

/// What a tick did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tick {
    /// Runs started because they were due.
    pub started: usize,
    /// Quiet runs nudged again.
    pub nudged: usize,
    /// Connections that keep failing, probed.
    pub probed: usize,
}

/// Starts the runs that are due at `now`, nudges open runs that nobody works on, and has connections probed that keep
/// failing.
///
/// # Errors
/// If the table cannot be read. What goes wrong with one config is logged and does not hold up the others.
pub async fn tick(engine: &Engine, now: Timestamp) -> Result<Tick, StoreError> {
    let mut done = Tick { probed: send_probes(engine, now).await?, ..Tick::default() };
    for config in engine.store.due_sync_configs(now, MAX_DUE).await? {
        match start_due(engine, &config, now).await {
            Ok(started) => done.started += started,
            Err(error) => {
                tracing::error!(config = %config.id, %error, "a sync that was due could not be started")
            }
        }
    }
    done.nudged = nudge(engine, |run| is_quiet(run, now)).await?;
    Ok(done)
}

/// Takes up every open run at once, whoever holds it: for the start of a process that knows itself to be the only one,
/// so that all leases belong to workers that died with the last process.
///
/// # Errors
/// If the table cannot be reached.
pub async fn recover(engine: &Engine) -> Result<usize, StoreError> {
    for mut run in parts::at_work(engine, engine.store.active_runs(MAX_ACTIVE).await?).await? {
        if run.lease.take().is_some() {
            run.version += 1;
            engine.store.checkpoint_run(&run).await?;
        }
    }
    nudge(engine, |_| true).await
}

async fn nudge(engine: &Engine, wanted: impl Fn(&Run) -> bool) -> Result<usize, StoreError> {
    let active = parts::at_work(engine, engine.store.active_runs(MAX_ACTIVE).await?).await?;
    let quiet: Vec<_> =
        active.into_iter().filter(|run| run.is_open() && wanted(run)).map(|run| run.id).collect();
    if let Err(error) = engine.queue.send_runs(&quiet).await {
        tracing::warn!(%error, "quiet runs could not be nudged: the next tick tries again");
    }
    Ok(quiet.len())
}

/// A run is quiet when its worker's lease has ended, or nobody took it up in time.
fn is_quiet(run: &Run, now: Timestamp) -> bool {
    match &run.lease {
        Some(lease) => lease.until < now,
        None => run.held_until.unwrap_or(run.checkpointed_at) + QUIET < now,
    }
}

/// Starts what is due by a config, and says how many runs that are: one of the plain records and, before it, one for each
/// client and site with records of its own. The plain one takes the slot: a scheduler that dies before leaves it to the
/// next, and whatever runs already is left out. A slot that cannot be used moves on.
async fn start_due(engine: &Engine, config: &SyncConfig, now: Timestamp) -> Result<usize, TriggerError> {
    let Some(due) = config.next_sync_at else { return Ok(0) };
    if let Some(end) = config.held_until(now) {
        tracing::info!(config = %config.id, %due, %end, "a sync that was missed waits for the end of its blackout");
        return skip(engine, config, Some(end)).await;
    }
    let next = config.next_due(now);
    let Some(connection) = engine.store.connection(&config.erp_connection_id).await? else {
        return skip(engine, config, next).await;
    };
    if connection.status == ConnectionStatus::Error
        && let Some(until) = held_until(engine, &connection.id, now).await?
    {
        let connection = &connection.id;
        tracing::info!(config = %config.id, %connection, %due, %until, "a sync was due but its connection keeps failing: it is held");
        return moved(engine.store.hold_slot(config, until).await);
    }
    let reads_documents = connection.connection_method == ConnectionMethod::Doi;
    let request = TriggerRequest {
        connection,
        config: Some(config.clone()),
        data_type: config.data_type,
        scope: None,
        direction: config.direction,
        mode: config.mode_of_slot(config.held_since.unwrap_or(due)),
        dry_run: false,
        trigger: Trigger::Schedule,
        triggered_by: "scheduler".to_owned(),
        slot: Some(SlotTaken { due, next }),
        retry_of: None,
    };
    let own = scopes::start_due(engine, config, &request).await?;
    match engine.trigger(request).await {
        Ok(run) => {
            tracing::info!(config = %config.id, run = %run.id, %due, "a sync was due and is started");
            Ok(own + 1)
        }
        Err(TriggerError::AlreadyRunning(run)) if reads_documents => {
            tracing::info!(config = %config.id, %run, %due, "a sync of documents was due while one is running; it is put off");
            moved(engine.store.hold_slot(config, now + PUT_OFF).await)?;
            Ok(own)
        }
        Err(TriggerError::AlreadyRunning(run)) => {
            tracing::info!(config = %config.id, %run, %due, "a sync was due while one is running; this time is left out");
            skip(engine, config, next).await?;
            Ok(own)
        }
        Err(TriggerError::Disabled(reason)) => {
            tracing::info!(config = %config.id, reason, %due, "a sync was due but is switched off");
            skip(engine, config, next).await
        }
        Err(TriggerError::SlotGone) => Ok(own),
        Err(error) => Err(error),
    }
}

async fn skip(engine: &Engine, config: &SyncConfig, next: Option<Timestamp>) -> Result<usize, TriggerError> {
    moved(engine.store.skip_slot(config, next).await)
}

/// A slot that was moved on, by us or by somebody who was quicker, starts no run.
fn moved(written: Result<(), StoreError>) -> Result<usize, TriggerError> {
    match written {
        Ok(()) | Err(StoreError::Changed) => Ok(0),
        Err(error) => Err(error.into()),
    }
}
