//! How to read lines whose fields stand at fixed columns.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::validation::Checks;

/// The last column a field may reach.
const LAST_COLUMN: u32 = 65_536;

/// How to read lines whose fields stand at fixed columns (`format: fixed_width`). Encoding, decimal sign and null values
/// are those of `csv`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FixedWidthSettings {
    /// The fields of a line. What is around a value is taken off: spaces.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<FixedField>,
    /// What `start` and `length` count.
    pub unit: WidthUnit,
    /// Lines at the beginning that are no records.
    #[serde(skip_serializing_if = "is_zero")]
    pub skip_lines: u32,
    /// What every line begins with that is a record; others, such as a trailer with counts, are passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "D")]
    pub record_prefix: Option<String>,
}

/// A field at fixed columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({"name": "sku", "start": 1, "length": 12}))]
pub struct FixedField {
    /// Its name, as `fieldMapping` calls it.
    pub name: String,
    /// Its first column; that of the line is 1.
    pub start: u32,
    /// How many columns it has.
    pub length: u32,
}

/// What a column is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WidthUnit {
    /// A character.
    #[default]
    Characters,
    /// A byte of the line in UTF-8.
    Bytes,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl FixedWidthSettings {
    /// Checks the fields; `wanted`: the format is set to it.
    pub(super) fn check(&self, wanted: bool, checks: &mut Checks) {
        let field = "settings.files.fixedWidth.fields";
        checks.require(!wanted || !self.fields.is_empty(), field, "must name the fields of a line");
        let mut names = BTreeSet::new();
        for one in &self.fields {
            checks.require(
                !one.name.trim().is_empty() && names.insert(&one.name),
                field,
                "must each have a name of its own",
            );
            let end = one.start.checked_add(one.length);
            checks.require(
                one.start > 0 && one.length > 0 && end.is_some_and(|end| end <= LAST_COLUMN),
                field,
                "must start at column 1 or later and be 1 to 65535 columns long",
            );
        }
        checks.require(
            self.record_prefix.as_ref().is_none_or(|prefix| !prefix.is_empty()),
            "settings.files.fixedWidth.recordPrefix",
            "must not be empty",
        );
    }
}
