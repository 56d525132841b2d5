//! Separated values: RFC 4180 and its many relatives. Each row becomes a JSON object whose values are texts, as they were
//! sent, or `null`.
//!
//! The rows are split here and not by the `csv` crate, because that reads any bytes as some row: a stray quote would
//! swallow the rest of the file without a word. Here a bad line fails alone, by its number.

mod dialect;
mod header;
mod kind;
mod rows;
mod split;
pub(super) mod values;

#[cfg(test)]
mod differential;
#[cfg(test)]
mod tests;

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use domain::DataType;
use domain::connection::CsvSettings;

use super::lines::Lines;
use super::writer::{Fault, PageWriter};
use dialect::Dialect;
use rows::{Row, Rows};
use split::{Field, Syntax};
use values::Values;

/// How much of a file is looked at to find its dialect.
const SAMPLE_BYTES: u64 = 64 * 1024;

/// Reads one record a row; `file` is its name, for warnings.
pub(super) fn read(
    mut source: impl Read,
    settings: &CsvSettings,
    data_type: DataType,
    file: &str,
    out: &mut PageWriter,
) -> Result<(), Fault> {
    let mut sample = Vec::new();
    source.by_ref().take(SAMPLE_BYTES).read_to_end(&mut sample)?;
    kind::refuse_other_formats(&sample)?;
    let dialect = Dialect::of(settings, &sample);
    let whole = BufReader::with_capacity(64 * 1024, sample.as_slice().chain(source));
    let comment = settings.comment.and_then(|sign| u8::try_from(sign).ok());
    let mut rows = Rows::new(Lines::new(whole, dialect.line_end), dialect.syntax, comment);
    for _ in 0..dialect.skipped_lines {
        rows.skip_line()?;
    }
    for _ in 0..dialect.rows_before {
        rows.next()?;
    }
    if dialect.rows_before > 0 {
        out.warn(format!(
            "{} lines before the names of the columns of {file} were passed over",
            dialect.rows_before
        ));
    }
    let Some(first) = rows.next()? else { return Ok(()) };
    let Heading { names, cells } = heading(&first, &dialect, file, out)?;
    rows.expect(names.len());
    let first = if dialect.header { None } else { Some(first) };
    out.set_notations(Arc::new(dialect.notations(settings, &names)));
    let mut table =
        Table { values: Values::new(&names, settings, dialect.syntax), cells, mended: 0, repeated: 0 };
    let count = table.read(&mut rows, first, &dialect, out)?;
    if count == 0 {
        kind::refuse_one_line(&sample, &names, data_type)?;
        out.warn(format!("{file} holds the names of columns and no rows"));
    }
    if table.mended > 0 {
        let (mended, delimiter) = (table.mended, dialect.delimiter_name());
        let what = format!("an unquoted {delimiter} or a quote that was not doubled in a text");
        out.warn(format!("{mended} lines of {file} had {what} and were mended"));
    }
    if table.repeated > 0 {
        let repeated = table.repeated;
        out.warn(format!("{file} names its columns again in {repeated} lines, which were passed over"));
    }
    Ok(())
}

/// What the first row says of the columns.
struct Heading {
    names: Vec<String>,
    /// The row itself, where it names them: it is no record when it comes again.
    cells: Vec<String>,
}

fn heading(first: &Row, dialect: &Dialect, file: &str, out: &mut PageWriter) -> Result<Heading, Fault> {
    let (text, fields) = match first {
        Row::Good { text, fields, .. } => (text, fields),
        Row::Broken { line, reason, .. } => {
            return Err(Fault::File(format!("its first line cannot be read (line {line}: {reason})")));
        }
    };
    let cells: Vec<String> =
        fields.iter().map(|field| field.value(text, &dialect.syntax).into_owned()).collect();
    kind::refuse_control_characters(&cells)?;
    let mut named = cells.clone();
    if let Some(stray) = header::stray(&cells, dialect.width()).filter(|_| dialect.header) {
        named.remove(stray);
        let delimiter = dialect.delimiter_name();
        out.warn(format!(
            "the names of the columns of {file} have one {delimiter} too many, which was left out"
        ));
    }
    let (names, twice) = header::names(&named, dialect.header);
    for name in twice {
        out.warn(format!("{file} has more than one column \"{name}\": the second one is called {name}_2"));
    }
    Ok(Heading { names, cells: if dialect.header { cells } else { Vec::new() } })
}

/// The rows of a file, on their way to records.
struct Table {
    values: Values,
    cells: Vec<String>,
    mended: u64,
    repeated: u64,
}

impl Table {
    /// Reads rows to the end; says how many there were.
    fn read<R: BufRead>(
        &mut self,
        rows: &mut Rows<R>,
        first: Option<Row>,
        dialect: &Dialect,
        out: &mut PageWriter,
    ) -> Result<u64, Fault> {
        let mut count = 0;
        let mut next = match first {
            Some(first) => Some(first),
            None => rows.next()?,
        };
        while let Some(row) = next {
            next = rows.next()?;
            count += 1;
            match row {
                Row::Good { text, fields, .. } if self.is_heading(&text, &fields, &dialect.syntax) => {
                    self.repeated += 1;
                }
                Row::Good { text, fields, .. } if count == 1 && dialect.is_second_heading(&text, &fields) => {
                    let reason = "it looks like a second line of column names, not like a record: if it is one, set \
                                  settings.files.csv.headerRow to its line";
                    out.broken(text.as_bytes(), reason.to_owned())?;
                }
                Row::Good { text, fields, .. }
                    if next.is_none() && is_total(&text, &fields, &dialect.syntax) =>
                {
                    let reason =
                        "the last line looks like a total of the others, not like a record of its own";
                    out.broken(text.as_bytes(), reason.to_owned())?;
                }
                Row::Good { text, fields, mended, .. } => {
                    let new = out.record(|body| self.values.write(&text, &fields, body))?;
                    self.mended += u64::from(new && mended);
                }
                Row::Broken { line, text, reason } => out.broken(&text, format!("line {line}: {reason}"))?,
            }
        }
        Ok(count)
    }

    /// Whether a row names the columns once more, as where two exports were appended.
    fn is_heading(&self, text: &str, fields: &[Field], syntax: &Syntax) -> bool {
        let same = |(cell, field): (&String, &Field)| *cell == field.value(text, syntax);
        !self.cells.is_empty() && self.cells.iter().zip(fields).all(same)
    }
}

/// Words that a line of totals begins with.
const TOTALS: [&str; 14] = [
    "total",
    "totals",
    "grand total",
    "subtotal",
    "sum",
    "summe",
    "gesamt",
    "gesamtsumme",
    "zwischensumme",
    "totaal",
    "totale",
    "total général",
    "suma",
    "итого",
];

/// Whether a row sums up others: it begins with such a word, and not all of its fields are filled.
fn is_total(text: &str, fields: &[Field], syntax: &Syntax) -> bool {
    let mut values = fields.iter().map(|field| field.value(text, syntax));
    let word = values.next().unwrap_or_default().trim().trim_end_matches(':').to_lowercase();
    fields.len() > 1 && TOTALS.contains(&word.as_str()) && values.any(|value| value.trim().is_empty())
}
