//! A record as the ERP sent it, made fit to be kept and shown: secrets masked, and cut where it is long.

use domain::connection::MASK;
use domain::records::fold;
use serde_json::Value;

/// What is kept of a raw record, in bytes.
const MAX_BYTES: usize = 16 << 10;

/// Parts of names, folded, whose values nobody should see in a log.
const SECRET_NAMES: [&str; 8] =
    ["password", "passwd", "secret", "token", "apikey", "authorization", "privatekey", "cardnumber"];

/// The text of a raw record for a person to look at.
pub(crate) fn shown(raw: &[u8]) -> String {
    let masked = serde_json::from_slice::<Value>(raw)
        .ok()
        .and_then(|mut value| mask(&mut value).then(|| value.to_string()));
    cut(masked.unwrap_or_else(|| String::from_utf8_lossy(raw).into_owned()))
}

/// Masks every secret; says whether there was one.
fn mask(value: &mut Value) -> bool {
    let mut any = false;
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                any |=
                    if is_secret(name) { std::mem::replace(value, MASK.into()) != MASK } else { mask(value) };
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| any |= mask(item)),
        _ => {}
    }
    any
}

/// Whether a member of this name holds what nobody should see.
pub(crate) fn is_secret(name: &str) -> bool {
    let folded = fold(name);
    SECRET_NAMES.iter().any(|secret| folded.contains(secret))
}

fn cut(mut text: String) -> String {
    if text.len() > MAX_BYTES {
        let end = (0..=MAX_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_wherever_they_stand() {
        let raw =
            br#"{"sku": "A", "auth": {"apiKey": "k-1", "user": "u"}, "list": [{"Access_Token": "t-1"}]}"#;
        let text = shown(raw);
        assert!(!text.contains("k-1") && !text.contains("t-1"), "{text}");
        assert!(text.contains(r#""user":"u""#));
    }

    #[test]
    fn a_record_without_secrets_stays_as_it_was_sent() {
        assert_eq!(shown(br#"{"price": 1.50}"#), r#"{"price": 1.50}"#);
        assert_eq!(shown(b"1;Chai;18,00"), "1;Chai;18,00");
    }

    #[test]
    fn a_long_record_is_cut_between_characters() {
        let text = shown("ü".repeat(20_000).as_bytes());
        assert!(text.len() <= MAX_BYTES + '…'.len_utf8() && text.ends_with('…'));
    }
}
