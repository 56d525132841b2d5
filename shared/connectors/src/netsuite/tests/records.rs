//! Sales orders of the test server: made or changed under their external ids, changed and deleted under their ids.

use axum::http::Method;
use domain::json::Json;
use serde_json::{Value, json};

use super::erp::refusal;
use super::sql::Lists;
use crate::conformance::{Answer, Asked};

/// What an order may have.
const FIELDS: [&str; 7] =
    ["entity", "otherRefNum", "currency", "tranDate", "memo", "shippingAddress", "item"];
const LINE_FIELDS: [&str; 4] = ["item", "description", "quantity", "rate"];
const ADDRESS_FIELDS: [&str; 7] = ["addressee", "addr1", "addr2", "city", "state", "zip", "country"];

/// The only customer there is.
const CUSTOMER: &str = "77";

/// Does what is asked with the order that `key` names.
pub(super) fn answer(lists: &mut Lists, asked: &Asked, key: &str) -> Answer {
    let external = key.strip_prefix("eid:");
    let column = if external.is_some() { "externalid" } else { "id" };
    let orders = lists.entry("transaction").or_default();
    let found = orders.iter().position(|order| order[column] == external.unwrap_or(key));
    if asked.method != Method::GET && asked.header("x-netsuite-propertynamevalidation") != "Error" {
        // It would pass over a field that it does not know.
        return refusal(400, "INVALID_HEADER", "Unknown fields would be ignored.", "");
    }
    match (&asked.method, found, external) {
        (&Method::PUT, None, Some(reference)) => {
            let id = (987 + orders.len()).to_string();
            let number = format!("SO{id}");
            orders.push(
                json!({"id": id, "tranid": number, "externalid": reference, "type": "SalesOrd", "status": "A",
                "lastmodifieddate": "2026-11-20T10:00:00Z"}),
            );
            let at = orders.len() - 1;
            let refused = write(lists, at, asked, true);
            if refused.is_some() {
                lists.entry("transaction").or_default().pop();
            }
            refused.unwrap_or((204, String::new()))
        }
        (&Method::PUT | &Method::PATCH, Some(at), _) => {
            write(lists, at, asked, false).unwrap_or((204, String::new()))
        }
        (&Method::DELETE, Some(at), None) => {
            let order = orders.remove(at);
            lists.entry("transactionline").or_default().retain(|line| line["transaction"] != order["id"]);
            (204, String::new())
        }
        (&Method::GET, Some(at), _) => {
            assert_eq!(asked.query.get("fields").map(String::as_str), Some("tranId"));
            (200, json!({"links": [], "id": orders[at]["id"], "tranId": orders[at]["tranid"]}).to_string())
        }
        (_, None, _) => {
            let why = "The record instance does not exist. Provide a valid record instance ID.";
            refusal(404, "NONEXISTENT_ID", why, "")
        }
        _ => refusal(405, "METHOD_NOT_ALLOWED", "The method is not allowed.", ""),
    }
}

/// Takes what a request says of an order; what is wrong with it, if something is.
fn write(lists: &mut Lists, at: usize, asked: &Asked, is_new: bool) -> Option<Answer> {
    let Ok(order) = Json::parse(asked.body.as_bytes()) else {
        return Some(refusal(400, "INVALID_CONTENT", "The body is no JSON.", ""));
    };
    let lines = order.at("item.items").map(Json::items).unwrap_or_default();
    if let Err((detail, path)) = check(lists, order, &lines, is_new) {
        return Some(refusal(400, "INVALID_CONTENT", &detail, &path));
    }
    let id = lists["transaction"][at]["id"].clone();
    let rows = lists.entry("transactionline").or_default();
    if asked.query.get("replace").is_some_and(|lists| lists == "item") {
        rows.retain(|row| row["transaction"] != id);
    }
    let skus: Vec<Value> = lines.iter().map(|line| text(line.at("item.id"))).collect();
    for (line, item) in lines.iter().zip(skus) {
        let number = (rows.len() + 1).to_string();
        let sold = |name: &str| text(line.get(name)).as_str().map(|amount| format!("-{amount}"));
        rows.push(json!({"transaction": id, "id": number, "linesequencenumber": number, "item": item,
            "quantity": sold("quantity"), "rate": text(line.get("rate")), "mainline": "F", "taxline": "F",
            "itemtype": "InvtPart"}));
    }
    let row = &mut lists.get_mut("transaction").unwrap()[at];
    for (column, path) in [("entity", "entity.id"), ("memo", "memo"), ("trandate", "tranDate")] {
        if let Some(found) = order.at(path) {
            row[column] = text(Some(found));
        }
    }
    None
}

fn check(lists: &Lists, order: Json<'_>, lines: &[Json<'_>], is_new: bool) -> Result<(), (String, String)> {
    let known = |json: Json<'_>, fields: &[&str], place: &str| {
        let odd = json.members().into_iter().find(|(name, _)| !fields.contains(&name.as_ref()));
        odd.map_or(Ok(()), |(name, _)| {
            Err((
                format!("Invalid content in the request body. Unknown field {name}."),
                format!("{place}{name}"),
            ))
        })
    };
    known(order, &FIELDS, "")?;
    if let Some(address) = order.get("shippingAddress") {
        known(address, &ADDRESS_FIELDS, "shippingAddress.")?;
    }
    if (is_new || order.get("entity").is_some()) && text(order.at("entity.id")) != CUSTOMER {
        return Err(("Invalid reference value for field entity.".to_owned(), "entity".to_owned()));
    }
    if order.get("currency").is_some() && text(order.at("currency.id")) != "1" {
        return Err(("Invalid reference value for field currency.".to_owned(), "currency".to_owned()));
    }
    if order.get("tranDate").is_some_and(|day| day.text().len() != 12) {
        return Err(("Invalid date value.".to_owned(), "tranDate".to_owned()));
    }
    if is_new && lines.is_empty() {
        return Err((
            "You must enter at least one line item for this transaction.".to_owned(),
            "item".to_owned(),
        ));
    }
    for (at, line) in lines.iter().enumerate() {
        let place = format!("item.items[{at}].");
        known(*line, &LINE_FIELDS, &place)?;
        let item = text(line.at("item.id"));
        if !lists.get("item").is_some_and(|items| items.iter().any(|known| known["id"] == item)) {
            return Err(("Invalid reference value for field item.".to_owned(), format!("{place}item")));
        }
    }
    Ok(())
}

/// A scalar as a text, every digit kept.
fn text(found: Option<Json<'_>>) -> Value {
    found.map_or(Value::Null, |found| {
        found.as_string().map_or_else(|| found.text().into(), |text| text.into())
    })
}
