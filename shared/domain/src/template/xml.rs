//! Documents: XML with placeholders, and with sections that are written once for each item of a list.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::Outgoing;
use super::placeholder::{Placeholder, Scope};
use crate::data_type::DataType;
use crate::json::{Json, Kind};
use crate::records::FieldKind;

const OPEN: &str = "{{";
const CLOSE: &str = "}}";
/// Begins the name at the beginning of a section.
const SECTION: char = '#';
/// Begins the name at its end.
const END: char = '/';

/// An XML text in which `{{field}}` becomes the field's value, escaped, and `{{#field}}…{{/field}}` is written once for
/// each item if the field is a list, else once if the record has it.
#[derive(Debug, Clone)]
pub struct XmlTemplate(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Fixed(String),
    Value(Placeholder),
    Each { list: Placeholder, inner: Vec<Part> },
    If { field: Placeholder, inner: Vec<Part> },
}

impl XmlTemplate {
    /// Reads a template for records of a type.
    ///
    /// # Errors
    /// With a sentence, if a placeholder names no field, a section does not end, or it makes no XML.
    pub fn parse(data_type: DataType, text: &str) -> Result<Self, String> {
        let mut rest = text;
        let parts = parts(Scope::record(data_type), &mut rest, None)?;
        let mut sample = String::new();
        write_sample(&parts, &mut sample);
        well_formed(&sample).map_err(|reason| format!("must be XML, but {reason}"))?;
        Ok(Self(parts))
    }

    /// Fills it in. What the record does not have is empty.
    #[must_use]
    pub fn render(&self, outgoing: &Outgoing<'_>) -> String {
        let mut out = String::new();
        write(&self.0, outgoing, None, &mut out);
        out
    }
}

/// The parts up to the end of the section called `within`, or of the text; `rest` is what follows.
fn parts(scope: Scope, rest: &mut &str, within: Option<&str>) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    while let Some((fixed, after)) = rest.split_once(OPEN) {
        parts.extend((!fixed.is_empty()).then(|| Part::Fixed(fixed.to_owned())));
        let (tag, after) = after.split_once(CLOSE).ok_or_else(|| format!("has {OPEN} without {CLOSE}"))?;
        *rest = after;
        let tag = tag.trim();
        if let Some(name) = tag.strip_prefix(END) {
            return match within {
                Some(open) if open == name.trim() => Ok(parts),
                _ => Err(format!("has {OPEN}{tag}{CLOSE} where no such section ends")),
            };
        }
        parts.push(match tag.strip_prefix(SECTION) {
            Some(name) => section(scope, name.trim(), rest)?,
            None => value(scope, tag)?,
        });
    }
    if let Some(name) = within {
        return Err(format!("has {OPEN}{SECTION}{name}{CLOSE} without {OPEN}{END}{name}{CLOSE}"));
    }
    parts.extend((!rest.is_empty()).then(|| Part::Fixed((*rest).to_owned())));
    Ok(parts)
}

fn value(scope: Scope, name: &str) -> Result<Part, String> {
    let placeholder = Placeholder::parse(scope, name)?;
    if !placeholder.is_scalar() {
        return Err(format!(
            "{name} is no single value: use {OPEN}{SECTION}{name}{CLOSE}…{OPEN}{END}{name}{CLOSE}"
        ));
    }
    Ok(Part::Value(placeholder))
}

fn section(scope: Scope, name: &str, rest: &mut &str) -> Result<Part, String> {
    let field = Placeholder::parse(scope, name)?;
    Ok(match field.kind {
        Some(FieldKind::List(fields)) => {
            let inner = parts(Scope { item: Some(fields), ..scope }, rest, Some(name))?;
            Part::Each { list: field, inner }
        }
        _ => Part::If { inner: parts(scope, rest, Some(name))?, field },
    })
}

fn write<'a>(parts: &[Part], outgoing: &Outgoing<'a>, item: Option<Json<'a>>, out: &mut String) {
    for part in parts {
        match part {
            Part::Fixed(text) => out.push_str(text),
            Part::Value(placeholder) => {
                let value = placeholder.value(outgoing, item).and_then(|value| value.text());
                escape(&value.unwrap_or_default(), out);
            }
            Part::Each { list, inner } => match outgoing.field(&list.name) {
                Some(list) if list.kind() == Kind::Array => {
                    list.items().into_iter().for_each(|item| write(inner, outgoing, Some(item), out));
                }
                _ => {}
            },
            Part::If { field, inner } if field.value(outgoing, item).is_some() => {
                write(inner, outgoing, item, out);
            }
            Part::If { .. } => {}
        }
    }
}

/// Writes what the template makes of a record that has everything.
fn write_sample(parts: &[Part], out: &mut String) {
    for part in parts {
        match part {
            Part::Fixed(text) => out.push_str(text),
            Part::Value(_) => out.push('x'),
            Part::Each { inner, .. } | Part::If { inner, .. } => write_sample(inner, out),
        }
    }
}

/// Escapes a text so that it can stand in an element as well as in an attribute, with every line break kept.
fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", u32::from(character))),
            _ => out.push(character),
        }
    }
}

/// Whether a text is one XML element.
fn well_formed(text: &str) -> Result<(), String> {
    let mut reader = Reader::from_str(text);
    let (mut depth, mut roots) = (0_u32, 0_u32);
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(start) => {
                start
                    .attributes()
                    .try_for_each(|attribute| attribute.map(drop))
                    .map_err(|error| error.to_string())?;
                roots += u32::from(depth == 0);
                depth += 1;
            }
            Event::Empty(_) => roots += u32::from(depth == 0),
            Event::End(_) => depth = depth.saturating_sub(1),
            Event::Text(text) if depth == 0 && !text.trim_ascii().is_empty() => {
                return Err("there is text outside its element".to_owned());
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match (depth, roots) {
        (0, 1) => Ok(()),
        (0, _) => Err(format!("there are {roots} outermost elements in place of one")),
        _ => Err("an element does not end".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::Operation;
    use crate::connection::NumberForm;

    fn rendered(template: &str, record: &str) -> String {
        let outgoing = Outgoing {
            data_type: DataType::Orders,
            operation: Operation::Create,
            record: Some(Json::written(record)),
            key: "1",
            reference: "WEB-1",
            idempotency_key: "chg-1",
            numbers: NumberForm::Number,
        };
        XmlTemplate::parse(DataType::Orders, template).unwrap().render(&outgoing)
    }

    #[test]
    fn values_are_escaped_and_lines_repeated() {
        let template = "<o id=\"{{orderNumber}}\" ref=\"{{reference}}\" key='{{idempotencyKey}}'>{{#notes}}<n>{{notes}}</n>\
                        {{/notes}}{{#lines}}<l of=\"{{$.orderNumber}}\">{{sku}}{{#unit}}/{{unit}}{{/unit}}</l>{{/lines}}</o>";
        let record = r#"{"orderNumber": "1&2", "notes": "a<b\n\"c\"", "lines": [{"sku": "x", "unit": "EA"}, {"sku": "y"}]}"#;
        assert_eq!(
            rendered(template, record),
            "<o id=\"1&amp;2\" ref=\"WEB-1\" key='chg-1'><n>a&lt;b&#10;&quot;c&quot;</n>\
             <l of=\"1&amp;2\">x/EA</l><l of=\"1&amp;2\">y</l></o>"
        );
        assert_eq!(rendered("<o>{{#lines}}<l/>{{/lines}}{{#notes}}n{{/notes}}</o>", "{}"), "<o></o>");
    }

    #[test]
    fn what_makes_no_xml_is_refused_in_words() {
        let cases = [
            ("<a>{{lines}}</a>", "lines is no single value"),
            ("<a>{{#lines}}</a>", "{{#lines}} without {{/lines}}"),
            ("<a>{{/lines}}</a>", "no such section"),
            ("<a>{{#lines}}{{/notes}}{{/lines}}</a>", "no such section"),
            ("<a>{{notes</a>", "{{ without }}"),
            ("<a>{{#lines}}{{city}}{{/lines}}</a>", "no field of an item"),
            ("<a/><b/>", "2 outermost"),
            ("<a>", "does not end"),
            ("<a/>x", "text outside"),
        ];
        for (template, words) in cases {
            let message = XmlTemplate::parse(DataType::Orders, template).unwrap_err();
            assert!(message.contains(words), "{template}: {message}");
        }
    }
}
