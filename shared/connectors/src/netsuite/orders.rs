//! Sending orders, and finding them again by our reference. It is their external id, under which an order is made or, if
//! it is there already, made the same again (<https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_156335203191.html>).

use std::borrow::Cow;

use domain::DataType;
use domain::change::Operation;
use domain::json::{Json, Kind};
use http::{HeaderName, HeaderValue, Method, StatusCode};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rust_decimal::Decimal;
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, place};
use url::Url;

use super::client::NetSuite;
use super::ids::with_ids;
use super::mapping::{Parts, order_template};
use super::suiteql::{Rows, id, quoted, value};
use super::tables;
use crate::rest::{self, Fate, fate};
use crate::{Found, Lookup, Push, PushError, Pushed};

/// All but what RFC 3986 calls unreserved.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Has the lines that are sent take the place of those that are there; else they would come on top of them
/// (<https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/section_1545297048.html>).
const REPLACE_LINES: (&str, &str) = ("replace", "item");

/// Makes, changes or deletes an order.
///
/// # Errors
/// With what is known of its fate.
pub(super) async fn push(erp: &NetSuite, push: &Push<'_>) -> Result<Pushed, PushError> {
    if push.data_type != DataType::Orders {
        return Err(PushError::Rejected(ErpError::Rejected(format!(
            "NetSuite takes orders only: let the sync config of {} pull",
            push.data_type
        ))));
    }
    match push.operation {
        Operation::Create => create(erp, push).await,
        Operation::Update => change(erp, push).await,
        Operation::Delete => delete(erp, push).await,
    }
}

async fn create(erp: &NetSuite, push: &Push<'_>) -> Result<Pushed, PushError> {
    let record = with_ids(erp, push).await?;
    let push = &Push { record: record.as_deref(), ..*push };
    let parts = Parts { is_new: true, customer: true, lines: true };
    let body = body(erp, push, parts, &["customerId", "lines"])?;
    let request = write(erp, Method::PUT, by_reference(erp, push.reference, &[REPLACE_LINES]), body);
    let answer = erp.client().deliver(&request).await?;
    fate(&answer, &request, push.operation, false)?;
    // The order is there, even if its number cannot be told now.
    match number(erp, push.reference).await.map_err(PushError::Unknown)? {
        Some(number) => Ok(pushed(&answer, Some(number))),
        None => Err(PushError::Unknown(ErpError::Unavailable(format!(
            "NetSuite took the order {} and does not show it yet",
            push.reference
        )))),
    }
}

async fn change(erp: &NetSuite, push: &Push<'_>) -> Result<Pushed, PushError> {
    let there = there(erp, push.key).await.map_err(PushError::NotSent)?.ok_or_else(|| {
        PushError::Rejected(ErpError::Rejected(format!("NetSuite has no sales order {} any more", push.key)))
    })?;
    let lines = changes_lines(erp, push, &there).await.map_err(PushError::NotSent)?;
    let customer = field(push, "customerId").is_some_and(|customer| Some(customer) != there.customer);
    let record = with_ids(erp, push).await?;
    let push = &Push { record: record.as_deref(), ..*push };
    let body = body(erp, push, Parts { is_new: false, customer, lines }, &[])?;
    let query: &[_] = if lines { &[REPLACE_LINES] } else { &[] };
    let mut request = write(erp, Method::PATCH, by_id(erp, there.id, query), body);
    // It sets what it names and replaces the lines, so that twice is the same as once.
    request.repeatable = true;
    let answer = erp.client().deliver(&request).await?;
    fate(&answer, &request, push.operation, false)?;
    Ok(pushed(&answer, None))
}

async fn delete(erp: &NetSuite, push: &Push<'_>) -> Result<Pushed, PushError> {
    let Some(there) = there(erp, push.key).await.map_err(PushError::NotSent)? else {
        let message = format!("NetSuite has no sales order {} any more", push.key);
        return Ok(Pushed { erp_key: None, message });
    };
    let request = write(erp, Method::DELETE, by_id(erp, there.id, &[]), String::new());
    let answer = erp.client().deliver(&request).await?;
    match fate(&answer, &request, push.operation, false)? {
        Fate::Done | Fate::WasGone => Ok(pushed(&answer, None)),
    }
}

/// Looks an order up by our reference.
///
/// # Errors
/// With what they said, or why they could not be asked.
pub(super) async fn find(erp: &NetSuite, lookup: &Lookup<'_>) -> Result<Option<Found>, ErpError> {
    Ok(number(erp, lookup.reference).await?.map(|number| Found { erp_key: Some(number) }))
}

/// The number of the order with a reference.
async fn number(erp: &NetSuite, reference: &str) -> Result<Option<String>, ErpError> {
    let request = erp.client().get(by_reference(erp, reference, &[("fields", "tranId")]));
    let answer = erp.client().deliver(&request).await?;
    if answer.status == StatusCode::NOT_FOUND && says_nonexistent(&answer) {
        return Ok(None);
    }
    if !answer.status.is_success() {
        return Err(answer.failure(&request));
    }
    let json = rest::read(&answer, &request)?;
    let number = json.and_then(|json| json.at("tranId")).and_then(Json::as_string);
    match number.filter(|number| !number.is_empty()) {
        Some(number) => Ok(Some(number.into_owned())),
        None => {
            Err(ErpError::Malformed(format!("{} answered with an order without tranId", place(&answer.url))))
        }
    }
}

/// Whether it is the order that is not there, and not the address that leads nowhere.
fn says_nonexistent(answer: &HttpAnswer) -> bool {
    Json::parse(&answer.body).is_ok_and(|said| said.get("o:errorDetails").is_some())
}

/// A sales order as it is there.
struct There {
    id: i64,
    customer: Option<String>,
}

/// The sales order with a number.
async fn there(erp: &NetSuite, number: &str) -> Result<Option<There>, ErpError> {
    let query = format!(
        "SELECT t.id AS id, t.entity AS entity FROM transaction t WHERE t.type = 'SalesOrd' AND t.tranid = {} ORDER BY t.id",
        quoted(number)
    );
    let rows = erp.suiteql().page(&query, 2, 0).await?;
    match rows.read()?.0[..] {
        [] => Ok(None),
        [row] => {
            let customer = value(row, "entity").map(Cow::into_owned);
            Ok(Some(There { id: id(row, "id")?, customer }))
        }
        _ => Err(ErpError::Malformed(format!("NetSuite has several sales orders with the number {number}"))),
    }
}

/// A line that can be compared: what is ordered, how much of it, at what price.
type Line = (String, Option<Decimal>, Option<Decimal>);

/// Whether the record has other lines than the order has there. A price that we do not have does not differ.
async fn changes_lines(erp: &NetSuite, push: &Push<'_>, there: &There) -> Result<bool, ErpError> {
    let ours = push.record.map(Json::from).and_then(|record| record.get("lines"));
    let Some(ours) = ours.filter(|lines| lines.kind() == Kind::Array) else { return Ok(false) };
    let pages = erp.suiteql().all(&tables::lines(erp.settings()).query(&[there.id])).await?;
    let mut rows = Vec::new();
    for page in &pages {
        rows.extend(Rows::read(page)?.0);
    }
    let (ours, theirs) = (lines(ours.items(), "unitPrice"), lines(rows, "unitprice"));
    let same = |(ours, theirs): (&Line, &Line)| {
        ours.0 == theirs.0 && ours.1 == theirs.1 && (ours.2.is_none() || ours.2 == theirs.2)
    };
    Ok(ours.len() != theirs.len() || !ours.iter().zip(&theirs).all(same))
}

fn lines(list: Vec<Json<'_>>, price: &str) -> Vec<Line> {
    let decimal = |line, name| {
        let parsed = value(line, name).and_then(|text| Decimal::from_str_exact(&text).ok());
        parsed.map(|decimal| decimal.normalize())
    };
    let line =
        |line| Some((value(line, "sku")?.into_owned(), decimal(line, "quantity"), decimal(line, price)));
    let mut lines: Vec<Line> = list.into_iter().filter_map(line).filter(|line| !line.0.is_empty()).collect();
    lines.sort();
    lines
}

fn field(push: &Push<'_>, name: &str) -> Option<String> {
    value(push.record?.into(), name).map(Cow::into_owned)
}

fn body(erp: &NetSuite, push: &Push<'_>, parts: Parts, needs: &[&str]) -> Result<String, PushError> {
    let order = push.record.map(Json::from);
    let template = order.map(|order| order_template(order, parts)).unwrap_or_default();
    rest::body(push, erp.push_settings(), &template, needs)
}

/// A request that changes something. A field they do not know would be passed over in silence otherwise.
fn write(erp: &NetSuite, method: Method, url: Url, body: String) -> HttpRequest {
    let mut request = erp.client().write(method, url, body);
    for name in ["x-netsuite-propertynamevalidation", "x-netsuite-propertyvaluevalidation"] {
        request.headers.insert(HeaderName::from_static(name), HeaderValue::from_static("Error"));
    }
    request
}

fn by_reference(erp: &NetSuite, reference: &str, query: &[(&str, &str)]) -> Url {
    let reference = utf8_percent_encode(reference, &RESERVED);
    erp.client().url(&format!("record/v1/salesOrder/eid:{reference}"), query)
}

fn by_id(erp: &NetSuite, id: i64, query: &[(&str, &str)]) -> Url {
    erp.client().url(&format!("record/v1/salesOrder/{id}"), query)
}

fn pushed(answer: &HttpAnswer, erp_key: Option<String>) -> Pushed {
    Pushed { erp_key, message: format!("{} answered {}", place(&answer.url), answer.status) }
}
