//! Bodies in XML: one element in which texts and attributes hold placeholders, and `{{#lines}}…{{/lines}}` stands for
//! what is repeated.

mod escape;
mod names;
mod parse;
#[cfg(test)]
mod tests;
mod write;

pub use escape::xml_escaped;
pub use names::{Query, XmlValues};

use super::placeholder::Scope;
use crate::data_type::DataType;
use names::{Filling, Name, Vocabulary};

/// An XML element with placeholders. An element or attribute that asks for values and gets none is left out, unless a
/// fixed element stands in it, and an attribute alone does not keep one whose text is missing; a section `{{#name}}…{{/name}}` comes once for each item of a list, and for anything else
/// once if it is there. Every value is escaped.
#[derive(Debug, Clone)]
pub struct XmlTemplate(Element);

#[derive(Debug, Clone)]
struct Element {
    name: String,
    attributes: Vec<(String, Text)>,
    content: Vec<Node>,
}

#[derive(Debug, Clone)]
enum Node {
    Element(Element),
    Text(Text),
    Section { name: Name, content: Vec<Node> },
}

#[derive(Debug, Clone, Default)]
struct Text(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    /// As it stands in XML.
    Fixed(String),
    Value(Name),
}

impl XmlTemplate {
    /// Reads a template for records of a type.
    ///
    /// # Errors
    /// With a sentence, if it is no XML or names what there is not.
    pub fn of_record(data_type: DataType, xml: &str) -> Result<Self, String> {
        parse::template(xml, Vocabulary::Record(Scope::record(data_type))).map(Self)
    }

    /// Reads a template that asks for a page of records.
    ///
    /// # Errors
    /// With a sentence, if it is no XML or names what there is not.
    pub fn of_query(xml: &str) -> Result<Self, String> {
        parse::template(xml, Vocabulary::Query).map(Self)
    }

    /// Whether it has a placeholder of this name.
    #[must_use]
    pub fn asks_for(&self, name: &str) -> bool {
        let mut asks = false;
        self.0.each_name(&mut |one| asks |= one == name);
        asks
    }

    /// Whether it asks for nothing but these.
    #[must_use]
    pub fn asks_only_for(&self, names: &[&str]) -> bool {
        let mut only = true;
        self.0.each_name(&mut |one| only &= names.contains(&one));
        only
    }

    /// Fills it in: always well-formed. `company` is the connection's.
    ///
    /// # Errors
    /// With a sentence, if a value holds a character that XML cannot carry.
    pub fn render(&self, values: XmlValues<'_>, company: Option<&str>) -> Result<String, String> {
        let mut xml = String::new();
        self.0.write_root(Filling { values, company, item: None }, &mut xml)?;
        Ok(xml)
    }
}

impl Element {
    fn each_name(&self, look: &mut impl FnMut(&str)) {
        self.attributes.iter().for_each(|(_, text)| text.each_name(look));
        self.content.iter().for_each(|node| node.each_name(look));
    }
}

impl Node {
    fn each_name(&self, look: &mut impl FnMut(&str)) {
        match self {
            Self::Element(element) => element.each_name(look),
            Self::Text(text) => text.each_name(look),
            Self::Section { name, content } => {
                look(name.as_str());
                content.iter().for_each(|node| node.each_name(look));
            }
        }
    }
}

impl Text {
    fn each_name(&self, look: &mut impl FnMut(&str)) {
        for part in &self.0 {
            if let Part::Value(name) = part {
                look(name.as_str());
            }
        }
    }

    /// Whether it is nothing but space between elements.
    fn is_blank(&self) -> bool {
        self.0.iter().all(|part| matches!(part, Part::Fixed(text) if text.trim().is_empty()))
    }
}
