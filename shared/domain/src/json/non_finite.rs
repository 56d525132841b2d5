//! Numbers that JSON does not have: `NaN`, `Infinity` and `-Infinity`, as Python and R write them, are read as null.

/// What is written in the place of such a number.
const NULL: &[u8] = b"null";

/// The words, the longest first.
const WORDS: [&[u8]; 4] = [b"-Infinity", b"Infinity", b"-NaN", b"NaN"];

/// Rewrites a JSON text as it comes, in pieces of any size.
#[derive(Debug, Default)]
pub struct NonFinite {
    in_text: bool,
    escaped: bool,
    /// The beginning of a word that the last piece ended in.
    held: Vec<u8>,
    /// How many were found.
    found: u64,
}

impl NonFinite {
    /// Appends a piece of a text to `out`, such numbers written as null. What may be the beginning of one waits for the
    /// next piece.
    pub fn write(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let joined;
        let mut rest = piece;
        if !self.held.is_empty() {
            joined = [std::mem::take(&mut self.held).as_slice(), piece].concat();
            rest = &joined;
        }
        while !rest.is_empty() {
            rest = if self.in_text { self.pass_text(rest, out) } else { self.pass_other(rest, out) };
        }
    }

    /// Appends what waited for a piece that does not come.
    pub fn end(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.held);
    }

    /// How many were found so far.
    #[must_use]
    pub const fn found(&self) -> u64 {
        self.found
    }

    fn pass_text<'p>(&mut self, piece: &'p [u8], out: &mut Vec<u8>) -> &'p [u8] {
        let from = usize::from(std::mem::take(&mut self.escaped));
        let at = piece.iter().skip(from).position(|byte| matches!(byte, b'"' | b'\\')).map(|at| at + from);
        let Some(at) = at else {
            out.extend_from_slice(piece);
            return &[];
        };
        self.escaped = piece[at] == b'\\';
        self.in_text = self.escaped;
        out.extend_from_slice(&piece[..=at]);
        &piece[at + 1..]
    }

    fn pass_other<'p>(&mut self, piece: &'p [u8], out: &mut Vec<u8>) -> &'p [u8] {
        let Some(at) = piece.iter().position(|byte| matches!(byte, b'"' | b'N' | b'I' | b'-')) else {
            out.extend_from_slice(piece);
            return &[];
        };
        out.extend_from_slice(&piece[..at]);
        let rest = &piece[at..];
        if rest[0] == b'"' {
            self.in_text = true;
            out.push(b'"');
            return &rest[1..];
        }
        if let Some(word) = WORDS.iter().find(|word| rest.starts_with(word)) {
            self.found += 1;
            out.extend_from_slice(NULL);
            return &rest[word.len()..];
        }
        if WORDS.iter().any(|word| word.starts_with(rest)) {
            self.held = rest.to_vec();
            return &[];
        }
        out.push(rest[0]);
        &rest[1..]
    }
}

/// A whole JSON text with such numbers written as null; `None` if it has none.
#[must_use]
pub fn without_non_finite(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut scan = NonFinite::default();
    scan.write(text, &mut out);
    scan.end(&mut out);
    (scan.found > 0).then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_that_json_does_not_have_are_null_and_texts_stay() {
        let text = br#"{"a":NaN,"b":[-Infinity,Infinity, 1, -2],"c":"NaN: Infinity","d\"NaN":"\\","e":-NaN}"#;
        let wanted = br#"{"a":null,"b":[null,null, 1, -2],"c":"NaN: Infinity","d\"NaN":"\\","e":null}"#;
        assert_eq!(without_non_finite(text).as_deref(), Some(&wanted[..]));
        assert_eq!(without_non_finite(br#"{"a":"NaN","b":-1}"#), None);
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_a_text_is_cut(text in r#"(NaN|-?Infinity|-|N|"|\\|a|[0-9]|,){0,20}"#, cut in 0_usize..80) {
            let text = text.as_bytes();
            let (mut whole, mut cut_up) = (Vec::new(), Vec::new());
            let (mut one, mut two) = (NonFinite::default(), NonFinite::default());
            one.write(text, &mut whole);
            one.end(&mut whole);
            let (first, second) = text.split_at(cut.min(text.len()));
            two.write(first, &mut cut_up);
            two.write(second, &mut cut_up);
            two.end(&mut cut_up);
            prop_assert_eq!(whole, cut_up);
            prop_assert_eq!(one.found(), two.found());
        }
    }
}
