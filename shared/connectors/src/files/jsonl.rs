//! JSON Lines and its relatives: objects one after the other, mostly one a line. A line that is none fails alone.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read};

use domain::json::{Json, Kind, without_non_finite};
use serde_json::value::RawValue;

use super::lines::{Line, Lines, MAX_LINE_BYTES};
use super::writer::{Fault, PageWriter};

/// How many lines one object may span.
const MAX_SPAN: usize = 2_000;

/// Reads the objects of a file.
pub(super) fn read(source: impl Read, out: &mut PageWriter) -> Result<(), Fault> {
    let lines = Lines::new(BufReader::with_capacity(64 * 1024, source), b'\n');
    let mut lines = Ahead { lines, again: VecDeque::new() };
    while let Some((line, comes_again)) = lines.next()? {
        if line.is_blank() {
            continue;
        }
        if line.too_long {
            out.broken(&line.bytes, format!("line {}: it is longer than 4 MB", line.number))?;
            continue;
        }
        match values(&line.bytes) {
            Values::All(values) => {
                values.iter().try_for_each(|value| add(value.get().as_bytes(), &line, out))?;
            }
            Values::Broken(reason) => fail(&line, &reason, out)?,
            // What was looked at in vain is looked at no second time.
            Values::GoesOn(reason) if comes_again => fail(&line, &reason, out)?,
            Values::GoesOn(reason) => lines.read_span(line, &reason, out)?,
        }
    }
    Ok(())
}

/// Lines, some of which were read to look for the end of an object that has none.
struct Ahead<R> {
    lines: Lines<R>,
    again: VecDeque<Line>,
}

impl<R: BufRead> Ahead<R> {
    /// The next line, and whether it was looked at before.
    fn next(&mut self) -> io::Result<Option<(Line, bool)>> {
        match self.again.pop_front() {
            Some(line) => Ok(Some((line, true))),
            None => Ok(self.lines.next()?.map(|line| (line, false))),
        }
    }

    /// Reads an object that goes on in further lines. Where it does not end, its first line fails alone, for `reason`, and
    /// the others come again.
    fn read_span(&mut self, first: Line, reason: &str, out: &mut PageWriter) -> Result<(), Fault> {
        let mut text = first.bytes.clone();
        let mut read = VecDeque::new();
        while read.len() < MAX_SPAN && text.len() < MAX_LINE_BYTES {
            let Some(line) = self.lines.next()? else { break };
            // An object of its own: the one before was cut off.
            let begins_anew = line.bytes.starts_with(b"{") && matches!(values(&line.bytes), Values::All(_));
            text.push(b'\n');
            text.extend_from_slice(&line.bytes);
            let may_end = line.bytes.contains(&b'}') && !begins_anew;
            read.push_back(line);
            match if may_end { values(&text) } else { Values::GoesOn(String::new()) } {
                Values::All(values) => {
                    return values.iter().try_for_each(|value| add(value.get().as_bytes(), &first, out));
                }
                Values::Broken(_) => break,
                Values::GoesOn(_) if begins_anew => break,
                Values::GoesOn(_) => {}
            }
        }
        read.append(&mut self.again);
        self.again = read;
        fail(&first, reason, out)
    }
}

fn fail(line: &Line, reason: &str, out: &mut PageWriter) -> Result<(), Fault> {
    out.broken(line.bytes.trim_ascii(), format!("line {}: {reason}", line.number))
}

/// What a line holds.
enum Values {
    All(Vec<Box<RawValue>>),
    /// The beginning of an object; with why it is no whole one.
    GoesOn(String),
    Broken(String),
}

fn values(line: &[u8]) -> Values {
    let text = line.trim_ascii();
    // Some write a comma between the lines, as in a list.
    let text = text.strip_suffix(b",").unwrap_or(text);
    let relaxed;
    let text = match std::str::from_utf8(text) {
        Ok(_) if !text.starts_with(b"{") => return Values::Broken(no_object(text)),
        Ok(_) => match without_non_finite(text) {
            Some(text) => {
                relaxed = text;
                &relaxed[..]
            }
            None => text,
        },
        Err(_) => return Values::Broken("it is no UTF-8".to_owned()),
    };
    let mut found = Vec::new();
    for value in serde_json::Deserializer::from_slice(text).into_iter::<Box<RawValue>>() {
        match value {
            Ok(value) => found.push(value),
            Err(error) if error.is_eof() && found.is_empty() => {
                return Values::GoesOn(format!("it is no JSON ({error})"));
            }
            Err(error) => return Values::Broken(format!("it is no JSON ({error})")),
        }
    }
    Values::All(found)
}

fn no_object(text: &[u8]) -> String {
    match Json::parse(text) {
        Ok(json) => format!("it is {}, not an object", json.kind()),
        Err(error) => format!("it is no JSON ({error})"),
    }
}

fn add(text: &[u8], line: &Line, out: &mut PageWriter) -> Result<(), Fault> {
    match Json::parse(text) {
        Ok(json) if json.kind() == Kind::Object => out.record(|body| body.extend_from_slice(text)).map(drop),
        Ok(json) => out.broken(text, format!("line {}: it is {}, not an object", line.number, json.kind())),
        Err(error) => out.broken(text, format!("line {}: it is no JSON ({error})", line.number)),
    }
}

/// Whether a text begins with two objects, one after the other, which no single JSON document does.
pub(super) fn looks_like_lines(sample: &[u8]) -> bool {
    let sample = sample.trim_ascii_start();
    if !sample.starts_with(b"{") {
        return false;
    }
    let mut values = serde_json::Deserializer::from_slice(sample).into_iter::<serde::de::IgnoredAny>();
    let ends = values.next().is_some_and(|first| first.is_ok()).then(|| values.byte_offset());
    let rest = ends.and_then(|end| sample.get(end..)).unwrap_or_default().trim_ascii_start();
    rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start().starts_with(b"{")
}
