//! Names and handles are strings of bytes (draft-ietf-secsh-filexfer-02, sections 3 and 5). They are kept in a `String`
//! that can be turned back: a byte that is not part of UTF-8 is the private character of that byte.

use std::borrow::Cow;

/// The private character of byte 0.
const FIRST: u32 = 0x10_FF00;

/// The bytes as text.
pub fn to_text(bytes: Vec<u8>) -> String {
    let text = match String::from_utf8(bytes) {
        Ok(text) if !text.chars().any(|c| byte_of(c).is_some()) => return text,
        Ok(text) => text.into_bytes(),
        Err(error) => error.into_bytes(),
    };
    let mut out = String::with_capacity(text.len() + 16);
    let escape = |bytes: &[u8], out: &mut String| {
        out.extend(bytes.iter().filter_map(|byte| char::from_u32(FIRST + u32::from(*byte))));
    };
    for chunk in text.utf8_chunks() {
        for letter in chunk.valid().chars() {
            match byte_of(letter) {
                // It would be taken for one of ours.
                Some(_) => escape(letter.encode_utf8(&mut [0; 4]).as_bytes(), &mut out),
                None => out.push(letter),
            }
        }
        escape(chunk.invalid(), &mut out);
    }
    out
}

/// The bytes that a text was made of.
pub fn to_bytes(text: &str) -> Cow<'_, [u8]> {
    if !text.chars().any(|letter| byte_of(letter).is_some()) {
        return Cow::Borrowed(text.as_bytes());
    }
    let mut out = Vec::with_capacity(text.len());
    for letter in text.chars() {
        match byte_of(letter) {
            Some(byte) => out.push(byte),
            None => out.extend_from_slice(letter.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    Cow::Owned(out)
}

/// The byte that a private character stands for.
pub fn byte_of(letter: char) -> Option<u8> {
    u8::try_from(u32::from(letter).checked_sub(FIRST)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_string_of_bytes_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        for bytes in [
            all,
            b"gr\xf6\xdfe.csv".to_vec(),
            "größe.csv".as_bytes().to_vec(),
            "a\u{10FFF6}b".as_bytes().to_vec(),
            b"\xff\xfe\x00\x80".to_vec(),
        ] {
            assert_eq!(&*to_bytes(&to_text(bytes.clone())), &bytes[..]);
        }
        assert_eq!(to_text("größe.csv".as_bytes().to_vec()), "größe.csv");
    }
}
