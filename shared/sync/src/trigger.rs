//! Starts a run: by hand or by schedule.

use std::time::Duration;

use domain::assignment::Scope;
use domain::connection::{Connection, ConnectionMethod, ConnectionStatus, FileAfterRead};
use domain::ids::RunId;
use domain::run::{Mode, Run, Trigger};
use domain::sync_config::SyncConfig;
use domain::{DataType, Direction};
use jiff::Timestamp;
use store::{SlotTaken, Started, StoreError};
use thiserror::Error;
use tokio::time::Instant;

use crate::engine::{Engine, now};

/// How often a waiting caller looks at its run.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What is to be run.
#[derive(Debug, Clone)]
pub struct TriggerRequest {
    /// Over which connection.
    pub connection: Connection,
    /// The config that shapes it, if there is one.
    pub config: Option<SyncConfig>,
    /// The kind of record.
    pub data_type: DataType,
    /// Whose records are pulled, if a client's or a site's own: nothing is pushed then.
    pub scope: Option<Scope>,
    /// Which side is written to.
    pub direction: Direction,
    /// How much is read; left to the run if `None`.
    pub mode: Option<Mode>,
    /// Whether it only tells what it would do.
    pub dry_run: bool,
    /// What starts it.
    pub trigger: Trigger,
    /// Who starts it: a user's id, or `scheduler`.
    pub triggered_by: String,
    /// The slot of the schedule it takes, if it takes one.
    pub slot: Option<SlotTaken>,
    /// The run it repeats, if it repeats one: in the same mode.
    pub retry_of: Option<Box<Run>>,
}

/// Why no run was started.
#[derive(Debug, Error)]
pub enum TriggerError {
    /// One is at work.
    #[error("a sync of the same records is running already: {0}")]
    AlreadyRunning(RunId),
    /// Something is switched off.
    #[error("{0}")]
    Disabled(String),
    /// Another scheduler took the slot, or the config was changed or deleted meanwhile.
    #[error("the sync config was changed meanwhile")]
    SlotGone,
    /// The table could not be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Starts a run and nudges a worker. A nudge that fails is no error: the sweep sends another.
    ///
    /// # Errors
    /// [`TriggerError`], with the reason.
    pub async fn trigger(&self, request: TriggerRequest) -> Result<Run, TriggerError> {
        refuse_disabled(&request)?;
        let run = new_run(&request, now());
        match self.store.start_run(&run, request.slot.as_ref()).await? {
            Started::Yes => {}
            Started::AlreadyRunning(other) => return Err(TriggerError::AlreadyRunning(other)),
            Started::SlotGone => return Err(TriggerError::SlotGone),
        }
        if let Err(error) = self.queue.send_run(&run.id, Duration::ZERO).await {
            tracing::warn!(run = %run.id, %error, "the run is started, but no worker could be nudged: the sweep will");
        }
        Ok(run)
    }

    /// Waits until a run is closed, at most `up_to`, and answers it as it is then.
    ///
    /// # Errors
    /// If the table cannot be read, or the run is not in it.
    pub async fn wait_for(&self, id: &RunId, up_to: Duration) -> Result<Run, StoreError> {
        let until = Instant::now() + up_to;
        loop {
            let run = self.store.run(id).await?;
            let run = run.ok_or_else(|| StoreError::Corrupt(format!("run {id} is not in the table")))?;
            if !run.is_open() || Instant::now() >= until {
                return Ok(run);
            }
            tokio::time::sleep_until(until.min(Instant::now() + LOOK_EVERY)).await;
        }
    }
}

fn refuse_disabled(request: &TriggerRequest) -> Result<(), TriggerError> {
    let TriggerRequest { connection, data_type, .. } = request;
    if connection.status == ConnectionStatus::Inactive {
        return Err(TriggerError::Disabled(format!("the connection {} is switched off", connection.name)));
    }
    if !connection.settings.enables(*data_type) {
        return Err(TriggerError::Disabled(format!(
            "{data_type} is not among the enabledDataTypes of the connection {}",
            connection.name
        )));
    }
    let archives = connection.settings.files.after_read == FileAfterRead::Archive;
    let only_one_can_read =
        connection.connection_method == ConnectionMethod::Sftp && archives && !request.dry_run;
    if request.scope.is_some() && only_one_can_read {
        return Err(TriggerError::Disabled(format!(
            "the connection {} moves files away once they are read, so that nobody can have records of its own from \
             them: set its settings.files.afterRead to keep",
            connection.name
        )));
    }
    if request.scope.is_some() && connection.connection_method == ConnectionMethod::Doi {
        return Err(TriggerError::Disabled(format!(
            "documents that come over the connection {} are read once, so that nobody can have records of its own from \
             them",
            connection.name
        )));
    }
    Ok(())
}

fn new_run(request: &TriggerRequest, now: Timestamp) -> Run {
    let TriggerRequest { connection, data_type, trigger, triggered_by, .. } = request;
    Run {
        sync_config_id: request.config.as_ref().map(|config| config.id.clone()),
        scope: request.scope.clone(),
        direction: if request.scope.is_some() { Direction::Pull } else { request.direction },
        asked_mode: request.mode,
        mode: request.mode.unwrap_or_default(),
        retry_of: request.retry_of.as_ref().map(|run| run.id.clone()),
        dry_run: request.dry_run,
        trace_id: telemetry::trace::id(),
        ..Run::start(connection.id.clone(), *data_type, *trigger, triggered_by.clone(), now)
    }
}
