//! How numbers are written in a source: which sign stands before the decimals. A text such as `1.250` can be read two
//! ways, so whoever reads a source says what is known of it, as a whole and column by column.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::number;

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

/// Gathers what the cells of a sample show of the notation of its columns.
#[derive(Debug, Default)]
pub struct Evidence {
    /// For each column, whether a cell showed a decimal point, and a decimal comma.
    columns: Vec<(bool, bool)>,
    /// What is likely where no cell shows anything.
    supposed: Notation,
}

impl Evidence {
    /// Says what is likely where no cell shows anything.
    pub const fn suppose(&mut self, notation: Notation) {
        self.supposed = notation;
    }

    /// Looks at a cell of a column.
    pub fn add(&mut self, column: usize, cell: &str) {
        if self.columns.len() <= column {
            self.columns.resize(column + 1, (false, false));
        }
        match number::shown_notation(cell) {
            Some(Notation::Point) => self.columns[column].0 = true,
            Some(Notation::Comma) => self.columns[column].1 = true,
            _ => {}
        }
    }

    /// What is known now of columns with these names: those that show the same sign tell it of the whole; one that shows
    /// another has that of its own; where signs contradict each other, nothing is known.
    #[must_use]
    pub fn notations(&self, names: &[String]) -> Notations {
        let of = |shown: &(bool, bool)| match shown {
            (true, false) => Some(Notation::Point),
            (false, true) => Some(Notation::Comma),
            (true, true) => Some(Notation::Unknown),
            (false, false) => None,
        };
        let shown: Vec<_> = self.columns.iter().map(of).collect();
        let any = |notation| shown.contains(&Some(notation));
        let whole = match (any(Notation::Point), any(Notation::Comma)) {
            (true, false) => Notation::Point,
            (false, true) => Notation::Comma,
            (false, false) if self.supposed != Notation::Plain => self.supposed,
            _ => Notation::Unknown,
        };
        let own = names.iter().zip(&shown).filter_map(|(name, shown)| Some((name.clone(), (*shown)?)));
        Notations { whole, columns: own.filter(|(_, notation)| *notation != whole).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(rows: &[[&str; 2]]) -> Notations {
        let mut evidence = Evidence::default();
        for row in rows {
            row.iter().enumerate().for_each(|(column, cell)| evidence.add(column, cell));
        }
        evidence.notations(&["price".to_owned(), "stock".to_owned()])
    }

    #[test]
    fn one_column_tells_of_the_others_unless_they_show_another() {
        assert_eq!(gathered(&[["12,50", "1.250"], ["3,00", "800"]]), Notations::all(Notation::Comma));
        assert_eq!(gathered(&[["1,250", "5"], ["0.05", "1,234"]]), Notations::all(Notation::Point));
        assert_eq!(gathered(&[["1.250", "5"], ["2", "1,234"]]), Notations::all(Notation::Unknown));
        let mixed = gathered(&[["12,50", "52.5167"], ["3,00", "13.3"]]);
        assert_eq!(mixed.whole, Notation::Unknown);
        assert_eq!((mixed.of("price"), mixed.of("stock")), (Notation::Comma, Notation::Point));
        let contradicting = gathered(&[["12,50", "1.250"], ["3.00", "800"]]);
        assert_eq!(
            (contradicting.of("price"), contradicting.of("stock")),
            (Notation::Unknown, Notation::Unknown)
        );
    }
}
