//! Splitting one row into fields. Quotes count only where a field begins with one.

use std::borrow::Cow;
use std::ops::Range;

/// One field of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Where its value stands in the row, without the quotes around it.
    pub range: Range<usize>,
    /// Whether quotes stood around it.
    pub quoted: bool,
    /// Whether it holds doubled quotes.
    pub has_doubled: bool,
}

impl Field {
    /// Its text.
    pub(super) fn value<'a>(&self, row: &'a str) -> Cow<'a, str> {
        let text = row.get(self.range.clone()).unwrap_or_default();
        if self.has_doubled { Cow::Owned(text.replace("\"\"", "\"")) } else { Cow::Borrowed(text) }
    }
}

/// How splitting a row ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// At its end.
    Row(Vec<Field>),
    /// Inside quotes: the row goes on in the next line, or the quote is a stray one.
    InQuotes,
    /// At a quote that is neither doubled nor followed by a delimiter: in this field, counted from 1.
    StrayQuote(usize),
}

/// Splits a row.
pub(super) fn split(row: &[u8], delimiter: u8) -> End {
    let mut fields = Vec::new();
    let mut start = 0;
    loop {
        let (field, end) = if row.get(start) == Some(&b'"') {
            match quoted(row, start + 1, delimiter) {
                Ok(Some(found)) => found,
                Ok(None) => return End::InQuotes,
                Err(()) => return End::StrayQuote(fields.len() + 1),
            }
        } else {
            let length = row[start..].iter().position(|byte| *byte == delimiter);
            let end = length.map_or(row.len(), |length| start + length);
            (Field { range: start..end, quoted: false, has_doubled: false }, end)
        };
        fields.push(field);
        if end >= row.len() {
            return End::Row(fields);
        }
        start = end + 1;
    }
}

/// The field whose text begins at `start`, after its quote, and where the row goes on.
fn quoted(row: &[u8], start: usize, delimiter: u8) -> Result<Option<(Field, usize)>, ()> {
    let mut at = start;
    let mut has_doubled = false;
    while let Some(length) = row[at..].iter().position(|byte| *byte == b'"') {
        let quote = at + length;
        match row.get(quote + 1) {
            Some(b'"') => {
                has_doubled = true;
                at = quote + 2;
            }
            next if next.is_none_or(|byte| *byte == delimiter) => {
                return Ok(Some((Field { range: start..quote, quoted: true, has_doubled }, quote + 1)));
            }
            _ => return Err(()),
        }
    }
    Ok(None)
}

/// Joins what an unquoted delimiter tore apart: a field that begins with a blank goes on from the one before it, as in
/// `Rua do Paço, 67`. `None` unless that gives exactly `count` fields.
pub(super) fn mend(fields: &[Field], row: &[u8], count: usize) -> Option<Vec<Field>> {
    let mut mended: Vec<Field> = Vec::with_capacity(count);
    for field in fields {
        let torn = !field.quoted && row.get(field.range.start) == Some(&b' ') && field.range.len() > 1;
        match mended.last_mut() {
            Some(before) if torn && !before.quoted => before.range.end = field.range.end,
            _ => mended.push(field.clone()),
        }
    }
    (mended.len() == count).then_some(mended)
}
