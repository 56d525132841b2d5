//! Sending orders, and finding them again by our reference. Business Central has no idempotency key: what may have been
//! taken is looked for before it is sent again.

use domain::DataType;
use domain::change::Operation;
use domain::json::{Json, Kind};
use http::header::IF_MATCH;
use http::{HeaderValue, Method, StatusCode};
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, place};

use super::client::{BusinessCentral, OrderThere};
use super::mapping::{LINES, order_template, quoted, update_template};
use crate::rest::{self, Fate, fate};
use crate::{Found, Lookup, Push, PushError, Pushed};

/// The longest `externalDocumentNumber`, in characters.
const LONGEST_REFERENCE: usize = 35;

/// Where a reference may stand, and what the order's number is called there: an order that was shipped and invoiced is
/// no more among the orders.
const PLACES: [(&str, &str); 3] =
    [("salesOrders", "number"), ("salesShipments", "orderNumber"), ("salesInvoices", "orderNumber")];

/// Makes, changes or deletes an order.
///
/// # Errors
/// With what is known of its fate.
pub(super) async fn push(erp: &BusinessCentral, push: &Push<'_>) -> Result<Pushed, PushError> {
    if push.data_type != DataType::Orders {
        return Err(PushError::Rejected(ErpError::Rejected(format!(
            "Business Central takes orders only: let the sync config of {} pull",
            push.data_type
        ))));
    }
    match push.operation {
        Operation::Create => create(erp, push).await,
        Operation::Update => change(erp, push).await,
        Operation::Delete => delete(erp, push).await,
    }
}

async fn create(erp: &BusinessCentral, push: &Push<'_>) -> Result<Pushed, PushError> {
    if push.reference.chars().count() > LONGEST_REFERENCE {
        return Err(PushError::NeedsMapping(format!(
            "reference is longer than the {LONGEST_REFERENCE} characters of externalDocumentNumber, by which the order \
             is found again: shorten it"
        )));
    }
    let body = rest::body(push, erp.push_settings(), &order_template(), &["customerId", "lines"])?;
    let url = erp.url("salesOrders", &[]).await.map_err(PushError::NotSent)?;
    let request = erp.client().write(Method::POST, url, body);
    let answer = erp.client().deliver(&request).await?;
    fate(&answer, &request, push.operation, false)?;
    // The order is there, whatever the answer holds.
    let json = rest::read(&answer, &request).map_err(PushError::Unknown)?;
    let number = json.and_then(|json| json.at("number")).and_then(Json::as_string);
    Ok(pushed(&answer, number.map(std::borrow::Cow::into_owned)))
}

async fn change(erp: &BusinessCentral, push: &Push<'_>) -> Result<Pushed, PushError> {
    let there = erp.order(push.key, LINES).await.map_err(PushError::NotSent)?;
    let there = there.ok_or_else(|| {
        PushError::Rejected(ErpError::Rejected(format!(
            "Business Central has no sales order {} any more: it was deleted, or shipped and invoiced",
            push.key
        )))
    })?;
    if changes_lines(push, &there) {
        return Err(PushError::Rejected(ErpError::Rejected(format!(
            "the lines of sales order {} differ from those in Business Central, which cannot be changed from here: \
             change them there, and let the order be pulled",
            push.key
        ))));
    }
    let body = rest::body(push, erp.push_settings(), &update_template(), &[])?;
    let request = write(erp, Method::PATCH, &there, body).await?;
    let answer = deliver(erp, &request, push).await?;
    fate(&answer, &request, push.operation, false)?;
    Ok(pushed(&answer, None))
}

async fn delete(erp: &BusinessCentral, push: &Push<'_>) -> Result<Pushed, PushError> {
    let there = erp.order(push.key, "").await.map_err(PushError::NotSent)?;
    let Some(there) = there else {
        let message = format!("Business Central has no sales order {} any more", push.key);
        return Ok(Pushed { erp_key: None, message });
    };
    let request = write(erp, Method::DELETE, &there, String::new()).await?;
    let answer = deliver(erp, &request, push).await?;
    match fate(&answer, &request, push.operation, false)? {
        Fate::Done | Fate::WasGone => Ok(pushed(&answer, None)),
    }
}

/// A request that changes an order as long as nobody else did since it was read.
async fn write(
    erp: &BusinessCentral,
    method: Method,
    there: &OrderThere,
    body: String,
) -> Result<HttpRequest, PushError> {
    let url = erp.url(&format!("salesOrders({})", there.id), &[]).await.map_err(PushError::NotSent)?;
    let mut request = erp.client().write(method, url, body);
    let etag = HeaderValue::from_str(&there.etag).map_err(|_| {
        let sentence = "Business Central gave an @odata.etag that cannot be sent back".to_owned();
        PushError::NotSent(ErpError::Malformed(sentence))
    })?;
    request.headers.insert(IF_MATCH, etag);
    Ok(request)
}

async fn deliver(
    erp: &BusinessCentral,
    request: &HttpRequest,
    push: &Push<'_>,
) -> Result<HttpAnswer, PushError> {
    let answer = erp.client().deliver(request).await?;
    if matches!(answer.status, StatusCode::CONFLICT | StatusCode::PRECONDITION_FAILED) {
        return Err(PushError::NotSent(ErpError::Unavailable(format!(
            "sales order {} was changed in Business Central at the same moment: {}",
            push.key,
            answer.failure(request)
        ))));
    }
    Ok(answer)
}

fn pushed(answer: &HttpAnswer, erp_key: Option<String>) -> Pushed {
    Pushed { erp_key, message: format!("{} answered {}", place(&answer.url), answer.status) }
}

/// Whether the record has other lines than the order has there: nested lines are taken with a new order only.
fn changes_lines(push: &Push<'_>, there: &OrderThere) -> bool {
    let theirs = Json::parse(there.text.as_bytes()).ok().and_then(|order| order.get(LINES));
    rest::changes_lines(push, theirs, "lineObjectNumber", "quantity")
}

/// Looks an order up by our reference, wherever it has come to.
///
/// # Errors
/// With what they said; `Malformed` if several orders have the reference.
pub(super) async fn find(erp: &BusinessCentral, lookup: &Lookup<'_>) -> Result<Option<Found>, ErpError> {
    let condition = format!("externalDocumentNumber eq {}", quoted(lookup.reference));
    let mut numbers = Vec::new();
    for (list, number) in PLACES {
        let query = [("$filter", condition.as_str()), ("$select", number)];
        // Not from a replica: the order may have come a moment ago.
        let request = erp.client().get(erp.url(list, &query).await?);
        let answer = erp.client().send(&request).await?;
        let Some(json) = rest::read(&answer, &request)? else { continue };
        let Some(found) = json.at("value").filter(|found| found.kind() == Kind::Array) else {
            return Err(ErpError::Malformed(format!("{} answered without a list", place(&answer.url))));
        };
        let text = |record: Json<'_>| Some(record.get(number)?.as_string()?.into_owned());
        numbers.extend(found.items().into_iter().filter_map(text).filter(|number| !number.is_empty()));
    }
    numbers.sort_unstable();
    numbers.dedup();
    match numbers.len() {
        0 | 1 => Ok(numbers.pop().map(|number| Found { erp_key: Some(number) })),
        several => Err(ErpError::Malformed(format!(
            "Business Central has {several} different orders with the reference {}: only one of them may stay there",
            lookup.reference
        ))),
    }
}
