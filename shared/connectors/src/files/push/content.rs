//! What is in an order's file. Pure.

use std::fmt::Write as _;

use domain::change::Operation;
use domain::connection::{OutgoingFiles, OutgoingFormat};
use domain::json::{Json, Kind};

use crate::rest::{filled, outgoing};
use crate::{Push, PushError};

/// A file for an order. One that is to be deleted says so, and its key.
///
/// # Errors
/// `NeedsMapping` if there is nothing to write, `NotSent` if the settings do not fit themselves.
pub(super) fn of(push: &Push<'_>, settings: &OutgoingFiles) -> Result<String, PushError> {
    let record = match (push.record, push.operation) {
        (Some(record), _) => record.get(),
        (None, Operation::Delete) => {
            return Ok(serde_json::json!({"operation": "delete", "orderNumber": push.key}).to_string());
        }
        (None, _) => {
            return Err(PushError::NeedsMapping("there is no record to send, only its key".to_owned()));
        }
    };
    let Some(template) = settings.template() else { return Ok(record.to_owned()) };
    let text = filled(&template, &outgoing(push, settings.numbers), "settings.files.push")?;
    match settings.format {
        OutgoingFormat::Json => Ok(text),
        OutgoingFormat::Csv => csv(&text, settings),
    }
}

/// Rows of a list of objects.
fn csv(rows: &str, settings: &OutgoingFiles) -> Result<String, PushError> {
    let rows = Json::parse(rows.as_bytes()).map(Json::items).unwrap_or_default();
    if rows.is_empty() {
        let sentence = "lines is missing, and an order without lines has no row: add them to the record";
        return Err(PushError::NeedsMapping(sentence.to_owned()));
    }
    let delimiter = settings.delimiter;
    let mut text = String::new();
    let names = settings.columns.iter().map(|column| field(&column.name, delimiter));
    line(&mut text, names, delimiter);
    for row in rows {
        let values = settings.columns.iter().map(|column| match row.get(&column.name) {
            Some(value) if value.kind() == Kind::String => {
                field(&harmless(&value.as_string().unwrap_or_default()), delimiter)
            }
            Some(value) if value.kind() != Kind::Null => field(value.text(), delimiter),
            _ => String::new(),
        });
        line(&mut text, values, delimiter);
    }
    Ok(text)
}

fn line(text: &mut String, fields: impl Iterator<Item = String>, delimiter: char) {
    for (position, field) in fields.enumerate() {
        if position > 0 {
            text.push(delimiter);
        }
        text.push_str(&field);
    }
    text.push_str("\r\n");
}

/// A field as RFC 4180 has it, in quotes where it must be.
fn field(value: &str, delimiter: char) -> String {
    if value.contains([delimiter, '"', '\r', '\n']) {
        let mut quoted = String::with_capacity(value.len() + 2);
        // Writing to a text cannot fail.
        write!(quoted, "\"{}\"", value.replace('"', "\"\"")).unwrap_or_default();
        return quoted;
    }
    value.to_owned()
}

/// A text that a spreadsheet would take for a formula becomes one it does not (OWASP, CSV injection). Numbers stay.
fn harmless(text: &str) -> String {
    let is_number = text.parse::<f64>().is_ok();
    if !is_number && text.starts_with(['=', '+', '-', '@']) { format!("'{text}") } else { text.to_owned() }
}
