//! Which relative of RFC 4180 a file is written in, told from its beginning where the settings do not say.

use domain::connection::CsvSettings;

use super::split::{End, split};
use super::values::Number;

/// The delimiters that are tried.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// How many rows are looked at.
const SAMPLE_ROWS: usize = 200;

/// How a file is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dialect {
    pub delimiter: u8,
    /// What ends a line.
    pub line_end: u8,
    /// Whether the first line is `sep=;`, which Excel writes.
    pub has_separator_line: bool,
    /// Whether the first row names the columns.
    pub header: bool,
    pub decimal_comma: bool,
    /// The columns in which the sample has numbers with a decimal comma.
    pub comma_columns: Vec<bool>,
}

/// A delimiter, as it is called in messages.
pub(super) fn name_of(delimiter: u8) -> String {
    match delimiter {
        b',' => "comma".to_owned(),
        b';' => "semicolon".to_owned(),
        b'\t' => "tab".to_owned(),
        other => format!("\"{}\"", char::from(other)),
    }
}

impl Dialect {
    pub(super) fn of(settings: &CsvSettings, sample: &[u8]) -> Self {
        let line_end = if sample.contains(&b'\r') && !sample.contains(&b'\n') { b'\r' } else { b'\n' };
        let mut lines: Vec<&[u8]> = sample
            .split(|byte| *byte == line_end)
            .map(|line| line.strip_suffix(b"\r").unwrap_or(line))
            .filter(|line| !line.is_empty())
            .take(SAMPLE_ROWS)
            .collect();
        let named = lines.first().and_then(|line| separator_line(line));
        if named.is_some() {
            lines.remove(0);
        }
        let set = settings.delimiter.and_then(|delimiter| u8::try_from(delimiter).ok());
        let delimiter = set.or(named).unwrap_or_else(|| likeliest_delimiter(&lines));
        let rows: Vec<Vec<String>> = lines.iter().filter_map(|line| fields(line, delimiter)).collect();
        let header = settings.header.unwrap_or_else(|| looks_like_names(rows.first()));
        let data = &rows[usize::from(header).min(rows.len())..];
        let decimal_comma = match settings.decimal_sign {
            Some(sign) => sign == ',',
            None => has_decimal_commas(data),
        };
        let width = rows.first().map_or(0, Vec::len);
        let is_comma_column =
            |column: usize| data.iter().filter_map(|row| row.get(column)).any(|value| is_comma_number(value));
        let comma_columns = (0..width).map(|column| decimal_comma && is_comma_column(column)).collect();
        Self {
            delimiter,
            line_end,
            has_separator_line: named.is_some(),
            header,
            decimal_comma,
            comma_columns,
        }
    }
}

fn separator_line(line: &[u8]) -> Option<u8> {
    match line {
        [b's', b'e', b'p', b'=', delimiter] => Some(*delimiter),
        _ => None,
    }
}

/// The delimiter that splits most lines into as many fields as the first; of several, the one that makes most fields.
fn likeliest_delimiter(lines: &[&[u8]]) -> u8 {
    let score = |delimiter: u8| {
        let counts: Vec<usize> =
            lines.iter().filter_map(|line| fields(line, delimiter)).map(|fields| fields.len()).collect();
        let first = counts.first().copied().filter(|count| *count > 1)?;
        Some((counts.iter().filter(|count| **count == first).count(), first))
    };
    let scored = DELIMITERS.into_iter().filter_map(|delimiter| Some((score(delimiter)?, delimiter)));
    // The first of equals wins: the comma.
    scored.rev().max_by_key(|(score, _)| *score).map_or(b',', |(_, delimiter)| delimiter)
}

/// The fields of a line, if it can be split by itself.
fn fields(line: &[u8], delimiter: u8) -> Option<Vec<String>> {
    let End::Row(fields) = split(line, delimiter) else { return None };
    let text = String::from_utf8_lossy(line);
    // A lossy copy has other positions; a broken line tells nothing about the dialect anyway.
    let valid = text.len() == line.len();
    valid.then(|| fields.iter().map(|field| field.value(&text).into_owned()).collect())
}

/// Whether a first row names columns: no field of it is a number or a date.
fn looks_like_names(first: Option<&Vec<String>>) -> bool {
    let is_value = |text: &String| {
        let has_digits = text.bytes().any(|byte| byte.is_ascii_digit());
        has_digits && text.bytes().all(|byte| byte.is_ascii_digit() || b" .,:/-+TZ".contains(&byte))
    };
    first.is_none_or(|fields| !fields.iter().any(is_value))
}

/// Whether numbers have a decimal comma: some can be read only so, and none only the other way. `1,234` says nothing.
fn has_decimal_commas(rows: &[Vec<String>]) -> bool {
    let mut commas = 0_usize;
    for value in rows.iter().flatten() {
        let clear = |number: &Number| number.has_decimals && (number.decimals != 3 || number.is_grouped);
        if Number::parse(value, '.', ',').is_some_and(|number| clear(&number)) {
            return false;
        }
        commas += usize::from(Number::parse(value, ',', '.').is_some_and(|number| clear(&number)));
    }
    commas > 0
}

fn is_comma_number(value: &str) -> bool {
    Number::parse(value, ',', '.').is_some_and(|number| number.has_decimals)
}
