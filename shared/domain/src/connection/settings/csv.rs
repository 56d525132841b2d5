//! How to read CSV.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::validation::Checks;

/// How to read CSV. What is left out is found from the file itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CsvSettings {
    /// What separates fields, one to three characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = ";")]
    pub delimiter: Option<String>,
    /// What stands around texts, `"` or `'`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quote: Option<char>,
    /// What stands before a quote inside quotes, such as `\\`, beside doubling it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escape: Option<char>,
    /// What ends a line: `lf`, which takes a carriage return before it along, or `cr`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line_end: Option<LineEnd>,
    /// What a line begins with that is a comment, one character.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "#")]
    pub comment: Option<char>,
    /// How many lines at the beginning are no rows: 0 to 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 3)]
    pub skip_lines: Option<u32>,
    /// The line that names the fields, counted from 1; those before it are no rows. 1 to 1000, in the place of `skipLines`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 4)]
    pub header_row: Option<u32>,
    /// The decimal sign of numbers, `.` or `,`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal_sign: Option<char>,
    /// The encoding, by its name on the web or as a DOS code page, such as `cp850`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "windows-1252")]
    pub encoding: Option<String>,
    /// Whether the first line names the fields. Without names they are `column1`, `column2` …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// Texts that mean "no value"; the empty text, `NULL` and `\\N` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub null_values: Option<Vec<String>>,
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineEnd {
    /// A line feed; a carriage return before it belongs to it.
    Lf,
    /// A carriage return alone.
    Cr,
}

impl CsvSettings {
    pub(super) fn check(&self, checks: &mut Checks) {
        let separates = |c: char| c.is_ascii() && !c.is_alphanumeric() && !"\"\r\n".contains(c);
        checks.require(
            self.delimiter
                .as_deref()
                .is_none_or(|text| (1..=3).contains(&text.len()) && text.chars().all(separates)),
            "settings.files.csv.delimiter",
            "must be one to three ASCII characters that are no letters, digits or quotes",
        );
        checks.require(
            self.quote.is_none_or(|c| c == '"' || c == '\''),
            "settings.files.csv.quote",
            "must be \" or '",
        );
        let is_sign = |c: char| c.is_ascii_punctuation();
        checks.require(
            self.escape.is_none_or(|c| is_sign(c) && Some(c) != self.quote),
            "settings.files.csv.escape",
            "must be one ASCII sign other than the quote, such as \\",
        );
        checks.require(
            self.comment.is_none_or(is_sign),
            "settings.files.csv.comment",
            "must be one ASCII sign, such as #",
        );
        checks.require(
            self.skip_lines.is_none_or(|lines| lines <= 1000),
            "settings.files.csv.skipLines",
            "must be between 0 and 1000",
        );
        checks.require(
            self.header_row.is_none_or(|row| (1..=1000).contains(&row) && self.skip_lines.is_none()),
            "settings.files.csv.headerRow",
            "must be between 1 and 1000, and stand in the place of skipLines",
        );
        checks.require(
            self.header_row.is_none() || self.header != Some(false),
            "settings.files.csv.header",
            "must not be false where headerRow names the line of the header",
        );
        checks.require(
            self.decimal_sign.is_none_or(|c| c == '.' || c == ','),
            "settings.files.csv.decimalSign",
            "must be . or ,",
        );
    }
}
