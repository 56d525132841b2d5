//! Where in the ERP's record a field is taken from.

use std::fmt;

use serde_json_path::JsonPath;
use serde_json_path::PathElement;

use crate::json::{Json, Kind, Members};

/// A compiled path.
#[derive(Debug, Clone)]
pub(super) enum Path {
    /// A name, or names and positions: `prices.0.net`, `prices[0].net`.
    Names {
        /// All of it, for a member whose name holds dots or brackets.
        whole: String,
        /// Its steps.
        steps: Vec<Step>,
    },
    /// A JSONPath; its first match counts.
    Query(Box<JsonPath>),
}

/// One step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// To a member; in a list, to the item at that position, if the name is a number.
    Name(String),
    /// To an item of a list.
    Item(usize),
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// With a sentence, if it is empty, stands for all items of a list, or begins with `$` and is no JSONPath.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > 1024 || text.chars().any(char::is_control) {
            return Err("must be a path of 1 to 1024 characters, or null to leave the field empty".to_owned());
        }
        if !text.starts_with('$') {
            return Ok(Self::Names { whole: text.to_owned(), steps: steps_of(text)? });
        }
        let query = JsonPath::parse(text);
        query.map(|query| Self::Query(Box::new(query))).map_err(|error| format!("is not a JSONPath: {error}"))
    }

    /// Reads a path that was taken once; under today's rules it might be refused.
    pub(super) fn of_stored(text: &str) -> Option<Self> {
        let by_name =
            || (!text.starts_with('$')).then(|| Self::Names { whole: text.to_owned(), steps: Vec::new() });
        Self::parse(text).ok().or_else(by_name)
    }

    /// What it leads to in a record whose members are at hand. A member whose name holds dots is found as such.
    pub(super) fn find<'a>(&self, record: Json<'a>, members: &Members<'a>) -> Option<Json<'a>> {
        match self {
            Self::Names { whole, steps } => member(members, whole).or_else(|| {
                let (first, rest) = steps.split_first()?;
                let Step::Name(first) = first else { return None };
                rest.iter().try_fold(member(members, first)?, |value, step| step.take(value))
            }),
            Self::Query(query) => locate(query, record),
        }
    }

    /// Whether the record says itself that there is nothing where this leads, by a null or something empty on the way. Not
    /// known of a JSONPath.
    pub(super) fn is_explicitly_empty(&self, members: &Members<'_>) -> bool {
        let Self::Names { whole, steps } = self else { return false };
        let is_empty = |value: Json<'_>| matches!(value.text(), "null" | "false" | "\"\"" | "[]" | "{}");
        let Some((Step::Name(first), rest)) = steps.split_first() else { return false };
        let Some(mut value) = member(members, whole).or_else(|| member(members, first)) else { return false };
        for step in rest {
            if is_empty(value) {
                return true;
            }
            let Some(next) = step.take(value) else { return false };
            value = next;
        }
        value.kind() == Kind::Null || value.text() == "[]"
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Names { whole, .. } => f.write_str(whole),
            Self::Query(query) => query.fmt(f),
        }
    }
}

impl Step {
    fn take<'a>(&self, value: Json<'a>) -> Option<Json<'a>> {
        match (self, value.kind()) {
            (Self::Item(position), Kind::Array) => value.items().get(*position).copied(),
            // XML has no lists of one.
            (Self::Item(0), _) => Some(value),
            (Self::Item(_), _) => None,
            (Self::Name(name), Kind::Array) => value.items().get(name.parse::<usize>().ok()?).copied(),
            (Self::Name(name), _) => value.get(name),
        }
    }
}

fn member<'a>(members: &Members<'a>, name: &str) -> Option<Json<'a>> {
    members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| *value)
}

/// The steps of a path: names between dots, each with positions behind it.
fn steps_of(text: &str) -> Result<Vec<Step>, String> {
    let mut steps = Vec::new();
    for part in text.split('.') {
        let (name, positions) = positions_of(part);
        if name.ends_with("[]") {
            let first = text.replacen("[]", "[0]", 1);
            return Err(format!(
                "stands for every item of a list: say which one is meant, as in {first} (a member of that name is $['{text}'])"
            ));
        }
        if !name.is_empty() || positions.is_empty() {
            steps.push(Step::Name(name.to_owned()));
        }
        steps.extend(positions.into_iter().map(Step::Item));
    }
    Ok(steps)
}

/// Splits `lines[0][1]` into the name and the positions behind it.
fn positions_of(part: &str) -> (&str, Vec<usize>) {
    let (mut name, mut positions) = (part, Vec::new());
    while let Some((before, position)) = name.strip_suffix(']').and_then(|open| open.rsplit_once('['))
        && let Ok(position) = position.parse()
    {
        name = before;
        positions.insert(0, position);
    }
    (name, positions)
}

/// The path of a place in a record, as a mapping takes it; built from the record inwards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldPath {
    text: String,
    /// What the paths of what lies inside begin with: another text where a name of the record itself holds dots.
    inside: String,
}

impl FieldPath {
    /// Its text: `price`, `prices[0].net`, or a JSONPath where a name would be read as more than a name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The path of a member.
    #[must_use]
    pub fn member(&self, name: &str) -> Self {
        let at = &self.inside;
        let is_plain = !name.is_empty() && !name.starts_with('$') && !name.contains(['.', '[', ']']);
        let inside = match (at.is_empty(), is_plain) {
            (true, true) => name.to_owned(),
            (false, true) if !at.starts_with('$') => format!("{at}.{name}"),
            _ => format!("{}[{}]", as_query(at), quoted(name)),
        };
        let is_found_whole =
            at.is_empty() && !name.is_empty() && !name.starts_with('$') && !name.contains("[]");
        Self { text: if is_found_whole { name.to_owned() } else { inside.clone() }, inside }
    }

    /// The path of an item, if this is one of a list.
    #[must_use]
    pub fn item(&self, position: usize) -> Self {
        let at = if self.inside.is_empty() { "$" } else { &self.inside };
        let text = format!("{at}[{position}]");
        Self { inside: text.clone(), text }
    }
}

/// A path as a JSONPath.
fn as_query(path: &str) -> String {
    if path.starts_with('$') {
        return path.to_owned();
    }
    let mut query = "$".to_owned();
    for part in path.split('.').filter(|part| !part.is_empty()) {
        let (name, positions) = positions_of(part);
        query.push_str(&format!("[{}]", quoted(name)));
        positions.iter().for_each(|position| query.push_str(&format!("[{position}]")));
    }
    query
}

/// A name as JSONPath quotes it (RFC 9535, 2.3.1.1).
fn quoted(name: &str) -> String {
    format!("'{}'", name.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// The first match of a query, as a part of the record's own text: the query runs over a parsed copy and only tells
/// where to look, so that numbers keep their digits.
fn locate<'a>(query: &JsonPath, record: Json<'a>) -> Option<Json<'a>> {
    let copy: serde_json::Value = serde_json::from_str(record.text()).ok()?;
    let found = query.query_located(&copy);
    found.first()?.location().iter().try_fold(record, |value, step| match step {
        PathElement::Name(name) => value.get(name),
        PathElement::Index(index) => value.items().get(*index).copied(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, record: &str) -> Option<String> {
        let record = Json::parse(record.as_bytes()).unwrap();
        Path::parse(path).unwrap().find(record, &record.members()).map(|value| value.text().to_owned())
    }

    fn is_explicitly_empty(path: &str, record: &str) -> bool {
        let record = Json::parse(record.as_bytes()).unwrap();
        Path::parse(path).unwrap().is_explicitly_empty(&record.members())
    }

    #[test]
    fn names_and_positions_lead_into_objects_and_lists() {
        let record =
            r#"{"p": [{"n": 1, "g": [[7, 8]]}, {"n": 2}], "a.b": 3, "x[0]": 4, "c [EUR]": 5, "o": {"0": 6}}"#;
        let wanted = [
            ("p[0].n", Some("1")),
            ("p.0.n", Some("1")),
            ("p[1].n", Some("2")),
            ("p[2].n", None),
            ("p[0].g[0][1]", Some("8")),
            ("p.0.g.0.1", Some("8")),
            ("$.p[1].n", Some("2")),
            ("a.b", Some("3")),
            ("x[0]", Some("4")),
            ("c [EUR]", Some("5")),
            ("o.0", Some("6")),
            ("o[0].0", Some("6")),
            ("o[1]", None),
            ("[0].n", None),
        ];
        for (path, value) in wanted {
            assert_eq!(found(path, record).as_deref(), value, "{path}");
        }
    }

    #[test]
    fn every_item_of_a_list_is_no_source() {
        for path in ["lines[]", "lines[].sku", "a.lines[][0]"] {
            assert!(Path::parse(path).unwrap_err().contains("[0]"), "{path}");
        }
        assert_eq!(found("$['lines[]']", r#"{"lines[]": 1}"#).as_deref(), Some("1"));
        let record = Json::parse(br#"{"lines[]": 1}"#).unwrap();
        let stored = Path::of_stored("lines[]").unwrap();
        assert!(
            stored.find(record, &record.members()).is_some(),
            "one that was taken once still leads there"
        );
    }

    #[test]
    fn what_a_record_says_is_empty_is_told_from_what_it_does_not_have() {
        for (path, record) in [
            ("a", r#"{"a": null}"#),
            ("a.b", r#"{"a": null}"#),
            ("a.b", r#"{"a": {"b": null}}"#),
            ("a[0].b", r#"{"a": []}"#),
            ("a.b", r#"{"a.b": null}"#),
            ("a.b", r#"{"a": {}}"#),
            ("a.b", r#"{"a": false}"#),
            ("a.b", r#"{"a": ""}"#),
        ] {
            assert!(is_explicitly_empty(path, record), "{path} in {record}");
        }
        for (path, record) in
            [("a", "{}"), ("a.b", r#"{"a": {"c": 1}}"#), ("a[1]", r#"{"a": [1]}"#), ("a", r#"{"a": 0}"#)]
        {
            assert!(!is_explicitly_empty(path, record), "{path} in {record}");
        }
    }

    #[test]
    fn a_path_that_is_told_leads_where_it_was_found() {
        for name in
            ["plain", "with space", "a.b", "x[0]", "l[]", "$ref", "it's", "back\\slash", "", "Preis [EUR]"]
        {
            let record = serde_json::json!({"list": [{name: {"deep": 1}}], name: {"deep": [2]}}).to_string();
            let inner = FieldPath::default().member("list").item(0).member(name).member("deep");
            assert_eq!(found(inner.as_str(), &record).as_deref(), Some("1"), "{inner:?}");
            let own = FieldPath::default().member(name);
            assert_eq!(found(own.as_str(), &record).as_deref(), Some(r#"{"deep":[2]}"#), "{own:?}");
            let deep = own.member("deep").item(0);
            assert_eq!(found(deep.as_str(), &record).as_deref(), Some("2"), "{deep:?}");
        }
        assert_eq!(FieldPath::default().member("Art.Nr.").as_str(), "Art.Nr.");
    }
}
