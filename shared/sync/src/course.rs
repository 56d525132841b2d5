//! The course of a run: its phases one after the other, under one lease, until it is closed or handed over.

use std::time::Duration;

use connectors::Connector;
use domain::connection::{Connection, ConnectionStatus, FileAfterRead};
use domain::ids::RunId;
use domain::mapping::RulesOverride;
use domain::mapping::drift::Profile;
use domain::run::{Parts, Phase, Run};
use domain::sync_config::{SyncConfig, SyncSettings};
use domain::{DataType, Direction};
use jiff::SignedDuration;
use secrets::SecretsError;
use store::StoreError;
use tokio::time::Instant;
use transport::ErpError;

use crate::batch::Reading;
use crate::deletions;
use crate::drift;
use crate::engine::{Engine, now};
use crate::health::concerns_connection;
use crate::inbox;
use crate::lease::{LeaseError, Leased};
use crate::observed;
use crate::parts;
use crate::pull::{self, Pulled};
use crate::push;
use crate::scopes;
use crate::seen::Seen;
use crate::set_aside;

/// How often in a row a run waits for an ERP that asks to be left alone.
const MAX_HOLDS: u32 = 10;

/// The longest such wait: a message can be delayed by no more.
const LONGEST_HOLD: Duration = Duration::from_secs(900);

/// How a stretch of work ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The phase is done.
    Complete,
    /// Time is up, or a person wants the run to end.
    HandOver,
    /// Its parts go on, side by side.
    Split,
}

/// Why it could not go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The ERP, or the way to it: the run ends in error.
    #[error(transparent)]
    Erp(#[from] ErpError),
    /// Something that only a person can mend: the run ends in error.
    #[error("{0}")]
    Setup(String),
    /// A person wants the run to end.
    #[error("the run is to be cancelled")]
    Cancelled,
    /// Another worker has the run.
    #[error("another worker has taken the run up")]
    Lost,
    /// The table: the message comes back, and the run goes on from its last checkpoint.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<LeaseError> for Failure {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Lost => Self::Lost,
            LeaseError::Store(error) => Self::Store(error),
        }
    }
}

impl From<SecretsError> for Failure {
    fn from(error: SecretsError) -> Self {
        match error {
            // Its message comes back, as when the table is away.
            SecretsError::Unavailable(source) => {
                Self::Store(StoreError::Unavailable { message: source.to_string(), source })
            }
            other => Self::Setup(other.to_string()),
        }
    }
}

/// What a run is worked with: read anew by each worker.
pub(crate) struct Setting {
    pub(crate) connection: Connection,
    /// The config that shapes the run, if there is one.
    pub(crate) config: Option<SyncConfig>,
    /// What is laid over the config, for a client's or a site's own records.
    overrides: Option<RulesOverride>,
    pub(crate) connector: Box<dyn Connector>,
}

impl Setting {
    async fn of(engine: &Engine, leased: &mut Leased<'_>) -> Result<Self, Failure> {
        let connection = engine.store.connection(&leased.run.erp_connection_id).await?;
        let mut connection =
            connection.ok_or_else(|| Failure::Setup("the connection was deleted".to_owned()))?;
        leased.reached = Some((connection.provider, connection.connection_method));
        let run = &leased.run;
        if run.dry_run {
            connection.settings.files.after_read = FileAfterRead::Keep;
        }
        if connection.status == ConnectionStatus::Inactive {
            return Err(Failure::Setup("the connection was switched off".to_owned()));
        }
        let config = match &run.sync_config_id {
            None => None,
            Some(id) => Some(
                engine
                    .store
                    .sync_config(id)
                    .await?
                    .ok_or_else(|| Failure::Setup("the sync config was deleted".to_owned()))?,
            ),
        };
        let overrides = match &run.scope {
            None => None,
            Some(scope) => Some(
                engine
                    .store
                    .overrides_for(scope, &connection.id, run.data_type)
                    .await?
                    .ok_or_else(|| Failure::Setup(scopes::sentence(scope, run.data_type)))?,
            ),
        };
        let credentials = engine.vault.open(&connection.id, &connection.credentials).await?;
        let connector = engine.connector(&connection, credentials)?;
        Ok(Self { connection, config, overrides, connector })
    }

    /// How records are read.
    pub(crate) fn reading(&self, data_type: DataType) -> Reading {
        let rules = self.config.as_ref().map(SyncConfig::rules).unwrap_or_default();
        let rules = match &self.overrides {
            Some(overrides) => overrides.over(rules),
            None => rules,
        };
        Reading::of(&self.connection, data_type, rules)
    }

    /// The config's settings, or the defaults.
    pub(crate) fn settings(&self) -> SyncSettings {
        self.config.as_ref().map_or_else(SyncSettings::default, |config| config.settings.clone())
    }
}

/// Takes a run up and works it until it is done or `deadline` is near.
pub(crate) async fn work_run(engine: &Engine, id: &RunId, deadline: Instant) -> Result<(), StoreError> {
    let Some(mut leased) = Leased::take(engine, id).await? else { return Ok(()) };
    observed::works_on(&leased.run);
    let worked = work_to_the_end(engine, &mut leased, deadline).await;
    let ended = match worked {
        Ok(End::Complete | End::Split) => Ok(()),
        Ok(End::HandOver) => hand_over(engine, &mut leased, Duration::ZERO).await,
        Err(Failure::Erp(error)) => match wanted_pause(&error).filter(|_| leased.run.holds < MAX_HOLDS) {
            Some(pause) => hold(engine, &mut leased, pause, &error).await,
            None => give_up(&mut leased, &error).await,
        },
        Err(Failure::Setup(reason)) => leased.fail(reason, None).await,
        Err(Failure::Cancelled) => leased.release().await,
        Err(Failure::Lost) => Err(LeaseError::Lost),
        Err(Failure::Store(error)) => Err(LeaseError::Store(error)),
    };
    match ended {
        Ok(()) if leased.run.is_open() => Ok(()),
        Ok(()) => {
            scopes::clear_if_gone(engine, &leased.run).await?;
            parts::wake_whole(engine, &leased.run).await
        }
        Err(LeaseError::Lost) => {
            tracing::info!(run = %id, "another worker has taken the run up");
            Ok(())
        }
        Err(LeaseError::Store(error)) => Err(error),
    }
}

/// Works a run, and closes it if it is done.
async fn work_to_the_end<'e>(
    engine: &'e Engine,
    leased: &mut Leased<'e>,
    deadline: Instant,
) -> Result<End, Failure> {
    let stop_at = stop_before(deadline);
    let setting = Setting::of(engine, leased).await?;
    let end = work_phases(engine, leased, &setting, stop_at).await?;
    if end == End::Complete {
        if let Some(reason) = scopes::gone(engine, &leased.run).await? {
            return Err(Failure::Setup(reason));
        }
        let whole = leased.run.part.is_none() && leased.run.scope.is_none() && !leased.run.dry_run;
        if whole && leased.run.direction != Direction::Push {
            inbox::go_on(engine, &setting.connection, setting.config.as_ref(), leased.run.data_type).await?;
        }
        let reading = setting.reading(leased.run.data_type);
        let profile = drift::tell(engine, &mut leased.run, &reading, &setting.settings()).await?;
        leased.run.flag_losses();
        if let Some(reason) = total_loss(&leased.run) {
            return Err(Failure::Setup(reason));
        }
        close(engine, leased, profile.as_ref()).await?;
    }
    Ok(end)
}

/// Why a run is no success though it reached its end. What becomes of a part shows in the whole.
fn total_loss(run: &Run) -> Option<String> {
    run.total_loss().filter(|_| run.part.is_none())
}

async fn work_phases<'e>(
    engine: &'e Engine,
    leased: &mut Leased<'e>,
    setting: &Setting,
    stop_at: Instant,
) -> Result<End, Failure> {
    let mut seen = Seen::load(engine, &leased.run).await?;
    if leased.run.phase == Phase::Pull && leased.run.direction != Direction::Push {
        leased.run.complete = match leased.run.parts.clone() {
            Some(Parts { error: Some(error), .. }) => return Err(Failure::Setup(error)),
            Some(parts) => parts.complete,
            None => match pull::pull(engine, leased, setting, &mut seen, stop_at).await? {
                Pulled::Everything { complete } => complete,
                Pulled::HandOver => return Ok(End::HandOver),
                Pulled::Split => return Ok(End::Split),
            },
        };
        if leased.run.part.is_some() {
            seen.keep(engine, &mut leased.run).await?;
            return Ok(End::Complete);
        }
        let complete = leased.run.complete;
        set_aside::close_recovered(engine, &leased.run, complete).await?;
        deletions::prove_count(&mut leased.run);
        if complete && total_loss(&leased.run).is_none() && deletions::seem_due(&mut leased.run) {
            seen.keep(engine, &mut leased.run).await?;
            enter(leased, Phase::Deletions).await?;
        }
    }
    if leased.run.phase == Phase::Deletions {
        let max_percent = setting.settings().max_delete_percent;
        if deletions::delete_vanished(engine, leased, seen, max_percent, stop_at).await? == End::HandOver {
            return Ok(End::HandOver);
        }
    }
    if leased.run.direction == Direction::Pull {
        return Ok(End::Complete);
    }
    if leased.run.phase != Phase::Push {
        enter(leased, Phase::Push).await?;
    }
    push::push(engine, leased, setting, stop_at).await
}

/// Goes on to the next phase, under a checkpoint.
async fn enter(leased: &mut Leased<'_>, phase: Phase) -> Result<(), LeaseError> {
    leased.run.phase = phase;
    leased.run.cursor = None;
    leased.checkpoint().await
}

async fn close(
    engine: &Engine,
    leased: &mut Leased<'_>,
    profile: Option<&Profile>,
) -> Result<(), LeaseError> {
    leased.succeed(profile).await?;
    if leased.run.part.is_some() {
        return Ok(());
    }
    let segments = leased.run.census.map_or(0, |census| census.segments);
    if let Err(error) = engine.store.forget_seen(&leased.run.id, segments).await {
        tracing::debug!(run = %leased.run.id, %error, "the marks of a closed run are left to expire");
    }
    Ok(())
}

async fn give_up(leased: &mut Leased<'_>, error: &ErpError) -> Result<(), LeaseError> {
    tracing::warn!(run = %leased.run.id, %error, "a run ended in error");
    leased.fail(error.to_string(), Some(error).filter(|error| concerns_connection(error))).await
}

/// How long the ERP asks to be left alone, if a run should wait for it.
pub(crate) fn wanted_pause(error: &ErpError) -> Option<Duration> {
    match error {
        ErpError::RateLimited { retry_after: Some(pause), .. } if *pause >= Duration::from_secs(1) => {
            Some((*pause).min(LONGEST_HOLD))
        }
        _ => None,
    }
}

/// Waits, without a worker, for an ERP that asks to be left alone.
async fn hold(
    engine: &Engine,
    leased: &mut Leased<'_>,
    pause: Duration,
    error: &ErpError,
) -> Result<(), LeaseError> {
    let until = now() + SignedDuration::try_from(pause).unwrap_or(SignedDuration::ZERO);
    tracing::info!(run = %leased.run.id, %error, %until, "a run waits for its ERP");
    leased.run.held_until = Some(until);
    leased.run.holds += 1;
    leased.run.stalled = 0; // the ERP's wish is no fault of the worker, and is counted for itself
    if leased.run.holds == 1 {
        leased.run.warnings.push(format!("{error}: the run waited until {until}"));
    }
    hand_over(engine, leased, pause).await
}

async fn hand_over(engine: &Engine, leased: &mut Leased<'_>, pause: Duration) -> Result<(), LeaseError> {
    leased.release().await?;
    if leased.run.is_open()
        && let Err(error) = engine.queue.send_run(&leased.run.id, pause).await
    {
        tracing::warn!(run = %leased.run.id, %error, "no worker could be nudged to go on: the sweep will");
    }
    Ok(())
}

/// When to stop: while 15% of the time to the deadline is left.
fn stop_before(deadline: Instant) -> Instant {
    let whole = deadline.saturating_duration_since(Instant::now());
    deadline.checked_sub(whole.mul_f64(0.15)).unwrap_or(deadline)
}
