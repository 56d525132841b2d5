//! What Fusion's orders are made, changed and deleted by.

use serde_json::Value;

use super::erp::refusal;
use super::query::opaque;
use crate::conformance::{Answer, Asked};

/// What a new order may have.
const ORDER_FIELDS: [&str; 18] = [
    "SourceTransactionNumber",
    "SourceTransactionId",
    "SourceTransactionSystem",
    "SourceTransactionRevisionNumber",
    "BusinessUnitName",
    "BuyingPartyNumber",
    "TransactionalCurrencyCode",
    "TransactionTypeCode",
    "TransactionOn",
    "RequestedShipDate",
    "Comments",
    "SubmittedFlag",
    "FreezePriceFlag",
    "FreezeShippingChargeFlag",
    "FreezeTaxFlag",
    "billToCustomer",
    "shipToCustomer",
    "lines",
];

const CHANGEABLE: [&str; 7] = [
    "BuyingPartyNumber",
    "TransactionalCurrencyCode",
    "RequestedShipDate",
    "Comments",
    "SubmittedFlag",
    "CanceledFlag",
    "CancelReasonCode",
];

const NEEDED: [&str; 6] = [
    "SourceTransactionNumber",
    "SourceTransactionId",
    "SourceTransactionSystem",
    "SourceTransactionRevisionNumber",
    "BusinessUnitName",
    "BuyingPartyNumber",
];

const NEEDED_OF_LINE: [&str; 6] = [
    "SourceTransactionLineId",
    "SourceTransactionLineNumber",
    "SourceTransactionScheduleId",
    "SourceScheduleNumber",
    "ProductNumber",
    "OrderedUOMCode",
];

pub(super) fn make(asked: &Asked, orders: &mut Vec<Value>) -> Answer {
    let mut order = match item(asked, &ORDER_FIELDS) {
        Ok(order) => order,
        Err(refused) => return refused,
    };
    if let Some(missing) = NEEDED.iter().find(|name| order[**name].is_null()) {
        return refusal(asked, 400, "FND-1", &format!("You must provide a value for {missing}."));
    }
    if order["BuyingPartyNumber"] != "1006" {
        return refusal(asked, 400, "DOO_1054", "The customer BuyingPartyNumber isn't valid.");
    }
    if order["SourceTransactionSystem"] != "CAUSEWAY" || order["BusinessUnitName"] != "Vision Operations" {
        return refusal(asked, 400, "DOO_2", "The source system or the business unit isn't valid.");
    }
    let lines = order["lines"].as_array().cloned().unwrap_or_default();
    let whole = |line: &Value| {
        NEEDED_OF_LINE.iter().all(|name| line[*name].is_string()) && line["OrderedQuantity"].is_number()
    };
    let mut ids: Vec<_> = lines.iter().map(|line| line["SourceTransactionLineId"].to_string()).collect();
    ids.sort();
    ids.dedup();
    if lines.is_empty() || !lines.iter().all(whole) || ids.len() != lines.len() {
        return refusal(
            asked,
            400,
            "DOO_3",
            "Each line needs a product, a quantity, a unit and an id of its own.",
        );
    }
    let same = |other: &Value| {
        ["SourceTransactionSystem", "SourceTransactionId"].iter().all(|name| other[*name] == order[*name])
    };
    if orders.iter().any(same) {
        return refusal(asked, 400, "DOO_4", "An order with this source transaction exists already.");
    }
    let number = 404_001 + orders.len();
    order["HeaderId"] = (300_100_000_000_000_u64 + number as u64).into();
    order["OrderNumber"] = number.to_string().into();
    order["StatusCode"] = if order["SubmittedFlag"] == true { "OPEN" } else { "DOO_DRAFT" }.into();
    order["CanceledFlag"] = false.into();
    orders.push(order.clone());
    (201, order.to_string())
}

pub(super) fn change(asked: &Asked, orders: &mut Vec<Value>, key: &str) -> Answer {
    let Some(at) = orders.iter().position(|order| opaque(order) == key) else {
        return refusal(asked, 404, "", "The order was not found.");
    };
    if asked.method == "DELETE" {
        if orders[at]["SubmittedFlag"] == true {
            return refusal(asked, 400, "DOO_5", "An order that was submitted can't be deleted.");
        }
        orders.remove(at);
        return (204, String::new());
    }
    let change = match item(asked, &CHANGEABLE) {
        Ok(change) => change,
        Err(refused) => return refused,
    };
    let order = orders[at].as_object_mut().unwrap();
    order.extend(change.as_object().unwrap().clone());
    (200, Value::from(order.clone()).to_string())
}

/// What is sent, if its type and fields are known.
fn item(asked: &Asked, known: &[&str]) -> Result<Value, Answer> {
    if asked.header("content-type") != "application/vnd.oracle.adf.resourceitem+json" {
        return Err(refusal(asked, 415, "", "The media type is not supported."));
    }
    let item: Value =
        serde_json::from_str(&asked.body).map_err(|_| refusal(asked, 400, "", "This is no JSON."))?;
    if let Some(odd) = item.as_object().unwrap().keys().find(|name| !known.contains(&name.as_str())) {
        return Err(refusal(asked, 400, "FND-2", &format!("The attribute {odd} is unknown.")));
    }
    let is_time = |name: &str| {
        let text = item[name].as_str();
        item[name].is_null() || text.is_some_and(|text| text.len() >= 20 && text.contains('T'))
    };
    if !is_time("TransactionOn") || !is_time("RequestedShipDate") {
        return Err(refusal(asked, 400, "FND-3", "A time is wanted."));
    }
    Ok(item)
}
