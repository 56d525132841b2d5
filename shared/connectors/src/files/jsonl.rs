//! JSON Lines: one record a line, each line by itself.

use std::io::{BufReader, Read};

use domain::json::{Json, Kind};

use super::lines::Lines;
use super::writer::{Fault, PageWriter};

/// Reads one record a line. A line that is none fails alone.
pub(super) fn read(source: impl Read, out: &mut PageWriter) -> Result<(), Fault> {
    let mut lines = Lines::new(BufReader::with_capacity(64 * 1024, source), b'\n');
    while let Some(line) = lines.next()? {
        if line.is_blank() {
            continue;
        }
        let text = line.bytes.trim_ascii();
        match fault_of(text, line.too_long) {
            None => drop(out.record(|body| body.extend_from_slice(text))?),
            Some(reason) => out.broken(text, format!("line {}: {reason}", line.number))?,
        }
    }
    Ok(())
}

fn fault_of(text: &[u8], too_long: bool) -> Option<String> {
    if too_long {
        return Some("it is longer than 4 MB".to_owned());
    }
    match Json::parse(text) {
        Ok(json) if json.kind() == Kind::Object => None,
        Ok(json) => Some(format!("it is {}, not an object", json.kind())),
        Err(error) => Some(format!("it is no JSON ({error})")),
    }
}

/// Whether the first two lines are an object each, which no single JSON document begins with.
pub(super) fn looks_like_lines(sample: &[u8]) -> bool {
    let mut lines =
        sample.split_inclusive(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let is_object = |line: &[u8]| fault_of(line.trim_ascii(), false).is_none();
    lines.next().is_some_and(is_object)
        && lines.next().is_some_and(|line| line.trim_ascii().starts_with(b"{"))
}
