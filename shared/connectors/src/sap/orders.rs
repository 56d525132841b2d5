//! Sending orders, and finding them again by our reference. SAP makes two orders of one that is sent twice (SAP note
//! 2931385): what may have been taken is looked for before it is sent again.

use domain::DataType;
use domain::change::Operation;
use domain::connection::providers::sap::{ODataVersion, SapService};
use domain::json::{Json, Kind};
use http::header::IF_MATCH;
use http::{HeaderValue, Method, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, place};

use super::client::Sap;
use super::mapping::quoted;
use super::pull::places;
use super::shape::write_plain;
use super::templates::{changed_order, in_milliseconds, new_order};
use crate::rest::{self, Fate, changes_lines, fate};
use crate::{Found, Lookup, Push, PushError, Pushed};

/// The longest `PurchaseOrderByCustomer`, in characters.
const LONGEST_REFERENCE: usize = 35;

/// Makes, changes or deletes an order.
///
/// # Errors
/// With what is known of its fate.
pub(super) async fn push(erp: &Sap, push: &Push<'_>) -> Result<Pushed, PushError> {
    if push.data_type != DataType::Orders {
        return Err(PushError::Rejected(ErpError::Rejected(format!(
            "SAP takes orders only: let the sync config of {} pull",
            push.data_type
        ))));
    }
    erp.list(push.data_type).map_err(PushError::Rejected)?;
    match push.operation {
        Operation::Create => create(erp, push).await,
        Operation::Update => change(erp, push).await,
        Operation::Delete => delete(erp, push).await,
    }
}

async fn create(erp: &Sap, push: &Push<'_>) -> Result<Pushed, PushError> {
    if push.reference.chars().count() > LONGEST_REFERENCE {
        return Err(PushError::NeedsMapping(format!(
            "reference is longer than the {LONGEST_REFERENCE} characters of PurchaseOrderByCustomer, by which the \
             order is found again: shorten it"
        )));
    }
    check_prices(erp, push)?;
    let template = match &erp.push_settings().create.body {
        Some(own) => own.clone(),
        None => new_order(erp.settings()).map_err(PushError::NotSent)?,
    };
    let body = rest::body(push, Some(erp.push_settings()), &template, &["customerId", "lines"])?;
    let url = erp.url(SapService::Orders, set(erp), &[]);
    let request = erp.client().write(Method::POST, url, in_milliseconds(&body));
    let answer = erp.deliver(&request).await?;
    fate(&answer, &request, push.operation, false)?;
    // The order is there, whatever the answer holds.
    let json = rest::read(&answer, &request).map_err(PushError::Unknown)?;
    let number = json.and_then(|json| json.at("d.SalesOrder").or_else(|| json.at("SalesOrder")));
    Ok(pushed(&answer, number.and_then(Json::as_string).map(std::borrow::Cow::into_owned)))
}

/// A line without a price would be a gift where our prices are sent.
fn check_prices(erp: &Sap, push: &Push<'_>) -> Result<(), PushError> {
    if erp.settings().order.price_condition.is_none() || erp.push_settings().create.body.is_some() {
        return Ok(());
    }
    let lines = push.record.map(Json::from).and_then(|record| record.get("lines")).map(Json::items);
    let is_free = |line: &Json<'_>| line.get("unitPrice").is_none_or(|price| price.kind() == Kind::Null);
    match lines.unwrap_or_default().iter().position(is_free) {
        None => Ok(()),
        Some(position) => Err(PushError::NeedsMapping(format!(
            "lines.{position}.unitPrice is missing, and settings.sap.order.priceCondition sends our prices: add it to \
             the record"
        ))),
    }
}

async fn change(erp: &Sap, push: &Push<'_>) -> Result<Pushed, PushError> {
    let there = there(erp, push.key, true).await.map_err(PushError::NotSent)?.ok_or_else(|| {
        PushError::Rejected(ErpError::Rejected(format!("SAP has no sales order {} any more", push.key)))
    })?;
    let order = Json::parse(there.text.as_bytes()).ok();
    if changes_lines(push, order.and_then(|order| order.get("Item")), "Material", "RequestedQuantity") {
        return Err(PushError::Rejected(ErpError::Rejected(format!(
            "the lines of sales order {} differ from those in SAP, which cannot be changed from here: change them \
             there, and let the order be pulled",
            push.key
        ))));
    }
    let body = rest::body(push, Some(erp.push_settings()), &changed_order(erp.settings()), &[])?;
    let request = write(erp, Method::PATCH, push.key, &there, in_milliseconds(&body))?;
    let answer = deliver(erp, &request, push).await?;
    fate(&answer, &request, push.operation, false)?;
    Ok(pushed(&answer, None))
}

async fn delete(erp: &Sap, push: &Push<'_>) -> Result<Pushed, PushError> {
    let Some(there) = there(erp, push.key, false).await.map_err(PushError::NotSent)? else {
        let message = format!("SAP has no sales order {} any more", push.key);
        return Ok(Pushed { erp_key: None, message });
    };
    let request = write(erp, Method::DELETE, push.key, &there, String::new())?;
    let answer = deliver(erp, &request, push).await?;
    match fate(&answer, &request, push.operation, false)? {
        Fate::Done | Fate::WasGone => Ok(pushed(&answer, None)),
    }
}

/// A sales order as it is there.
struct OrderThere {
    etag: HeaderValue,
    /// Its JSON, without what is OData's own.
    text: String,
}

/// The sales order with this number.
async fn there(erp: &Sap, number: &str, with_items: bool) -> Result<Option<OrderThere>, ErpError> {
    let version = erp.settings().version(SapService::Orders);
    let condition = format!("SalesOrder eq {}", quoted(number));
    let (items, etag) = match version {
        ODataVersion::V2 => ("to_Item", "__metadata.etag"),
        ODataVersion::V4 => ("_Item", "@odata.etag"),
    };
    let mut query = vec![("$filter", condition.as_str())];
    if with_items {
        query.push(("$expand", items));
    }
    let request = erp.client().get(erp.url(SapService::Orders, set(erp), &query));
    let answer = erp.client().send(&request).await?;
    let Some(json) = rest::read(&answer, &request)? else { return Ok(None) };
    let orders = listed(json.at(places(version).0), &answer)?;
    let Some(order) = orders.first() else { return Ok(None) };
    let etag = match version {
        ODataVersion::V2 => order.at(etag),
        ODataVersion::V4 => order.get(etag),
    };
    let etag = etag.and_then(Json::as_string).and_then(|etag| HeaderValue::from_str(&etag).ok());
    let mut text = String::new();
    write_plain(*order, true, &mut text);
    // A release without ETags lets anything change anything.
    let etag = etag.unwrap_or(HeaderValue::from_static("*"));
    Ok(Some(OrderThere { etag, text }))
}

/// A request that changes an order as long as nobody else did since it was read.
fn write(
    erp: &Sap,
    method: Method,
    number: &str,
    there: &OrderThere,
    body: String,
) -> Result<HttpRequest, PushError> {
    let key = utf8_percent_encode(&number.replace('\'', "''"), NON_ALPHANUMERIC).to_string();
    let url = erp.url(SapService::Orders, &format!("{}('{key}')", set(erp)), &[]);
    let mut request = erp.client().write(method, url, body);
    request.headers.insert(IF_MATCH, there.etag.clone());
    Ok(request)
}

async fn deliver(erp: &Sap, request: &HttpRequest, push: &Push<'_>) -> Result<HttpAnswer, PushError> {
    let answer = erp.deliver(request).await?;
    if answer.status == StatusCode::PRECONDITION_FAILED {
        return Err(PushError::NotSent(ErpError::Unavailable(format!(
            "sales order {} was changed in SAP at the same moment: {}",
            push.key,
            answer.failure(request)
        ))));
    }
    Ok(answer)
}

fn pushed(answer: &HttpAnswer, erp_key: Option<String>) -> Pushed {
    Pushed { erp_key, message: format!("{} answered {}", place(&answer.url), answer.status) }
}

/// The list of orders in addresses.
fn set(erp: &Sap) -> &'static str {
    match erp.settings().version(SapService::Orders) {
        ODataVersion::V2 => "A_SalesOrder",
        ODataVersion::V4 => "SalesOrder",
    }
}

fn listed<'a>(list: Option<Json<'a>>, answer: &HttpAnswer) -> Result<Vec<Json<'a>>, ErpError> {
    let list = list.filter(|list| list.kind() == Kind::Array);
    list.map(Json::items).ok_or_else(|| {
        ErpError::Malformed(format!("{} answered without a list of records", place(&answer.url)))
    })
}

/// Looks an order up by our reference.
///
/// # Errors
/// With what they said; `Malformed` if several orders have the reference.
pub(super) async fn find(erp: &Sap, lookup: &Lookup<'_>) -> Result<Option<Found>, ErpError> {
    erp.list(DataType::Orders)?;
    let condition = format!("PurchaseOrderByCustomer eq {}", quoted(lookup.reference));
    let query = [("$filter", condition.as_str()), ("$select", "SalesOrder")];
    let request = erp.client().get(erp.url(SapService::Orders, set(erp), &query));
    let answer = erp.client().send(&request).await?;
    let Some(json) = rest::read(&answer, &request)? else { return Ok(None) };
    let orders = listed(json.at(places(erp.settings().version(SapService::Orders)).0), &answer)?;
    let number = |order: &Json<'_>| Some(order.get("SalesOrder")?.as_string()?.into_owned());
    match &orders.iter().filter_map(number).collect::<Vec<_>>()[..] {
        [] => Ok(None),
        [number] => Ok(Some(Found { erp_key: Some(number.clone()) })),
        several => Err(ErpError::Malformed(format!(
            "SAP has {} sales orders with the customer reference {}: only one of them may stay there",
            several.len(),
            lookup.reference
        ))),
    }
}
