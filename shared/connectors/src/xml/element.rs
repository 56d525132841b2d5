//! An XML element, and how it reads as JSON.

use domain::json::write_string_bytes;

/// An element with what is in it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its name, without the prefix.
    pub(crate) name: String,
    /// By name, without prefixes and without what is about the document only.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) children: Vec<Element>,
    pub(crate) text: String,
}

impl Element {
    pub(crate) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// Appends the element as a JSON object, whatever is in it: attributes, then children under their names, then its
    /// own text as `text`. An attribute called like a child is named with an `@`.
    pub(crate) fn write_record(&self, json: &mut Vec<u8>) {
        let text = self.text.trim();
        let mut separator = b'{';
        let mut member = |json: &mut Vec<u8>, name: &str| {
            json.push(separator);
            separator = b',';
            write_string_bytes(name, json);
            json.push(b':');
        };
        for (name, value) in &self.attributes {
            let clashes = self.children.iter().any(|child| child.name == *name);
            member(json, &if clashes { format!("@{name}") } else { name.clone() });
            write_string_bytes(value, json);
        }
        for (position, child) in self.children.iter().enumerate() {
            if self.children[..position].iter().any(|earlier| earlier.name == child.name) {
                continue;
            }
            member(json, &child.name);
            write_all(json, self.children[position..].iter().filter(|other| other.name == child.name));
        }
        if !text.is_empty() {
            member(json, "text");
            write_string_bytes(text, json);
        }
        if separator == b'{' {
            json.push(b'{');
        }
        json.push(b'}');
    }

    /// Appends the element as the value of its name: a text, an object, or `null` if there is nothing in it.
    fn write_value(&self, json: &mut Vec<u8>) {
        if !self.attributes.is_empty() || !self.children.is_empty() {
            return self.write_record(json);
        }
        match self.text.trim() {
            "" => json.extend_from_slice(b"null"),
            text => write_string_bytes(text, json),
        }
    }
}

/// One element as its value, several as a list.
fn write_all<'a>(json: &mut Vec<u8>, mut elements: impl Iterator<Item = &'a Element>) {
    let (first, second) = (elements.next(), elements.next());
    let is_list = second.is_some();
    if is_list {
        json.push(b'[');
    }
    for (position, element) in first.into_iter().chain(second).chain(elements).enumerate() {
        if position > 0 {
            json.push(b',');
        }
        element.write_value(json);
    }
    if is_list {
        json.push(b']');
    }
}
