//! What becomes of a change of ours, in view of what the ERP has meanwhile.

use jiff::Timestamp;

use super::merge::{Merged, merge};
use crate::data_type::DataType;
use crate::difference::{difference, same_record};
use crate::json::Json;
use crate::records::MODIFIED_AT;
use crate::sync_config::ConflictResolution;

/// A record as both sides have it, and as they last agreed on it. None means that there is no such record.
#[derive(Debug, Clone, Copy)]
pub struct Versions<'a> {
    /// The kind of record.
    pub data_type: DataType,
    /// What both last agreed on.
    pub base: Option<Json<'a>>,
    /// What the ERP has.
    pub theirs: Option<Json<'a>>,
    /// What we want.
    pub ours: Option<Json<'a>>,
    /// When the ERP last changed it, if it tells.
    pub their_modified_at: Option<Timestamp>,
    /// When we last changed it.
    pub our_updated_at: Timestamp,
}

/// What is to be done about a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Both sides say the same already.
    Agreed,
    /// Nothing is to be sent: the ERP's version stands.
    Nothing,
    /// This record is to be sent: ours, with what the ERP changed in other fields.
    Send(String),
    /// The record is to be deleted at the ERP.
    Delete,
    /// A person has to decide about these fields, given by their dotted paths.
    Conflict {
        /// The fields that both sides changed. Never empty.
        fields: Vec<String>,
    },
}

/// Whose version stands where both changed the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Winner {
    Theirs,
    Ours,
    Nobody,
}

/// Decides. What only one side changed stands, whatever the rule; the rule is for what both changed.
#[must_use]
pub fn decide(rule: ConflictResolution, versions: &Versions<'_>) -> Decision {
    let winner = winner(rule, versions);
    let Versions { data_type, base, theirs, ours, .. } = *versions;
    let unlike_base = |one: Json<'_>| !base.is_some_and(|base| same_record(data_type, base, one));
    match (theirs, ours) {
        (None, None) => Decision::Agreed,
        (Some(theirs), Some(ours)) if same_record(data_type, theirs, ours) => Decision::Agreed,
        (Some(theirs), Some(ours)) => {
            of_merge(data_type, merge(data_type, base, theirs, ours, winner), theirs, winner)
        }
        (Some(theirs), None) if unlike_base(theirs) => match winner {
            Winner::Ours => Decision::Delete,
            Winner::Theirs => Decision::Nothing,
            Winner::Nobody => conflict(data_type, base, theirs),
        },
        (Some(_), None) => Decision::Delete,
        (None, Some(ours)) if base.is_none() => Decision::Send(ours.text().to_owned()),
        (None, Some(ours)) if unlike_base(ours) => match winner {
            Winner::Ours => Decision::Send(ours.text().to_owned()),
            Winner::Theirs => Decision::Nothing,
            Winner::Nobody => conflict(data_type, base, ours),
        },
        (None, Some(_)) => Decision::Nothing,
    }
}

fn of_merge(data_type: DataType, merged: Merged, theirs: Json<'_>, winner: Winner) -> Decision {
    if winner == Winner::Nobody && !merged.both_changed.is_empty() {
        return Decision::Conflict { fields: merged.both_changed };
    }
    if same_record(data_type, Json::written(&merged.record), theirs) {
        return Decision::Nothing;
    }
    Decision::Send(merged.record)
}

/// One side deleted what the other changed: the fields it changed are in conflict.
fn conflict(data_type: DataType, base: Option<Json<'_>>, changed: Json<'_>) -> Decision {
    let differences = difference(data_type, None, base, Some(changed));
    Decision::Conflict { fields: differences.into_iter().map(|one| one.field).collect() }
}

fn winner(rule: ConflictResolution, versions: &Versions<'_>) -> Winner {
    match rule {
        ConflictResolution::ErpWins => Winner::Theirs,
        ConflictResolution::SystemWins => Winner::Ours,
        ConflictResolution::Manual => Winner::Nobody,
        ConflictResolution::NewestWins => {
            let ours_is_newer =
                versions.their_modified_at.is_some_and(|theirs| theirs < versions.our_updated_at);
            if ours_is_newer { Winner::Ours } else { Winner::Theirs }
        }
    }
}

/// When the ERP says it last changed a record.
pub(crate) fn modified_at(record: Json<'_>) -> Option<Timestamp> {
    record.get(MODIFIED_AT)?.as_string()?.parse().ok()
}
