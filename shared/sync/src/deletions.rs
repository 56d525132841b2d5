//! After a full pull: what we have and the ERP did not send is gone there, and is marked so here.
//!
//! A mistake of the ERP, such as an empty answer, must not empty a shop. So nothing is deleted unless the pull was
//! complete, its number of records agrees with what the ERP told, every record could be told apart, and no more
//! vanished than `settings.maxDeletePercent` allows.

use domain::census::Tally;
use domain::planned::PlannedChange;
use domain::run::{Mode, Run, RunFlag};
use store::{BlockRef, Collection, Outcome, Store, StoreError, Upsert, Vanished};
use tokio::time::Instant;

use crate::Engine;
use crate::course::{End, Failure};
use crate::engine::now;
use crate::lease::Leased;
use crate::plan::MAX_LISTED;
use crate::seen::{self, Lookup, Seen};
use crate::storing::position;

/// Blocks that are cleared between two checkpoints.
const BLOCKS_AT_A_TIME: usize = 200;

/// What `Run::cursor` says once it is decided that records are deleted.
const DECIDED: &str = "decided";

/// Deletions that the ERP tells of by a flag are not withheld up to this number, however few records are known.
const FREE_DELETIONS: u64 = 100;

/// Keeps a condition that holds for too many records from deleting them all.
pub(crate) struct DeletionGuard {
    known: u64,
    deleted: u64,
    max_percent: u8,
}

impl DeletionGuard {
    /// For the next batch of `run`.
    pub(crate) fn of(run: &Run, max_percent: u8) -> Self {
        let known = run.census.map_or(0, |census| census.known);
        Self { known, deleted: run.counts.deleted, max_percent }
    }

    /// Takes the deletions out of a batch if more records would be deleted than may be; says why it did.
    pub(crate) async fn withhold(
        &self,
        store: &Store,
        collection: &Collection,
        upserts: &mut Vec<Upsert>,
    ) -> Result<Option<String>, StoreError> {
        let told: Vec<Upsert> = upserts.iter().filter(|upsert| upsert.is_deletion()).cloned().collect();
        if !self.are_too_many(told.len() as u64) {
            return Ok(None);
        }
        let compared = store.compare_records(collection, &told).await?;
        let live = compared.iter().filter(|compared| compared.outcome == Outcome::Deleted).count() as u64;
        if !self.are_too_many(live) {
            return Ok(None);
        }
        upserts.retain(|upsert| !upsert.is_deletion());
        Ok(Some(format!(
            "the ERP says of {} of {} known records that they are deleted, more than settings.maxDeletePercent ({}) \
             allows: they were left as they are. If they are really deleted, raise it for one run; if not, see \
             settings.deletedWhen",
            self.deleted + live,
            self.known,
            self.max_percent
        )))
    }

    const fn are_too_many(&self, more: u64) -> bool {
        let deleted = self.deleted + more;
        more > 0 && deleted > FREE_DELETIONS && deleted * 100 > self.known * self.max_percent as u64
    }
}

/// Notes that records came more than once in a pull: the last one counts.
pub(crate) fn note_repeated(run: &mut Run, repeated: u64, first: Option<String>) {
    if repeated == 0 {
        return;
    }
    run.repeated += repeated;
    run.flag_alone(RunFlag::RecordsRepeated);
    let example = || first.unwrap_or_else(|| "not known".to_owned());
    run.notices.add_many("records came more than once, and the last of each key counts", repeated, example);
}

/// Holds the number of different records against what the ERP told, once everything is read.
pub(crate) fn prove_count(run: &mut Run) {
    let counts = run.counts;
    // Where nothing was known before, each record that did not come anew came before in the same pull.
    let began_empty = run.census.is_some_and(|census| census.known == 0 && !census.unsure);
    if began_empty && !run.dry_run {
        let twice = counts.updated + counts.unchanged;
        note_repeated(run, twice.saturating_sub(run.repeated), None);
    }
    let different = counts.read.saturating_sub(run.repeated);
    let Some(total) = run.total.filter(|total| *total != different) else { return };
    let again = match run.repeated {
        0 => String::new(),
        repeated => format!(", {repeated} of them twice"),
    };
    let warning = format!("the ERP says it has {total} records and sent {}{again}", counts.read);
    run.flag(RunFlag::CountMismatch, warning);
}

/// Whether anything seems gone after a complete pull.
pub(crate) fn seem_due(run: &mut Run) -> bool {
    let Some(census) = run.census.filter(|_| run.mode == Mode::Full) else { return false };
    if run.counts.read == 0 && census.known > 0 {
        let warning = format!(
            "the ERP answered with no records at all where {} were known: nothing was deleted. Find out why it is silent",
            census.known
        );
        run.flag(RunFlag::SuddenlyEmpty, warning);
        return false;
    }
    let fewer_than_told = run.total.is_some_and(|total| run.counts.read - run.repeated < total);
    (census.known > 0 || census.unsure) && !fewer_than_told && (census.unsure || census.seen != census.live)
}

/// Marks what is gone, if that is allowed, under checkpoints.
pub(crate) async fn delete_vanished(
    engine: &Engine,
    leased: &mut Leased<'_>,
    seen: Seen,
    max_percent: u8,
    stop_at: Instant,
) -> Result<End, Failure> {
    if !seen.is_complete() {
        let warning = "a worker was lost in the middle of the pull, so what is gone at the ERP is not known: the next \
                       full pull finds it";
        leased.run.flag(RunFlag::DeletionsNotChecked, warning.to_owned());
        return Ok(End::Complete);
    }
    let lookup = seen.into_lookup();
    let gone = survey(engine, leased, &lookup).await?;
    count_repeated(&mut leased.run, gone.count);
    if leased.run.dry_run {
        return plan(engine, leased, gone, max_percent).await;
    }
    if leased.run.cursor.as_deref() != Some(DECIDED) {
        if let Some(reason) = withheld(leased, gone.count, max_percent) {
            leased.run.flag(RunFlag::DeletionsWithheld, reason);
            return Ok(End::Complete);
        }
        leased.run.cursor = Some(DECIDED.to_owned());
        leased.checkpoint().await?;
    }
    let mut chunks = gone.blocks.chunks(BLOCKS_AT_A_TIME).peekable();
    while let Some(blocks) = chunks.next() {
        // At least one, or a survey that takes all of a worker's time would be made for ever.
        delete(engine, leased, &lookup, blocks).await?;
        if chunks.peek().is_some() && (Instant::now() >= stop_at || leased.run.cancel_requested) {
            return Ok(End::HandOver);
        }
    }
    Ok(End::Complete)
}

/// Tells what would be deleted.
async fn plan(engine: &Engine, leased: &mut Leased<'_>, gone: Gone, max_percent: u8) -> Result<End, Failure> {
    if let Some(reason) = withheld(leased, gone.count, max_percent) {
        leased.run.flag(RunFlag::DeletionsWithheld, reason);
        return Ok(End::Complete);
    }
    let planned = gone.keys.into_iter().map(PlannedChange::delete);
    let planned: Vec<_> = (leased.run.counts.read..).zip(planned).collect();
    engine.store.keep_planned(&leased.run.id, &planned).await?;
    leased.run.counts.read += gone.count;
    leased.run.counts.deleted += gone.count;
    Ok(End::Complete)
}

/// What is gone.
struct Gone {
    count: u64,
    /// Some of their keys, where they are to be listed.
    keys: Vec<String>,
    blocks: Vec<BlockRef>,
}

/// Finds what is gone, and counts anew what is live.
async fn survey(engine: &Engine, leased: &mut Leased<'_>, lookup: &Lookup) -> Result<Gone, Failure> {
    let (collection, run, counted) =
        (Collection::of(&leased.run), leased.run.id.clone(), position(leased.run.counts.read));
    let is_seen = |key: &str| lookup.has(key);
    let vanished = Vanished { run: &run, counted, is_seen: &is_seen };
    let mut live = Tally::default();
    let (mut count, mut keys) = (0, Vec::new());
    let listed = if leased.run.dry_run { MAX_LISTED } else { 0 };
    let survey = engine.store.survey(&collection, &vanished, |key, gone| {
        live.add(seen::hash(key));
        if gone && count < listed {
            keys.push(key.to_owned());
        }
        count += u64::from(gone);
    });
    let blocks = leased.keep(survey).await??;
    if let Some(census) = &mut leased.run.census {
        census.live = live;
        census.unsure = false;
    }
    Ok(Gone { count, keys, blocks })
}

/// Notes the records that came more than once, which show when it is known how many are gone: the ERP sent as many
/// different ones as are left, and those that failed.
fn count_repeated(run: &mut Run, gone: u64) {
    let census = run.census.unwrap_or_default();
    let failed = run.counts.failed.saturating_sub(census.unreadable);
    // What a dry run would make is not there to be counted.
    let planned = if run.dry_run { run.counts.created } else { 0 };
    let different = census.live.count.saturating_sub(gone) + failed + planned;
    let repeated = census.seen.count.saturating_sub(different);
    note_repeated(run, repeated.saturating_sub(run.repeated), None);
    prove_count(run);
}

/// Why nothing is deleted; `None` if it may be.
fn withheld(leased: &Leased<'_>, gone: u64, max_percent: u8) -> Option<String> {
    let census = leased.run.census.unwrap_or_default();
    let known = census.live.count;
    if gone == 0 {
        return None;
    }
    // The pages of an ERP that does not sort them move while they are read: what came twice took another's place. A file
    // does not move.
    let repeated = leased.run.repeated;
    if repeated > 0 && leased.run.files.named.is_empty() {
        return Some(format!(
            "{gone} of {known} records seem to be gone at the ERP, but {repeated} came more than once, as they do where \
             pages overlap and leave others out: nothing was deleted. Have the ERP sort its records by their key"
        ));
    }
    if census.unreadable > 0 {
        return Some(format!(
            "{gone} of {known} records seem to be gone at the ERP, but {} of those it sent could not be told apart: \
             nothing was deleted",
            census.unreadable
        ));
    }
    let too_many = gone * 100 > known * u64::from(max_percent) || gone == known;
    too_many.then(|| {
        format!(
            "{gone} of {known} known records are gone at the ERP, more than settings.maxDeletePercent ({max_percent}) \
             allows: nothing was deleted. If they are really gone, raise it for one run"
        )
    })
}

async fn delete(
    engine: &Engine,
    leased: &mut Leased<'_>,
    lookup: &Lookup,
    blocks: &[BlockRef],
) -> Result<(), Failure> {
    let (collection, run, counted) =
        (Collection::of(&leased.run), leased.run.id.clone(), position(leased.run.counts.read));
    let permit = leased.permit().clone();
    let is_seen = |key: &str| lookup.has(key);
    let vanished = Vanished { run: &run, counted, is_seen: &is_seen };
    let deleting = engine.store.delete_vanished(&collection, blocks, &vanished, &permit, now());
    let deleted = leased.keep(deleting).await??;
    let run = &mut leased.run;
    run.counts.read += deleted.len() as u64;
    run.counts.deleted += deleted.len() as u64;
    if let Some(census) = &mut run.census {
        let mut gone = Tally::default();
        deleted.iter().for_each(|key| gone.add(seen::hash(key)));
        census.live.take_away(&gone);
    }
    run.batch += 1;
    // The marks of the keys stay complete: this batch saw none.
    if let Some(census) = &mut run.census {
        census.marked_batches = run.batch;
    }
    Ok(leased.checkpoint().await?)
}
