//! Where in the ERP's record a field is taken from.

use serde_json_path::JsonPath;
use serde_json_path::PathElement;

use crate::json::{Json, Members};

/// A compiled path.
#[derive(Debug, Clone)]
pub(super) enum Path {
    /// A name, or names joined by dots.
    Dotted(String),
    /// A JSONPath; its first match counts.
    Query(Box<JsonPath>),
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// With a sentence, if it is empty or begins with `$` and is no JSONPath.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() || text.len() > 1024 || text.chars().any(char::is_control) {
            return Err("must be a path of 1 to 1024 characters, or null to leave the field empty".to_owned());
        }
        if !text.starts_with('$') {
            return Ok(Self::Dotted(text.to_owned()));
        }
        let query = JsonPath::parse(text);
        query.map(|query| Self::Query(Box::new(query))).map_err(|error| format!("is not a JSONPath: {error}"))
    }

    /// What it leads to in a record whose members are at hand. A member whose name holds dots is found as such.
    pub(super) fn find<'a>(&self, record: Json<'a>, members: &Members<'a>) -> Option<Json<'a>> {
        let member = |name: &str| members.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
        match self {
            Self::Dotted(path) => member(path).or_else(|| {
                let (first, rest) = path.split_once('.')?;
                member(first)?.at(rest)
            }),
            Self::Query(query) => locate(query, record),
        }
    }
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
