//! What must hold after a run, whatever went wrong. Every sentence that can fail says what was and what should be.

use std::collections::{BTreeMap, BTreeSet};

use domain::run::{Counts, Mode, Run, RunFlag, RunStatus};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use store::RunFilter;

use crate::erp::{Content, Size};
use crate::lab::{DATA_TYPE, Lab};

/// Holds, or says why not.
macro_rules! hold {
    ($condition:expr, $($message:tt)*) => {
        if !$condition {
            return Err(format!($($message)*));
        }
    };
}

pub(crate) use hold;

/// What the table has of the ERP's records.
#[derive(Debug)]
pub(crate) struct Copy(BTreeMap<String, Stored>);

#[derive(Debug)]
struct Stored {
    content: Content,
    updated_at: Timestamp,
    deleted: bool,
}

/// With one of these a run says that it did not look for what is gone, or left it.
const MAY_LINGER: [RunFlag; 4] = [
    RunFlag::DeletionsNotChecked,
    RunFlag::DeletionsWithheld,
    RunFlag::CountMismatch,
    RunFlag::SuddenlyEmpty,
];

/// The state of things when a run was started.
#[derive(Debug)]
pub(crate) struct Before {
    copy: Copy,
    at: Timestamp,
    /// How many contents each record at the ERP had had.
    revisions: BTreeMap<String, usize>,
    size: Size,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    sku: String,
    name: String,
    description: String,
    modified_at: Timestamp,
}

impl Copy {
    /// Reads it as users do, page by page.
    async fn read(lab: &Lab) -> Result<Self, String> {
        let (mut copy, of) = (BTreeMap::new(), lab.collection());
        let (mut cursor, mut last) = (None, String::new());
        loop {
            let page = lab.store.list_records(&of, None, 37, cursor.as_deref());
            let page = page.await.map_err(|error| error.to_string())?;
            for record in page.items {
                hold!(record.id > last, "{} is listed after {last}", record.id);
                last.clone_from(&record.id);
                let shown: Shown =
                    serde_json::from_str(record.data.get()).map_err(|error| error.to_string())?;
                hold!(shown.sku == record.id, "{} holds {}", record.id, shown.sku);
                let Shown { name, description, modified_at, .. } = shown;
                let content = Content { name, description, modified_at };
                let stored = Stored { content, updated_at: record.updated_at, deleted: record.deleted };
                copy.insert(record.id, stored);
            }
            cursor = page.next;
            if cursor.is_none() {
                return Ok(Self(copy));
            }
        }
    }

    fn changed_since(&self, since: Timestamp) -> BTreeSet<&str> {
        self.0.iter().filter(|(_, stored)| stored.updated_at >= since).map(|(key, _)| &**key).collect()
    }

    fn live(&self) -> impl Iterator<Item = (&str, &Content)> {
        self.0.iter().filter(|(_, stored)| !stored.deleted).map(|(key, stored)| (&**key, &stored.content))
    }

    fn is_live(&self, key: &str) -> bool {
        self.0.get(key).is_some_and(|stored| !stored.deleted)
    }

    /// What happened since an earlier copy.
    fn since(&self, before: &Self) -> Happened {
        let new = self.live().filter(|(key, _)| !before.is_live(key)).count();
        let other =
            |(key, content): &(&str, &Content)| before.is_live(key) && before.0[*key].content != **content;
        let gone = before.live().filter(|(key, _)| !self.is_live(key)).count();
        let other = self.live().filter(other).count();
        Happened { new: new as u64, other: other as u64, gone: gone as u64, live: self.live().count() as u64 }
    }
}

/// What happened between two looks at the table, in records.
#[derive(Debug)]
struct Happened {
    new: u64,
    other: u64,
    gone: u64,
    /// How many there are now.
    live: u64,
}

impl Before {
    pub(crate) async fn look(lab: &Lab) -> Result<Self, String> {
        let copy = Copy::read(lab).await?;
        let catalogue = &lab.shop.lock().unwrap().catalogue;
        Ok(Self { copy, at: Timestamp::now(), revisions: catalogue.revisions(), size: catalogue.size() })
    }

    /// Holds a closed run against what was before and what is now.
    pub(crate) async fn hold(&self, lab: &Lab, run: &Run) -> Result<(), String> {
        hold!(run.counts.add_up(), "the counts do not add up: {:?}", run.counts);
        hold!(run.lease.is_none() && run.completed_at.is_some(), "it is closed and still held: {run:?}");
        let copy = Copy::read(lab).await?;
        self.hold_contents(lab, run, &copy)?;
        self.hold_counts(lab, run, &copy).await?;
        self.hold_changes(lab, &copy).await
    }

    /// Nothing is stored that the ERP never had, nothing is marked as gone that it has, and after a success nothing
    /// that it had is missing or older than when the run began.
    fn hold_contents(&self, lab: &Lab, run: &Run, copy: &Copy) -> Result<(), String> {
        let succeeded = run.status == RunStatus::Success;
        let catalogue = &lab.shop.lock().unwrap().catalogue;
        for (key, Stored { content, deleted, .. }) in &copy.0 {
            let Some(revision) = catalogue.revision(key, content) else {
                return Err(format!("{key} is stored as it never was: {content:?}"));
            };
            let Some(before) = self.revisions.get(key) else { continue };
            hold!(
                !succeeded || revision + 1 >= *before,
                "{key} is stored as revision {}, it was {before} before the run began",
                revision + 1
            );
            hold!(
                !deleted || self.copy.0.get(key).is_some_and(|stored| stored.deleted),
                "{key} is marked as gone and is not"
            );
        }
        let missing = self.revisions.keys().find(|key| !copy.is_live(key));
        hold!(!succeeded || missing.is_none(), "{missing:?} is missing");
        let present = catalogue.revisions();
        let lingering = copy.live().find(|(key, _)| !present.contains_key(*key));
        // Nothing is looked for where nothing was known; runs that ended in error may have stored what nobody counted.
        let first = run.census.is_none_or(|census| census.known == 0);
        let may_linger = !succeeded
            || first
            || run.mode == Mode::Incremental
            || run.flags.iter().any(|flag| MAY_LINGER.contains(flag));
        hold!(may_linger || lingering.is_none(), "{lingering:?} is gone at the ERP and not marked so");
        Ok(())
    }

    async fn hold_counts(&self, lab: &Lab, run: &Run, copy: &Copy) -> Result<(), String> {
        let set_aside = failed_records(lab, run).await?;
        let Counts { read, created, updated, unchanged, deleted, skipped, failed, conflicts } = run.counts;
        let happened = copy.since(&self.copy);
        let Happened { new, other, gone, live } = happened;
        let told = || format!("{happened:?} {:?}", run.counts);
        if run.status != RunStatus::Success {
            hold!(
                created <= new && updated <= other && deleted <= gone,
                "more was counted than happened: {}",
                told()
            );
            return Ok(());
        }
        hold!(failed == set_aside, "{failed} failed, but {set_aside} are set aside");
        hold!(
            (created, updated, deleted) == (new, other, gone),
            "other was counted than happened: {}",
            told()
        );
        hold!(conflicts == 0, "there can be no conflicts: {}", told());
        let changes_only = run.mode == Mode::Incremental;
        let least = if changes_only { Size { all: 0, broken: 0, filtered: 0 } } else { self.size };
        let most = lab.shop.lock().unwrap().catalogue.size();
        for (what, count, least, most) in [
            ("read", read - deleted, least.all, most.all),
            // While it is read, some records are mended, and some of the new ones are broken.
            ("failed", failed, if lab.plan.restless { 0 } else { least.broken }, most.all),
            ("skipped", skipped, least.filtered, most.filtered),
        ] {
            hold!((least..=most).contains(&count), "{count} {what}, not {least} to {most}: {}", told());
        }
        hold!(unchanged <= live - new - other, "more is unchanged than there is: {}", told());
        Ok(())
    }

    /// Who asks for what changed since the run began gets exactly that.
    async fn hold_changes(&self, lab: &Lab, copy: &Copy) -> Result<(), String> {
        let since = self.at - SignedDuration::from_millis(1);
        let of = lab.collection();
        let changed = lab.store.list_records(&of, Some(since), 10_000, None);
        let changed = changed.await.map_err(|error| error.to_string())?.items;
        let listed: BTreeSet<&str> = changed.iter().map(|record| &*record.id).collect();
        let really = copy.changed_since(since);
        hold!(listed == really, "listed as changed: {listed:?}, really changed: {really:?}");
        Ok(())
    }
}

/// How many records the run set aside, each at a position of its own that was read.
async fn failed_records(lab: &Lab, run: &Run) -> Result<u64, String> {
    let (mut positions, mut count, mut cursor) = (BTreeSet::new(), 0, None);
    loop {
        let page = lab.store.failed_records(&run.id, 10, cursor.as_deref()).await;
        let page = page.map_err(|error| error.to_string())?;
        for record in page.items {
            let position = record.position;
            hold!(!record.raw.contains("hidden"), "a secret is shown: {}", record.raw);
            count += 1;
            // Parts that are read side by side count positions each for itself.
            let is_own = positions.insert(position) || run.parts.is_some();
            hold!(
                is_own && (run.status != RunStatus::Success || position <= run.counts.read),
                "a record is set aside at {position} of {}",
                run.counts.read
            );
        }
        cursor = page.next;
        if cursor.is_none() {
            return Ok(count);
        }
    }
}

/// Holds the table against the ERP after full runs when all was calm, and against all that was run.
pub(crate) async fn hold_in_the_end(lab: &Lab, runs: &[Run]) -> Result<(), String> {
    let contents = lab.shop.lock().unwrap().catalogue.contents();
    let copy = Copy::read(lab).await?;
    for (key, content) in &contents {
        let stored = copy.0.get(key).filter(|stored| !stored.deleted).map(|stored| &stored.content);
        hold!(stored == Some(content), "{key} is stored as {stored:?}, the ERP has {content:?}");
        let one = lab.store.record(&lab.collection(), key).await.map_err(|error| error.to_string())?;
        let listed = one.is_some_and(|one| one.data.get().contains(&content.name));
        hold!(listed, "{key} is listed and not to be found by its key");
    }
    let of_products = || runs.iter().filter(|run| run.data_type == DATA_TYPE);
    let sum = |count: fn(&Counts) -> u64| of_products().map(|run| count(&run.counts)).sum::<u64>();
    let (created, deleted, live) = (sum(|c| c.created), sum(|c| c.deleted), copy.live().count() as u64);
    let all_succeeded = of_products().all(|run| run.status == RunStatus::Success);
    hold!(
        created - deleted == live || !all_succeeded,
        "{created} were created and {deleted} deleted in all, but there are {live} records"
    );
    hold_nothing_left(lab, runs).await
}

/// No run is open, no lock is left, and what the connection tells of its runs is true.
async fn hold_nothing_left(lab: &Lab, runs: &[Run]) -> Result<(), String> {
    let active = lab.store.active_runs(100).await.map_err(|error| error.to_string())?;
    hold!(active.is_empty(), "a run is open or its lock is left: {active:?}");
    let filter = RunFilter { connection: Some(lab.connection.id.clone()), data_type: None };
    let listed = lab.store.list_runs(&filter, 100, None).await.map_err(|error| error.to_string())?.items;
    let newest_first: Vec<&Run> = runs.iter().rev().collect();
    hold!(listed.iter().eq(newest_first), "other runs are listed than were run: {listed:?}");

    let statistics = lab.store.statistics(&lab.connection.id).await.map_err(|error| error.to_string())?;
    let ended = |status| runs.iter().filter(|run| run.status == status).count() as u64;
    let (succeeded, failed) = (ended(RunStatus::Success), ended(RunStatus::Error));
    let (total, read) = (runs.len() as u64, runs.iter().map(|run| run.counts.read).sum::<u64>());
    hold!(
        (statistics.total_syncs, statistics.successful_syncs, statistics.failed_syncs)
            == (total, succeeded, failed)
            && statistics.total_records_processed == read,
        "the statistics are {statistics:?}, but {succeeded} of {total} runs succeeded and {read} were read"
    );
    let connection = lab.store.connection(&lab.connection.id).await.map_err(|error| error.to_string())?;
    let last = runs.last().and_then(|run| run.completed_at);
    hold!(
        connection.as_ref().is_some_and(|now| now.last_sync_at == last && now.last_error.is_none()),
        "the connection does not show its last run: {connection:?}"
    );
    Ok(())
}
