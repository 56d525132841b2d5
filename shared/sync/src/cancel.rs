//! Cancels a run: a person's wish, which the run's worker obeys after the batch at hand, so that what is stored is also
//! counted.

use domain::ids::RunId;
use domain::run::{Run, RunStatus};
use store::StoreError;
use thiserror::Error;

use crate::engine::{Engine, now};
use crate::lease::end;
use crate::parts;

/// Why a run cannot be cancelled.
#[derive(Debug, Error)]
pub enum CancelError {
    /// There is no such run.
    #[error("there is no such run")]
    NotFound,
    /// It has ended, with this status.
    #[error("the run has ended")]
    Ended(RunStatus),
    /// The table could not be reached.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Engine {
    /// Asks for a run to end, and answers it as it is then: closed if nobody holds it, else to be closed by its worker.
    /// May be asked again until the run has ended.
    ///
    /// # Errors
    /// [`CancelError`], with the reason.
    pub async fn cancel(&self, id: &RunId) -> Result<Run, CancelError> {
        loop {
            let mut run = self.store.run(id).await?.ok_or(CancelError::NotFound)?;
            if !run.is_open() {
                return Err(CancelError::Ended(run.status));
            }
            let waits = run.open_parts() > 0;
            let held = waits || run.lease.as_ref().is_some_and(|lease| lease.until > now());
            if held && run.cancel_requested {
                return Ok(run);
            }
            run.cancel_requested = true;
            let written = if held {
                run.version += 1;
                self.store.checkpoint_run(&run).await
            } else {
                end(&mut run, RunStatus::Cancelled, None);
                self.store.close_run(&run, None).await
            };
            match written {
                Ok(()) if waits => {
                    self.cancel_parts(&run).await?;
                    return Ok(run);
                }
                Ok(()) => {
                    parts::wake_whole(self, &run).await?;
                    return Ok(run);
                }
                // Its worker was quicker: it writes now and then, so the next try or the one after comes through.
                Err(StoreError::Changed) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Cancels the parts of a run; the run itself ends when the last of them has.
    async fn cancel_parts(&self, run: &Run) -> Result<(), CancelError> {
        for part in run.parts.iter().flat_map(|parts| &parts.ids) {
            match Box::pin(self.cancel(part)).await {
                Ok(_) | Err(CancelError::Ended(_) | CancelError::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
