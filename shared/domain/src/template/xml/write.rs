//! Filling an XML template in.

use super::escape::xml_escaped;
use super::names::Filling;
use super::{Element, Node, Part, Text};

/// What has become of a part of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Presence {
    /// It asks for nothing.
    Fixed,
    /// It has something it asks for.
    Filled,
    /// It has nothing of what it asks for, and was left out.
    Missing,
}

/// What the parts of an element have come to.
#[derive(Debug, Default)]
struct Tally {
    has_fixed_element: bool,
    is_filled: bool,
    misses: bool,
}

impl Tally {
    fn add(&mut self, presence: Presence, is_element: bool) {
        self.has_fixed_element |= is_element && presence == Presence::Fixed;
        self.is_filled |= presence == Presence::Filled;
        self.misses |= presence == Presence::Missing;
    }

    fn presence(&self) -> Presence {
        match self {
            Self { is_filled: true, .. } => Presence::Filled,
            Self { misses: true, has_fixed_element: false, .. } => Presence::Missing,
            _ => Presence::Fixed,
        }
    }
}

impl Element {
    /// Writes it, with nothing in it if need be.
    pub(super) fn write_root(&self, filling: Filling<'_>, out: &mut String) -> Result<(), String> {
        self.write_whole(filling, out).map(drop)
    }

    fn write(&self, filling: Filling<'_>, out: &mut String) -> Result<Presence, String> {
        let before = out.len();
        let presence = self.write_whole(filling, out)?;
        if presence == Presence::Missing {
            out.truncate(before);
        }
        Ok(presence)
    }

    fn write_whole(&self, filling: Filling<'_>, out: &mut String) -> Result<Presence, String> {
        let mut attributes = Tally::default();
        out.push('<');
        out.push_str(&self.name);
        for (name, text) in &self.attributes {
            let before = out.len();
            out.push_str(&format!(" {name}=\""));
            let presence = text.write(filling, out)?;
            attributes.add(presence, false);
            if presence == Presence::Missing {
                out.truncate(before);
            } else {
                out.push('"');
            }
        }
        out.push('>');
        let mut inside = Tally::default();
        for node in &self.content {
            inside.add(node.write(filling, out)?, matches!(node, Node::Element(_)));
        }
        out.push_str(&format!("</{}>", self.name));
        // A currency in an attribute does not stand for the price that is missing.
        let asks_inside = inside.is_filled || inside.misses;
        let has_fixed_element = inside.has_fixed_element;
        let tally = if asks_inside { inside } else { Tally { has_fixed_element, ..attributes } };
        Ok(tally.presence())
    }
}

impl Node {
    fn write(&self, filling: Filling<'_>, out: &mut String) -> Result<Presence, String> {
        match self {
            Self::Element(element) => element.write(filling, out),
            Self::Text(text) => text.write(filling, out),
            Self::Section { name, content } => {
                let mut presence = Presence::Missing;
                for section in filling.sections(name) {
                    presence = Presence::Filled;
                    for node in content {
                        node.write(section, out)?;
                    }
                }
                Ok(presence)
            }
        }
    }
}

impl Text {
    /// What the record does not have is empty; the whole text is left out if it has nothing of what is asked for.
    fn write(&self, filling: Filling<'_>, out: &mut String) -> Result<Presence, String> {
        let before = out.len();
        let mut tally = Tally::default();
        for part in &self.0 {
            let name = match part {
                Part::Fixed(text) => {
                    out.push_str(text);
                    continue;
                }
                Part::Value(name) => name,
            };
            let Some(value) = filling.text(name) else {
                tally.add(Presence::Missing, false);
                continue;
            };
            let escaped = xml_escaped(&value);
            out.push_str(&escaped.ok_or_else(|| {
                format!("{} holds a control character, which XML cannot carry: take it out", name.as_str())
            })?);
            tally.add(Presence::Filled, false);
        }
        let presence = tally.presence();
        if presence == Presence::Missing {
            out.truncate(before);
        }
        Ok(presence)
    }
}
