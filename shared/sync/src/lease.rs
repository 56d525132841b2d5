//! The right of one worker to move a run on, and every write it makes under that right.

use std::pin::pin;

use domain::ids::RunId;
use domain::run::{Lease, Run, RunStatus};
use store::StoreError;
use tokio::time::{Instant, interval_at};
use ulid::Ulid;

use crate::engine::{Engine, now};

/// Workers that may take a run up in a row without a checkpoint before it is given up: something in it kills them.
const MAX_STALLED: u32 = 5;

/// A run under this worker's lease.
pub(crate) struct Leased<'e> {
    engine: &'e Engine,
    pub(crate) run: Run,
}

/// Why a write under the lease failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeaseError {
    /// Another worker has the run.
    #[error("another worker has taken the run up")]
    Lost,
    /// The table failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl<'e> Leased<'e> {
    /// Takes a run up; `None` if there is nothing to do: it is closed, or another worker is at it.
    pub(crate) async fn take(engine: &'e Engine, id: &RunId) -> Result<Option<Self>, StoreError> {
        let Some(mut run) = engine.store.run(id).await? else { return Ok(None) };
        let now = now();
        if !run.is_open() || run.lease.as_ref().is_some_and(|lease| lease.until > now) {
            return Ok(None);
        }
        run.lease = Some(Lease { holder: Ulid::generate().to_string(), until: now + engine.pace.lease });
        run.attempt += 1;
        run.stalled += 1;
        run.version += 1;
        let mut leased = Self { engine, run };
        match leased.write().await {
            Ok(()) => {}
            Err(LeaseError::Lost) => return Ok(None),
            Err(LeaseError::Store(error)) => return Err(error),
        }
        if leased.run.stalled > MAX_STALLED {
            let reason = format!(
                "{MAX_STALLED} workers in a row stopped without getting further; the last read batch may hold what stops them"
            );
            return match leased.close(Some(reason), None).await {
                Ok(()) | Err(LeaseError::Lost) => Ok(None),
                Err(LeaseError::Store(error)) => Err(error),
            };
        }
        Ok(Some(leased))
    }

    /// Writes how far the run is, and renews the lease.
    pub(crate) async fn checkpoint(&mut self) -> Result<(), LeaseError> {
        self.run.stalled = 0;
        self.run.checkpointed_at = now();
        self.renew().await
    }

    /// Renews the lease.
    async fn renew(&mut self) -> Result<(), LeaseError> {
        if let Some(lease) = &mut self.run.lease {
            lease.until = now() + self.engine.pace.lease;
        }
        self.run.version += 1;
        self.write().await
    }

    /// Does `work`, however long it takes, without losing the lease meanwhile.
    pub(crate) async fn keep<T>(&mut self, work: impl Future<Output = T>) -> Result<T, LeaseError> {
        let mut work = pin!(work);
        let every = self.engine.pace.renew_every;
        let mut renew = interval_at(Instant::now() + every, every);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return Ok(done),
                _ = renew.tick() => self.renew().await?,
            }
        }
    }

    /// Gives the lease back, for another worker to go on from the last checkpoint.
    pub(crate) async fn release(&mut self) -> Result<(), LeaseError> {
        self.run.lease = None;
        self.run.stalled = 0;
        self.run.version += 1;
        self.write().await
    }

    /// Closes the run: in `error` if there is one, else in success. `connection_error` is what the connection shows.
    pub(crate) async fn close(
        &mut self,
        error: Option<String>,
        connection_error: Option<&str>,
    ) -> Result<(), LeaseError> {
        self.run.status = if error.is_some() { RunStatus::Error } else { RunStatus::Success };
        self.run.error = error;
        self.run.completed_at = Some(now());
        self.run.lease = None;
        self.run.version += 1;
        let closed = self.engine.store.close_run(&self.run, connection_error).await;
        self.settle(closed).await
    }

    async fn write(&mut self) -> Result<(), LeaseError> {
        let written = self.engine.store.checkpoint_run(&self.run).await;
        self.settle(written).await
    }

    /// A write that reports a lost condition may be our own, repeated by the client after its answer got lost: then
    /// the table holds exactly what we wrote.
    async fn settle(&self, written: Result<(), StoreError>) -> Result<(), LeaseError> {
        match written {
            Ok(()) => Ok(()),
            Err(StoreError::Changed) => match self.engine.store.run(&self.run.id).await? {
                Some(stored) if stored == self.run => Ok(()),
                _ => Err(LeaseError::Lost),
            },
            Err(error) => Err(error.into()),
        }
    }
}
