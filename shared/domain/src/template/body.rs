//! Bodies: JSON in which strings hold placeholders.

use serde_json::Value as Template;

use super::Outgoing;
use super::placeholder::{Placeholder, Scope};
use super::text::TextTemplate;
use crate::data_type::DataType;
use crate::json::{Json, Kind, separate, write_name, write_string};
use crate::records::FieldKind;
use crate::validation::FieldError;

/// The member that makes an object a list: one `item` for each of the record's.
const EACH: &str = "$each";
const ITEM: &str = "item";
const OPEN: &str = "{{";
const CLOSE: &str = "}}";

/// A JSON text with placeholders. A string that is nothing but `{{field}}` becomes the field's value; others are texts
/// with values in them; `{"$each": "lines", "item": …}` becomes a list. What the record does not have is left out.
#[derive(Debug, Clone)]
pub struct BodyTemplate(Node);

#[derive(Debug, Clone)]
enum Node {
    /// JSON as it is.
    Fixed(String),
    Value(Placeholder),
    Text(TextTemplate),
    Object(Vec<(String, Node)>),
    List(Vec<Node>),
    Each {
        list: Placeholder,
        item: Box<Node>,
    },
}

impl BodyTemplate {
    /// Reads a template for records of a type.
    ///
    /// # Errors
    /// With everything that is wrong with it; the fields are paths inside the template.
    pub fn parse(data_type: DataType, template: &Template) -> Result<Self, Vec<FieldError>> {
        if !template.is_object() && !template.is_array() {
            return Err(vec![FieldError::new("", "must be a JSON object or list")]);
        }
        let mut errors = Vec::new();
        let node = read(Scope::record(data_type), template, "", &mut errors);
        if errors.is_empty() { Ok(Self(node)) } else { Err(errors) }
    }

    /// Fills it in: always valid JSON.
    #[must_use]
    pub fn render(&self, outgoing: &Outgoing<'_>) -> String {
        let mut out = String::new();
        if !self.0.write(outgoing, None, &mut out) {
            out.push_str("[]");
        }
        out
    }
}

fn read(scope: Scope, template: &Template, at: &str, errors: &mut Vec<FieldError>) -> Node {
    match template {
        Template::String(text) => {
            read_text(scope, text).unwrap_or_else(|message| failed(at, message, errors))
        }
        Template::Array(items) => {
            let each = items.iter().enumerate();
            Node::List(
                each.map(|(position, item)| read(scope, item, &join(at, &position.to_string()), errors))
                    .collect(),
            )
        }
        Template::Object(members) if members.contains_key(EACH) => read_each(scope, members, at, errors),
        Template::Object(members) => {
            let mut nodes = Vec::with_capacity(members.len());
            for (name, member) in members {
                if name.contains(OPEN) {
                    errors.push(FieldError::new(join(at, name), "must have no placeholder in its name"));
                }
                nodes.push((name.clone(), read(scope, member, &join(at, name), errors)));
            }
            Node::Object(nodes)
        }
        Template::Null | Template::Bool(_) | Template::Number(_) => Node::Fixed(template.to_string()),
    }
}

fn read_text(scope: Scope, text: &str) -> Result<Node, String> {
    let alone = text.strip_prefix(OPEN).and_then(|rest| rest.strip_suffix(CLOSE));
    match alone.filter(|name| !name.contains(OPEN)) {
        Some(name) => Placeholder::parse(scope, name.trim()).map(Node::Value),
        None => TextTemplate::parse(scope, text, OPEN, CLOSE).map(Node::Text),
    }
}

fn read_each(
    scope: Scope,
    members: &serde_json::Map<String, Template>,
    at: &str,
    errors: &mut Vec<FieldError>,
) -> Node {
    let (Some(Template::String(name)), Some(item), 2) = (members.get(EACH), members.get(ITEM), members.len())
    else {
        let message = format!("must be {{\"{EACH}\": \"<a list of the record>\", \"{ITEM}\": …}}");
        return failed(at, message, errors);
    };
    let record = Scope::record(scope.data_type);
    match Placeholder::parse(record, name) {
        Ok(list) => match list.kind {
            Some(FieldKind::List(fields)) => {
                let scope = Scope { item: Some(fields), ..record };
                let item = Box::new(read(scope, item, &join(at, ITEM), errors));
                Node::Each { list, item }
            }
            _ => failed(&join(at, EACH), format!("{name} is no list"), errors),
        },
        Err(message) => failed(&join(at, EACH), message, errors),
    }
}

fn failed(at: &str, message: String, errors: &mut Vec<FieldError>) -> Node {
    errors.push(FieldError::new(at, message));
    Node::List(Vec::new())
}

fn join(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

impl Node {
    /// Writes what it stands for; says whether there was anything.
    fn write<'a>(&self, outgoing: &Outgoing<'a>, item: Option<Json<'a>>, out: &mut String) -> bool {
        match self {
            Self::Fixed(json) => {
                out.push_str(json);
                true
            }
            Self::Value(placeholder) => {
                let value = placeholder.value(outgoing, item);
                value.map(|value| value.write(placeholder.kind, outgoing.numbers, out)).is_some()
            }
            Self::Text(text) => text.render(outgoing, item).map(|text| write_string(&text, out)).is_some(),
            Self::Object(members) => {
                write_object(members, outgoing, item, out);
                true
            }
            Self::List(nodes) => {
                write_list(nodes.iter().map(|node| (node, item)), outgoing, out);
                true
            }
            Self::Each { list, item: node } => match outgoing.field(&list.name) {
                Some(list) if list.kind() == Kind::Array => {
                    let items = list.items().into_iter();
                    write_list(items.map(|item| (node.as_ref(), Some(item))), outgoing, out);
                    true
                }
                _ => false,
            },
        }
    }
}

fn write_object<'a>(
    members: &[(String, Node)],
    outgoing: &Outgoing<'a>,
    item: Option<Json<'a>>,
    out: &mut String,
) {
    out.push('{');
    for (name, node) in members {
        let before = out.len();
        write_name(name, out);
        if !node.write(outgoing, item, out) {
            out.truncate(before);
        }
    }
    out.push('}');
}

fn write_list<'a, 'n>(
    nodes: impl Iterator<Item = (&'n Node, Option<Json<'a>>)>,
    outgoing: &Outgoing<'a>,
    out: &mut String,
) {
    out.push('[');
    for (node, item) in nodes {
        let before = out.len();
        separate(out);
        if !node.write(outgoing, item, out) {
            out.truncate(before);
        }
    }
    out.push(']');
}
