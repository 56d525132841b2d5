//! Sends our pending changes to the ERP, oldest first, each exactly once.
//!
//! A change is marked as being sent before it is sent, and each outcome is written together with the run's counts. So a
//! worker that dies leaves behind either a change that was not sent, or one that says it may have been: the next worker
//! finds out about it, by looking it up at the ERP by our reference or by sending it again under the same idempotency
//! key, before it does anything else. What can be found out neither way waits for a person.

mod doubt;
mod settling;

use connectors::{Push, PushError};
use domain::change::{Change, ChangeState, InFlight, Operation};
use domain::conflict::{Decision, decide};
use domain::ids::ChangeId;
use domain::json::Json;
use domain::mapping::FieldMapping;
use domain::planned::PlannedChange;
use domain::run::Counts;
use domain::sync_config::ConflictResolution;
use jiff::tz::TimeZone;
use serde_json::value::RawValue;
use store::{ChangeWrite, Collection, StoreError};
use tokio::time::Instant;

use crate::Engine;
use crate::course::{End, Failure, Setting};
use crate::lease::Leased;
use crate::plan::MAX_LISTED;
use doubt::Fate;
use settling::Outcome;

/// Changes read at a time.
const PAGE: u32 = 25;

/// Tries at a change that somebody edits meanwhile.
const TRIES: usize = 10;

/// Changes in a row that were sent and whose fate nobody knows, after which the ERP is left alone.
const MAX_LOST: u32 = 3;

/// Pushes from the last checkpoint on, until every change was looked at or time is up.
pub(crate) async fn push<'e>(
    engine: &'e Engine,
    leased: &mut Leased<'e>,
    setting: &Setting,
    stop_at: Instant,
) -> Result<End, Failure> {
    let (connection, data_type) = (leased.run.erp_connection_id.clone(), leased.run.data_type);
    let mut after: Option<ChangeId> = leased.run.cursor.as_deref().and_then(|id| id.parse().ok());
    let mapping = setting.reading(data_type).mapping;
    let rule = setting.settings().conflict_resolution;
    let zone = setting.connection.settings.zone();
    let collection = Collection::plain(connection.clone(), data_type);
    let mut pusher = Pusher { engine, leased, setting, mapping, rule, zone, collection, lost: 0 };
    loop {
        let changes = engine.store.oldest_changes(&connection, data_type, after.as_ref(), PAGE).await?;
        let Some(last) = changes.last().map(|change| change.id.clone()) else { return Ok(End::Complete) };
        for change in changes {
            if pusher.leased.run.cancel_requested {
                return Ok(End::HandOver);
            }
            let id = change.id.to_string();
            pusher.work(change).await?;
            // Not before: a worker that needs all of its time to get here would hand over for ever.
            if Instant::now() >= stop_at {
                pusher.leased.run.cursor = Some(id);
                pusher.leased.checkpoint().await?;
                return Ok(End::HandOver);
            }
        }
        after = Some(last);
    }
}

/// A push under way.
struct Pusher<'p, 'e> {
    engine: &'e Engine,
    leased: &'p mut Leased<'e>,
    setting: &'p Setting,
    mapping: FieldMapping,
    rule: ConflictResolution,
    /// Where the ERP is.
    zone: TimeZone,
    collection: Collection,
    /// Changes in a row that were sent and whose fate nobody knows.
    lost: u32,
}

/// How far an attempt at a change came.
enum Attempt {
    /// It is dealt with.
    Done,
    /// It was edited meanwhile, or something earlier had to be settled first.
    Again,
}

/// What an attempt is made with.
struct Content {
    sent: InFlight,
    /// What the ERP has, as far as we know.
    theirs: Option<Box<RawValue>>,
}

impl Pusher<'_, '_> {
    /// Deals with one change.
    async fn work(&mut self, mut change: Change) -> Result<(), Failure> {
        for _ in 0..TRIES {
            let waits_for_a_person = matches!(
                change.state,
                ChangeState::Rejected | ChangeState::NeedsMapping | ChangeState::Conflict
            );
            if waits_for_a_person {
                return Ok(());
            }
            if matches!(self.attempt(&change).await?, Attempt::Done) {
                return Ok(());
            }
            match self.reload(&change).await? {
                Some(now) => change = now,
                None => return Ok(()),
            }
        }
        Err(StoreError::Changed.into())
    }

    /// The change as it is now; none if it is gone.
    async fn reload(&self, change: &Change) -> Result<Option<Change>, StoreError> {
        let Collection { connection, data_type, .. } = &self.collection;
        let now = self.engine.store.change_of(connection, *data_type, &change.record_id).await?;
        Ok(now.filter(|now| now.id == change.id))
    }

    async fn attempt(&mut self, change: &Change) -> Result<Attempt, Failure> {
        let record = self.engine.store.record(&self.collection, &change.record_id).await?;
        let theirs = record.filter(|record| !record.deleted).map(|record| record.data);
        let content = Content { sent: change.on_its_way(), theirs };
        if self.leased.run.dry_run {
            return self.plan(change, &content).await;
        }
        if change.state.is_in_flight() && content.sent.operation == Operation::Create {
            match self.find_out(change, &content).await? {
                Fate::Known(outcome) => return self.settle(change, &content.sent, outcome).await,
                Fate::WaitsForAPerson => return Ok(Attempt::Done),
                Fate::SendAgain => {}
            }
        }
        let is_latest = content.sent.revision == change.revision;
        match self.decide(change, &content) {
            Decision::Agreed | Decision::Nothing => {
                self.settle(change, &content.sent, Outcome::Agreed(content.theirs.clone())).await
            }
            // What was edited since is decided upon instead.
            Decision::Conflict { .. } if !is_latest => self.forget_in_flight(change).await,
            Decision::Conflict { fields } => {
                self.settle(change, &content.sent, Outcome::Conflict { fields, theirs: content.theirs }).await
            }
            Decision::Send(record) => self.send(change, content, Some(record)).await,
            Decision::Delete => self.send(change, content, None).await,
        }
    }

    fn decide(&self, change: &Change, content: &Content) -> Decision {
        let mut versions = change.versions(content.theirs.as_deref());
        versions.ours = content.sent.record.as_deref().map(Json::from);
        decide(self.rule, &versions)
    }

    /// Tells what would be done, and counts as if it were.
    async fn plan(&mut self, change: &Change, content: &Content) -> Result<Attempt, Failure> {
        let mut counts = Counts { read: 1, ..Counts::default() };
        let sent = match self.decide(change, content) {
            Decision::Agreed | Decision::Nothing => {
                counts.unchanged = 1;
                None
            }
            Decision::Conflict { .. } => {
                counts.conflicts = 1;
                None
            }
            Decision::Delete => {
                counts.deleted = 1;
                Some(None)
            }
            Decision::Send(record) => {
                let known = if content.theirs.is_some() { &mut counts.updated } else { &mut counts.created };
                *known = 1;
                Some(Some(record))
            }
        };
        let place = self.leased.run.counts.read + self.leased.run.pushed.read;
        if let Some(ours) = sent.filter(|_| place < MAX_LISTED) {
            let key = change.record_id.clone();
            let theirs = content.theirs.as_deref().map(RawValue::get);
            let planned = PlannedChange::push(self.collection.data_type, key, theirs, ours.as_deref());
            self.engine.store.keep_planned(&self.leased.run.id, &[(place, planned)]).await?;
        }
        self.leased.run.pushed.add(&counts);
        self.leased.run.cursor = Some(change.id.to_string());
        self.leased.checkpoint().await?;
        Ok(Attempt::Done)
    }

    /// Marks the change as being sent, sends it, and settles what came of it.
    async fn send(
        &mut self,
        change: &Change,
        content: Content,
        record: Option<String>,
    ) -> Result<Attempt, Failure> {
        let was_in_doubt = change.state.is_in_flight();
        let marked = marked(change, &content, record)?;
        if !self.leased.checkpoint_with(&[ChangeWrite::Replace(&marked)]).await? {
            return Ok(Attempt::Again);
        }
        let sent = marked.on_its_way();
        let idempotency_key = marked.idempotency_key(sent.revision);
        let whole = sent.record.as_deref().or(content.theirs.as_deref());
        let reference = reference(whole, &marked.record_id);
        let push = Push {
            data_type: self.collection.data_type,
            operation: sent.operation,
            key: &marked.record_id,
            reference: &reference,
            idempotency_key: &idempotency_key,
            record: whole,
            mapping: &self.mapping,
            zone: &self.zone,
        };
        let pushed = self.leased.keep(self.setting.connector.push(&push)).await?;
        let outcome = match pushed {
            Ok(pushed) => Outcome::Taken { erp_key: pushed.erp_key },
            Err(PushError::NotSent(error)) => Outcome::NotSent { error, was_in_doubt },
            Err(PushError::Rejected(error)) => Outcome::Refused(ChangeState::Rejected, error.to_string()),
            Err(PushError::NeedsMapping(reason)) => Outcome::Refused(ChangeState::NeedsMapping, reason),
            Err(PushError::Unknown(error)) => self.look_again(&marked, &sent, error).await?,
        };
        self.settle(&marked, &sent, outcome).await
    }
}

/// The change as it lies in the table while it is sent. A record that was merged with what the ERP changed is a content
/// of its own, with an idempotency key of its own.
fn marked(change: &Change, content: &Content, record: Option<String>) -> Result<Change, StoreError> {
    let Content { sent, theirs } = content;
    let mut marked = change.clone();
    let operation = domain::change::operation(record.is_some(), theirs.is_some());
    let is_latest = sent.revision == change.revision;
    let merged = record.as_deref() != sent.record.as_deref().map(RawValue::get);
    let record = record.map(RawValue::from_string).transpose();
    let record = record.map_err(|error| StoreError::Corrupt(error.to_string()))?;
    if merged {
        marked.base = theirs.clone();
        marked.revision += 1;
    }
    if is_latest {
        marked.operation = operation;
        marked.data = record;
    } else {
        let revision = if merged { marked.revision } else { sent.revision };
        marked.in_flight = Some(InFlight { operation, revision, record });
        marked.revision += u64::from(merged);
    }
    marked.state = ChangeState::Sending;
    marked.waiting_because = None;
    marked.attempts += 1;
    marked.version += 1;
    Ok(marked)
}

/// By what a record can be looked up at the ERP.
fn reference(record: Option<&RawValue>, key: &str) -> String {
    let told = record.and_then(|record| Json::from(record).get("reference")?.as_string());
    told.map_or_else(|| key.to_owned(), std::borrow::Cow::into_owned)
}
