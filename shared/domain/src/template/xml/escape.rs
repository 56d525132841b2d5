//! Texts as they stand in XML.

/// A text as it may stand in an element or an attribute; none if it holds a character that XML 1.0 cannot carry
/// (<https://www.w3.org/TR/xml/#charsets>).
#[must_use]
pub fn xml_escaped(text: &str) -> Option<String> {
    let mut xml = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            // As they are, a reader makes a space of them in attributes, and a line feed of a carriage return anywhere.
            '\t' | '\n' | '\r' => xml.push_str(&format!("&#{};", u32::from(c))),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => return None,
            c => xml.push(c),
        }
    }
    Some(xml)
}
