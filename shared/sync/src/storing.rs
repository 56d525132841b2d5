//! A batch on its way into the table, beside the reading of the next, and the checkpoint that counts it.

use domain::mapping::MissingFieldPolicy;
use domain::run::RunFlag;
use domain::sync_config::SyncSettings;
use store::{Collection, Outcome, StoreError};
use tokio::task::JoinSet;
use tracing::Instrument;

use crate::batch::Batch;
use crate::deletions::{DeletionGuard, note_repeated};
use crate::engine::{Engine, now};
use crate::lease::{LeaseError, Leased};
use crate::missing_fields::keep_values;
use crate::plan;
use crate::seen::Seen;

/// Most warnings a run keeps.
const MAX_WARNINGS: usize = 50;

/// How many records a run has read, as blocks note it.
pub(crate) fn position(read: u64) -> u32 {
    u32::try_from(read).unwrap_or(u32::MAX)
}

/// A batch that is being stored, in a task of its own so that it takes another core. The task ends with it.
pub(crate) struct Storing {
    batch: Batch,
    task: JoinSet<Result<Told, StoreError>>,
}

/// A batch that is stored and not yet counted.
pub(crate) struct Stored {
    batch: Batch,
    told: Told,
}

/// What became of the records of a batch.
#[derive(Default)]
struct Told {
    outcomes: Vec<Outcome>,
    /// How many came before in the same run, and the key of the first.
    repeated: u64,
    first_repeated: Option<String>,
    /// Why deletions were withheld.
    withheld: Option<String>,
}

impl Storing {
    /// Begins to store a batch. `settings` say how many of the known records may be deleted because the ERP says that
    /// they are, and what becomes of fields that it no longer sends.
    pub(crate) fn start(
        engine: &Engine,
        leased: &Leased<'_>,
        mut batch: Batch,
        settings: &SyncSettings,
    ) -> Self {
        let (store, permit, run) = (engine.store.clone(), leased.permit().clone(), &leased.run);
        let (id, setting_aside) = (run.id.clone(), run.clone());
        let read = position(run.counts.read)..position(run.counts.read + batch.read());
        let collection = Collection::of(run);
        let (mut upserts, failed) = (std::mem::take(&mut batch.upserts), batch.failed.clone());
        let guard = DeletionGuard::of(run, settings.max_delete_percent);
        let plan = run.dry_run.then_some(run.counts.read);
        // Under `stop` too, until it is certain that the fields are gone.
        let keeps = settings.missing_fields != MissingFieldPolicy::Null;
        let missing = if keeps { batch.missing.clone() } else { Vec::new() };
        let mut task = JoinSet::new();
        let storing = async move {
            store.keep_failed_records(&setting_aside, &failed, &permit, now()).await?;
            keep_values(&store, &collection, &mut upserts, &missing).await?;
            let withheld = guard.withhold(&store, &collection, &mut upserts).await?;
            let written = match plan {
                Some(from) => plan::plan(&store, &collection, &id, from, &upserts).await?,
                None => store.upsert_records(&collection, &id, read, &upserts, &permit, now()).await?,
            };
            let first = written.repeated.first().and_then(|first| upserts.get(*first));
            Ok(Told {
                repeated: written.repeated.len() as u64,
                first_repeated: first.map(|first| first.key.to_string()),
                outcomes: written.outcomes,
                withheld,
            })
        };
        task.spawn(storing.in_current_span());
        Self { batch, task }
    }

    /// How many records were read into it.
    pub(crate) const fn read(&self) -> u64 {
        self.batch.read()
    }
}

/// Waits until what is in `storing` is stored, and takes it out. Waits for ever where there is nothing. May be cut off
/// and called again.
pub(crate) async fn stored(storing: &mut Option<Storing>) -> Result<Stored, StoreError> {
    let ended = match storing {
        Some(storing) => storing.task.join_next().await,
        None => None,
    };
    let (Some(ended), Some(Storing { batch, .. })) = (ended, storing.take()) else {
        return std::future::pending().await;
    };
    let told =
        ended.map_err(|error| StoreError::Corrupt(format!("storing a batch ended early: {error}")))??;
    Ok(Stored { batch, told })
}

/// Writes the checkpoint that counts a batch, with what its records look like if more is known of it than before. Answers up
/// to where the connector may clear away.
pub(crate) async fn checkpoint(
    leased: &mut Leased<'_>,
    seen: &mut Seen,
    stored: Stored,
) -> Result<Option<String>, LeaseError> {
    let Stored { batch, told: Told { outcomes, repeated, first_repeated, withheld } } = stored;
    let run = &mut leased.run;
    note_repeated(run, repeated, first_repeated);
    if let Some(reason) = withheld {
        run.flag(RunFlag::DeletionsWithheld, reason);
    }
    run.counts.add(&batch.counts(&outcomes));
    if let Some(census) = &mut run.census {
        batch.add_to(census, &outcomes);
    }
    // A clock of the ERP that runs ahead must not hide what is changed until we catch up with it.
    let newest = batch.newest.map(|at| at.min(run.started_at));
    run.high_water = run.high_water.max(newest);
    seen.add(&batch.hashes);
    run.total = batch.total.or(run.total);
    run.cursor.clone_from(&batch.resume);
    run.batch += 1;
    run.warnings.extend(batch.warnings);
    run.warnings.truncate(MAX_WARNINGS);
    run.notices.join(&batch.notices);
    batch.flags.iter().for_each(|flag| run.flag_alone(*flag));
    run.files.join(&batch.files);
    run.note_missing(&batch.missing);
    match batch.profile {
        None => leased.checkpoint().await?,
        Some(profile) => leased.checkpoint_profile(&profile).await?,
    }
    Ok(batch.resume)
}
