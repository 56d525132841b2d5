//! Reading an XML template.

use std::vec::IntoIter;

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;

use super::escape::xml_escaped;
use super::names::Vocabulary;
use super::{Element, Node, Part, Text};

/// How deep elements and sections may be nested.
const MAX_DEPTH: usize = 64;

const OPEN: &str = "{{";
const CLOSE: &str = "}}";

/// Reads one element.
pub(super) fn template(xml: &str, vocabulary: Vocabulary) -> Result<Element, String> {
    let mut builder = Builder { tokens: tokens(xml)?.into_iter() };
    let roots = builder.content(vocabulary, &Within::Document, 0)?;
    let mut roots = roots.into_iter();
    match (roots.next(), roots.next()) {
        (Some(Node::Element(root)), None) => Ok(root),
        _ => Err("must be one XML element, with everything else inside".to_owned()),
    }
}

/// The pieces of a template, in their order.
enum Token {
    Start { name: String, attributes: Vec<(String, String)> },
    End,
    Words(String),
    Value(String),
    OpenSection(String),
    CloseSection(String),
}

fn tokens(xml: &str) -> Result<Vec<Token>, String> {
    let mut reader = NsReader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let (mut tokens, mut text) = (Vec::new(), String::new());
    loop {
        let event = reader.read_event();
        let at = |reason: String| {
            format!("is no well-formed XML: near byte {}: {reason}", reader.buffer_position())
        };
        match event.map_err(|error| at(error.to_string()))? {
            Event::Start(start) => {
                cut(&std::mem::take(&mut text), &mut tokens)?;
                tokens.push(start_of(&reader, &start).map_err(at)?);
            }
            Event::End(_) => {
                cut(&std::mem::take(&mut text), &mut tokens)?;
                tokens.push(Token::End);
            }
            Event::Text(words) => text.push_str(&words.xml10_content()),
            Event::CData(words) => text.push_str(&words.xml10_content()),
            Event::GeneralRef(reference) => text.push_str(&resolve(&reference).map_err(at)?),
            Event::DocType(_) => return Err(at("a document type (DTD) is not accepted".to_owned())),
            Event::Eof => break,
            // Empty never comes: `<a/>` is read as `<a></a>`.
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
    cut(&text, &mut tokens)?;
    Ok(tokens)
}

fn start_of(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Token, String> {
    let resolver = reader.resolver();
    declared(&resolver.resolve_element(start.name()).0)?;
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.as_namespace_binding().is_none() {
            declared(&resolver.resolve_attribute(attribute.key).0)?;
        }
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
        attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
    }
    Ok(Token::Start { name: start.name().as_ref().to_owned(), attributes })
}

fn declared(namespace: &ResolveResult<'_>) -> Result<(), String> {
    match namespace {
        ResolveResult::Unknown(prefix) => {
            Err(format!("the prefix {prefix} is not declared: add xmlns:{prefix}=\"…\""))
        }
        ResolveResult::Bound(_) | ResolveResult::Unbound => Ok(()),
    }
}

fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    let character = reference.resolve_char_ref().map_err(|error| error.to_string())?;
    let text =
        character.map(String::from).or_else(|| resolve_predefined_entity(reference).map(str::to_owned));
    text.ok_or_else(|| format!("the entity &{}; is not accepted", &**reference))
}

/// Cuts a text at its placeholders.
fn cut(text: &str, tokens: &mut Vec<Token>) -> Result<(), String> {
    let mut rest = text;
    while let Some((words, after)) = rest.split_once(OPEN) {
        let (name, after) = after.split_once(CLOSE).ok_or_else(|| format!("has {OPEN} without {CLOSE}"))?;
        tokens.extend((!words.is_empty()).then(|| Token::Words(words.to_owned())));
        let name = name.trim();
        tokens.push(match (name.strip_prefix('#'), name.strip_prefix('/')) {
            (Some(name), _) => Token::OpenSection(name.trim().to_owned()),
            (None, Some(name)) => Token::CloseSection(name.trim().to_owned()),
            (None, None) => Token::Value(name.to_owned()),
        });
        rest = after;
    }
    tokens.extend((!rest.is_empty()).then(|| Token::Words(rest.to_owned())));
    Ok(())
}

/// What the content that is read belongs to.
enum Within {
    Document,
    Element(String),
    Section(String),
}

struct Builder {
    tokens: IntoIter<Token>,
}

impl Builder {
    /// Reads on to the end of what the content belongs to.
    fn content(
        &mut self,
        vocabulary: Vocabulary,
        within: &Within,
        depth: usize,
    ) -> Result<Vec<Node>, String> {
        if depth > MAX_DEPTH {
            return Err(format!("nests its elements more than {MAX_DEPTH} deep"));
        }
        let (mut nodes, mut text) = (Vec::new(), Text::default());
        loop {
            let token = self.tokens.next();
            match &token {
                Some(Token::Words(words)) => {
                    text.0.push(Part::Fixed(fixed(words)?));
                    continue;
                }
                Some(Token::Value(name)) => {
                    text.0.push(Part::Value(vocabulary.value(name)?));
                    continue;
                }
                _ => {}
            }
            let before = std::mem::take(&mut text);
            nodes.extend((!before.is_blank()).then_some(Node::Text(before)));
            match (token, within) {
                (Some(Token::Start { name, attributes }), _) => {
                    let attributes = attributes.into_iter().map(|one| attribute(one, vocabulary));
                    let attributes = attributes.collect::<Result<_, _>>()?;
                    let content = self.content(vocabulary, &Within::Element(name.clone()), depth + 1)?;
                    nodes.push(Node::Element(Element { name, attributes, content }));
                }
                (Some(Token::OpenSection(name)), _) => {
                    let (named, inside) = vocabulary.section(&name)?;
                    let content = self.content(inside, &Within::Section(name), depth + 1)?;
                    nodes.push(Node::Section { name: named, content });
                }
                (Some(Token::CloseSection(name)), Within::Section(open)) if name == *open => {
                    return Ok(nodes);
                }
                (Some(Token::CloseSection(name)), _) => {
                    return Err(format!("has {{{{/{name}}}}} where no {{{{#{name}}}}} is open"));
                }
                (Some(Token::End), Within::Element(_)) | (None, Within::Document) => return Ok(nodes),
                (_, Within::Section(open)) => {
                    return Err(format!("has {{{{#{open}}}}} without {{{{/{open}}}}} in the same element"));
                }
                (None, Within::Element(open)) => {
                    return Err(format!("is no well-formed XML: it ends inside the element {open}"));
                }
                (Some(Token::End | Token::Words(_) | Token::Value(_)), _) => {}
            }
        }
    }
}

fn attribute((name, value): (String, String), vocabulary: Vocabulary) -> Result<(String, Text), String> {
    let mut tokens = Vec::new();
    cut(&value, &mut tokens)?;
    let mut text = Text::default();
    for token in tokens {
        text.0.push(match token {
            Token::Words(words) => Part::Fixed(fixed(&words)?),
            Token::Value(placeholder) => Part::Value(vocabulary.value(&placeholder)?),
            _ => return Err(format!("has a section in the attribute {name}: put it around the element")),
        });
    }
    Ok((name, text))
}

/// Words as they stand in XML; space between elements stays as it is.
fn fixed(words: &str) -> Result<String, String> {
    if words.trim().is_empty() {
        return Ok(words.to_owned());
    }
    xml_escaped(words).ok_or_else(|| "holds a control character, which XML cannot carry".to_owned())
}
