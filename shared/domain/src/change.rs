//! What we change ourselves: an order placed in a shop, an edited field. A change stays until the ERP has taken it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::conflict::Versions;
use crate::data_type::DataType;
use crate::ids::{ChangeId, ConflictId, ConnectionId};
use crate::json::Json;

/// What a change does to the ERP's record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// The ERP does not have it yet.
    Create,
    /// The ERP has it, with another content.
    Update,
    /// The ERP shall have it no longer.
    Delete,
}

/// Where a change is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeState {
    /// Waiting for a sync that pushes.
    Pending,
    /// On its way to the ERP this moment; or its worker died, and the run goes on.
    Sending,
    /// Sent, and nobody knows whether the ERP took it: the next sync looks.
    Unknown,
    /// The ERP understood it and refused it; see `lastError`. Change the record, retry, or discard it.
    Rejected,
    /// It cannot be put into the ERP's form; see `lastError`. Change the mapping or the record and retry.
    NeedsMapping,
    /// The ERP changed the same fields; see the conflict.
    Conflict,
}

impl ChangeState {
    /// Whether the ERP may have taken something of it that we do not know of.
    #[must_use]
    pub const fn is_in_flight(self) -> bool {
        matches!(self, Self::Sending | Self::Unknown)
    }
}

/// A record as it was sent to the ERP, kept while its fate is not known and somebody has edited the record since.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct InFlight {
    /// What was sent for.
    pub operation: Operation,
    /// Which revision it was.
    pub revision: u64,
    /// The record; none for a delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::records::RecordData>)]
    pub record: Option<Box<RawValue>>,
}

/// A change of ours to one record, until the ERP has taken it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Its id; ids sort by time.
    #[schema(value_type = String, example = "chg_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub id: ChangeId,
    /// The connection it goes over.
    pub erp_connection_id: ConnectionId,
    /// The kind of record.
    pub data_type: DataType,
    /// The record's key.
    #[schema(example = "SKU-1")]
    pub record_id: String,
    /// What it does.
    pub operation: Operation,
    /// Where it is on its way.
    pub state: ChangeState,
    /// Why it is not at the ERP yet, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "no enabled sync config of this connection pushes orders")]
    pub waiting_because: Option<String>,
    /// How often it was sent.
    pub attempts: u32,
    /// What the last attempt came to, if it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// The open conflict, in the state `conflict`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub conflict_id: Option<ConflictId>,
    /// The record as we want it; none for a delete.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::records::RecordData>)]
    pub data: Option<Box<RawValue>>,
    /// The record as the ERP had it when it was changed; none for a create.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::records::RecordData>)]
    pub base: Option<Box<RawValue>>,
    /// What was sent, where `data` was edited since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<InFlight>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last edited.
    pub updated_at: Timestamp,
    /// Counts the edits of `data`.
    pub revision: u64,
    /// Counts the writes.
    pub version: u64,
}

/// Why an edit cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditRefused {
    /// A person has to decide first.
    #[error("the record is in conflict {0}: resolve it first")]
    InConflict(String),
}

impl Change {
    /// A change that waits: `data` is the record as we want it, `base` as the ERP has it.
    #[must_use]
    pub fn new(
        erp_connection_id: ConnectionId,
        data_type: DataType,
        record_id: String,
        data: Option<Box<RawValue>>,
        base: Option<Box<RawValue>>,
        now: Timestamp,
    ) -> Self {
        Self {
            id: ChangeId::generate(),
            erp_connection_id,
            data_type,
            record_id,
            operation: operation(data.is_some(), base.is_some()),
            state: ChangeState::Pending,
            waiting_because: None,
            attempts: 0,
            last_error: None,
            conflict_id: None,
            data,
            base,
            in_flight: None,
            created_at: now,
            updated_at: now,
            revision: 1,
            version: 1,
        }
    }

    /// The same change with another content. What is in flight stays known, so that its fate is learnt before the new
    /// content is sent.
    ///
    /// # Errors
    /// If it is in conflict.
    pub fn edited(&self, data: Option<Box<RawValue>>, now: Timestamp) -> Result<Self, EditRefused> {
        if self.state == ChangeState::Conflict {
            let conflict = self.conflict_id.as_ref().map(ToString::to_string);
            return Err(EditRefused::InConflict(conflict.unwrap_or_default()));
        }
        let mut edited = self.clone();
        if self.state.is_in_flight() {
            edited.in_flight = Some(self.on_its_way());
        } else {
            edited.state = ChangeState::Pending;
            edited.waiting_because = None;
        }
        let exists_there = self.base.is_some() || (self.state.is_in_flight() && self.data.is_some());
        edited.operation = operation(data.is_some(), exists_there);
        edited.data = data;
        edited.updated_at = now;
        edited.revision += 1;
        edited.version += 1;
        Ok(edited)
    }

    /// What is sent next, or was sent last if its fate is not known.
    #[must_use]
    pub fn on_its_way(&self) -> InFlight {
        self.in_flight.clone().unwrap_or_else(|| InFlight {
            operation: self.operation,
            revision: self.revision,
            record: self.data.clone(),
        })
    }

    /// Whether nothing of it can be at the ERP, so that it may be dropped without a trace.
    #[must_use]
    pub fn was_never_taken(&self) -> bool {
        self.base.is_none() && !self.state.is_in_flight()
    }

    /// The key that makes sending `revision` again harmless at an ERP that knows such keys.
    #[must_use]
    pub fn idempotency_key(&self, revision: u64) -> String {
        format!("{}-{revision}", self.id)
    }

    /// What the ERP has, what it had, and what we want, to be decided upon. `theirs` is the record as it is there now.
    #[must_use]
    pub fn versions<'a>(&'a self, theirs: Option<&'a RawValue>) -> Versions<'a> {
        let theirs = theirs.map(Json::from);
        Versions {
            data_type: self.data_type,
            base: self.base.as_deref().map(Json::from),
            theirs,
            ours: self.data.as_deref().map(Json::from),
            their_modified_at: theirs.and_then(crate::conflict::modified_at),
            our_updated_at: self.updated_at,
        }
    }
}

/// What brings a record into the wanted state.
#[must_use]
pub const fn operation(wanted: bool, exists_there: bool) -> Operation {
    match (wanted, exists_there) {
        (false, _) => Operation::Delete,
        (true, false) => Operation::Create,
        (true, true) => Operation::Update,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Option<Box<RawValue>> {
        Some(RawValue::from_string(text.to_owned()).unwrap())
    }

    fn order(base: Option<Box<RawValue>>) -> Change {
        let now = Timestamp::UNIX_EPOCH;
        let data = raw(r#"{"orderNumber":"1"}"#);
        Change::new(ConnectionId::generate(), DataType::Orders, "1".to_owned(), data, base, now)
    }

    #[test]
    fn an_edit_while_it_is_sent_keeps_what_was_sent_and_its_idempotency_key() {
        let mut change = order(None);
        change.state = ChangeState::Sending;
        let key = change.idempotency_key(change.on_its_way().revision);
        let edited = change.edited(raw(r#"{"orderNumber":"1","notes":"x"}"#), Timestamp::UNIX_EPOCH).unwrap();
        let again = edited.edited(None, Timestamp::UNIX_EPOCH).unwrap();
        let in_flight = again.on_its_way();
        assert_eq!(in_flight.record.as_ref().map(|record| record.get()), Some(r#"{"orderNumber":"1"}"#));
        assert_eq!(again.idempotency_key(in_flight.revision), key);
        assert_eq!((in_flight.operation, again.operation), (Operation::Create, Operation::Delete));
        assert_eq!(
            (edited.operation, again.state, again.revision),
            (Operation::Update, ChangeState::Sending, 3)
        );
        assert!(!again.was_never_taken());
    }

    #[test]
    fn an_edit_of_what_was_refused_waits_again() {
        let mut change = order(None);
        change.state = ChangeState::Rejected;
        let edited = change.edited(raw("{}"), Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((edited.state, edited.operation), (ChangeState::Pending, Operation::Create));
        assert!(edited.in_flight.is_none() && edited.was_never_taken());
        assert_eq!(order(raw("{}")).operation, Operation::Update);
    }

    #[test]
    fn what_is_in_conflict_is_not_edited() {
        let mut change = order(raw("{}"));
        change.state = ChangeState::Conflict;
        change.conflict_id = Some(ConflictId::generate());
        assert!(change.edited(None, Timestamp::UNIX_EPOCH).is_err());
    }
}
