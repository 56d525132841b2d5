//! XML: the elements at one path are the records; each becomes a JSON object.
//!
//! No document type is accepted, and no entity but the five of XML: nothing can be made to expand or to be fetched.

mod element;
mod shape;

use std::io::{BufReader, Read};

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::budget::{Bounded, Budget};
use super::writer::{Fault, PageWriter};
use element::Element;

/// How much of a file is looked at to find its records.
const SAMPLE_BYTES: u64 = 256 * 1024;

/// How deep elements may be nested.
const MAX_DEPTH: usize = 64;

/// Reads the elements at `path`, such as `Catalog.Products.Product`; found from the file's beginning if not set.
pub(super) fn read(mut source: impl Read, path: Option<&str>, out: &mut PageWriter) -> Result<(), Fault> {
    let mut sample = Vec::new();
    source.by_ref().take(SAMPLE_BYTES).read_to_end(&mut sample)?;
    let found = path.is_none().then(|| shape::records_path(&sample));
    let path = match (path, found) {
        (Some(path), _) => Some(path.split('.').map(str::to_owned).collect()),
        (None, found) => found.flatten(),
    };
    let budget = Budget::new();
    let whole = budget.bound(sample.as_slice().chain(source));
    let mut parser = Reader::from_reader(BufReader::with_capacity(64 * 1024, whole));
    parser.config_mut().expand_empty_elements = true;
    let mut records = Records { parser, buffer: Vec::new(), budget, root_is_empty: true };
    records.read(path.as_deref(), out)
}

struct Records<R: Read> {
    parser: Reader<BufReader<Bounded<R>>>,
    buffer: Vec<u8>,
    budget: Budget,
    root_is_empty: bool,
}

/// What the parser came to, with everything else (comments, declarations) taken out.
enum Step {
    Start(Element),
    End,
    Text(String),
    Eof,
}

impl<R: Read> Records<R> {
    fn read(&mut self, path: Option<&[String]>, out: &mut PageWriter) -> Result<(), Fault> {
        let mut open: Vec<String> = Vec::new();
        let mut seen_root = false;
        loop {
            match self.step()? {
                Step::Start(element) => {
                    self.root_is_empty &= open.is_empty();
                    seen_root = true;
                    open.push(element.name.clone());
                    if path.is_some_and(|path| leads_to(path, &open)) {
                        let record = self.rest_of(element, open.len())?;
                        open.pop();
                        self.budget.renew();
                        out.record(|body| record.write_record(body))?;
                    }
                }
                Step::End => drop(open.pop()),
                Step::Text(_) => {}
                Step::Eof if !seen_root => return Err(Fault::File("it holds no XML element".to_owned())),
                Step::Eof if !open.is_empty() => {
                    return Err(Fault::File(format!("it ends inside the element {}", open.join("."))));
                }
                Step::Eof if path.is_none() && !self.root_is_empty => {
                    return Err(Fault::File(
                        "no element that repeats was found: set settings.files.recordPath".to_owned(),
                    ));
                }
                Step::Eof => return Ok(()),
            }
        }
    }

    /// Reads on to the end of `element`, which is `depth` elements deep.
    fn rest_of(&mut self, mut element: Element, depth: usize) -> Result<Element, Fault> {
        if depth > MAX_DEPTH {
            return Err(Fault::File(format!("its elements are nested more than {MAX_DEPTH} deep")));
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
                    return Err(Fault::File(format!("it ends inside the element {}", element.name)));
                }
            }
        }
    }

    fn step(&mut self) -> Result<Step, Fault> {
        loop {
            self.buffer.clear();
            let event = self.parser.read_event_into(&mut self.buffer);
            let position = self.parser.buffer_position();
            let at = |reason: String| Fault::File(format!("near byte {position}: {reason}"));
            return Ok(match event.map_err(|error| fault_of(error, position))? {
                Event::Start(start) => Step::Start(element_of(&start).map_err(at)?),
                Event::End(_) => Step::End,
                Event::Text(text) => Step::Text(text.xml10_content().into_owned()),
                Event::CData(text) => Step::Text(text.xml10_content().into_owned()),
                Event::GeneralRef(reference) => Step::Text(resolve(&reference).map_err(at)?),
                Event::DocType(_) => return Err(at("a document type (DTD) is not accepted".to_owned())),
                Event::Eof => Step::Eof,
                // Never comes: `<a/>` is read as `<a></a>`.
                Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => continue,
            });
        }
    }
}

/// Whether `path` names the element that was opened last. It may leave out the root.
fn leads_to(path: &[String], open: &[String]) -> bool {
    path == open || open.split_first().is_some_and(|(_, below)| path == below)
}

fn element_of(start: &BytesStart<'_>) -> Result<Element, String> {
    let mut element = Element::new(start.local_name().into_inner());
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
        let value = value.map_err(|error| error.to_string())?.into_owned();
        element.attributes.push((attribute.key.local_name().into_inner().to_owned(), value));
    }
    Ok(element)
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    let character = reference.resolve_char_ref().map_err(|error| error.to_string())?;
    let text =
        character.map(String::from).or_else(|| resolve_predefined_entity(reference).map(str::to_owned));
    text.ok_or_else(|| format!("the entity &{}; is not accepted", &**reference))
}

fn fault_of(error: quick_xml::Error, position: u64) -> Fault {
    match error {
        quick_xml::Error::Io(error) if error.kind() != std::io::ErrorKind::InvalidData => {
            Fault::Source(std::io::Error::new(error.kind(), error.to_string()))
        }
        error => Fault::File(format!("near byte {position}: {error}")),
    }
}
