//! How numbers are written in a source: which sign stands before the decimals. A text such as `1.250` can be read two
//! ways, so whoever reads a source says what is known of it, as a whole and column by column.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The decimal sign of the numbers of a source, as far as it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Notation {
    /// Written by a program for programs, as JSON and XML are: `1.250` has decimals, `1,250` can be read two ways.
    #[default]
    Plain,
    /// The decimal sign is a point: `1,250` is a whole number.
    Point,
    /// The decimal sign is a comma: `1.250` is a whole number.
    Comma,
    /// Written by people or for them, and nothing shows which: `1.250` and `1,250` can be read two ways.
    Unknown,
}

/// What is known of the numbers of a source: as a whole, and of columns that differ from it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notations {
    /// For every column not listed.
    pub whole: Notation,
    /// Columns with a notation of their own, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<Object>)]
    pub columns: Vec<(String, Notation)>,
}

impl Notations {
    /// The same notation everywhere.
    #[must_use]
    pub const fn all(whole: Notation) -> Self {
        Self { whole, columns: Vec::new() }
    }

    /// Whether nothing beyond the usual is known.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        *self == Self::default()
    }

    /// The notation of a column, or of the member of that name.
    #[must_use]
    pub fn of(&self, column: &str) -> Notation {
        self.columns.iter().find(|(name, _)| name == column).map_or(self.whole, |(_, notation)| *notation)
    }
}
