//! What a list is asked for with: parameters, fields, conditions and orders, each refused if Fusion does not know it.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::conformance::Asked;

const PARAMETERS: [&str; 8] = ["onlyData", "fields", "expand", "orderBy", "limit", "offset", "q", "finder"];

/// How much of a list comes with the record it is in, and how many records come unless a number is asked for.
const USUAL_LIMIT: usize = 25;

const LARGEST_LIMIT: usize = 500;

/// Names of fields by the path of the list they are in; the record's own are at the empty path.
#[derive(Clone)]
pub(super) struct Schema(BTreeMap<String, Vec<String>>);

impl Schema {
    /// Reads what is written as the parameter `fields` is.
    pub(super) fn of(text: &str) -> Self {
        let part = |part: &str| {
            let (path, names) = part.split_once(':').unwrap_or(("", part));
            (path.to_owned(), names.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect())
        };
        Self(text.split(';').map(part).collect())
    }

    /// That of a list in it.
    pub(super) fn child(&self, name: &str) -> Self {
        let inner = |(path, names): (&String, &Vec<String>)| {
            let rest = path.strip_prefix(name)?;
            Some((rest.trim_start_matches('.').to_owned(), names.clone()))
        };
        Self(self.0.iter().filter_map(inner).collect())
    }

    fn has(&self, path: &str, name: &str) -> bool {
        self.0.get(path).is_some_and(|names| names.iter().any(|known| known == name))
    }

    fn check(&self, asked: &Self) -> Result<(), String> {
        for (path, names) in &asked.0 {
            if let Some(odd) = names.iter().find(|name| !self.has(path, name)) {
                return Err(format!("URL request parameter fields with value {path}:{odd} is not valid."));
            }
        }
        Ok(())
    }
}

/// The page of a list that is asked for.
pub(super) fn list(asked: &Asked, schema: &Schema, records: &[Value], shift: usize) -> Result<Value, String> {
    if let Some(odd) = asked.query.keys().find(|name| !PARAMETERS.contains(&name.as_str())) {
        return Err(format!("URL request parameter {odd} cannot be used in this context."));
    }
    let parameter = |name: &str| asked.query.get(name).map(String::as_str);
    let number = |name, usual| parameter(name).map_or(usual, |text| text.parse().unwrap());
    let condition = parameter("q").unwrap_or_default();
    let mut found = Vec::new();
    for record in records {
        if holds(schema, record, condition)? && is_found(record, parameter("finder"))? {
            found.push(record);
        }
    }
    let turn = if found.is_empty() { 0 } else { shift % found.len() };
    found.rotate_left(turn);
    sort(schema, &mut found, parameter("orderBy").unwrap_or_default())?;
    let fields = match parameter("fields") {
        Some(fields) => Schema::of(fields),
        None => Schema(schema.0.clone().into_iter().filter(|(path, _)| path.is_empty()).collect()),
    };
    schema.check(&fields)?;
    let with_links = parameter("onlyData") != Some("true");
    let show = |record: &&Value| {
        let mut shown = shown(record, &fields, "");
        if with_links {
            let href = format!("{}{}/{}", asked.origin, asked.path, opaque(record));
            shown["links"] = json!([{"rel": "canonical", "href": "x"}, {"rel": "self", "href": href}]);
        }
        shown
    };
    let (limit, offset) = (number("limit", USUAL_LIMIT).min(LARGEST_LIMIT), number("offset", 0));
    let page: Vec<_> = found.iter().skip(offset).take(limit).map(show).collect();
    Ok(
        json!({"count": page.len(), "hasMore": offset + page.len() < found.len(), "limit": limit, "offset": offset,
        "items": page, "links": []}),
    )
}

/// The key that a link has: not one that can be guessed.
pub(super) fn opaque(record: &Value) -> String {
    format!("00020000000EACED{}", record["HeaderId"])
}

/// A record with the fields that are asked for, and lists as collections.
fn shown(record: &Value, fields: &Schema, path: &str) -> Value {
    let names = fields.0.get(path).cloned().unwrap_or_default();
    let mut out: Map<String, Value> =
        names.into_iter().map(|name| (name.clone(), record[&name].clone())).collect();
    let inner = |child: &&String| {
        let name =
            if path.is_empty() { Some(child.as_str()) } else { child.strip_prefix(&format!("{path}.")) };
        name.is_some_and(|name| !name.is_empty() && !name.contains('.'))
    };
    for child in fields.0.keys().filter(inner) {
        let name = child.rsplit('.').next().unwrap();
        let all = record[name].as_array().cloned().unwrap_or_default();
        let items: Vec<_> = all.iter().take(USUAL_LIMIT).map(|item| shown(item, fields, child)).collect();
        let collection = json!({"count": items.len(), "hasMore": items.len() < all.len(), "limit": USUAL_LIMIT,
            "offset": 0, "items": items});
        out.insert(name.to_owned(), collection);
    }
    out.into()
}

fn is_found(record: &Value, finder: Option<&str>) -> Result<bool, String> {
    let Some(finder) = finder else { return Ok(true) };
    let (name, variables) = finder.split_once(';').unwrap_or((finder, ""));
    if name != "findBySourceOrderNumberAndSystem" {
        return Err(format!("The finder {name} is not valid."));
    }
    let given: BTreeMap<_, _> =
        variables.split(',').filter_map(|variable| variable.split_once('=')).collect();
    let same = |name: &str| given.get(name).map(|value| record[name] == **value);
    match (given.len(), same("SourceTransactionNumber"), same("SourceTransactionSystem")) {
        (2, Some(number), Some(system)) => Ok(number && system),
        _ => Err("The finder wants SourceTransactionNumber and SourceTransactionSystem.".to_owned()),
    }
}

/// Whether a record meets a condition, as framework version 4 reads it.
fn holds(schema: &Schema, record: &Value, condition: &str) -> Result<bool, String> {
    for part in split(condition, " and ") {
        let met = match part.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
            Some(inner) => {
                let each: Result<Vec<_>, _> =
                    split(inner, " or ").into_iter().map(|one| compare(schema, record, one)).collect();
                each?.contains(&true)
            }
            None => compare(schema, record, part)?,
        };
        if !met {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The parts between a word, where it stands neither in quotes nor in brackets.
fn split<'t>(text: &'t str, word: &str) -> Vec<&'t str> {
    let (mut parts, mut start, mut depth, mut quoted) = (Vec::new(), 0, 0, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            _ if !quoted && depth == 0 && at >= start && text[at..].starts_with(word) => {
                parts.push(&text[start..at]);
                start = at + word.len();
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts.into_iter().filter(|part| !part.is_empty()).collect()
}

fn compare(schema: &Schema, record: &Value, condition: &str) -> Result<bool, String> {
    let wrong = |why: &str| Err(format!("The expression {condition} is not valid: {why}."));
    let parts: Vec<_> = condition.splitn(3, ' ').collect();
    let [field, operator, literal] = parts[..] else { return wrong("it has no operator") };
    let (path, name) = field.rsplit_once('.').unwrap_or(("", field));
    if !schema.has(path, name) {
        return wrong("there is no such attribute");
    }
    let text = literal.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
    if (name.ends_with("Date") || name.ends_with("DateTime"))
        && !text.is_some_and(|text| text.len() == 29 && text.ends_with("+00:00"))
    {
        return wrong("a time is wanted");
    }
    let literal: Value = match text {
        Some(text) => text.replace("''", "'").into(),
        None => match literal.parse::<u64>() {
            Ok(number) => number.into(),
            Err(_) => return wrong("a text must be quoted"),
        },
    };
    let of_list = || record[path].as_array().into_iter().flatten().map(|item| &item[name]);
    let values: Vec<_> = if path.is_empty() { vec![&record[name]] } else { of_list().collect() };
    let met = |value: &&Value| match (operator, order(value, &literal)) {
        ("=", ordering) => Some(ordering == Some(Ordering::Equal)),
        (">", ordering) => Some(ordering == Some(Ordering::Greater)),
        _ => None,
    };
    match values.iter().map(met).collect::<Option<Vec<_>>>() {
        Some(each) => Ok(each.contains(&true)),
        None => wrong("there is no such operator"),
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Number(left), Value::Number(right)) => Some(left.as_u64()?.cmp(&right.as_u64()?)),
        _ => None,
    }
}

fn sort(schema: &Schema, records: &mut [&Value], by: &str) -> Result<(), String> {
    for field in by.rsplit(',').filter(|field| !field.is_empty()) {
        let (name, direction) = field.split_once(':').unwrap_or((field, "asc"));
        if !schema.has("", name) || !["asc", "desc"].contains(&direction) {
            return Err(format!("URL request parameter orderBy with value {field} is not valid."));
        }
        records.sort_by(|left, right| order(&left[name], &right[name]).unwrap_or(Ordering::Equal));
        if direction == "desc" {
            records.reverse();
        }
    }
    Ok(())
}
