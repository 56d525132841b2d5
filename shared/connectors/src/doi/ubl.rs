//! UBL 2.1: the order, its change and its cancellation. The order of elements is the one of the schemas,
//! <https://docs.oasis-open.org/ubl/os-UBL-2.1/xsd/maindoc/>; a later 2.x reads the same document.

use domain::change::Operation;
use domain::connection::DoiIdentity;
use domain::records::{Address, Order, OrderLine};
use jiff::Timestamp;
use rust_decimal::Decimal;

use super::config::Config;
use super::order::{Outgoing, country, line_numbers, needed, writable};
use super::xml::Element;
use crate::PushError;

const STANDARD: &str = "UBL";
const COMPONENTS: [(&str, &str); 2] = [
    ("xmlns:cac", "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"),
    ("xmlns:cbc", "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"),
];
/// An order, among the document types of UN/CEFACT list 1001.
const ORDER: &str = "220";

/// The document that makes, changes or takes back an order. Its ids are the same for each try.
///
/// # Errors
/// `NeedsMapping`, naming what the record lacks.
pub(super) fn order(config: &Config, outgoing: &Outgoing<'_>) -> Result<String, PushError> {
    let document = match outgoing.operation {
        Operation::Create => new_order(config, outgoing)?,
        Operation::Update => order_change(config, outgoing)?,
        Operation::Delete => order_cancellation(config, outgoing),
    };
    writable(document.document(""))
}

fn new_order(config: &Config, outgoing: &Outgoing<'_>) -> Result<Element, PushError> {
    let order = &outgoing.order;
    let issued = needed(order.ordered_at, "orderedAt", STANDARD)?;
    let head = root("Order", config, outgoing.key, outgoing)
        .with_all(issue(issued))
        .with(basic("OrderTypeCode", ORDER))
        .with_all(order.notes.as_deref().map(|notes| basic("Note", notes)))
        .with_all(order.currency.as_deref().map(|currency| basic("DocumentCurrencyCode", currency)))
        .with_all(own_reference(outgoing));
    body(head, config, order)
}

fn order_change(config: &Config, outgoing: &Outgoing<'_>) -> Result<Element, PushError> {
    let order = &outgoing.order;
    let head = root("OrderChange", config, outgoing.document_id(), outgoing)
        .with_all(issue(outgoing.now))
        .with(basic("SequenceNumberID", outgoing.document_id()))
        .with_all(order.notes.as_deref().map(|notes| basic("Note", notes)))
        .with_all(order.currency.as_deref().map(|currency| basic("DocumentCurrencyCode", currency)))
        .with_all(own_reference(outgoing))
        .with(order_reference(outgoing));
    body(head, config, order)
}

fn order_cancellation(config: &Config, outgoing: &Outgoing<'_>) -> Element {
    root("OrderCancellation", config, outgoing.document_id(), outgoing)
        .with_all(issue(outgoing.now))
        .with(basic("CancellationNote", "The order is taken back."))
        .with(order_reference(outgoing))
        .with(buyer(config, &outgoing.order))
        .with(seller(config))
}

/// What every document begins with.
fn root(name: &str, config: &Config, id: &str, outgoing: &Outgoing<'_>) -> Element {
    let namespace = format!("urn:oasis:names:specification:ubl:schema:xsd:{name}-2");
    let root = Element::new(name).attr("xmlns", namespace);
    let root = COMPONENTS.iter().fold(root, |root, (name, value)| root.attr(name, *value));
    let optional = |name: &str, value: &Option<String>| value.as_deref().map(|value| basic(name, value));
    root.with(basic("UBLVersionID", "2.1"))
        .with_all(optional("CustomizationID", &config.doi.customization_id))
        .with_all(optional("ProfileID", &config.doi.profile_id))
        .with(basic("ID", id))
        .with(basic("UUID", outgoing.uuid()))
}

fn issue(moment: Timestamp) -> [Element; 2] {
    let written = |format: &str| moment.strftime(format).to_string();
    [basic("IssueDate", written("%Y-%m-%d")), basic("IssueTime", written("%H:%M:%SZ"))]
}

fn own_reference(outgoing: &Outgoing<'_>) -> Option<Element> {
    (outgoing.reference != outgoing.key).then(|| basic("CustomerReference", outgoing.reference))
}

fn order_reference(outgoing: &Outgoing<'_>) -> Element {
    aggregate("OrderReference").with(basic("ID", outgoing.key))
}

/// Parties, delivery, amounts and lines, which an order and its change have in common.
fn body(head: Element, config: &Config, order: &Order) -> Result<Element, PushError> {
    let lines = order.lines.as_deref().filter(|lines| !lines.is_empty());
    let lines = needed(lines, "lines", STANDARD)?;
    let amounts = [order.tax, order.total, order.net_total, order.shipping_cost];
    let is_priced = |line: &OrderLine| line.unit_price.or(line.total).is_some();
    let currency = match order.currency.as_deref() {
        None if amounts.iter().any(Option::is_some) || lines.iter().any(is_priced) => {
            needed(None, "currency", STANDARD)?
        }
        currency => currency.unwrap_or_default(),
    };
    let tax = order.tax.map(|tax| aggregate("TaxTotal").with(money("TaxAmount", tax, currency)));
    let numbers = line_numbers(lines, |number| !number.trim().is_empty());
    let numbered = lines.iter().zip(numbers).enumerate();
    let items = numbered.map(|(position, (line, number))| item(config, line, number, position, currency));
    Ok(head
        .with(buyer(config, order))
        .with(seller(config))
        .with_all(accounting_customer(order)?)
        .with_all(delivery(order)?)
        .with_all(tax)
        .with_all(monetary_total(order, currency))
        .with_all(items.collect::<Result<Vec<_>, _>>()?))
}

fn buyer(config: &Config, order: &Order) -> Element {
    let name = config.doi.buyer_name.as_ref().or(order.customer_name.as_ref());
    let email = order.email.as_deref();
    let contact = email.map(|email| aggregate("Contact").with(basic("ElectronicMail", email)));
    aggregate("BuyerCustomerParty")
        .with_all(order.customer_id.as_deref().map(|id| basic("SupplierAssignedAccountID", id)))
        .with(party(config.doi.from.as_ref(), name.map(String::as_str)).with_all(contact))
}

fn seller(config: &Config) -> Element {
    aggregate("SellerSupplierParty").with(party(config.doi.to.as_ref(), config.doi.seller_name.as_deref()))
}

fn party(identity: Option<&DoiIdentity>, name: Option<&str>) -> Element {
    let identification = identity.map(|party| {
        aggregate("PartyIdentification").with(basic("ID", &party.identity).attr("schemeID", &party.domain))
    });
    aggregate("Party")
        .with_all(identification)
        .with_all(name.map(|name| aggregate("PartyName").with(basic("Name", name))))
}

/// Where the bill goes.
fn accounting_customer(order: &Order) -> Result<Option<Element>, PushError> {
    let Some(to) = &order.billing_address else { return Ok(None) };
    let party = party(None, to.name.as_deref()).with(address("PostalAddress", to, "billingAddress")?);
    Ok(Some(aggregate("AccountingCustomerParty").with(party)))
}

fn delivery(order: &Order) -> Result<Option<Element>, PushError> {
    let to = order.shipping_address.as_ref();
    if to.is_none() && order.required_on.is_none() {
        return Ok(None);
    }
    let place = to.map(|to| address("DeliveryAddress", to, "shippingAddress")).transpose()?;
    let wanted = order
        .required_on
        .map(|day| aggregate("RequestedDeliveryPeriod").with(basic("EndDate", day.to_string())));
    let name = to.and_then(|to| to.name.as_deref());
    let receiver =
        name.map(|name| aggregate("DeliveryParty").with(aggregate("PartyName").with(basic("Name", name))));
    Ok(Some(aggregate("Delivery").with_all(place).with_all(wanted).with_all(receiver)))
}

fn address(name: &str, address: &Address, field: &str) -> Result<Element, PushError> {
    let country = match address.country {
        Some(_) => Some(country(address, field, STANDARD)?),
        None => None,
    };
    let part = |name: &str, value: &Option<String>| value.as_deref().map(|value| basic(name, value));
    Ok(aggregate(name)
        .with_all(part("StreetName", &address.street))
        .with_all(part("AdditionalStreetName", &address.street2))
        .with_all(part("CityName", &address.city))
        .with_all(part("PostalZone", &address.postal_code))
        .with_all(part("CountrySubentity", &address.region))
        .with_all(country.map(|code| aggregate("Country").with(basic("IdentificationCode", code)))))
}

fn monetary_total(order: &Order, currency: &str) -> Option<Element> {
    let total = order.total?;
    let sum = |name: &str, amount: Option<Decimal>| amount.map(|amount| money(name, amount, currency));
    Some(
        aggregate("AnticipatedMonetaryTotal")
            .with_all(sum("LineExtensionAmount", order.net_total))
            .with_all(sum("ChargeTotalAmount", order.shipping_cost))
            .with(money("PayableAmount", total, currency)),
    )
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
    let sku = needed(line.sku.as_deref(), &field("sku"), STANDARD)?;
    let unit = line.unit.as_ref().unwrap_or(&config.doi.unit);
    let price = line.unit_price.map(|price| aggregate("Price").with(money("PriceAmount", price, currency)));
    let item = aggregate("Item")
        .with(basic("Name", line.description.as_deref().unwrap_or(sku)))
        .with(aggregate("SellersItemIdentification").with(basic("ID", sku)));
    let line = aggregate("LineItem")
        .with(basic("ID", number))
        .with(basic("Quantity", quantity.0.to_string()).attr("unitCode", unit))
        .with_all(line.total.map(|total| money("LineExtensionAmount", total, currency)))
        .with_all(price)
        .with(item);
    Ok(aggregate("OrderLine").with(line))
}

fn money(name: &str, amount: Decimal, currency: &str) -> Element {
    basic(name, amount.to_string()).attr("currencyID", currency)
}

fn basic(name: &str, text: impl Into<String>) -> Element {
    Element::text(&format!("cbc:{name}"), text)
}

fn aggregate(name: &str) -> Element {
    Element::new(&format!("cac:{name}"))
}
