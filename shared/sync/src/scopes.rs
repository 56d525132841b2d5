//! Runs of the records that a client or a site has of its own: started beside the plain ones, ended when nothing is
//! overridden for them any more.

use domain::assignment::Scope;
use domain::run::Run;
use domain::sync_config::SyncConfig;
use domain::{DataType, Direction};
use store::StoreError;

use crate::engine::{Engine, now};
use crate::trigger::{TriggerError, TriggerRequest};

/// Starts a run for each client and site with records of its own, like the `plain` one of a config that is due; says how
/// many. One that is still at work is left out. Nothing is pushed for them, so a config that only pushes has none.
pub(crate) async fn start_due(
    engine: &Engine,
    config: &SyncConfig,
    plain: &TriggerRequest,
) -> Result<usize, TriggerError> {
    if config.direction == Direction::Push {
        return Ok(0);
    }
    let mut started = 0;
    for scope in engine.store.scopes_of(&config.erp_connection_id, config.data_type).await? {
        let request = TriggerRequest {
            scope: Some(scope.clone()),
            direction: Direction::Pull,
            slot: None,
            ..plain.clone()
        };
        match engine.trigger(request).await {
            Ok(run) => {
                tracing::info!(config = %config.id, run = %run.id, %scope, "a sync was due and is started");
                started += 1;
            }
            Err(TriggerError::AlreadyRunning(run)) => {
                tracing::info!(config = %config.id, %run, %scope, "a sync was due while one is running; this time is left out");
            }
            Err(TriggerError::Disabled(reason)) => {
                tracing::info!(config = %config.id, reason, %scope, "a sync was due but cannot be made");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(started)
}

/// Why a run ends in error whose scope has no records of its own any more; `None` if it has.
pub(crate) async fn gone(engine: &Engine, run: &Run) -> Result<Option<String>, StoreError> {
    let Some(scope) = &run.scope else { return Ok(None) };
    let overrides = engine.store.overrides_for(scope, &run.erp_connection_id, run.data_type).await?;
    Ok(overrides.is_none().then(|| sentence(scope, run.data_type)))
}

/// The sentence of [`gone`].
pub(crate) fn sentence(scope: &Scope, data_type: DataType) -> String {
    format!(
        "{scope} has no records of its own any more: its assignment of the connection was deleted, no longer counts, or \
         overrides nothing for {data_type}"
    )
}

/// Deletes what a run that has ended stored for a scope whose assignment went away meanwhile.
pub(crate) async fn clear_if_gone(engine: &Engine, run: &Run) -> Result<(), StoreError> {
    if let (Some(scope), Some(_)) = (&run.scope, gone(engine, run).await?) {
        engine.store.forget_disowned(scope, &run.erp_connection_id, now()).await?;
    }
    Ok(())
}
