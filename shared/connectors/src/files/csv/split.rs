//! Splitting one row into fields. Quotes count only where a field begins with one.

use std::borrow::Cow;
use std::ops::Range;

/// What separates fields: one to three bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Delimiter {
    bytes: [u8; 3],
    length: usize,
}

impl Delimiter {
    /// `None` unless it has one to three bytes.
    pub(super) fn new(text: &[u8]) -> Option<Self> {
        let mut bytes = [0; 3];
        bytes.get_mut(..text.len()).filter(|part| !part.is_empty())?.copy_from_slice(text);
        Some(Self { bytes, length: text.len() })
    }

    pub(super) const fn one(byte: u8) -> Self {
        Self { bytes: [byte, 0, 0], length: 1 }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    const fn len(&self) -> usize {
        self.length
    }

    fn find(&self, row: &[u8]) -> Option<usize> {
        let first = self.bytes[0];
        if self.length == 1 {
            return row.iter().position(|byte| *byte == first);
        }
        row.windows(self.length).position(|part| part == self.as_bytes())
    }
}

/// How the fields of a row are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Syntax {
    pub delimiter: Delimiter,
    pub quote: u8,
    /// What stands before a quote inside quotes, beside doubling it.
    pub escape: Option<u8>,
}

impl Syntax {
    /// RFC 4180, but for the delimiter.
    pub(super) const fn with(delimiter: Delimiter) -> Self {
        Self { delimiter, quote: b'"', escape: None }
    }
}

/// One field of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// Where its value stands in the row, without the quotes around it.
    pub range: Range<usize>,
    /// Whether quotes stood around it.
    pub quoted: bool,
    /// Whether it holds doubled quotes, or quotes that an escape stands before.
    pub has_escapes: bool,
    /// Whether it holds quotes that are neither, and end it in no other way than where it does.
    pub has_strays: bool,
}

impl Field {
    /// Its text.
    pub(super) fn value<'a>(&self, row: &'a str, syntax: &Syntax) -> Cow<'a, str> {
        let text = row.get(self.range.clone()).unwrap_or_default();
        if self.has_escapes { Cow::Owned(unescaped(text, syntax)) } else { Cow::Borrowed(text) }
    }
}

fn unescaped(text: &str, syntax: &Syntax) -> String {
    let (quote, escape) = (char::from(syntax.quote), syntax.escape.map(char::from));
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        let next = letters.peek().copied();
        let skips = letter == quote && next == Some(quote)
            || Some(letter) == escape && next.is_some_and(|next| next == quote || Some(next) == escape);
        plain.push(if skips { letters.next().unwrap_or(letter) } else { letter });
    }
    plain
}

/// How splitting a row ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// At its end.
    Row(Vec<Field>),
    /// Inside quotes: the row goes on in the next line, or the quote is a stray one.
    InQuotes,
    /// At a quote that is neither doubled nor followed by a delimiter, with none behind it that is: in this field, counted
    /// from 1.
    StrayQuote(usize),
}

/// Splits a row.
pub(super) fn split(row: &[u8], syntax: &Syntax) -> End {
    let mut fields = Vec::new();
    let mut start = 0;
    loop {
        let (field, end) = if row.get(start) == Some(&syntax.quote) {
            match quoted(row, start + 1, syntax) {
                Ok(Some(found)) => found,
                Ok(None) => return End::InQuotes,
                Err(()) => return End::StrayQuote(fields.len() + 1),
            }
        } else {
            let end = syntax.delimiter.find(&row[start..]).map_or(row.len(), |length| start + length);
            (Field { range: start..end, quoted: false, has_escapes: false, has_strays: false }, end)
        };
        fields.push(field);
        if end >= row.len() {
            return End::Row(fields);
        }
        start = end + syntax.delimiter.len();
    }
}

/// The field whose text begins at `start`, after its quote, and where the row goes on. A quote that was not doubled belongs to
/// the text, as in `"7" pipe"`: the field ends at the first one that a delimiter follows.
fn quoted(row: &[u8], start: usize, syntax: &Syntax) -> Result<Option<(Field, usize)>, ()> {
    let Syntax { delimiter, quote, escape } = syntax;
    let mut at = start;
    let (mut has_escapes, mut has_strays) = (false, false);
    while let Some(length) = row[at..].iter().position(|byte| byte == quote || Some(*byte) == *escape) {
        let found = at + length;
        let rest = &row[found + 1..];
        if row[found] != *quote {
            has_escapes = true;
            at = (found + 2).min(row.len());
        } else if rest.first() == Some(quote) {
            has_escapes = true;
            at = found + 2;
        } else if rest.is_empty() || rest.starts_with(delimiter.as_bytes()) {
            let field = Field { range: start..found, quoted: true, has_escapes, has_strays };
            return Ok(Some((field, found + 1)));
        } else {
            has_strays = true;
            at = found + 1;
        }
    }
    if has_strays { Err(()) } else { Ok(None) }
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
