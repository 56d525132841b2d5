//! Sales as Tryton makes them: a draft becomes a quotation with a number, and may be confirmed; it is deleted only after
//! it was cancelled.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::erp::{decimal, python, told, user_error};
use crate::conformance::Answer;

type Tables = BTreeMap<&'static str, Vec<Value>>;

/// What a new sale or line may have.
const SALE: [&str; 12] = [
    "company",
    "party",
    "reference",
    "currency",
    "sale_date",
    "shipping_date",
    "comment",
    "payment_term",
    "invoice_address",
    "shipment_address",
    "lines",
    "warehouse",
];
const LINE: [&str; 7] = ["type", "product", "quantity", "unit", "unit_price", "description", "taxes"];

/// Does what a method of sales does; none if there is no such method.
pub(super) fn call(tables: &mut Tables, model: &str, method: &str, arguments: &[Value]) -> Option<Answer> {
    let ids = || arguments[0].as_array().cloned().unwrap_or_default();
    Some(match (model, method) {
        ("sale.sale", "on_change_party") => told(&json!({
            "party": arguments[0]["party"], "invoice_address": 2, "invoice_address.": {"rec_name": "Jane"},
            "shipment_address": 2, "payment_term": 1, "invoice_party": null,
        })),
        ("sale.line", "on_change_product") => {
            if arguments[0].get("_parent_sale.party").is_none() {
                return Some(told(&json!({"unit": 1, "unit_price": null})));
            }
            told(&json!({"unit": 1, "unit.": {"rec_name": "Unit"}, "unit_price": decimal("13.5000"),
                "taxes": {"add": [[0, {"id": 1}]]}, "amount": decimal("27.00")}))
        }
        ("sale.sale", "create") => match made(tables, &arguments[0][0]) {
            Ok(id) => told(&json!([id])),
            Err(answer) => answer,
        },
        ("sale.sale", "write") => match written(tables, &ids()[0], &arguments[1]) {
            Ok(()) => told(&Value::Null),
            Err(answer) => answer,
        },
        ("sale.sale", "delete") => deleted(tables, &ids()[0]),
        ("sale.sale", step @ ("quote" | "confirm" | "draft" | "cancel")) => moved(tables, &ids()[0], step),
        _ => return None,
    })
}

fn made(tables: &mut Tables, values: &Value) -> Result<i64, Answer> {
    let values = values.as_object().unwrap();
    if let Some(odd) = values.keys().find(|name| !SALE.contains(&name.as_str())) {
        return Err(python(&format!("'{odd}'")));
    }
    if values.get("party") != Some(&json!(2)) {
        return Err(user_error("A value is required for field \"Party\" in record \"(3)\" of \"Sale\"."));
    }
    for name in ["sale_date", "shipping_date"] {
        if values.get(name).is_some_and(|day| day["__class__"] != "date") {
            return Err(python("'str' object has no attribute 'strftime'"));
        }
    }
    let lines = new_lines(tables, values.get("lines"))?;
    let sales = tables.entry("sale.sale").or_default();
    let id = sales.len() as i64 + 1;
    let mut sale = Value::Object(values.clone());
    sale["id"] = id.into();
    sale["state"] = "draft".into();
    sale["number"] = Value::Null;
    sale["lines"] = lines.into();
    sales.push(sale);
    Ok(id)
}

/// The lines of `[["delete", …], ["create", …]]`; their ids.
fn new_lines(tables: &mut Tables, commands: Option<&Value>) -> Result<Vec<i64>, Answer> {
    let mut ids = Vec::new();
    for command in commands.and_then(Value::as_array).into_iter().flatten() {
        if command[0] == "delete" {
            tables
                .entry("sale.line")
                .or_default()
                .retain(|line| !command[1].as_array().unwrap().contains(&line["id"]));
            continue;
        }
        assert_eq!(command[0], "create");
        for line in command[1].as_array().unwrap() {
            check_line(line)?;
            let there = tables.entry("sale.line").or_default();
            let id = there.iter().map(|line| line["id"].as_i64().unwrap()).max().unwrap_or(0) + 1;
            let mut line = line.clone();
            line["id"] = id.into();
            there.push(line);
            ids.push(id);
        }
    }
    Ok(ids)
}

fn check_line(line: &Value) -> Result<(), Answer> {
    if let Some(odd) = line.as_object().unwrap().keys().find(|name| !LINE.contains(&name.as_str())) {
        return Err(python(&format!("'{odd}'")));
    }
    if line["type"] != "line" || !line["unit"].is_i64() || !line["quantity"].is_number() {
        return Err(user_error("A value is required for field \"Unit\" in \"Sale Line\"."));
    }
    let price =
        line["unit_price"]["decimal"].as_str().filter(|_| line["unit_price"]["__class__"] == "Decimal");
    let Some(price) = price else { return Err(python("'float' object has no attribute 'as_tuple'")) };
    if price.split_once('.').is_some_and(|(_, digits)| digits.len() > 4) {
        let why = format!(
            "The number of digits in the value \"'{price}'\" for field \"Unit Price\" exceeds the limit."
        );
        return Err(user_error(&why));
    }
    let taxes = line.get("taxes").is_none_or(|taxes| *taxes == json!([["add", [1]]]));
    if taxes { Ok(()) } else { Err(python("taxes")) }
}

fn sale<'t>(tables: &'t mut Tables, id: &Value) -> Option<&'t mut Value> {
    tables.entry("sale.sale").or_default().iter_mut().find(|sale| sale["id"] == *id)
}

fn written(tables: &mut Tables, id: &Value, values: &Value) -> Result<(), Answer> {
    let lines = new_lines(tables, values.get("lines"))?;
    let Some(sale) = sale(tables, id) else { return Err(python("no such record")) };
    if sale["state"] != "draft" {
        return Err(user_error("A sale that is no draft is not to be changed."));
    }
    sale.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
    sale["lines"] = lines.into();
    Ok(())
}

/// What a step is not allowed for stays as it is, without a word.
fn moved(tables: &mut Tables, id: &Value, step: &str) -> Answer {
    let Some(sale) = sale(tables, id) else { return python("no such record") };
    let state = match (step, sale["state"].as_str().unwrap()) {
        ("quote", "draft") if sale["comment"] == "no quote" => {
            return user_error("To get a quote for sale \"[WEB-1]\" you must enter an invoice address.");
        }
        ("quote", "draft") => "quotation",
        ("draft", "quotation") => "draft",
        ("confirm", "quotation") => "processing",
        ("cancel", "draft" | "quotation") => "cancelled",
        _ => return told(&Value::Null),
    };
    sale["state"] = state.into();
    if state == "quotation" && sale["number"].is_null() {
        sale["number"] = format!("SO-{id}").into();
    }
    told(&Value::Null)
}

fn deleted(tables: &mut Tables, id: &Value) -> Answer {
    let Some(sale) = sale(tables, id) else { return python("no such record") };
    if !matches!(sale["state"].as_str(), Some("cancelled" | "draft")) {
        return user_error("To delete sale \"1\" you must cancel it.");
    }
    tables.get_mut("sale.sale").unwrap().retain(|sale| sale["id"] != *id);
    told(&Value::Null)
}
