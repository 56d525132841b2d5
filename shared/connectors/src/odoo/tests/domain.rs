//! Domains: conditions in Polish notation, as Odoo understands them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::books::{Books, Mistake, invalid};

type Records = BTreeMap<String, Vec<Value>>;

/// Whether a record meets all conditions of a domain.
pub(super) fn holds(
    books: &Books,
    records: &Records,
    model: &str,
    domain: &[Value],
    record: &Value,
) -> Result<bool, Mistake> {
    let mut stack: Vec<bool> = Vec::new();
    for item in domain.iter().rev() {
        let result = match item {
            Value::String(operator) => {
                let (Some(left), Some(right)) = (stack.pop(), stack.pop()) else {
                    return Err(invalid("Domain() invalid: missing operand"));
                };
                match operator.as_str() {
                    "|" => left || right,
                    "&" => left && right,
                    other => return Err(invalid(&format!("Domain() invalid: {other}"))),
                }
            }
            leaf => meets(books, records, model, leaf, record)?,
        };
        stack.push(result);
    }
    Ok(stack.into_iter().all(|holds| holds))
}

fn meets(
    books: &Books,
    records: &Records,
    model: &str,
    leaf: &Value,
    record: &Value,
) -> Result<bool, Mistake> {
    let (path, operator, wanted) = (leaf[0].as_str().unwrap(), leaf[1].as_str().unwrap(), &leaf[2]);
    let (name, rest) = path.split_once('.').map_or((path, None), |(name, rest)| (name, Some(rest)));
    let Some((_, kind, relation)) = books.field_at(model, name) else {
        return Err(invalid(&format!("Invalid field {model}.{name} in condition {leaf}")));
    };
    if let Some(rest) = rest {
        let ids = match &record[name] {
            Value::Array(ids) => ids.clone(),
            Value::Null => Vec::new(),
            id => vec![id.clone()],
        };
        let linked = records.get(relation).into_iter().flatten().filter(|linked| ids.contains(&linked["id"]));
        let leaf = serde_json::json!([rest, operator, wanted]);
        for linked in linked {
            if meets(books, records, relation, &leaf, linked)? {
                return Ok(true);
            }
        }
        return Ok(false);
    }
    let value = if record[name].is_null() { Value::Bool(kind == "boolean") } else { record[name].clone() };
    let is_in = || wanted.as_array().unwrap().contains(&value);
    match operator {
        "=" => Ok(value == *wanted),
        "!=" => Ok(value != *wanted),
        "in" => Ok(is_in()),
        "not in" => Ok(!is_in()),
        ">" | ">=" if kind == "datetime" => {
            let wanted = wanted.as_str().unwrap();
            if !is_moment(wanted) {
                return Err(invalid(&format!("'{wanted}' is no datetime")));
            }
            // To the microsecond before Odoo 19, to the second since.
            let fraction = if books.is_new { "" } else { ".500000" };
            let value = value.as_str().map(|at| format!("{at}{fraction}")).unwrap_or_default();
            Ok(value.as_str() > wanted || (operator == ">=" && value == wanted))
        }
        ">" => Ok(value.as_i64() > wanted.as_i64()),
        other => Err(invalid(&format!("Invalid operator {other}"))),
    }
}

/// Whether a text is a moment, or a day, as they write it.
pub(super) fn is_moment(text: &str) -> bool {
    let form = if text.len() == 10 { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M:%S" };
    match text.len() {
        10 => jiff::civil::Date::strptime(form, text).is_ok(),
        _ => jiff::civil::DateTime::strptime(form, text).is_ok(),
    }
}
