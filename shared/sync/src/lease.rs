//! The right of one worker to move a run on, and every write it makes under that right.

use std::pin::{Pin, pin};

use domain::connection::{ConnectionMethod, Provider};
use domain::ids::RunId;
use domain::mapping::drift::Profile;
use domain::run::{Lease, Run, RunStatus};
use store::{ChangeWrite, Permit, Stepped, StoreError};
use tokio::time::{Instant, timeout};
use transport::ErpError;
use ulid::Ulid;

use crate::engine::{Engine, now};
use crate::health::{note_run, with_help};
use crate::observed;

/// Workers that may take a run up in a row without a checkpoint before it is given up: something in it kills them.
const MAX_STALLED: u32 = 5;

/// A run under this worker's lease.
pub(crate) struct Leased<'e> {
    engine: &'e Engine,
    /// What the lease in the table names while it is ours.
    holder: String,
    permit: Permit,
    /// The kind of ERP and what carries its data, once the connection is read.
    pub(crate) reached: Option<(Provider, ConnectionMethod)>,
    pub(crate) run: Run,
    standing: Standing,
}

/// What is known of the run in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// It is as this worker wrote it last.
    Ours,
    /// It may be as this worker wrote it last, or as before: a write was not answered.
    Unknown,
    /// Somebody else has written it.
    Lost,
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
        let held = run.held_until.is_some_and(|until| until > now) || run.open_parts() > 0;
        if !run.is_open() || held || run.lease.as_ref().is_some_and(|lease| lease.until > now) {
            return Ok(None);
        }
        let holder = Ulid::generate().to_string();
        run.lease = Some(Lease { holder: holder.clone(), until: now + engine.pace.lease });
        run.attempt += 1;
        run.stalled += 1;
        run.version += 1;
        let permit = Permit::until(Instant::now().into_std());
        let mut leased = Self { engine, holder, permit, reached: None, run, standing: Standing::Ours };
        match leased.begin().await {
            Ok(true) => Ok(Some(leased)),
            Ok(false) | Err(LeaseError::Lost) => Ok(None),
            Err(LeaseError::Store(error)) => Err(error),
        }
    }

    /// Writes that the run is taken up; says whether there is work to do. Closes it if it is not to go on.
    async fn begin(&mut self) -> Result<bool, LeaseError> {
        self.write(None).await?;
        if self.run.cancel_requested {
            self.close_as(RunStatus::Cancelled, None, None).await?;
        } else if self.run.stalled > MAX_STALLED {
            let reason = format!(
                "{MAX_STALLED} workers in a row stopped without getting further; the last read batch may hold what stops them"
            );
            self.fail(reason, None).await?;
        }
        Ok(self.run.is_open())
    }

    /// The right to write records, while the lease lasts.
    pub(crate) const fn permit(&self) -> &Permit {
        &self.permit
    }

    /// Writes how far the run is, and renews the lease.
    pub(crate) async fn checkpoint(&mut self) -> Result<(), LeaseError> {
        self.mark_progress();
        self.renew().await
    }

    /// [`Self::checkpoint`] and what the run saw its records look like, all or nothing.
    pub(crate) async fn checkpoint_profile(&mut self, seen: &Profile) -> Result<(), LeaseError> {
        self.mark_progress();
        self.extend();
        self.write(Some(seen)).await
    }

    /// [`Self::checkpoint`] and changes of ours, all or nothing. `false`, with nothing written, if one of the changes is
    /// no longer as it was.
    pub(crate) async fn checkpoint_with(&mut self, changes: &[ChangeWrite<'_>]) -> Result<bool, LeaseError> {
        self.mark_progress();
        self.extend();
        self.begin_write()?;
        loop {
            let begun = Instant::now();
            let stepped = self.engine.store.step_push(&self.run, changes).await?;
            if stepped == Stepped::ChangeLost {
                self.run.version -= 1;
                self.standing = Standing::Ours;
                return Ok(false);
            }
            let written = if stepped == Stepped::Yes { Ok(()) } else { Err(StoreError::Changed) };
            if self.settle(written).await? {
                self.permit_from(begun);
                return Ok(true);
            }
        }
    }

    fn mark_progress(&mut self) {
        self.run.stalled = 0;
        self.run.holds = 0;
        self.run.held_until = None;
        self.run.checkpointed_at = now();
    }

    /// Renews the lease.
    async fn renew(&mut self) -> Result<(), LeaseError> {
        self.extend();
        self.write(None).await
    }

    fn extend(&mut self) {
        if let Some(lease) = &mut self.run.lease {
            lease.until = now() + self.engine.pace.lease;
        }
        self.run.version += 1;
    }

    /// Does `work`, however long it takes, without losing the lease meanwhile.
    pub(crate) async fn keep<T>(&mut self, work: impl Future<Output = T>) -> Result<T, LeaseError> {
        let mut work = pin!(work);
        loop {
            if let Some(done) = self.renew_beside(work.as_mut()).await? {
                return Ok(done);
            }
        }
    }

    /// The same; `None` once a person wants the run to end, which shows with the next renewal or checkpoint.
    pub(crate) async fn keep_until_cancelled<T>(
        &mut self,
        work: impl Future<Output = T>,
    ) -> Result<Option<T>, LeaseError> {
        let mut work = pin!(work);
        while !self.run.cancel_requested {
            if let Some(done) = self.renew_beside(work.as_mut()).await? {
                return Ok(Some(done));
            }
        }
        Ok(None)
    }

    /// Does `work` until the lease is to be renewed, and renews it then. `None` if the work is not done.
    async fn renew_beside<T>(
        &mut self,
        work: Pin<&mut impl Future<Output = T>>,
    ) -> Result<Option<T>, LeaseError> {
        match timeout(self.engine.pace.renew_every, work).await {
            Ok(done) => Ok(Some(done)),
            Err(_) => self.renew().await.map(|()| None),
        }
    }

    /// Gives the lease back, for another worker to go on from the last checkpoint; closes a run that is to be cancelled.
    /// Who gives it back without a checkpoint has stalled as much as who died.
    pub(crate) async fn release(&mut self) -> Result<(), LeaseError> {
        if self.run.cancel_requested {
            return self.close_as(RunStatus::Cancelled, None, None).await;
        }
        self.run.lease = None;
        self.run.version += 1;
        self.write(None).await
    }

    /// Gives the lease back to the parts the run was split into.
    pub(crate) async fn split_into(&mut self, parts: &[Run]) -> Result<(), LeaseError> {
        self.run.lease = None;
        self.run.stalled = 0;
        self.run.version += 1;
        self.begin_write()?;
        loop {
            let split = self.engine.store.split_run(&self.run, parts).await;
            if self.settle(split).await? {
                return Ok(());
            }
        }
    }

    /// Closes the run in success; `profile` is what is to be remembered of its records, if that is news.
    pub(crate) async fn succeed(&mut self, profile: Option<&Profile>) -> Result<(), LeaseError> {
        end(&mut self.run, RunStatus::Success, None);
        self.begin_write()?;
        loop {
            let closed = self.engine.store.complete_run(&self.run, profile).await;
            if self.settle(closed).await? {
                break;
            }
        }
        observed::run_closed(&self.run, self.provider());
        note_run(self.engine, &self.run, None).await;
        Ok(())
    }

    /// Closes the run in error. `of_connection` is the error if it says something of the connection: then that shows it,
    /// and its breaker counts it.
    pub(crate) async fn fail(
        &mut self,
        reason: String,
        of_connection: Option<&ErpError>,
    ) -> Result<(), LeaseError> {
        self.close_as(RunStatus::Error, Some(reason), of_connection).await?;
        note_run(self.engine, &self.run, of_connection).await;
        Ok(())
    }

    fn provider(&self) -> Option<Provider> {
        self.reached.map(|(provider, _)| provider)
    }

    async fn close_as(
        &mut self,
        status: RunStatus,
        error: Option<String>,
        of_connection: Option<&ErpError>,
    ) -> Result<(), LeaseError> {
        end(&mut self.run, status, error);
        let shown = of_connection.map(|error| match self.reached {
            Some((provider, method)) => with_help(error, provider, method),
            None => error.to_string(),
        });
        self.begin_write()?;
        loop {
            let closed = self.engine.store.close_run(&self.run, shown.as_deref()).await;
            if self.settle(closed).await? {
                observed::run_closed(&self.run, self.provider());
                return Ok(());
            }
        }
    }

    async fn write(&mut self, seen: Option<&Profile>) -> Result<(), LeaseError> {
        self.begin_write()?;
        loop {
            let begun = Instant::now();
            let written = match seen {
                None => self.engine.store.checkpoint_run(&self.run).await,
                Some(seen) => self.engine.store.checkpoint_run_with_profile(&self.run, seen, now()).await,
            };
            if self.settle(written).await? {
                self.permit_from(begun);
                return Ok(());
            }
        }
    }

    /// Before a write: its version must be one more than in the table, so nothing is written on top of a write that failed.
    /// With the version that it did not reach, the next could meet its condition in a run that somebody else has closed.
    fn begin_write(&mut self) -> Result<(), LeaseError> {
        match self.standing {
            Standing::Ours => {
                self.standing = Standing::Unknown;
                Ok(())
            }
            Standing::Lost => Err(LeaseError::Lost),
            Standing::Unknown => {
                let before = "the last checkpoint was not answered";
                Err(StoreError::Unavailable { message: before.to_owned(), source: before.into() }.into())
            }
        }
    }

    /// A write that is sent at the very end of a lease may arrive after it, so the permit ends before.
    fn permit_from(&self, begun: Instant) {
        self.permit.extend((begun + self.engine.pace.lease * 2 / 3).into_std());
    }

    /// Whether a write is done; `false` if it is to be made again, on top of what a person wrote meanwhile.
    ///
    /// A write that reports a lost condition may be our own, repeated by the client after its answer got lost: then
    /// the table holds exactly what we wrote. Or somebody asked for the run to be cancelled, which is the one thing
    /// another may write into a run that is ours.
    async fn settle(&mut self, written: Result<(), StoreError>) -> Result<bool, LeaseError> {
        match written {
            Ok(()) => {}
            Err(StoreError::Changed) => match self.engine.store.run(&self.run.id).await? {
                Some(stored) if stored == self.run => {}
                Some(stored) if self.was_only_cancelled(&stored) => {
                    self.run.cancel_requested = true;
                    self.run.version = stored.version + 1;
                    return Ok(false);
                }
                _ => {
                    self.standing = Standing::Lost;
                    return Err(LeaseError::Lost);
                }
            },
            Err(error) => return Err(error.into()),
        }
        self.standing = Standing::Ours;
        Ok(true)
    }

    fn was_only_cancelled(&self, stored: &Run) -> bool {
        let ours = stored.lease.as_ref().is_some_and(|lease| lease.holder == self.holder);
        stored.is_open() && ours && stored.cancel_requested && !self.run.cancel_requested
    }
}

/// Makes `run` one that has ended; to be written by [`store::Store::close_run`].
pub(crate) fn end(run: &mut Run, status: RunStatus, error: Option<String>) {
    run.status = status;
    run.error = error;
    run.completed_at = Some(now());
    run.lease = None;
    run.version += 1;
}
