//! JSON that is put together of parts which stay as they were written, so that numbers keep every digit.

/// Writes a text as JSON.
pub fn write_string(text: &str, out: &mut String) {
    each_piece(text, |piece| out.push_str(piece));
}

/// Writes a text as JSON into bytes.
pub fn write_string_bytes(text: &str, out: &mut Vec<u8>) {
    each_piece(text, |piece| out.extend_from_slice(piece.as_bytes()));
}

/// A text as JSON.
#[must_use]
pub fn string(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    write_string(text, &mut out);
    out
}

/// Writes a member of an object, behind those that are there; `value` is JSON.
pub fn write_member(name: &str, value: &str, out: &mut String) {
    write_name(name, out);
    out.push_str(value);
}

/// Writes the name of a member, behind the members that are there, and the colon that its value follows.
pub fn write_name(name: &str, out: &mut String) {
    separate(out);
    write_string(name, out);
    out.push(':');
}

/// Puts a comma between what was written into an object or a list and what comes next.
pub fn separate(out: &mut String) {
    if !out.ends_with(['{', '[']) {
        out.push(',');
    }
}

/// Most texts need no escape.
fn each_piece(text: &str, mut write: impl FnMut(&str)) {
    if text.bytes().any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\') {
        write(&serde_json::Value::from(text).to_string());
    } else {
        for piece in ["\"", text, "\""] {
            write(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_is_written_as_serde_writes_it() {
        for text in ["", "plain", "Grüße 🛒", "a \"b\" \\ c", "\n\t\u{1}\u{7f}\u{2028}", "/"] {
            let mut bytes = Vec::new();
            write_string_bytes(text, &mut bytes);
            assert_eq!(
                (string(text), bytes),
                (serde_json::to_string(text).unwrap(), string(text).into_bytes())
            );
        }
    }

    #[test]
    fn members_are_separated_and_named() {
        let mut out = "{".to_owned();
        write_member("a\"", "{}", &mut out);
        write_member("b", "1.50", &mut out);
        out.push('}');
        assert_eq!(out, r#"{"a\"":{},"b":1.50}"#);
    }
}
