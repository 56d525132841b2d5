//! Sending Sales Orders, and finding them again by our reference. ERPNext has no idempotency key: what may have been
//! taken is looked for before it is sent again.

use domain::DataType;
use domain::change::Operation;
use domain::json::{Json, Kind};
use http::Method;
use rust_decimal::Decimal;
use serde_json::{Value, json};
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, place};

use super::client::{ErpNext, Site};
use super::mapping::{SALES_ORDER, changed_order, new_order};
use super::question::Question;
use super::row::Row;
use super::words::is_passing;
use crate::rest::{self, fate};
use crate::{Found, Lookup, Push, PushError, Pushed};

/// The longest text in a field of theirs, in characters.
const LONGEST_REFERENCE: usize = 140;

const SUBMITTED: i64 = 1;
const CANCELLED: i64 = 2;

/// Makes, changes or deletes an order.
///
/// # Errors
/// With what is known of its fate.
pub(super) async fn push(erp: &ErpNext, push: &Push<'_>) -> Result<Pushed, PushError> {
    if push.data_type != DataType::Orders {
        return Err(rejected(format!(
            "ERPNext takes orders only: let the sync config of {} pull",
            push.data_type
        )));
    }
    match push.operation {
        Operation::Create => create(erp, push).await,
        Operation::Update => change(erp, push).await,
        Operation::Delete => delete(erp.site(), push).await,
    }
}

async fn create(erp: &ErpNext, push: &Push<'_>) -> Result<Pushed, PushError> {
    let site = erp.site();
    if push.reference.chars().count() > LONGEST_REFERENCE {
        return Err(PushError::NeedsMapping(format!(
            "reference is longer than the {LONGEST_REFERENCE} characters of {}, by which the order is found again: \
             shorten it",
            site.settings.reference_field
        )));
    }
    let template = new_order(&site.settings, site.company.as_deref(), names_day(push));
    let body = rest::body(push, erp.push_settings(), &template, &needs(push, &["customerId", "lines"]))?;
    let request = site.client.write(Method::POST, site.document(SALES_ORDER, None), body);
    let answer = deliver(site, &request, push).await?;
    // The order is there, whatever the answer holds.
    let json = rest::read(&answer, &request).map_err(PushError::Unknown)?;
    let name = json.and_then(|json| json.at("data.name")).and_then(Json::as_string);
    Ok(pushed(&answer, name.map(std::borrow::Cow::into_owned)))
}

async fn change(erp: &ErpNext, push: &Push<'_>) -> Result<Pushed, PushError> {
    let site = erp.site();
    let Some(there) = order(site, push.key).await.map_err(PushError::NotSent)? else {
        return Err(rejected(format!("ERPNext has no sales order {} any more", push.key)));
    };
    if let Some(state @ (SUBMITTED | CANCELLED)) = there.number("docstatus") {
        let (state, cure) = match state {
            SUBMITTED => ("submitted", "amend it there, and let the order be pulled"),
            _ => ("cancelled", "make a new one"),
        };
        return Err(rejected(format!(
            "sales order {} is {state} in ERPNext, and cannot be changed from here: {cure}",
            push.key
        )));
    }
    let with_lines = changes_lines(site, push, &there).await.map_err(PushError::NotSent)?;
    let template = changed_order(with_lines, names_day(push));
    let body = rest::body(push, erp.push_settings(), &template, &needs(push, &[]))?;
    let request = site.client.write(Method::PUT, document(site, push), as_of(&body, &there));
    Ok(pushed(&deliver(site, &request, push).await?, None))
}

/// An order that was submitted is cancelled: its number stays.
async fn delete(site: &Site, push: &Push<'_>) -> Result<Pushed, PushError> {
    let there = order(site, push.key).await.map_err(PushError::NotSent)?;
    let request = match there.as_ref().map(|there| (there, there.number("docstatus"))) {
        None => return Ok(gone(push, "is not there any more")),
        Some((_, Some(CANCELLED))) => return Ok(gone(push, "is cancelled already")),
        Some((there, Some(SUBMITTED))) => {
            let body = as_of(&json!({"docstatus": CANCELLED}).to_string(), there);
            site.client.write(Method::PUT, document(site, push), body)
        }
        Some(_) => site.client.write(Method::DELETE, document(site, push), String::new()),
    };
    Ok(pushed(&deliver(site, &request, push).await?, None))
}

/// Sends a request; an answer that refuses it is an error.
async fn deliver(site: &Site, request: &HttpRequest, push: &Push<'_>) -> Result<HttpAnswer, PushError> {
    let answer = site.client.deliver(request).await?;
    if !answer.status.is_success() && is_passing(&answer.body) {
        return Err(PushError::NotSent(ErpError::Unavailable(format!(
            "sales order {} was changed in ERPNext at the same moment: {}",
            push.key,
            answer.failure(request)
        ))));
    }
    fate(&answer, request, push.operation, false)?;
    Ok(answer)
}

/// The sales order of this name, if it is there: what it is and when it was last changed.
async fn order(site: &Site, name: &str) -> Result<Option<Row>, ErpError> {
    let question = Question::of(SALES_ORDER).with_fields(&["name", "docstatus", "modified", "delivery_date"]);
    Ok(site.rows(&question.only("name", "=", name)).await?.pop())
}

fn document(site: &Site, push: &Push<'_>) -> url::Url {
    site.document(SALES_ORDER, Some(push.key))
}

/// A change that is taken only if nobody else changed the order since it was read.
fn as_of(change: &str, there: &Row) -> String {
    let modified = there.json("modified").unwrap_or("null");
    match change.strip_prefix('{') {
        Some("}") | None => format!("{{\"modified\":{modified}}}"),
        Some(rest) => format!("{{\"modified\":{modified},{rest}"),
    }
}

/// Whether an order names the day it is wanted.
fn names_day(push: &Push<'_>) -> bool {
    text(push, "requiredOn").is_some()
}

fn text(push: &Push<'_>, field: &str) -> Option<String> {
    let json = push.record.and_then(|record| Json::from(record).get(field))?;
    json.as_string().map(std::borrow::Cow::into_owned)
}

/// What an order needs: ERPNext takes none without a day of delivery.
fn needs(push: &Push<'_>, fields: &[&'static str]) -> Vec<&'static str> {
    let day = (!names_day(push)).then_some("orderedAt");
    fields.iter().copied().chain(day).collect()
}

/// Whether the record has other lines than the order has there, or another day: ERPNext takes an order's day from its
/// lines. Lines that are the same are not sent: what was added to them there would be lost.
async fn changes_lines(site: &Site, push: &Push<'_>, there: &Row) -> Result<bool, ErpError> {
    let ours = push.record.map(Json::from).and_then(|record| record.get("lines"));
    let Some(ours) = ours.filter(|lines| lines.kind() == Kind::Array) else { return Ok(false) };
    let day = text(push, "requiredOn").or_else(|| text(push, "orderedAt"));
    if day.is_some_and(|day| !day.starts_with(&there.text("delivery_date"))) {
        return Ok(true);
    }
    let question = Question::of_rows("Sales Order Item", SALES_ORDER).only("parent", "=", push.key);
    let rows = site.rows(&question).await?;
    let theirs = rows.iter().map(|row| Line {
        sku: row.text("item_code"),
        quantity: row.json("qty").and_then(decimal),
        price: row.json("rate").and_then(decimal),
    });
    let ours: Vec<Line> = ours.items().into_iter().map(Line::of).collect();
    let same =
        ours.len() == rows.len() && ours.iter().zip(theirs).all(|(ours, theirs)| ours.is_met_by(&theirs));
    Ok(!same)
}

/// What is ordered, how much of it, and for how much.
struct Line {
    sku: String,
    quantity: Option<Decimal>,
    price: Option<Decimal>,
}

impl Line {
    fn of(line: Json<'_>) -> Self {
        let text = |name| {
            let json = line.get(name)?;
            json.as_string().map(std::borrow::Cow::into_owned).or_else(|| Some(json.text().to_owned()))
        };
        let amount = |name| text(name).as_deref().and_then(decimal);
        Self {
            sku: text("sku").unwrap_or_default(),
            quantity: amount("quantity"),
            price: amount("unitPrice"),
        }
    }

    /// Whether theirs is the same; a price that is not named is theirs to say.
    fn is_met_by(&self, theirs: &Self) -> bool {
        self.sku == theirs.sku
            && self.quantity == theirs.quantity
            && (self.price.is_none() || self.price == theirs.price)
    }
}

fn decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

fn rejected(sentence: String) -> PushError {
    PushError::Rejected(ErpError::Rejected(sentence))
}

fn gone(push: &Push<'_>, how: &str) -> Pushed {
    Pushed { erp_key: None, message: format!("sales order {} {how} in ERPNext", push.key) }
}

fn pushed(answer: &HttpAnswer, erp_key: Option<String>) -> Pushed {
    Pushed { erp_key, message: format!("{} answered {}", place(&answer.url), answer.status) }
}

/// Looks an order up by our reference. One that was cancelled counts only if there is no other, for an order that is
/// amended is cancelled and made anew with the same reference.
///
/// # Errors
/// With what they said; `Malformed` if several orders have the reference.
pub(super) async fn find(site: &Site, lookup: &Lookup<'_>) -> Result<Option<Found>, ErpError> {
    let field = site.settings.reference_field.as_str();
    let question = Question::of(SALES_ORDER).with_fields(&["name", "docstatus", field]);
    let question = question.only(field, "=", lookup.reference).of_company(site.company.as_deref());
    let mut rows = site.rows(&question).await?;
    // Their database does not tell small letters from capitals.
    rows.retain(|row| row.text(field).trim() == lookup.reference.trim());
    if rows.iter().any(|row| row.number("docstatus") != Some(CANCELLED)) {
        rows.retain(|row| row.number("docstatus") != Some(CANCELLED));
    }
    match &rows[..] {
        [] => Ok(None),
        [row] => Ok(Some(Found { erp_key: Some(row.text("name")).filter(|name| !name.is_empty()) })),
        several => Err(ErpError::Malformed(format!(
            "ERPNext has {} sales orders with {} in {field}: only one of them may stay there",
            several.len(),
            Value::from(lookup.reference)
        ))),
    }
}
