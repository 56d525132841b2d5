//! Pages on their way into a batch: each is mapped in a task of its own, so that another core does it while the ERP is
//! asked for the next.

use std::panic::resume_unwind;

use connectors::Page;
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::batch::{Batch, Reader};

/// A reader and the batch it fills, either here or in the task that maps a page.
pub(crate) struct Filling {
    here: Option<Work>,
    task: JoinSet<Work>,
}

struct Work {
    reader: Reader,
    batch: Batch,
}

impl Filling {
    /// Fills batches by means of `reader`.
    pub(crate) fn new(reader: Reader) -> Self {
        Self { here: Some(Work { reader, batch: Batch::default() }), task: JoinSet::new() }
    }

    /// Begins to map a page, once the one before is mapped. `before` is how many records were read before this batch.
    /// Answers whether the batch may have `full` records with it, which [`Self::is_full`] knows later.
    pub(crate) async fn add(&mut self, page: Page, before: u64, full: usize) -> bool {
        let Work { mut reader, mut batch } = self.mapped().await;
        let may_be_full = batch.is_full(full.saturating_sub(page.items.len()));
        let mapping = async move {
            batch.add(page, &mut reader, before);
            Work { reader, batch }
        };
        self.task.spawn(mapping.in_current_span());
        may_be_full
    }

    /// Whether the batch should be written before more is added, every page in it mapped.
    pub(crate) async fn is_full(&mut self, records: usize) -> bool {
        let work = self.mapped().await;
        self.here.insert(work).batch.is_full(records)
    }

    /// Takes the batch, every page in it mapped, and begins another. The pull has `ended` with the last one.
    pub(crate) async fn take(&mut self, ended: bool) -> Batch {
        let Work { mut reader, mut batch } = self.mapped().await;
        batch.profile = reader.grown_profile();
        batch.missing = reader.missing_fields(ended);
        self.here = Some(Work { reader, batch: Batch::default() });
        batch
    }

    /// Takes reader and batch as soon as no page is being mapped.
    async fn mapped(&mut self) -> Work {
        if let Some(here) = self.here.take() {
            return here;
        }
        match self.task.join_next().await.map(|ended| ended.map_err(tokio::task::JoinError::try_into_panic)) {
            Some(Ok(work)) => work,
            Some(Err(Ok(panic))) => resume_unwind(panic),
            // The process ends: nobody waits for the batch.
            Some(Err(Err(_))) | None => std::future::pending().await,
        }
    }
}
