//! Lines whose fields stand at fixed columns. Each becomes a JSON object whose values are texts, or `null`.

use std::io::{BufReader, Read};
use std::sync::Arc;

use domain::connection::{CsvSettings, FixedWidthSettings, WidthUnit};
use domain::json::write_string_bytes;
use domain::notation::{Notation, Notations};

use super::csv::values::nulls;
use super::lines::Lines;
use super::writer::{Fault, PageWriter};

/// Reads one record a line.
pub(super) fn read(
    source: impl Read,
    settings: &FixedWidthSettings,
    values: &CsvSettings,
    out: &mut PageWriter,
) -> Result<(), Fault> {
    let form = Form { settings, nulls: nulls(values) };
    out.set_notations(Arc::new(Notations::all(match values.decimal_sign {
        Some(',') => Notation::Comma,
        Some(_) => Notation::Point,
        None => Notation::Unknown,
    })));
    let prefix = settings.record_prefix.as_deref().unwrap_or_default().as_bytes();
    let mut lines = Lines::new(BufReader::with_capacity(64 * 1024, source), b'\n');
    while let Some(line) = lines.next()? {
        if line.number <= settings.skip_lines.into() || line.is_blank() || !line.bytes.starts_with(prefix) {
            continue;
        }
        match std::str::from_utf8(&line.bytes) {
            _ if line.too_long => {
                out.broken(&line.bytes, format!("line {}: it is longer than 4 MB", line.number))?;
            }
            Ok(text) => drop(out.record(|body| form.write(text, body))?),
            Err(_) => {
                let reason = "it holds bytes that mean nothing in the file's encoding: set settings.files.csv.encoding";
                out.broken(&line.bytes, format!("line {}: {reason}", line.number))?;
            }
        }
    }
    Ok(())
}

/// How a line is read.
struct Form<'s> {
    settings: &'s FixedWidthSettings,
    nulls: Vec<String>,
}

impl Form<'_> {
    fn write(&self, line: &str, json: &mut Vec<u8>) {
        json.push(b'{');
        for (position, field) in self.settings.fields.iter().enumerate() {
            if position > 0 {
                json.push(b',');
            }
            write_string_bytes(&field.name, json);
            json.push(b':');
            self.write_value(self.cut(line, field.start, field.length).trim(), json);
        }
        json.push(b'}');
    }

    fn write_value(&self, value: &str, json: &mut Vec<u8>) {
        if self.nulls.iter().any(|null| null == value) {
            json.extend_from_slice(b"null");
            return;
        }
        write_string_bytes(value, json);
    }

    /// The text at these columns; what is behind the end of the line is empty.
    fn cut<'l>(&self, line: &'l str, start: u32, length: u32) -> &'l str {
        let (from, length) = (start.saturating_sub(1) as usize, length as usize);
        let at = |column: usize| match self.settings.unit {
            WidthUnit::Characters => line.char_indices().nth(column).map_or(line.len(), |(at, _)| at),
            WidthUnit::Bytes => line.ceil_char_boundary(column),
        };
        line.get(at(from)..at(from + length)).unwrap_or_default()
    }
}
