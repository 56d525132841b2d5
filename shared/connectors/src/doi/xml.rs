//! XML elements, as they are written and as they are read. Reading follows nothing: no entity but the five of XML, and a
//! document type only by its name, as cXML has one.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use crate::xml::declares;

/// How deep elements may be nested.
const MAX_DEPTH: usize = 64;

/// An element with what is in it. Read elements and attributes have lost the prefix of their namespace.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Element {
    pub(super) name: String,
    attributes: Vec<(String, String)>,
    pub(super) children: Vec<Element>,
    text: String,
}

impl Element {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), ..Self::default() }
    }

    /// An element that holds a text.
    pub(super) fn text(name: &str, text: impl Into<String>) -> Self {
        Self { name: name.to_owned(), text: text.into(), ..Self::default() }
    }

    /// The same with one more attribute.
    pub(super) fn attr(mut self, name: &str, value: impl Into<String>) -> Self {
        self.attributes.push((name.to_owned(), value.into()));
        self
    }

    /// The same with one more attribute, if there is a value.
    pub(super) fn attr_if(self, name: &str, value: Option<String>) -> Self {
        match value {
            Some(value) => self.attr(name, value),
            None => self,
        }
    }

    /// The same with one more child.
    pub(super) fn with(mut self, child: Self) -> Self {
        self.children.push(child);
        self
    }

    /// The same with more children; an `Option` is none or one.
    pub(super) fn with_all(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// The document that has this for its root.
    pub(super) fn document(&self, doctype: &str) -> String {
        let mut out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n".to_owned();
        out.push_str(doctype);
        self.write(0, &mut out);
        out
    }

    fn write(&self, depth: usize, out: &mut String) {
        let indent = " ".repeat(depth);
        out.push_str(&format!("{indent}<{}", self.name));
        for (name, value) in &self.attributes {
            out.push_str(&format!(" {name}=\"{}\"", escaped(value)));
        }
        if self.children.is_empty() && self.text.is_empty() {
            return out.push_str("/>\n");
        }
        out.push_str(&format!(">{}", escaped(&self.text)));
        if !self.children.is_empty() {
            out.push('\n');
            self.children.iter().for_each(|child| child.write(depth + 1, out));
            out.push_str(&indent);
        }
        out.push_str(&format!("</{}>\n", self.name));
    }

    /// Everything that it says, whatever prefixes, blanks between elements and order of attributes it is written with.
    pub(super) fn canonical(&self) -> String {
        let mut out = String::new();
        self.write_canonical(&mut out);
        out
    }

    fn write_canonical(&self, out: &mut String) {
        let mut attributes: Vec<_> =
            self.attributes.iter().filter(|(name, _)| !name.starts_with("xmlns")).collect();
        attributes.sort();
        out.push_str(&format!("<{} {attributes:?} {:?}", self.name, self.text.trim()));
        self.children.iter().for_each(|child| child.write_canonical(out));
        out.push('>');
    }

    /// The value of an attribute, if it has one that is not empty.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.trim()).filter(|value| !value.is_empty())
    }

    /// What a path of elements such as `Response/Status` leads to, the first of each name.
    pub(super) fn at(&self, path: &str) -> Option<&Self> {
        path.split('/').try_fold(self, |element, name| element.all(name).next())
    }

    /// The children of a name.
    pub(super) fn all(&self, name: &str) -> impl Iterator<Item = &Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the element itself, if there is any.
    pub(super) fn content(&self) -> Option<&str> {
        Some(self.text.trim()).filter(|text| !text.is_empty())
    }

    /// The text at a path of elements.
    pub(super) fn text_at(&self, path: &str) -> Option<&str> {
        self.at(path)?.content()
    }

    /// Every element at a path, whichever of several of a name it lies in.
    pub(super) fn all_at(&self, path: &str) -> Vec<&Self> {
        path.split('/')
            .fold(vec![self], |found, name| found.into_iter().flat_map(|element| element.all(name)).collect())
    }

    /// The amount at a path that is in `currency`, as the attribute `named` tells, or that tells no other. Without a currency,
    /// the only one there is.
    pub(super) fn amount_at(&self, path: &str, named: &str, currency: Option<&str>) -> Option<&str> {
        match self.amounts_at(path, named, currency)[..] {
            [amount] => Some(amount),
            _ => None,
        }
    }

    /// The amounts at a path that are in `currency`, or else those that tell none. Without a currency, all, if they are in one.
    pub(super) fn amounts_at(&self, path: &str, named: &str, currency: Option<&str>) -> Vec<&str> {
        let mut amounts = self.all_at(path);
        amounts.retain(|amount| amount.content().is_some());
        let currencies: Vec<Option<&str>> = amounts.iter().map(|amount| amount.attribute(named)).collect();
        let wanted = match currency {
            Some(_) if currencies.contains(&currency) => currency,
            Some(_) => None,
            None => match currencies.first() {
                Some(first) if currencies.iter().all(|other| other == first) => *first,
                _ => return Vec::new(),
            },
        };
        amounts.retain(|amount| amount.attribute(named) == wanted);
        amounts.into_iter().filter_map(Self::content).collect()
    }
}

/// Escaped so that it can stand in an element as well as in an attribute, with every line break kept.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\t', '\n', '\r']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", u32::from(character))),
            _ => out.push(character),
        }
    }
    Cow::Owned(out)
}

/// The first character of a text that no XML document can hold (XML 1.0, section 2.2).
pub(super) fn unwritable(text: &str) -> Option<char> {
    text.chars().find(|character| match character {
        '\t' | '\n' | '\r' => false,
        '\u{FFFE}' | '\u{FFFF}' => true,
        character => *character < ' ',
    })
}

/// Reads a document.
///
/// # Errors
/// With why it cannot be read, to be put after "but".
pub(super) fn parse(document: &[u8]) -> Result<Element, String> {
    let mut reader = Reader::from_reader(document);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    loop {
        let event = reader.read_event().map_err(|error| format!("it is not well-formed ({error})"))?;
        match event {
            Event::Start(start) => {
                if open.len() >= MAX_DEPTH {
                    return Err(format!("its elements are nested more than {MAX_DEPTH} deep"));
                }
                open.push(element_of(&start)?);
            }
            Event::Empty(start) => close(element_of(&start)?, &mut open, &mut root)?,
            Event::End(_) => {
                let Some(element) = open.pop() else { continue };
                close(element, &mut open, &mut root)?;
            }
            Event::Text(text) => add_text(&text.xml10_content(), &mut open)?,
            Event::CData(text) => add_text(&text.xml10_content(), &mut open)?,
            Event::GeneralRef(reference) => add_text(&resolved(&reference)?, &mut open)?,
            Event::DocType(doctype) if declares(&doctype) => {
                return Err(
                    "its document type declares something of its own, which is not accepted".to_owned()
                );
            }
            Event::DocType(_) | Event::Decl(_) | Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => break,
        }
    }
    match root {
        Some(_) if !open.is_empty() => Err("it is cut off".to_owned()),
        Some(root) => Ok(root),
        None if open.is_empty() => Err("it has no element".to_owned()),
        None => Err("it is cut off".to_owned()),
    }
}

fn close(element: Element, open: &mut [Element], root: &mut Option<Element>) -> Result<(), String> {
    match open.last_mut() {
        Some(parent) => parent.children.push(element),
        None if root.is_some() => return Err("it has more than one outermost element".to_owned()),
        None => *root = Some(element),
    }
    Ok(())
}

fn add_text(text: &str, open: &mut [Element]) -> Result<(), String> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return Err("there is text outside its element".to_owned()),
    }
    Ok(())
}

fn element_of(start: &BytesStart<'_>) -> Result<Element, String> {
    let mut element = Element::new(start.local_name().into_inner());
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| format!("it is not well-formed ({error})"))?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
        let value = value.map_err(|error| format!("an attribute cannot be read ({error})"))?.into_owned();
        element.attributes.push((attribute.key.local_name().into_inner().to_owned(), value));
    }
    Ok(element)
}

fn resolved(reference: &BytesRef<'_>) -> Result<String, String> {
    let character = reference.resolve_char_ref().map_err(|error| error.to_string())?;
    let text =
        character.map(String::from).or_else(|| resolve_predefined_entity(reference).map(str::to_owned));
    text.ok_or_else(|| format!("the entity &{}; is not accepted", &**reference))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let text = " a<b>&amp;\"'\n\t\r日本 🛒";
        let element = Element::new("a")
            .attr("x", text)
            .with(Element::text("b", "c & d\r\ne"))
            .with_all(None)
            .with_all(Some(Element::new("f")));
        let read =
            parse(element.document("<!DOCTYPE a SYSTEM \"http://example.com/a.dtd\">\n").as_bytes()).unwrap();
        assert_eq!(read.attributes, element.attributes);
        assert_eq!(read.text_at("b"), Some("c & d\r\ne"));
        assert_eq!(read.children.len(), 2);
    }

    #[test]
    fn prefixes_are_dropped_and_texts_joined() {
        let read =
            parse(b"<c:a xmlns:c='urn:x' c:k='1'><c:b>x<![CDATA[<y>]]>&#x21;&lt;</c:b></c:a>").unwrap();
        assert_eq!((read.name.as_str(), read.attribute("k")), ("a", Some("1")));
        assert_eq!(read.text_at("b"), Some("x<y>!<"));
    }

    #[test]
    fn what_could_expand_or_fetch_is_refused() {
        let cases: [(&[u8], &str); 7] = [
            (b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "of its own"),
            (b"<!DOCTYPE a SYSTEM 'http://x/a.dtd'><a>&x;</a>", "&x;"),
            (b"<a x='&y;'/>", "attribute"),
            (b"<a><b></a>", "well-formed"),
            (b"<a><b>", "cut off"),
            (b"<a/><b/>", "more than one"),
            (b"  ", "no element"),
        ];
        for (document, words) in cases {
            let error = parse(document).unwrap_err();
            assert!(error.contains(words), "{words}: {error}");
        }
        let deep = "<a>".repeat(1000);
        assert!(parse(deep.as_bytes()).unwrap_err().contains("nested"));
    }

    #[test]
    fn control_characters_cannot_be_written() {
        assert_eq!(unwritable("a\tb\r\nü🛒"), None);
        assert_eq!(unwritable("a\u{1}"), Some('\u{1}'));
        assert_eq!(unwritable("\u{FFFE}"), Some('\u{FFFE}'));
    }
}
