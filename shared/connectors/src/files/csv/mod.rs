//! Separated values: RFC 4180 and its many relatives. Each row becomes a JSON object whose values are texts, or `null`.
//!
//! The rows are split here and not by the `csv` crate, because that reads any bytes as some row: a stray quote would
//! swallow the rest of the file without a word. Here a bad line fails alone, by its number.

mod dialect;
mod rows;
mod split;
pub(super) mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::io::{BufReader, Read};

use domain::connection::CsvSettings;

use super::lines::Lines;
use super::writer::{Fault, PageWriter};
use dialect::Dialect;
use rows::{Row, Rows};
use values::Values;

/// How much of a file is looked at to find its dialect.
const SAMPLE_BYTES: u64 = 64 * 1024;

/// Reads one record a row; `file` is its name, for warnings.
pub(super) fn read(
    mut source: impl Read,
    settings: &CsvSettings,
    file: &str,
    out: &mut PageWriter,
) -> Result<(), Fault> {
    let mut sample = Vec::new();
    source.by_ref().take(SAMPLE_BYTES).read_to_end(&mut sample)?;
    let dialect = Dialect::of(settings, &sample);
    let whole = BufReader::with_capacity(64 * 1024, sample.as_slice().chain(source));
    let mut rows = Rows::new(Lines::new(whole, dialect.line_end), dialect.delimiter);
    if dialect.has_separator_line {
        rows.skip_line()?;
    }
    let Some(first) = rows.next()? else { return Ok(()) };
    let names = names(&first, dialect.header)?;
    rows.expect(names.len());
    let values = Values::new(&names, settings, &dialect);
    let mut mended = 0_u64;
    let mut next = if dialect.header { rows.next()? } else { Some(first) };
    while let Some(row) = next {
        match row {
            Row::Good { text, fields, mended: was_mended, .. } => {
                let new = out.record(|body| values.write(&text, &fields, body))?;
                mended += u64::from(new && was_mended);
            }
            Row::Broken { line, text, reason } => out.broken(&text, format!("line {line}: {reason}"))?,
        }
        next = rows.next()?;
    }
    if mended > 0 {
        let delimiter = dialect::name_of(dialect.delimiter);
        out.warn(format!("{mended} lines of {file} had an unquoted {delimiter} in a text and were mended"));
    }
    Ok(())
}

/// The names of the columns, which no two may share.
fn names(first: &Row, header: bool) -> Result<Vec<String>, Fault> {
    let (text, fields) = match first {
        Row::Good { text, fields, .. } => (text, fields),
        Row::Broken { line, reason, .. } => {
            return Err(Fault::File(format!("its first line cannot be read (line {line}: {reason})")));
        }
    };
    let mut names: Vec<String> = fields
        .iter()
        .enumerate()
        .map(|(position, field)| match field.value(text).trim() {
            name if header && !name.is_empty() => name.to_owned(),
            _ => format!("column{}", position + 1),
        })
        .collect();
    // A delimiter at the end of every line makes a last column that is none.
    let last_is_empty = fields.last().is_some_and(|last| last.value(text).trim().is_empty());
    if header && last_is_empty && names.len() > 1 {
        names.pop();
    }
    let mut seen = BTreeSet::new();
    match names.iter().find(|name| !seen.insert(name.as_str())) {
        Some(name) => Err(Fault::File(format!("its first line names two columns \"{name}\""))),
        None => Ok(names),
    }
}
