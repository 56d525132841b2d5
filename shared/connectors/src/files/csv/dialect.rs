//! Which relative of RFC 4180 a file is written in, told from its beginning where the settings do not say.

use domain::connection::CsvSettings;
use domain::notation::{Evidence, Notation, Notations};

use super::header::{looks_like_names, names_more, rows_before, usual_width};
use super::split::{Delimiter, End, Field, Syntax, split};

/// The delimiters that are tried, the likeliest first.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Those that are taken only where they separate more than the others.
const RARE_DELIMITERS: [u8; 3] = [b'^', b'~', b'\x01'];

/// Those that stand in texts as well: they have to separate every line.
const DELIMITERS_OF_TEXTS: [u8; 2] = [b':', b' '];

/// How many rows are looked at.
const SAMPLE_ROWS: usize = 200;

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialect {
    pub syntax: Syntax,
    /// What ends a line.
    pub line_end: u8,
    /// Lines at the beginning that are no rows: those the settings leave out, and the `sep=;` that Excel writes.
    pub skipped_lines: u32,
    /// Rows before the one that names the columns: titles and notes.
    pub rows_before: usize,
    /// Whether there is one that names the columns.
    pub header: bool,
    /// The fields of the rows of the sample.
    rows: Vec<Vec<String>>,
}

impl Dialect {
    pub(super) fn of(settings: &CsvSettings, sample: &[u8]) -> Self {
        let line_end = settings.line_end.map_or_else(|| likeliest_line_end(sample), line_end_of);
        let asked =
            settings.skip_lines.or(settings.header_row.map(|row| row.saturating_sub(1))).unwrap_or_default();
        let mut lines = sample
            .split(|byte| *byte == line_end)
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .skip(asked as usize)
            .peekable();
        let named = lines.peek().and_then(|line| separator_line(line));
        if named.is_some() {
            lines.next();
        }
        let is_comment = |line: &[u8]| settings.comment.is_some_and(|sign| line.starts_with(&[sign as u8]));
        let lines: Vec<&[u8]> = lines
            .filter(|line| !line.iter().all(u8::is_ascii_whitespace) && !is_comment(line))
            .take(SAMPLE_ROWS)
            .collect();
        let syntax = syntax_of(settings, named, &lines);
        let rows: Vec<Vec<String>> = lines.iter().filter_map(|line| fields(line, &syntax)).collect();
        let is_told = settings.skip_lines.is_some() || settings.header_row.is_some();
        let rows_before = if is_told { 0 } else { rows_before(&rows) };
        let header = settings
            .header
            .unwrap_or_else(|| settings.header_row.is_some() || looks_like_names(rows.get(rows_before)));
        let skipped_lines = asked + u32::from(named.is_some());
        Self { syntax, line_end, skipped_lines, rows_before, header, rows }
    }

    /// How the numbers of the columns with these names are written: as the settings say, else as the sample shows.
    pub(super) fn notations(&self, settings: &CsvSettings, names: &[String]) -> Notations {
        if let Some(sign) = settings.decimal_sign {
            return Notations::all(if sign == ',' { Notation::Comma } else { Notation::Point });
        }
        let mut evidence = Evidence::default();
        // Whoever separates fields by commas has another sign before decimals.
        if self.syntax.delimiter.as_bytes() == b"," {
            evidence.suppose(Notation::Point);
        }
        for row in self.rows.iter().skip(self.rows_before + usize::from(self.header)) {
            row.iter().take(names.len()).enumerate().for_each(|(column, cell)| evidence.add(column, cell));
        }
        evidence.notations(names)
    }

    /// How many fields most rows have behind the one that names the columns; 0 if there are none.
    pub(super) fn width(&self) -> usize {
        usual_width(self.rows.get(self.rows_before + usize::from(self.header)..).unwrap_or_default())
    }

    /// Whether a row behind the names looks like more of them: it has texts where all other rows have values.
    pub(super) fn is_second_heading(&self, text: &str, fields: &[Field]) -> bool {
        let row: Vec<String> =
            fields.iter().map(|field| field.value(text, &self.syntax).into_owned()).collect();
        let rows = self.rows.get(self.rows_before + 1..).unwrap_or_default();
        let others: Vec<&Vec<String>> = rows.iter().filter(|other| **other != row).collect();
        self.header && names_more(&row, &others)
    }

    /// The delimiter, as it is called in messages.
    pub(super) fn delimiter_name(&self) -> String {
        match self.syntax.delimiter.as_bytes() {
            b"," => "comma".to_owned(),
            b";" => "semicolon".to_owned(),
            b"\t" => "tab".to_owned(),
            other => format!("\"{}\"", String::from_utf8_lossy(other)),
        }
    }
}

fn likeliest_line_end(sample: &[u8]) -> u8 {
    if sample.contains(&b'\r') && !sample.contains(&b'\n') { b'\r' } else { b'\n' }
}

const fn line_end_of(end: domain::connection::LineEnd) -> u8 {
    match end {
        domain::connection::LineEnd::Lf => b'\n',
        domain::connection::LineEnd::Cr => b'\r',
    }
}

fn separator_line(line: &[u8]) -> Option<u8> {
    match line {
        [b's', b'e', b'p', b'=', delimiter] => Some(*delimiter),
        _ => None,
    }
}

fn syntax_of(settings: &CsvSettings, named: Option<u8>, lines: &[&[u8]]) -> Syntax {
    let set = settings.delimiter.as_ref().and_then(|text| Delimiter::new(text.as_bytes()));
    let byte = |sign: Option<char>| sign.and_then(|sign| u8::try_from(sign).ok());
    let quotes = |delimiter| {
        let quote = byte(settings.quote).unwrap_or_else(|| likeliest_quote(lines, delimiter));
        let syntax = Syntax { quote, ..Syntax::with(delimiter) };
        Syntax { escape: byte(settings.escape).or_else(|| likeliest_escape(lines, syntax)), ..syntax }
    };
    match set.or(named.map(Delimiter::one)) {
        Some(delimiter) => quotes(delimiter),
        None => quotes(longer(lines, likeliest_delimiter(lines, &quotes))),
    }
}

/// The delimiter that splits most lines into as many fields as is usual with it; of several, the one that makes most fields.
fn likeliest_delimiter(lines: &[&[u8]], quotes: &impl Fn(Delimiter) -> Syntax) -> Delimiter {
    let score = |delimiter: Delimiter| {
        let syntax = quotes(delimiter);
        let rows: Vec<Vec<String>> = lines.iter().filter_map(|line| fields(line, &syntax)).collect();
        let width = usual_width(&rows);
        let alike = rows.iter().filter(|row| row.len() == width).count();
        (width > 1).then_some((alike, width))
    };
    let best = |of: &[u8]| {
        let scored =
            of.iter().filter_map(|byte| Some((score(Delimiter::one(*byte))?, Delimiter::one(*byte))));
        // The first of equals wins: the comma.
        scored.rev().max_by_key(|(score, _)| *score)
    };
    let separates = |percent: usize| {
        move |((alike, _), _): &((usize, usize), Delimiter)| {
            *alike > 1 && alike * 100 >= lines.len() * percent
        }
    };
    let usual = best(&DELIMITERS).filter(separates(30));
    let rare = best(&RARE_DELIMITERS).filter(separates(60));
    let found = match (usual, rare) {
        // The usual one then stands in texts, or before decimals.
        (Some((less, _)), Some((more, rare))) if more.0 >= less.0 && more.1 > less.1 => Some((more, rare)),
        (usual, rare) => usual.or(rare).or_else(|| best(&DELIMITERS_OF_TEXTS).filter(separates(100))),
    };
    found.or_else(|| best(&DELIMITERS)).map_or(Delimiter::one(b','), |(_, delimiter)| delimiter)
}

/// The delimiter twice where it never stands alone, or with the blank that always follows it.
fn longer(lines: &[&[u8]], delimiter: Delimiter) -> Delimiter {
    let [byte] = *delimiter.as_bytes() else { return delimiter };
    let rows: Vec<Vec<String>> =
        lines.iter().filter_map(|line| fields(line, &Syntax::with(delimiter))).collect();
    let any = rows.iter().any(|row| row.len() > 1);
    let twice = |row: &Vec<String>| row.len() % 2 == 1 && row.iter().skip(1).step_by(2).all(String::is_empty);
    if any && rows.len() == lines.len() && rows.iter().all(twice) {
        return Delimiter::new(&[byte, byte]).unwrap_or(delimiter);
    }
    let spaced = |line: &&[u8]| {
        let mut at = line.iter().enumerate().filter(|(_, found)| **found == byte).map(|(at, _)| at);
        at.all(|at| line.get(at + 1) == Some(&b' '))
    };
    let quotes_behind = lines.iter().any(|line| line.windows(3).any(|part| part == [byte, b' ', b'"']));
    if any && byte != b' ' && quotes_behind && lines.iter().all(spaced) {
        return Delimiter::new(&[byte, b' ']).unwrap_or(delimiter);
    }
    delimiter
}

/// An apostrophe where fields stand between such, and none between the usual quotes.
fn likeliest_quote(lines: &[&[u8]], delimiter: Delimiter) -> u8 {
    let between = |quote: u8| {
        let fields = lines.iter().flat_map(|line| pieces(line, delimiter));
        fields
            .filter(|field| field.len() > 1 && field.first() == Some(&quote) && field.last() == Some(&quote))
            .count()
    };
    if between(b'"') == 0 && between(b'\'') > 1 { b'\'' } else { b'"' }
}

fn pieces(line: &[u8], delimiter: Delimiter) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(line);
    std::iter::from_fn(move || {
        let line = rest?;
        let at = line.windows(delimiter.as_bytes().len()).position(|part| part == delimiter.as_bytes());
        let (piece, after) = match at {
            Some(at) => (&line[..at], Some(&line[at + delimiter.as_bytes().len()..])),
            None => (line, None),
        };
        rest = after;
        Some(piece)
    })
}

/// A backslash where quotes that one stands before make rows of more lines than they would without.
fn likeliest_escape(lines: &[&[u8]], syntax: Syntax) -> Option<u8> {
    let before_quote = [b'\\', syntax.quote];
    if !lines.iter().any(|line| line.windows(2).any(|part| part == before_quote)) {
        return None;
    }
    let is_clean = |line: &[u8], syntax: &Syntax| match split(line, syntax) {
        End::Row(fields) => !fields.iter().any(|field| field.has_strays),
        End::InQuotes | End::StrayQuote(_) => false,
    };
    let rows = |syntax: Syntax| lines.iter().filter(|line| is_clean(line, &syntax)).count();
    let escaped = Syntax { escape: Some(b'\\'), ..syntax };
    (rows(escaped) > rows(syntax)).then_some(b'\\')
}

/// The fields of a line, if it can be split by itself.
fn fields(line: &[u8], syntax: &Syntax) -> Option<Vec<String>> {
    let End::Row(fields) = split(line, syntax) else { return None };
    let text = String::from_utf8_lossy(line);
    // A lossy copy has other positions; a broken line tells nothing about the dialect anyway.
    let valid = text.len() == line.len();
    valid.then(|| fields.iter().map(|field| field.value(&text, syntax).into_owned()).collect())
}
