//! Conditions as Tryton understands them, called domains there.

use std::collections::BTreeMap;

use serde_json::{Value, json};

type Tables = BTreeMap<&'static str, Vec<Value>>;

/// The fields that list records of another model.
const LISTS: [(&str, &str, &str); 4] = [
    ("sale.sale", "lines", "sale.line"),
    ("sale.sale", "shipments", "stock.shipment.out"),
    ("account.invoice", "lines", "account.invoice.line"),
    ("account.invoice", "sales", "sale.sale"),
];

/// Whether a record meets a condition: clauses, lists of them, and `OR` before those of which one is enough.
pub(super) fn compare_all(condition: &Value, record: &Value, model: &str, tables: &Tables) -> bool {
    let parts = condition.as_array().expect("a condition is a list");
    let holds = |part: &Value| compare_all(part, record, model, tables);
    match (parts.first(), &parts[..]) {
        (Some(Value::String(word)), [_, rest @ ..]) if word == "OR" => rest.iter().any(holds),
        (Some(Value::String(field)), [_, operator, operand]) => {
            let found = values(record, field, model, tables);
            found.iter().any(|value| compare(value, operator.as_str().unwrap(), operand))
        }
        _ => parts.iter().all(holds),
    }
}

/// What a way through a record leads to; the records of lists are looked up.
fn values(record: &Value, way: &str, model: &str, tables: &Tables) -> Vec<Value> {
    let (first, rest) = way.split_once('.').unwrap_or((way, ""));
    match LISTS.iter().find(|(of, name, _)| *of == model && *name == first) {
        Some((_, _, listed)) if !rest.is_empty() => {
            let ids = record[first].as_array().cloned().unwrap_or_default();
            let there = tables.get(listed).cloned().unwrap_or_default();
            there
                .iter()
                .filter(|other| ids.contains(&other["id"]))
                .map(|other| reached(other, rest))
                .collect()
        }
        _ => vec![reached(record, way)],
    }
}

/// What a way through records that point to one another leads to.
pub(super) fn reached(record: &Value, way: &str) -> Value {
    way.split('.').fold(record.clone(), |at, step| at[step].clone())
}

fn compare(value: &Value, operator: &str, operand: &Value) -> bool {
    // A field that points to a record is its id.
    let value = match value.get("id") {
        Some(id) => id,
        None => value,
    };
    match operator {
        "=" => value == operand,
        "!=" => value != operand,
        "in" => operand.as_array().unwrap().contains(value),
        ">" => value.as_i64().unwrap() > operand.as_i64().unwrap(),
        ">=" => !value.is_null() && stamp(value) >= stamp(operand),
        other => panic!("no operator {other}"),
    }
}

/// A datetime as its parts, the greater ones first.
fn stamp(value: &Value) -> Vec<i64> {
    assert_eq!(value["__class__"], json!("datetime"), "{value}");
    let parts = ["year", "month", "day", "hour", "minute", "second", "microsecond"];
    parts.map(|part| value[part].as_i64().unwrap()).to_vec()
}
