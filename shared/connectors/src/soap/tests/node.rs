//! XML with its namespaces, read without mercy.

use quick_xml::NsReader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;

/// An element; names are pairs of namespace and local name.
#[derive(Debug, Default, Clone)]
pub(super) struct Node {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String, String)>,
    pub(super) children: Vec<Node>,
    pub(super) text: String,
}

impl Node {
    pub(super) fn child(&self, namespace: &str, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.namespace == namespace && child.name == name)
    }

    pub(super) fn text_of(&self, namespace: &str, name: &str) -> Option<&str> {
        self.child(namespace, name).map(|child| child.text.as_str())
    }

    pub(super) fn attribute(&self, namespace: &str, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(space, local, _)| space == namespace && local == name);
        found.map(|(_, _, value)| value.as_str())
    }
}

pub(super) fn parse(xml: &str) -> Result<Node, String> {
    let mut reader = NsReader::from_str(xml);
    reader.config_mut().expand_empty_elements = true;
    let mut open = vec![Node::default()];
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => open.push(node(&reader, &start)?),
            Event::End(_) => {
                let closed = open.pop().unwrap();
                open.last_mut().unwrap().children.push(closed);
            }
            Event::Text(text) => open.last_mut().unwrap().text.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().map_err(|error| error.to_string())?;
                let known = character.map(String::from);
                let known = known.or_else(|| resolve_predefined_entity(&reference).map(str::to_owned));
                open.last_mut().unwrap().text.push_str(&known.ok_or("an unknown entity")?);
            }
            Event::Decl(_) => {}
            Event::Eof => break,
            other => return Err(format!("SOAP allows no {other:?}")),
        }
    }
    let document = open.pop().filter(|_| open.is_empty()).ok_or("it ends too early")?;
    let mut roots = document.children.into_iter();
    roots.next().ok_or_else(|| "it is empty".to_owned())
}

fn node(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Node, String> {
    let (namespace, name) = reader.resolver().resolve_element(start.name());
    let mut node =
        Node { namespace: text(&namespace)?, name: name.into_inner().to_owned(), ..Node::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| error.to_string())?;
        if attribute.key.as_namespace_binding().is_none() {
            let (namespace, name) = reader.resolver().resolve_attribute(attribute.key);
            let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).unwrap().into_owned();
            node.attributes.push((text(&namespace)?, name.into_inner().to_owned(), value));
        }
    }
    Ok(node)
}

fn text(namespace: &ResolveResult<'_>) -> Result<String, String> {
    match namespace {
        ResolveResult::Bound(namespace) => Ok(namespace.into_inner().to_owned()),
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Unknown(prefix) => Err(format!("the prefix {prefix} is not declared")),
    }
}
