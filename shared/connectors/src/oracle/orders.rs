//! Sending orders, and finding them again by our reference. Fusion keeps source system and source transaction unique, so
//! an order that came is never taken twice; what may have been taken is looked for before it is sent again.

use std::borrow::Cow;

use domain::DataType;
use domain::change::Operation;
use domain::json::{Json, Kind};
use http::Method;
use rust_decimal::Decimal;
use serde_json::json;
use transport::ErpError;
use transport::http::{HttpAnswer, place};
use url::Url;

use super::children::{completed, cut_short};
use super::client::Oracle;
use super::config::misconfigured;
use super::mapping::{quoted, resource};
use super::template;
use crate::rest::{self, Fate, fate, same_host};
use crate::{Found, Lookup, Push, PushError, Pushed};

/// The longest `SourceTransactionId`, in characters.
const LONGEST_REFERENCE: usize = 50;

/// What ends a value in a finder, or stands for something else in an address.
const UNFIT: [char; 8] = [',', ';', '=', '\'', '"', ':', '<', '>'];

/// What must be known of an order to change it: its key in Fusion is told by its link alone.
const FIELDS: &str =
    "HeaderId,OrderNumber,SubmittedFlag,CanceledFlag;lines:FulfillLineId,ProductNumber,OrderedQuantity";

/// An order as it is there.
struct OrderThere {
    url: Url,
    submitted: bool,
    cancelled: bool,
    /// Its JSON, lines and all.
    text: String,
}

/// Makes, changes or deletes an order.
///
/// # Errors
/// With what is known of its fate.
pub(super) async fn push(erp: &Oracle, push: &Push<'_>) -> Result<Pushed, PushError> {
    if push.data_type != DataType::Orders {
        return Err(PushError::Rejected(ErpError::Rejected(format!(
            "Oracle Fusion takes orders only: let the sync config of {} pull",
            push.data_type
        ))));
    }
    match push.operation {
        Operation::Create => create(erp, push).await,
        Operation::Update => change(erp, push).await,
        Operation::Delete => delete(erp, push).await,
    }
}

async fn create(erp: &Oracle, push: &Push<'_>) -> Result<Pushed, PushError> {
    if push.reference.chars().count() > LONGEST_REFERENCE || !is_fit(push.reference) {
        return Err(PushError::NeedsMapping(format!(
            "reference becomes SourceTransactionNumber, by which the order is found again: it must be at most \
             {LONGEST_REFERENCE} characters, and none of {}",
            String::from_iter(UNFIT)
        )));
    }
    let record = push.record.map(template::numbered);
    let push = &Push { record: record.as_deref(), ..*push };
    let own_body = erp.push_settings().is_some_and(|settings| settings.create.body.is_some());
    let template = match (&erp.settings().business_unit, push.record) {
        (Some(unit), Some(record)) => template::order(erp.settings(), unit, record.into()),
        (None, Some(_)) if !own_body => {
            let missing = misconfigured("settings.oracle.businessUnit is needed: each order belongs to one");
            return Err(PushError::NotSent(missing));
        }
        _ => json!({}),
    };
    let body = rest::body(push, erp.push_settings(), &template, &["customerId", "lines"])?;
    let request = erp.write(Method::POST, erp.url(resource(DataType::Orders), &[]), body);
    let answer = erp.client().deliver(&request).await?;
    fate(&answer, &request, push.operation, false)?;
    // The order is there, whatever the answer holds.
    let json = rest::read(&answer, &request).map_err(PushError::Unknown)?;
    let number = json.and_then(|json| json.at("OrderNumber")).and_then(text_of);
    Ok(pushed(&answer, number))
}

async fn change(erp: &Oracle, push: &Push<'_>) -> Result<Pushed, PushError> {
    let Some(there) = order_there(erp, push.key).await.map_err(PushError::NotSent)? else {
        let sentence = format!("Oracle Fusion has no sales order {} any more", push.key);
        return Err(PushError::Rejected(ErpError::Rejected(sentence)));
    };
    if changes_lines(push, &there) {
        return Err(PushError::Rejected(ErpError::Rejected(format!(
            "the lines of sales order {} differ from those in Oracle Fusion, which cannot be changed from here: change \
             them there, and let the order be pulled",
            push.key
        ))));
    }
    let body = rest::body(push, erp.push_settings(), &template::change(erp.settings()), &[])?;
    let request = erp.write(Method::PATCH, there.url, body);
    let answer = erp.client().deliver(&request).await?;
    fate(&answer, &request, push.operation, false)?;
    Ok(pushed(&answer, None))
}

/// Fusion deletes drafts; an order that was submitted is cancelled instead, if the connection says why.
async fn delete(erp: &Oracle, push: &Push<'_>) -> Result<Pushed, PushError> {
    let there = order_there(erp, push.key).await.map_err(PushError::NotSent)?;
    let Some(there) = there.filter(|there| !there.cancelled) else {
        let message = format!("Oracle Fusion has no sales order {} any more, or it is cancelled", push.key);
        return Ok(Pushed { erp_key: None, message });
    };
    let request = match (there.submitted, &erp.settings().cancel_reason) {
        (false, _) => erp.write(Method::DELETE, there.url, String::new()),
        (true, Some(reason)) => {
            let body = json!({"CanceledFlag": true, "CancelReasonCode": reason, "SubmittedFlag": true});
            erp.write(Method::PATCH, there.url, body.to_string())
        }
        (true, None) => {
            return Err(PushError::Rejected(ErpError::Rejected(format!(
                "sales order {} is submitted, and Oracle Fusion deletes drafts only: set \
                 settings.oracle.cancelReason to have it cancelled",
                push.key
            ))));
        }
    };
    let answer = erp.client().deliver(&request).await?;
    match fate(&answer, &request, push.operation, false)? {
        Fate::Done | Fate::WasGone => Ok(pushed(&answer, None)),
    }
}

/// The order with this number, in its newest revision.
async fn order_there(erp: &Oracle, number: &str) -> Result<Option<OrderThere>, ErpError> {
    let orders = resource(DataType::Orders);
    let condition = format!("OrderNumber = {}", quoted(number));
    let query = [("q", condition.as_str()), ("fields", FIELDS), ("orderBy", "HeaderId:desc"), ("limit", "1")];
    let request = erp.client().get(erp.url(orders, &query));
    let answer = erp.client().send(&request).await?;
    let json = rest::read(&answer, &request)?;
    let malformed = |what: &str| ErpError::Malformed(format!("{} answered {what}", place(&answer.url)));
    let list = json.and_then(|json| json.at("items")).filter(|list| list.kind() == Kind::Array);
    let Some(order) = list.ok_or_else(|| malformed("without a list"))?.items().into_iter().next() else {
        return Ok(None);
    };
    let links = order.get("links").map(Json::items).unwrap_or_default();
    let is_self = |link: &Json<'_>| link.get("rel").and_then(Json::as_string).as_deref() == Some("self");
    let link = links.into_iter().find(is_self).and_then(|link| link.get("href")?.as_string());
    let link = link.ok_or_else(|| malformed("with an order without a link to itself"))?;
    let flag = |name| order.get(name).is_some_and(|flag| flag.text() == "true");
    let text = match cut_short(orders, order) {
        Some(cut) => completed(erp, orders, FIELDS, &cut).await?,
        None => order.text().to_owned(),
    };
    let url = same_host(&answer.url, &link)?;
    Ok(Some(OrderThere { url, submitted: flag("SubmittedFlag"), cancelled: flag("CanceledFlag"), text }))
}

fn pushed(answer: &HttpAnswer, erp_key: Option<String>) -> Pushed {
    Pushed { erp_key, message: format!("{} answered {}", place(&answer.url), answer.status) }
}

/// A text, or a number as a text.
fn text_of(json: Json<'_>) -> Option<String> {
    match json.kind() {
        Kind::Number => Some(json.text().to_owned()),
        _ => json.as_string().map(Cow::into_owned).filter(|text| !text.is_empty()),
    }
}

/// Whether the record has other lines than the order has there.
fn changes_lines(push: &Push<'_>, there: &OrderThere) -> bool {
    let ours = push.record.map(Json::from).and_then(|record| record.get("lines"));
    let Some(ours) = ours.filter(|lines| lines.kind() == Kind::Array) else { return false };
    let order = Json::parse(there.text.as_bytes()).ok();
    let theirs = order.and_then(|order| order.at("lines.items"));
    lines(ours, "sku", "quantity")
        != theirs.map(|theirs| lines(theirs, "ProductNumber", "OrderedQuantity")).unwrap_or_default()
}

/// What is ordered, and how much of it, in a form that can be compared.
fn lines(list: Json<'_>, sku: &str, quantity: &str) -> Vec<(String, Option<Decimal>)> {
    let line = |line: Json<'_>| {
        let quantity = line.get(quantity).and_then(text_of);
        let quantity = quantity.and_then(|quantity| Decimal::from_str_exact(&quantity).ok());
        Some((text_of(line.get(sku)?)?, quantity.map(|quantity| quantity.normalize())))
    };
    let mut lines: Vec<_> = list.items().into_iter().filter_map(line).collect();
    lines.sort();
    lines
}

/// Looks an order up by our reference; its revisions share one number.
///
/// # Errors
/// With what they said; `Malformed` if several orders have the reference.
pub(super) async fn find(erp: &Oracle, lookup: &Lookup<'_>) -> Result<Option<Found>, ErpError> {
    if !is_fit(lookup.reference) {
        // No such order was ever sent.
        return Ok(None);
    }
    let finder = format!(
        "findBySourceOrderNumberAndSystem;SourceTransactionNumber={},SourceTransactionSystem={}",
        lookup.reference,
        erp.settings().source_system
    );
    let query =
        [("finder", finder.as_str()), ("onlyData", "true"), ("fields", "OrderNumber"), ("limit", "500")];
    let request = erp.client().get(erp.url(resource(DataType::Orders), &query));
    let answer = erp.client().send(&request).await?;
    let json = rest::read(&answer, &request)?;
    let list = json.and_then(|json| json.at("items")).filter(|list| list.kind() == Kind::Array);
    let Some(list) = list else {
        return Err(ErpError::Malformed(format!("{} answered without a list", place(&answer.url))));
    };
    let orders = list.items();
    let mut numbers: Vec<_> =
        orders.iter().filter_map(|order| order.get("OrderNumber").and_then(text_of)).collect();
    numbers.sort_unstable();
    numbers.dedup();
    match numbers.len() {
        _ if orders.is_empty() => Ok(None),
        0 | 1 => Ok(Some(Found { erp_key: numbers.pop() })),
        several => Err(ErpError::Malformed(format!(
            "Oracle Fusion has {several} different orders with the reference {}: only one of them may stay there",
            lookup.reference
        ))),
    }
}

/// Whether a reference can be asked for as it is.
fn is_fit(reference: &str) -> bool {
    !reference.is_empty() && !reference.contains(UNFIT) && !reference.chars().any(char::is_control)
}
