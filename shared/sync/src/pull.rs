//! Works one pull: pages from the connector into the table, a checkpoint after each batch, until the end or until
//! time is up.

use std::pin::pin;

use connectors::{Connector, Page, Pages, Pull};
use domain::census::Census;
use domain::connection::Connection;
use domain::run::{Mode, Run};
use domain::sync_config::SyncSettings;
use domain::sync_state::SyncState;
use jiff::SignedDuration;
use store::{Collection, StoreError};
use tokio::time::Instant;
use transport::ErpError;

use crate::Engine;
use crate::batch::{Batch, Reader};
use crate::course::{Failure, Setting, wanted_pause};
use crate::drift::History;
use crate::filling::Filling;
use crate::lease::Leased;
use crate::missing_fields;
use crate::parts;
use crate::seen::Seen;
use crate::storing::{Stored, Storing, checkpoint, stored};

/// Without `fullSchedules`, everything is read once more when the last full pull is older than this: only then is what
/// is gone at the ERP noticed.
const FULL_AT_LEAST_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// How a pull ended.
pub(crate) enum Pulled {
    /// All pages are stored.
    Everything {
        /// Whether they were all the ERP has.
        complete: bool,
    },
    /// Another worker goes on.
    HandOver,
    /// Its parts go on.
    Split,
}

/// Pulls from the last checkpoint on, until the last page is stored or time is up.
pub(crate) async fn pull<'e>(
    engine: &'e Engine,
    leased: &mut Leased<'e>,
    setting: &Setting,
    seen: &mut Seen,
    stop_at: Instant,
) -> Result<Pulled, Failure> {
    let Setting { connection, connector, .. } = setting;
    let reader = Reader::new(leased.run.data_type, &setting.reading(leased.run.data_type));
    if leased.run.census.is_none() {
        let state = engine.store.sync_state(&Collection::of(&leased.run)).await?;
        plan(&mut leased.run, &state, setting, reader.program());
        *seen = Seen::load(engine, &leased.run).await?;
    }
    let reader = reader.watching(&History::load(engine, &leased.run).await?);
    engine.store.forget_failed_records_after(&leased.run.id, leased.run.counts.read).await?;
    let pull = Pull {
        data_type: leased.run.data_type,
        page_size: connection.settings.batch_size,
        resume: leased.run.cursor.clone(),
        since: leased.run.since,
    };
    let opened = leased.keep(connector.pull(pull)).await?;
    if !leased.run.dry_run {
        pin_host_key(engine, connection, &**connector).await?;
    }
    let mut pages = opened?;
    let filling = Filling::new(reader);
    let settings = setting.settings();
    let mut puller =
        Puller { engine, leased: &mut *leased, pages: &mut *pages, filling, seen, storing: None, settings };
    let gone_on_from = puller.leased.run.cursor.clone();
    puller.tell_stored(gone_on_from).await;
    let worked = puller.work_or_split(stop_at, connection.settings.parallel_parts).await;
    match worked {
        Ok(Pulled::Everything { .. }) => Ok(Pulled::Everything { complete: pages.complete() }),
        Ok(Pulled::HandOver) => {
            seen.keep(engine, &mut leased.run).await?;
            Ok(Pulled::HandOver)
        }
        Ok(Pulled::Split) => Ok(Pulled::Split),
        Err(Failure::Erp(error)) => {
            if wanted_pause(&error).is_some() {
                seen.keep(engine, &mut leased.run).await?;
            } else {
                give_back(&mut *pages, leased).await;
            }
            Err(Failure::Erp(error))
        }
        Err(failure @ (Failure::Cancelled | Failure::Setup(_))) => {
            give_back(&mut *pages, leased).await;
            Err(failure)
        }
        Err(failure) => Err(failure),
    }
}

/// Gives back what was claimed and not stored.
async fn give_back(pages: &mut dyn Pages, leased: &Leased<'_>) {
    if let Err(error) = pages.abandon().await {
        tracing::warn!(run = %leased.run.id, %error, "what was claimed could not be given back");
    }
}

/// Decides how much is read, before the first page. Decided once: the first checkpoint holds it.
fn plan(run: &mut Run, state: &SyncState, setting: &Setting, program: u64) {
    run.census =
        Some(Census { known: state.live.count, live: state.live, unsure: state.unsure, ..Census::default() });
    run.program = Some(program);
    let cannot = if !setting.connector.pulls_changes(run.data_type) {
        Some("this connection cannot be asked for changes only (see settings.api.changedSince)")
    } else if state.high_water.is_none() {
        Some("no run has yet seen when a record was changed at the ERP")
    } else if state.program.is_none() {
        Some("values were held back by the last run, or nothing was read in full yet")
    } else if state.program != Some(program) {
        Some("mapping, transformations or filters were changed since")
    } else {
        None
    };
    let settings = setting.settings();
    let full_is_due = settings.full_schedules.is_empty()
        && state.last_full_at.is_none_or(|at| at + FULL_AT_LEAST_EVERY < run.started_at);
    run.mode = match (run.asked_mode, cannot) {
        (Some(Mode::Incremental), None) => Mode::Incremental,
        (Some(Mode::Incremental), Some(reason)) => {
            run.warnings.push(format!("everything was read, not just what changed: {reason}"));
            Mode::Full
        }
        (None, None) if !full_is_due => Mode::Incremental,
        (Some(Mode::Full) | None, _) => Mode::Full,
    };
    let overlap = SignedDuration::from_mins(settings.overlap_minutes.into());
    run.since = state.high_water.filter(|_| run.mode == Mode::Incremental).map(|at| at - overlap);
}

/// The first contact pins the server's key; every later one is held against it.
async fn pin_host_key(
    engine: &Engine,
    connection: &Connection,
    connector: &dyn Connector,
) -> Result<(), StoreError> {
    let Some(seen) = connector.observed_host_key().filter(|_| connection.credentials.sftp_host_key.is_none())
    else {
        return Ok(());
    };
    match engine.store.pin_host_key(&connection.id, &seen).await {
        Ok(()) | Err(StoreError::Changed) => Ok(()),
        Err(error) => Err(error),
    }
}

/// A pull under way: one page is fetched while the one before is mapped, and one batch is filled while the one before is
/// being stored.
struct Puller<'p, 'e> {
    engine: &'e Engine,
    leased: &'p mut Leased<'e>,
    pages: &'p mut dyn Pages,
    filling: Filling,
    seen: &'p mut Seen,
    storing: Option<Storing>,
    settings: SyncSettings,
}

/// Why a batch takes no more pages.
enum Filled {
    /// It is full, or old enough.
    Enough,
    /// There are no more.
    Ended,
    /// The ERP failed; what was read before stands.
    Failed(ErpError),
}

/// What comes first.
#[expect(clippy::large_enum_variant, reason = "one stands at a time and is taken apart at once")]
enum Event {
    Page(Result<Option<Page>, ErpError>),
    Stored(Result<Stored, StoreError>),
}

impl Puller<'_, '_> {
    /// At the beginning of a pull, reads its first page and splits the rest into up to `parts`, if that can be; else works.
    async fn work_or_split(&mut self, stop_at: Instant, parts: u32) -> Result<Pulled, Failure> {
        if parts > 1 && self.leased.run.part.is_none() && self.leased.run.cursor.is_none() {
            self.first_page().await?;
            let resumes = self.pages.split(parts as usize);
            if parts::split(self.engine, self.leased, resumes, self.seen).await? {
                return Ok(Pulled::Split);
            }
        }
        self.work(stop_at).await
    }

    /// Works until the last page is stored, or time is up.
    async fn work(&mut self, stop_at: Instant) -> Result<Pulled, Failure> {
        let mut turn_ends = Instant::now() + self.engine.pace.slice;
        loop {
            let filled = self.fill(stop_at).await;
            if let Ok(_) | Err(Failure::Cancelled) = &filled {
                self.settle().await?;
            }
            let (batch, filled) = filled?;
            if !batch.is_empty() {
                self.begin_to_store(batch)?;
            }
            let stop = Instant::now() >= stop_at || self.others_wait(&mut turn_ends).await;
            if stop || !matches!(filled, Filled::Enough) {
                self.settle().await?;
            }
            match filled {
                Filled::Ended => return Ok(Pulled::Everything { complete: false }),
                Filled::Failed(error) => return Err(error.into()),
                Filled::Enough if stop => return Ok(Pulled::HandOver),
                Filled::Enough => {}
            }
        }
    }

    /// Begins to store a batch, unless fields are missing that must not be.
    fn begin_to_store(&mut self, batch: Batch) -> Result<(), Failure> {
        let run = &mut self.leased.run;
        let policy = self.settings.missing_fields;
        if let Some(reason) = missing_fields::reason_to_stop(run.data_type, policy, &batch.missing) {
            // Of changes alone nobody knows whether a field is gone: the next run reads everything.
            run.program = None;
            return Err(Failure::Setup(reason));
        }
        self.storing = Some(Storing::start(self.engine, self.leased, batch, &self.settings));
        Ok(())
    }

    /// Whether this run's turn has ended and others wait for a worker: a million records of one do not delay ten of
    /// another. Where nobody waits, it has another turn.
    async fn others_wait(&mut self, turn_ends: &mut Instant) -> bool {
        if Instant::now() < *turn_ends {
            return false;
        }
        *turn_ends = Instant::now() + self.engine.pace.slice;
        self.engine.queue.has_waiting().await.unwrap_or_else(|error| {
            tracing::warn!(run = %self.leased.run.id, %error, "whether others wait is not known");
            false
        })
    }

    /// Reads and stores the first page alone.
    async fn first_page(&mut self) -> Result<(), Failure> {
        if let Some(page) = self.next_page().await? {
            self.filling.add(page, 0, self.engine.pace.batch_records).await;
            let batch = self.filling.take(false).await;
            self.begin_to_store(batch)?;
            self.settle().await?;
        }
        Ok(())
    }

    /// Takes pages until the batch is full or old enough, or there are no more.
    async fn fill(&mut self, stop_at: Instant) -> Result<(Batch, Filled), Failure> {
        let before = self.leased.run.counts.read + self.storing.as_ref().map_or(0, Storing::read);
        let until = stop_at.min(Instant::now() + self.engine.pace.write_after);
        let full = self.engine.pace.batch_records;
        let filled = loop {
            let page = match self.next_page().await {
                Ok(Some(page)) => page,
                Ok(None) => break Filled::Ended,
                Err(Failure::Erp(error)) => break Filled::Failed(error),
                Err(failure) => return Err(failure),
            };
            let may_be_full = self.filling.add(page, before, full).await;
            if Instant::now() >= until || may_be_full && self.filling.is_full(full).await {
                break Filled::Enough;
            }
        };
        let ended = matches!(filled, Filled::Ended);
        Ok((self.filling.take(ended).await, filled))
    }

    /// The next page. However long the ERP takes over it, a batch that is stored meanwhile is checkpointed at once, and
    /// the wait ends when the run is to be cancelled.
    async fn next_page(&mut self) -> Result<Option<Page>, Failure> {
        let mut told = None;
        let page = {
            let mut next = pin!(self.pages.next());
            loop {
                let event = self.leased.keep_until_cancelled(async {
                    tokio::select! {
                        biased;
                        page = &mut next => Event::Page(page),
                        stored = stored(&mut self.storing), if self.storing.is_some() => Event::Stored(stored),
                    }
                });
                match event.await? {
                    None => return Err(Failure::Cancelled),
                    Some(Event::Page(page)) => break page?,
                    Some(Event::Stored(stored)) => told = checkpoint(self.leased, self.seen, stored?).await?,
                }
            }
        };
        self.tell_stored(told).await;
        Ok(page)
    }

    /// Waits for the batch that is being stored, if there is one, and checkpoints it.
    async fn settle(&mut self) -> Result<(), Failure> {
        if self.storing.is_some() {
            let stored = self.leased.keep(stored(&mut self.storing)).await??;
            let told = checkpoint(self.leased, self.seen, stored).await?;
            self.tell_stored(told).await;
        }
        Ok(())
    }

    /// Tells the connector how far everything is safely stored. What it cannot clear away then is a warning.
    async fn tell_stored(&mut self, resume: Option<String>) {
        if let Some(resume) = resume
            && let Err(error) = self.pages.stored(&resume, &self.leased.run.files).await
        {
            tracing::warn!(run = %self.leased.run.id, %error, "what was stored could not be cleared away");
            self.leased.run.warnings.push(error.to_string());
        }
    }
}
