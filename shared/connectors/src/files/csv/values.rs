//! What the fields of a row mean: texts as they were sent, or no value. What numbers they are is decided by the field of
//! ours that they fill.

use domain::connection::CsvSettings;
use domain::json::write_string_bytes;

use super::split::{Field, Syntax};

/// Writes rows as JSON objects.
pub(super) struct Values {
    /// The names with what JSON wants before and after: `,"sku":`.
    keys: Vec<String>,
    nulls: Vec<String>,
    syntax: Syntax,
}

impl Values {
    pub(super) fn new(names: &[String], settings: &CsvSettings, syntax: Syntax) -> Self {
        let key = |(position, name): (usize, &String)| {
            let separator = if position == 0 { '{' } else { ',' };
            format!("{separator}{}:", serde_json::Value::from(name.as_str()))
        };
        Self { keys: names.iter().enumerate().map(key).collect(), nulls: nulls(settings), syntax }
    }

    /// Appends one row.
    pub(super) fn write(&self, row: &str, fields: &[Field], json: &mut Vec<u8>) {
        for (key, field) in self.keys.iter().zip(fields) {
            json.extend_from_slice(key.as_bytes());
            let value = field.value(row, &self.syntax);
            if self.nulls.iter().any(|null| *null == value) {
                json.extend_from_slice(b"null");
            } else {
                write_string_bytes(&value, json);
            }
        }
        json.push(b'}');
    }
}

/// Texts that mean "no value": none at all, the word of databases, and the sign of MySQL and PostgreSQL.
pub(in crate::files) fn nulls(settings: &CsvSettings) -> Vec<String> {
    let usual = || ["", "NULL", "\\N"].map(str::to_owned).to_vec();
    settings.null_values.clone().unwrap_or_else(usual)
}
