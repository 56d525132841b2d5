//! Lines of a stream, numbered, none of them held whole if it is absurdly long.

use std::io::{self, BufRead, Read};

/// The longest line that is read, in bytes.
pub(super) const MAX_LINE_BYTES: usize = 4 * 1024 * 1024;

/// One line without its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    /// Its number; the first is 1.
    pub number: u64,
    /// Its bytes: all of them, or the beginning if it is too long.
    pub bytes: Vec<u8>,
    /// Whether there was more than `MAX_LINE_BYTES`.
    pub too_long: bool,
}

impl Line {
    pub(super) fn is_blank(&self) -> bool {
        self.bytes.iter().all(u8::is_ascii_whitespace)
    }
}

/// Reads lines.
pub(super) struct Lines<R> {
    source: R,
    end: u8,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Lines that end in `end`; a carriage return before a line feed belongs to the end.
    pub(super) fn new(source: R, end: u8) -> Self {
        Self { source, end, number: 0 }
    }

    /// The next line.
    pub(super) fn next(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        let limit = MAX_LINE_BYTES as u64 + 1;
        if self.source.by_ref().take(limit).read_until(self.end, &mut bytes)? == 0 {
            return Ok(None);
        }
        self.number += 1;
        let too_long = bytes.last() != Some(&self.end) && bytes.len() > MAX_LINE_BYTES;
        if too_long {
            bytes.truncate(MAX_LINE_BYTES);
            self.source.skip_until(self.end)?;
        }
        if bytes.last() == Some(&self.end) {
            bytes.pop();
        }
        if self.end == b'\n' && bytes.last() == Some(&b'\r') {
            bytes.pop();
        }
        Ok(Some(Line { number: self.number, bytes, too_long }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_is_taken_off() {
        let mut lines = Lines::new(&b"a\r\n\nb"[..], b'\n');
        let texts: Vec<_> =
            std::iter::from_fn(|| lines.next().unwrap()).map(|line| (line.number, line.bytes)).collect();
        assert_eq!(texts, [(1, b"a".to_vec()), (2, vec![]), (3, b"b".to_vec())]);
    }

    #[test]
    fn a_line_without_end_is_cut_and_the_next_one_found() {
        let mut text = vec![b'x'; MAX_LINE_BYTES * 2];
        text.extend_from_slice(b"\nnext");
        let mut lines = Lines::new(&text[..], b'\n');
        let long = lines.next().unwrap().unwrap();
        assert!(long.too_long && long.bytes.len() == MAX_LINE_BYTES);
        assert_eq!(lines.next().unwrap().unwrap().bytes, b"next");
    }
}
