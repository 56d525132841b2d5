//! Both sides changed a record since they last agreed: what is decided by itself, and what a person decides.

mod decision;
mod merge;

pub(crate) use decision::modified_at;
pub use decision::{Decision, Versions, decide};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::data_type::DataType;
use crate::ids::{ChangeId, ConflictId, ConnectionId};

/// Whether a conflict waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConflictStatus {
    /// It waits for a person.
    Open,
    /// A person decided.
    Resolved,
}

impl ConflictStatus {
    /// The name used in JSON and keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
        }
    }
}

/// Whose version a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// The ERP's: our change is dropped.
    Erp,
    /// Ours: it is sent with the next sync.
    System,
    /// A record merged from both by the person: it is sent with the next sync.
    Merged,
}

/// A record that both sides changed, in the same fields, since they last agreed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Conflict {
    /// Its id; ids sort by time.
    #[schema(value_type = String, example = "con_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub id: ConflictId,
    /// The connection.
    pub erp_connection_id: ConnectionId,
    /// The kind of record.
    pub data_type: DataType,
    /// The record's key.
    #[schema(example = "SKU-1")]
    pub record_id: String,
    /// The change of ours that is in conflict.
    #[schema(value_type = String)]
    pub change_id: ChangeId,
    /// Whether it waits for a person.
    pub status: ConflictStatus,
    /// The dotted paths of the fields both sides changed.
    #[schema(example = json!(["price"]))]
    pub fields: Vec<String>,
    /// What both sides last agreed on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::records::RecordData>)]
    pub base: Option<Box<RawValue>>,
    /// The ERP's version; none if it is gone there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::records::RecordData>)]
    pub erp: Option<Box<RawValue>>,
    /// Our version; none if we want it gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<crate::records::RecordData>)]
    pub system: Option<Box<RawValue>>,
    /// What a person chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolution: Option<Resolution>,
    /// Who chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_by: Option<String>,
    /// When it was noticed.
    pub created_at: Timestamp,
    /// When a person chose.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<Timestamp>,
}

#[cfg(test)]
mod tests;
