//! Rows out of lines. A row may span lines inside quotes; a quote that is never closed costs its own line only.

use std::collections::VecDeque;
use std::io::{self, BufRead};

use super::split::{End, Field, Syntax, mend, split};
use crate::files::lines::{Line, Lines};

/// How many lines one row may span, and how many bytes it may then have.
const MAX_ROW_LINES: usize = 100;
const MAX_ROW_BYTES: usize = 256 * 1024;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A row, or a line that is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Row {
    /// With as many fields as there are columns.
    Good { text: String, fields: Vec<Field>, mended: bool },
    /// With the number of its line and what is wrong.
    Broken { line: u64, text: Vec<u8>, reason: String },
}

/// Reads rows.
pub(super) struct Rows<R> {
    lines: Lines<R>,
    /// Lines that were read to look for the end of a quote that has none.
    again: VecDeque<Line>,
    syntax: Syntax,
    /// What a line begins with that is no row.
    comment: Option<u8>,
    columns: Option<usize>,
}

/// A row that can be split, or why it cannot.
type Fields = Result<(Vec<Field>, bool), String>;

impl<R: BufRead> Rows<R> {
    pub(super) fn new(lines: Lines<R>, syntax: Syntax, comment: Option<u8>) -> Self {
        Self { lines, again: VecDeque::new(), syntax, comment, columns: None }
    }

    /// From now on a row must have this many fields.
    pub(super) fn expect(&mut self, columns: usize) {
        self.columns = Some(columns);
    }

    /// Passes over a line that is no row.
    pub(super) fn skip_line(&mut self) -> io::Result<()> {
        self.next_line().map(drop)
    }

    /// The next row; blank lines and comments are none. A byte-order mark before it belongs to a file that was appended.
    pub(super) fn next(&mut self) -> io::Result<Option<Row>> {
        loop {
            match self.next_line()? {
                None => return Ok(None),
                Some(line) if line.is_blank() || self.is_comment(&line) => {}
                Some(mut line) => {
                    if line.bytes.starts_with(BYTE_ORDER_MARK) {
                        line.bytes.drain(..BYTE_ORDER_MARK.len());
                    }
                    return self.row_from(line).map(Some);
                }
            }
        }
    }

    fn is_comment(&self, line: &Line) -> bool {
        self.comment.is_some_and(|sign| line.bytes.first() == Some(&sign))
    }

    fn next_line(&mut self) -> io::Result<Option<Line>> {
        match self.again.pop_front() {
            Some(line) => Ok(Some(line)),
            None => self.lines.next(),
        }
    }

    fn row_from(&mut self, line: Line) -> io::Result<Row> {
        let broken = |line: Line, reason: String| Row::Broken { line: line.number, text: line.bytes, reason };
        if line.too_long {
            return Ok(broken(line, "it is longer than 4 MB".to_owned()));
        }
        let fields = match split(&line.bytes, &self.syntax) {
            End::InQuotes => return self.row_over_lines(line),
            End::StrayQuote(field) => Err(stray_quote(field)),
            End::Row(fields) => self.fit(fields, &line.bytes),
        };
        Ok(match fields.and_then(|fields| Ok((fields, utf8(&line.bytes)?))) {
            Ok(((fields, mended), text)) => Row::Good { text, fields, mended },
            Err(reason) => broken(line, reason),
        })
    }

    /// A row that begins in `first` and ends where its quote is closed. If it is not, or what comes out is no row,
    /// `first` alone is broken and the lines after it are read again.
    fn row_over_lines(&mut self, first: Line) -> io::Result<Row> {
        let mut text = first.bytes.clone();
        let mut ahead = Vec::new();
        while ahead.len() < MAX_ROW_LINES && text.len() < MAX_ROW_BYTES {
            let Some(line) = self.next_line()? else { break };
            text.push(b'\n');
            text.extend_from_slice(&line.bytes);
            let may_close = line.bytes.contains(&self.syntax.quote);
            ahead.push(line);
            if !may_close {
                continue;
            }
            match split(&text, &self.syntax) {
                End::InQuotes => {}
                End::StrayQuote(_) => break,
                // Over lines, a quote that was not doubled may as well be the end of another row.
                End::Row(fields) if fields.iter().any(|field| field.has_strays) => break,
                End::Row(fields) => match (self.fit(fields, &text), utf8(&text)) {
                    (Ok((fields, mended)), Ok(text)) => return Ok(Row::Good { text, fields, mended }),
                    _ => break,
                },
            }
        }
        for line in ahead.into_iter().rev() {
            self.again.push_front(line);
        }
        let reason = "a quote is opened and not closed, or closed in the middle of a later line".to_owned();
        Ok(Row::Broken { line: first.number, text: first.bytes, reason })
    }

    /// The fields, as many as there are columns, and whether they had to be mended for that.
    fn fit(&self, mut fields: Vec<Field>, row: &[u8]) -> Fields {
        let Some(columns) = self.columns else { return Ok((fields, false)) };
        let found = fields.len();
        if found == columns {
            let has_strays = fields.iter().any(|field| field.has_strays);
            return Ok((fields, has_strays));
        }
        if found == columns + 1 && fields.last().is_some_and(|last| last.range.is_empty()) {
            fields.pop();
            return Ok((fields, false));
        }
        match mend(&fields, row, columns) {
            Some(fields) if found > columns => Ok((fields, true)),
            _ => Err(format!("it has {found} fields instead of {columns}")),
        }
    }
}

fn stray_quote(field: usize) -> String {
    format!("field {field} goes on after its closing quote")
}

fn utf8(row: &[u8]) -> Result<String, String> {
    let wrong = "it holds bytes that mean nothing in the file's encoding; if the whole file looks wrong, set \
                 settings.files.csv.encoding";
    std::str::from_utf8(row).map(str::to_owned).map_err(|_| wrong.to_owned())
}
