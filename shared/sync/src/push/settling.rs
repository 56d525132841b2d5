//! What came of a change that was sent: written into the change and counted in the run, all or nothing.

use std::ops::Range;

use domain::census::Tally;
use domain::change::{Change, ChangeState, InFlight, Operation, operation};
use domain::conflict::{Conflict, ConflictStatus};
use domain::ids::ConflictId;
use domain::json::Json;
use domain::notation::Notations;
use domain::records::{key_fields, with_key};
use domain::run::{Counts, FailedRecord, FailureClass};
use domain::validation::FieldError;
use serde_json::value::RawValue;
use store::{ChangeWrite, StoreError, Upsert};
use transport::ErpError;

use super::{Attempt, MAX_LOST, Pusher, TRIES};
use crate::course::Failure;
use crate::engine::now;
use crate::raw;
use crate::seen;

/// Where pushes stand among the records a run reads: behind all that a pull can read.
const PUSHED: Range<u32> = u32::MAX - 1..u32::MAX;

/// What came of a change.
pub(super) enum Outcome {
    /// The ERP has it.
    Taken {
        /// The key it has there, if the ERP told.
        erp_key: Option<String>,
    },
    /// There was nothing to send; this is what the ERP has.
    Agreed(Option<Box<RawValue>>),
    /// Both changed it: a person decides.
    Conflict {
        /// The fields both changed.
        fields: Vec<String>,
        /// What the ERP has.
        theirs: Option<Box<RawValue>>,
    },
    /// The ERP surely did nothing with it.
    NotSent {
        /// Why not.
        error: ErpError,
        /// Whether the fate of an earlier try is not known.
        was_in_doubt: bool,
    },
    /// The ERP refused it, or it does not fit the ERP.
    Refused(ChangeState, String),
    /// Nobody knows.
    InDoubt {
        /// What happened.
        error: ErpError,
        /// Why a person has to find out, if so.
        because: Option<String>,
    },
}

/// The record as the ERP has it once it took what was sent.
struct Taken {
    key: String,
    record: Option<Box<RawValue>>,
}

/// The writes of one outcome, and what they count.
struct Settlement {
    after: Option<Change>,
    counts: Counts,
    /// Why it is set aside.
    failure: Option<String>,
    conflict: Option<Conflict>,
    /// The key the record has at the ERP, where it is another.
    renamed: Option<String>,
}

impl Pusher<'_, '_> {
    /// Writes what came of `sent`, which is what was on its way of `change`.
    pub(super) async fn settle(
        &mut self,
        change: &Change,
        sent: &InFlight,
        outcome: Outcome,
    ) -> Result<Attempt, Failure> {
        let taken = match &outcome {
            Outcome::Taken { erp_key } => Some(self.keep_as_base(change, sent, erp_key.as_deref()).await?),
            _ => None,
        };
        let mut change = change.clone();
        for _ in 0..TRIES {
            let settlement = settlement(&change, sent, &outcome, taken.as_ref())?;
            if self.write(&change, settlement).await? {
                return self.after(outcome, change.revision == sent.revision);
            }
            // Somebody edited it meanwhile: the same came of what was sent, and the edit is next.
            match self.reload(&change).await? {
                Some(edited) => change = edited,
                None => return Ok(Attempt::Done),
            }
        }
        Err(StoreError::Changed.into())
    }

    /// What is done once an outcome is written.
    fn after(&mut self, outcome: Outcome, was_latest: bool) -> Result<Attempt, Failure> {
        match outcome {
            Outcome::NotSent { error, .. } => Err(error.into()),
            Outcome::InDoubt { error, .. } => {
                self.lost += 1;
                if self.lost >= MAX_LOST { Err(error.into()) } else { Ok(Attempt::Done) }
            }
            Outcome::Agreed(_) if !was_latest => Ok(Attempt::Again),
            _ => {
                self.lost = 0;
                Ok(Attempt::Done)
            }
        }
    }

    /// Drops what was in flight for what was edited since.
    pub(super) async fn forget_in_flight(&mut self, change: &Change) -> Result<Attempt, Failure> {
        let rest = rest(change, change.base.clone());
        self.leased.checkpoint_with(&[ChangeWrite::Replace(&rest)]).await?;
        Ok(Attempt::Again)
    }

    /// Keeps what the ERP took as what both sides agree on. A record that is there already was pulled, and is more
    /// recent than what was made.
    async fn keep_as_base(
        &mut self,
        change: &Change,
        sent: &InFlight,
        erp_key: Option<&str>,
    ) -> Result<Taken, Failure> {
        let taken = taken(change, sent, erp_key);
        let permit = self.leased.permit().clone();
        let (store, run) = (&self.engine.store, self.leased.run.id.clone());
        let mut tally = Tally::default();
        tally.add(seen::hash(&taken.key));
        let Some(record) = &taken.record else {
            let deleting =
                store.delete_record(&self.collection, &taken.key, &run, PUSHED.start, &permit, now());
            let deleted = self.leased.keep(deleting).await??;
            if let Some(census) = self.leased.run.census.as_mut().filter(|_| deleted) {
                census.live.take_away(&tally);
            }
            return Ok(taken);
        };
        let known = store.record(&self.collection, &taken.key).await?;
        if sent.operation == Operation::Create && known.is_some_and(|known| !known.deleted) {
            return Ok(taken);
        }
        let data = record.get().to_owned().into();
        let upserts = [Upsert { key: taken.key.as_str().into(), data }];
        let keeping = store.upsert_records(&self.collection, &run, PUSHED, &upserts, &permit, now());
        let written = self.leased.keep(keeping).await??;
        let created = written.outcomes.contains(&store::Outcome::Created);
        if let Some(census) = self.leased.run.census.as_mut().filter(|_| created) {
            census.live.join(&tally);
        }
        Ok(taken)
    }

    /// Writes a settlement; `false` if the change is no longer as it was.
    async fn write(&mut self, change: &Change, settlement: Settlement) -> Result<bool, Failure> {
        let before = (self.leased.run.pushed, self.leased.run.cursor.clone());
        self.leased.run.pushed.add(&settlement.counts);
        if settlement.counts.read > 0 {
            self.leased.run.cursor = Some(change.id.to_string());
        }
        let failed = settlement.failure.map(|reason| self.failed(change, reason));
        let mut writes = Vec::with_capacity(4);
        match &settlement.after {
            None => writes.push(ChangeWrite::Remove(change)),
            Some(after) if after.record_id == change.record_id => writes.push(ChangeWrite::Replace(after)),
            Some(after) => writes.extend([ChangeWrite::Remove(change), ChangeWrite::Insert(after)]),
        }
        writes.extend(settlement.renamed.as_deref().map(|key| ChangeWrite::Link(change, key)));
        writes.extend(settlement.conflict.as_ref().map(ChangeWrite::Open));
        writes.extend(failed.as_ref().map(ChangeWrite::Fail));
        let written = self.leased.checkpoint_with(&writes).await?;
        if !written {
            (self.leased.run.pushed, self.leased.run.cursor) = before;
        }
        Ok(written)
    }

    fn failed(&self, change: &Change, reason: String) -> FailedRecord {
        let run = &self.leased.run;
        FailedRecord {
            position: run.counts.read + run.pushed.read,
            key: Some(change.record_id.clone()),
            file: None,
            notations: Notations::default(),
            class: FailureClass::Rejected,
            errors: vec![FieldError::new("record", reason)],
            raw: change.data.as_ref().map(|data| raw::shown(data.get().as_bytes())).unwrap_or_default(),
        }
    }
}

fn settlement(
    change: &Change,
    sent: &InFlight,
    outcome: &Outcome,
    taken: Option<&Taken>,
) -> Result<Settlement, Failure> {
    let is_latest = change.revision == sent.revision;
    let mut counts = Counts { read: 1, ..Counts::default() };
    let mut settled = Settlement { after: None, counts, failure: None, conflict: None, renamed: None };
    match outcome {
        Outcome::Taken { .. } => {
            match sent.operation {
                Operation::Create => counts.created = 1,
                Operation::Update => counts.updated = 1,
                Operation::Delete => counts.deleted = 1,
            }
            if let Some(taken) = taken {
                settled.renamed = (taken.key != change.record_id).then(|| taken.key.clone());
                settled.after = (!is_latest).then(|| moved(change, taken));
            }
        }
        Outcome::Agreed(_) if is_latest => counts.unchanged = 1,
        Outcome::Agreed(theirs) => {
            counts.read = 0;
            settled.after = Some(rest(change, theirs.clone()));
        }
        Outcome::Conflict { fields, theirs } => {
            counts.conflicts = 1;
            let conflict = conflict(change, fields, theirs.clone());
            let id = conflict.id.clone();
            settled.after = Some(waiting(change, ChangeState::Conflict, None, Some(id)));
            settled.conflict = Some(conflict);
        }
        Outcome::NotSent { error, was_in_doubt } => {
            counts.read = 0;
            let state = if *was_in_doubt { ChangeState::Unknown } else { ChangeState::Pending };
            let mut after = waiting(change, state, Some(error.to_string()), None);
            if !was_in_doubt {
                after.in_flight = None;
                after.operation = operation(after.data.is_some(), after.base.is_some());
            }
            settled.after = Some(after);
        }
        Outcome::Refused(state, reason) => {
            counts.failed = 1;
            let state = if is_latest { *state } else { ChangeState::Pending };
            let mut after = waiting(change, state, Some(reason.clone()), None);
            after.in_flight = None;
            after.operation = operation(after.data.is_some(), after.base.is_some());
            settled.after = Some(after);
            settled.failure = Some(reason.clone());
        }
        Outcome::InDoubt { error, because } => {
            counts.failed = 1;
            let mut after = waiting(change, ChangeState::Unknown, Some(error.to_string()), None);
            after.waiting_because.clone_from(because);
            settled.after = Some(after);
            settled.failure = Some(error.to_string());
        }
    }
    settled.counts = counts;
    Ok(settled)
}

/// The change in another state.
fn waiting(
    change: &Change,
    state: ChangeState,
    last_error: Option<String>,
    conflict_id: Option<ConflictId>,
) -> Change {
    Change { state, last_error, conflict_id, version: change.version + 1, ..change.clone() }
}

/// What was edited while something else was on its way, now that this is settled: the ERP has `base`.
fn rest(change: &Change, base: Option<Box<RawValue>>) -> Change {
    Change {
        operation: operation(change.data.is_some(), base.is_some()),
        state: ChangeState::Pending,
        base,
        in_flight: None,
        version: change.version + 1,
        ..change.clone()
    }
}

/// The same, at the key the ERP gave the record.
fn moved(change: &Change, taken: &Taken) -> Change {
    let mut rest = rest(change, taken.record.clone());
    if taken.key != rest.record_id {
        let data = rest.data.as_deref().map(Json::from);
        if let Some(renamed) = data.and_then(|data| with_key(rest.data_type, data, &taken.key).ok()) {
            rest.data = Some(renamed.record);
        }
        rest.record_id.clone_from(&taken.key);
    }
    rest
}

/// Under which key the ERP has what was sent, and the record with that key. Only a key of one field can be another.
fn taken(change: &Change, sent: &InFlight, erp_key: Option<&str>) -> Taken {
    let own = || Taken { key: change.record_id.clone(), record: sent.record.clone() };
    let (Some(erp_key), Some(record)) = (erp_key, &sent.record) else { return own() };
    if erp_key == change.record_id || key_fields(change.data_type).len() > 1 {
        return own();
    }
    with_key(change.data_type, Json::from(&**record), erp_key)
        .map_or_else(|_| own(), |renamed| Taken { key: renamed.key, record: Some(renamed.record) })
}

fn conflict(change: &Change, fields: &[String], theirs: Option<Box<RawValue>>) -> Conflict {
    Conflict {
        id: ConflictId::generate(),
        erp_connection_id: change.erp_connection_id.clone(),
        data_type: change.data_type,
        record_id: change.record_id.clone(),
        change_id: change.id.clone(),
        status: ConflictStatus::Open,
        fields: fields.to_vec(),
        base: change.base.clone(),
        erp: theirs,
        system: change.data.clone(),
        resolution: None,
        resolved_by: None,
        created_at: now(),
        resolved_at: None,
    }
}
