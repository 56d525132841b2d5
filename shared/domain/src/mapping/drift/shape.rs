//! What records look like: the names of their fields, and the types of what they hold.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::json::Kind;

/// A set of JSON types. Null is none; a whole number and a decimal are the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Types(u8);

/// Each type, by its bit.
const NAMED: [(Kind, &str); 5] = [
    (Kind::Bool, "true or false"),
    (Kind::Number, "numbers"),
    (Kind::String, "texts"),
    (Kind::Array, "lists"),
    (Kind::Object, "objects"),
];

impl Types {
    /// The type of one value.
    #[must_use]
    pub const fn of(kind: Kind) -> Self {
        Self(match kind {
            Kind::Null => 0,
            Kind::Bool => 1,
            Kind::Number => 2,
            Kind::String => 4,
            Kind::Array => 8,
            Kind::Object => 16,
        })
    }

    /// Whether nothing but null was seen.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether all of `others` are among them.
    #[must_use]
    pub const fn contain(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }

    /// Both together.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Those that are not among `others`.
    #[must_use]
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }
}

impl fmt::Display for Types {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> =
            NAMED.iter().filter(|(kind, _)| self.contain(Self::of(*kind))).map(|(_, name)| *name).collect();
        f.write_str(&if names.is_empty() { "null".to_owned() } else { names.join(" and ") })
    }
}

/// What records look like: the fields they have, and what those hold. At most [`MAX_WATCHED_FIELDS`](super::MAX_WATCHED_FIELDS) in all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Shape(BTreeMap<String, Known>);

/// What is known of a field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Known {
    pub(super) types: Types,
    /// The fields of the objects it holds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) fields: BTreeMap<String, Types>,
}

impl Shape {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many fields it has, those of objects among them.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.values().map(|known| 1 + known.fields.len()).sum()
    }

    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &Known)> {
        self.0.iter().map(|(name, known)| (name.as_str(), known))
    }

    pub(super) fn add(&mut self, name: &str, known: Known) {
        self.0.insert(name.to_owned(), known);
    }
}
