//! Reading XML piece by piece.

use std::io::{self, BufRead};

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::Element;

/// How deep elements may be nested.
const MAX_DEPTH: usize = 64;

/// The namespace of `xsi:type`, `xsi:nil` and the like, which are about an element's form
/// (<https://www.w3.org/TR/xmlschema-1/#Instance_Document_Constructions>).
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Why XML cannot be read.
#[derive(Debug)]
pub(crate) enum XmlError {
    /// The bytes stopped coming.
    Source(io::Error),
    /// It is not well-formed, or holds what is not accepted.
    Text(String),
}

/// What the parser came to, with everything else (comments, declarations) taken out.
#[derive(Debug)]
pub(crate) enum Step {
    /// An element begins; nothing is in it yet but its attributes.
    Start(Element),
    End,
    Text(String),
    Eof,
}

/// Reads XML in UTF-8.
pub(crate) struct Parser<B> {
    reader: Reader<B>,
    buffer: Vec<u8>,
    /// The prefixes that were bound to [`INSTANCE`] anywhere before.
    instance_prefixes: Vec<String>,
}

impl<B: BufRead> Parser<B> {
    pub(crate) fn new(source: B) -> Self {
        let mut reader = Reader::from_reader(source);
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), instance_prefixes: Vec::new() }
    }

    /// Goes on to what comes next.
    ///
    /// # Errors
    /// With what is wrong, and where.
    pub(crate) fn step(&mut self) -> Result<Step, XmlError> {
        loop {
            self.buffer.clear();
            let event = self.reader.read_event_into(&mut self.buffer);
            let position = self.reader.buffer_position();
            let at = |reason: String| XmlError::Text(format!("near byte {position}: {reason}"));
            return Ok(match event.map_err(|error| error_of(error, position))? {
                Event::Start(start) => {
                    Step::Start(element_of(&start, &mut self.instance_prefixes).map_err(at)?)
                }
                Event::End(_) => Step::End,
                Event::Text(text) => Step::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Step::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(reference) => Step::Text(resolve(&reference).map_err(at)?),
                Event::DocType(doctype) if declares(&doctype) => {
                    return Err(at(
                        "its document type declares something of its own, which is not accepted".to_owned()
                    ));
                }
                Event::Eof => Step::Eof,
                // Never comes: `<a/>` is read as `<a></a>`.
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {
                    continue;
                }
            });
        }
    }

    /// Reads on to the end of `element`, which is `depth` elements deep.
    ///
    /// # Errors
    /// With what is wrong, and where.
    pub(crate) fn rest_of(&mut self, mut element: Element, depth: usize) -> Result<Element, XmlError> {
        if depth > MAX_DEPTH {
            return Err(XmlError::Text(format!("its elements are nested more than {MAX_DEPTH} deep")));
        }
        loop {
            match self.step()? {
                Step::Start(child) => {
                    let child = self.rest_of(child, depth + 1)?;
                    element.children.push(child);
                }
                Step::Text(text) => element.text.push_str(&text),
                Step::End => return Ok(element),
                Step::Eof => {
                    return Err(XmlError::Text(format!("it ends inside the element {}", element.name)));
                }
            }
        }
    }
}

/// Whether a document type declares something itself, such as an entity. One that only names a DTD is passed over, and nothing
/// is fetched; empty brackets declare nothing.
pub(crate) fn declares(doctype: &str) -> bool {
    let inside = doctype.split_once('[').map(|(_, inside)| inside);
    inside.is_some_and(|inside| inside.chars().any(|c| !c.is_whitespace() && !matches!(c, ']' | '>')))
}

fn element_of(start: &BytesStart<'_>, instance_prefixes: &mut Vec<String>) -> Result<Element, String> {
    let mut element = Element::new(start.local_name().into_inner());
    let mut prefixed = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
        let value = value.map_err(|error| error.to_string())?.into_owned();
        let (name, prefix) = attribute.key.decompose();
        let name = name.into_inner();
        if attribute.key.as_namespace_binding().is_some() {
            if value == INSTANCE && prefix.is_some() && !instance_prefixes.iter().any(|known| known == name) {
                instance_prefixes.push(name.to_owned());
            }
            continue;
        }
        if let Some(prefix) = prefix {
            prefixed.push((element.attributes.len(), prefix.into_inner().to_owned()));
        }
        element.attributes.push((name.to_owned(), value));
    }
    for (position, prefix) in prefixed.into_iter().rev() {
        if instance_prefixes.contains(&prefix) {
            element.attributes.remove(position);
        }
    }
    Ok(element)
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    let character = reference.resolve_char_ref().map_err(|error| error.to_string())?;
    let text =
        character.map(String::from).or_else(|| resolve_predefined_entity(reference).map(str::to_owned));
    text.ok_or_else(|| format!("the entity &{}; is not accepted", &**reference))
}

fn error_of(error: quick_xml::Error, position: u64) -> XmlError {
    match error {
        quick_xml::Error::Io(error) if error.kind() != io::ErrorKind::InvalidData => {
            XmlError::Source(io::Error::new(error.kind(), error.to_string()))
        }
        error => XmlError::Text(format!("near byte {position}: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(xml: &str) -> Result<String, String> {
        let mut parser = Parser::new(xml.as_bytes());
        let read = parser.step().and_then(|step| match step {
            Step::Start(root) => parser.rest_of(root, 1),
            other => panic!("{other:?}"),
        });
        let mut json = Vec::new();
        match read {
            Ok(root) => root.write_record(&mut json),
            Err(XmlError::Text(reason)) => return Err(reason),
            Err(XmlError::Source(error)) => panic!("{error}"),
        }
        Ok(String::from_utf8(json).unwrap())
    }

    #[test]
    fn what_an_attribute_says_of_the_form_is_no_field() {
        let xml = r#"<a i:nil="false" xmlns:i="http://www.w3.org/2001/XMLSchema-instance" xmlns:x="urn:x">
            <price i:type="decimal" x:unit="EUR">1.50</price><gone i:nil="true"/><sku i:type="string">A</sku></a>"#;
        let expected = r#"{"price":{"unit":"EUR","text":"1.50"},"gone":null,"sku":"A"}"#;
        assert_eq!(json(xml).as_deref(), Ok(expected));
    }

    #[test]
    fn what_expands_or_nests_without_end_is_refused() {
        let bomb = r#"<!DOCTYPE a [<!ENTITY b "bbbb">]><a>&b;</a>"#;
        let mut parser = Parser::new(bomb.as_bytes());
        let refused = parser.step().unwrap_err();
        assert!(
            matches!(&refused, XmlError::Text(why) if why.contains("declares something of its own")),
            "{refused:?}"
        );
        assert!(json("<a>&b;</a>").unwrap_err().contains("the entity &b; is not accepted"));
        let deep = format!("{}{}", "<a>".repeat(65), "</a>".repeat(65));
        assert!(json(&deep).unwrap_err().contains("more than 64 deep"));
    }
}
