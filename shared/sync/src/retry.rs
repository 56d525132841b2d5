//! Starts a run again: a new run of the same records, direction and mode, as things are now.

use domain::ids::{ConnectionId, RunId, SyncConfigId};
use domain::run::{Run, Trigger};
use store::StoreError;
use thiserror::Error;

use crate::engine::Engine;
use crate::trigger::{TriggerError, TriggerRequest};

/// Why a run cannot be started again.
#[derive(Debug, Error)]
pub enum RetryError {
    /// There is no such run.
    #[error("there is no run {0}")]
    NotFound(RunId),
    /// It is still at work.
    #[error("the run is still at work")]
    Open(RunId),
    /// The connection it went over was deleted.
    #[error("its connection {0} was deleted")]
    ConnectionGone(ConnectionId),
    /// The config that shaped it was deleted.
    #[error("its sync config {0} was deleted")]
    ConfigGone(SyncConfigId),
    /// It was not started.
    #[error(transparent)]
    NotStarted(#[from] TriggerError),
}

impl From<StoreError> for RetryError {
    fn from(error: StoreError) -> Self {
        Self::NotStarted(error.into())
    }
}

impl Engine {
    /// Starts a run that has ended again, for `triggered_by`. The connection and the config are taken as they are now.
    ///
    /// # Errors
    /// [`RetryError`], with the reason.
    pub async fn retry(&self, id: &RunId, triggered_by: String) -> Result<Run, RetryError> {
        let before = self.store.run(id).await?.ok_or_else(|| RetryError::NotFound(id.clone()))?;
        if before.is_open() {
            return Err(RetryError::Open(before.id));
        }
        let connection = self.store.connection(&before.erp_connection_id).await?;
        let connection =
            connection.ok_or_else(|| RetryError::ConnectionGone(before.erp_connection_id.clone()))?;
        let config = match &before.sync_config_id {
            None => None,
            Some(id) => {
                let config = self.store.sync_config(id).await?;
                Some(config.ok_or_else(|| RetryError::ConfigGone(id.clone()))?)
            }
        };
        let request = TriggerRequest {
            connection,
            config,
            data_type: before.data_type,
            scope: before.scope.clone(),
            mode: Some(before.mode),
            dry_run: before.dry_run,
            direction: before.direction,
            trigger: Trigger::Manual,
            triggered_by,
            slot: None,
            retry_of: Some(Box::new(before)),
        };
        Ok(self.trigger(request).await?)
    }
}
