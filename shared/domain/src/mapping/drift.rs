//! Notices that an ERP's records change their shape: that a field appears, vanishes or changes its type.
//!
//! What earlier pulls saw is a [`Shape`]; a [`Watch`] holds each record of a pull against it. Only names and types are
//! looked at: the record's own fields, and those of objects directly in it.

mod profile;
mod shape;
mod watch;

pub use profile::Profile;
pub use shape::{Shape, Types};
pub use watch::Watch;

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most fields that are watched; an ERP that invents names for each record must not fill the memory or the table.
pub const MAX_WATCHED_FIELDS: usize = 500;

/// What becomes of fields that we do not know. That the ERP's records changed their shape is told in any case.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SchemaPolicy {
    /// Fields that fill none of ours go into `extra`, under their own names.
    Evolve,
    /// A record with a field that earlier records did not have, or not of that type, is set aside. Switch to another
    /// policy for one run to accept the new shape.
    Freeze,
    /// They are left out.
    #[default]
    Discard,
}

/// A change of shape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// The ERP's field; dotted where it stands in an object.
    pub field: String,
    /// What changed.
    pub change: ShapeChange,
}

/// What changed about a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShapeChange {
    /// No earlier record had it.
    Appeared(Types),
    /// No record of a whole pull had it.
    Vanished,
    /// It holds other types of values than before.
    Retyped {
        /// What it held before.
        from: Types,
        /// What is new.
        to: Types,
    },
}

impl fmt::Display for Drift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let field = &self.field;
        match self.change {
            ShapeChange::Appeared(types) if types.is_empty() => {
                write!(f, "the field {field} appeared, always null")
            }
            ShapeChange::Appeared(types) => write!(f, "the field {field} appeared, with {types}"),
            ShapeChange::Vanished => write!(f, "the field {field} vanished"),
            ShapeChange::Retyped { from, to } => write!(f, "the field {field} held {from}, and now {to}"),
        }
    }
}

#[cfg(test)]
mod tests;
