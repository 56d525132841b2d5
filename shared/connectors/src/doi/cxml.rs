//! cXML 1.2: the order request, and the profile request by which a connection is tested. The order of elements is the
//! one of the DTD, <http://xml.cxml.org/schemas/cXML/1.2.063/cXML.dtd>, whose comments say what each field means.

use domain::change::Operation;
use domain::connection::{DeploymentMode, DoiIdentity};
use domain::records::{Address, Order, OrderLine};
use jiff::Timestamp;
use rust_decimal::Decimal;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::config::Config;
use super::order::{Outgoing, country, line_numbers, needed, writable};
use super::xml::Element;
use crate::PushError;

pub(super) const DOCTYPE: &str =
    "<!DOCTYPE cXML SYSTEM \"http://xml.cxml.org/schemas/cXML/1.2.063/cXML.dtd\">\n";
const USER_AGENT: &str = concat!("Causeway/", env!("CARGO_PKG_VERSION"));
const STANDARD: &str = "cXML";

/// The document that makes, changes or takes back an order. A retry has the payloadID of what it repeats, by which the
/// receiver knows it.
///
/// # Errors
/// `NeedsMapping`, naming what the record lacks.
pub(super) fn order_request(config: &Config, outgoing: &Outgoing<'_>) -> Result<String, PushError> {
    let request = Element::new("OrderRequest")
        .with(header(config, outgoing)?)
        .with_all(items(config, &outgoing.order)?);
    writable(message(config, outgoing.document_id(), outgoing.now, request))
}

/// The document that asks what the receiver can do, which is cXML's way to see whether it knows us.
pub(super) fn profile_request(config: &Config, id: &str, now: Timestamp) -> String {
    message(config, id, now, Element::new("ProfileRequest"))
}

fn message(config: &Config, id: &str, now: Timestamp, content: Element) -> String {
    let doi = &config.doi;
    let mode = match doi.deployment_mode {
        DeploymentMode::Production => "production",
        DeploymentMode::Test => "test",
    };
    let secret =
        config.shared_secret.as_ref().map(|secret| Element::text("SharedSecret", secret.expose_secret()));
    let sender = doi.sender.as_ref().or(doi.from.as_ref());
    let header = Element::new("Header")
        .with(Element::new("From").with_all(doi.from.as_ref().map(|party| credential(party, None))))
        .with(Element::new("To").with_all(doi.to.as_ref().map(|party| credential(party, None))))
        .with(
            Element::new("Sender")
                .with_all(sender.map(|party| credential(party, secret)))
                .with(Element::text("UserAgent", USER_AGENT)),
        );
    Element::new("cXML")
        .attr("payloadID", format!("{id}@causeway"))
        .attr("timestamp", moment(now))
        .attr("xml:lang", &doi.language)
        .with(header)
        .with(Element::new("Request").attr("deploymentMode", mode).with(content))
        .document(DOCTYPE)
}

fn credential(party: &DoiIdentity, secret: Option<Element>) -> Element {
    Element::new("Credential")
        .attr("domain", &party.domain)
        .with(Element::text("Identity", &party.identity))
        .with_all(secret)
}

fn header(config: &Config, outgoing: &Outgoing<'_>) -> Result<Element, PushError> {
    let order = &outgoing.order;
    let kind = match outgoing.operation {
        Operation::Create => "new",
        Operation::Update => "update",
        Operation::Delete => "delete",
    };
    let currency = needed(order.currency.as_deref(), "currency", STANDARD)?;
    let total = needed(order.total, "total", STANDARD)?;
    let ordered_at = needed(order.ordered_at, "orderedAt", STANDARD)?;
    let sum =
        |name: &str, amount: Option<Decimal>| amount.map(|amount| priced(config, name, amount, currency));
    Ok(Element::new("OrderRequestHeader")
        .attr("orderID", outgoing.key)
        .attr("orderDate", moment(ordered_at))
        .attr("type", kind)
        .attr_if("requisitionID", Some(outgoing.reference.to_owned()).filter(|own| own != outgoing.key))
        .attr_if("requestedDeliveryDate", order.required_on.map(|day| format!("{day}T00:00:00+00:00")))
        .with(Element::new("Total").with(money(total, currency)))
        .with_all(ship_to(config, order)?)
        .with(bill_to(config, order)?)
        .with_all(sum("Shipping", order.shipping_cost))
        .with_all(sum("Tax", order.tax))
        .with_all(order.notes.as_ref().map(|notes| in_our_language(config, "Comments", notes)))
        .with_all(order.customer_id.as_ref().map(|customer| {
            Element::new("IdReference").attr("identifier", customer).attr("domain", "buyerAccountID")
        }))
        .with_all(order.extra.iter().flatten().filter_map(|(name, value)| extrinsic(name, value))))
}

fn ship_to(config: &Config, order: &Order) -> Result<Option<Element>, PushError> {
    let Some(to) = &order.shipping_address else { return Ok(None) };
    let email = order.email.as_ref().map(|email| Element::text("Email", email));
    let address = address(config, order, to, "shippingAddress")?.with_all(email);
    Ok(Some(Element::new("ShipTo").with(address)))
}

/// Where the bill goes: an address, or the buyer's name alone.
fn bill_to(config: &Config, order: &Order) -> Result<Element, PushError> {
    let address = match (&order.billing_address, &config.doi.buyer_name) {
        (Some(to), _) => address(config, order, to, "billingAddress")?,
        (None, Some(name)) => Element::new("Address").with(in_our_language(config, "Name", name)),
        (None, None) => {
            return Err(PushError::NeedsMapping(
                "billingAddress is missing, and cXML wants to know where the bill goes: add it to the record, or set \
                 settings.doi.buyerName"
                    .to_owned(),
            ));
        }
    };
    Ok(Element::new("BillTo").with(address))
}

fn address(config: &Config, order: &Order, to: &Address, field: &str) -> Result<Element, PushError> {
    let name = to.name.as_ref().or(order.customer_name.as_ref()).or(config.doi.buyer_name.as_ref());
    let name = needed(name, &format!("{field}.name"), STANDARD)?;
    let street = needed(to.street.as_ref(), &format!("{field}.street"), STANDARD)?;
    let city = needed(to.city.as_ref(), &format!("{field}.city"), STANDARD)?;
    let country = country(to, field, STANDARD)?;
    let part = |name: &str, value: Option<&String>| value.map(|value| Element::text(name, value));
    let postal = Element::new("PostalAddress")
        .with(Element::text("Street", street))
        .with_all(part("Street", to.street2.as_ref()))
        .with(Element::text("City", city))
        .with_all(part("State", to.region.as_ref()))
        .with_all(part("PostalCode", to.postal_code.as_ref()))
        .with(Element::text("Country", country).attr("isoCountryCode", country));
    Ok(Element::new("Address")
        .attr("isoCountryCode", country)
        .with(in_our_language(config, "Name", name))
        .with(postal))
}

fn items(config: &Config, order: &Order) -> Result<Vec<Element>, PushError> {
    let lines = order.lines.as_deref().filter(|lines| !lines.is_empty());
    let lines = needed(lines, "lines", STANDARD)?;
    let currency = needed(order.currency.as_deref(), "currency", STANDARD)?;
    let numbers = line_numbers(lines, is_position);
    let numbered = lines.iter().zip(numbers).enumerate();
    numbered.map(|(position, (line, number))| item(config, line, number, position, currency)).collect()
}

/// Whether it can be the number of a line: they count from 1.
fn is_position(number: &str) -> bool {
    number.parse::<u32>().is_ok_and(|parsed| parsed > 0 && parsed.to_string() == number)
}

fn item(
    config: &Config,
    line: &OrderLine,
    number: String,
    position: usize,
    currency: &str,
) -> Result<Element, PushError> {
    let field = |name: &str| format!("lines.{position}.{name}");
    let quantity = needed(line.quantity, &field("quantity"), STANDARD)?;
    let sku = needed(line.sku.as_ref(), &field("sku"), STANDARD)?;
    let price = needed(line.unit_price, &field("unitPrice"), STANDARD)?;
    let doi = &config.doi;
    let detail = Element::new("ItemDetail")
        .with(Element::new("UnitPrice").with(money(price, currency)))
        .with(in_our_language(config, "Description", line.description.as_ref().unwrap_or(sku)))
        .with(Element::text("UnitOfMeasure", line.unit.as_ref().unwrap_or(&doi.unit)))
        .with(
            Element::text("Classification", &doi.classification.code)
                .attr("domain", &doi.classification.domain),
        )
        .with_all(line.discount.and_then(|discount| extrinsic("discount", &discount.to_string().into())))
        .with_all(line.extra.iter().flatten().filter_map(|(name, value)| extrinsic(name, value)));
    Ok(Element::new("ItemOut")
        .attr("quantity", quantity.0.to_string())
        .attr("lineNumber", number)
        .with(Element::new("ItemID").with(Element::text("SupplierPartID", sku)))
        .with(detail))
}

/// A field of the user's own, or one that cXML has no place for.
fn extrinsic(name: &str, value: &Value) -> Option<Element> {
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(_) | Value::Bool(_) => value.to_string(),
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    Some(Element::text("Extrinsic", text).attr("name", name))
}

/// An amount with the description that it needs.
fn priced(config: &Config, name: &str, amount: Decimal, currency: &str) -> Element {
    Element::new(name).with(money(amount, currency)).with(in_our_language(config, "Description", name))
}

/// Text for people.
fn in_our_language(config: &Config, name: &str, text: &str) -> Element {
    Element::text(name, text).attr("xml:lang", &config.doi.language)
}

fn money(amount: Decimal, currency: &str) -> Element {
    Element::text("Money", amount.to_string()).attr("currency", currency)
}

/// With its offset, which cXML wants.
fn moment(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}
