//! From the other side's documents to records, as JSON with our own names. Pure.

use domain::DataType;
use domain::notation::Notation;
use domain::number;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::xml::Element;

/// The records of a document; or why it has none.
///
/// # Errors
/// With a sentence, to be shown beside the document.
pub(super) fn records(data_type: DataType, root: &Element) -> Result<Vec<Value>, String> {
    let request = root.at("Request").and_then(|request| request.children.first());
    let found = match (root.name.as_str(), request.map(|request| (request.name.as_str(), request))) {
        ("cXML", Some(("ConfirmationRequest", request))) => vec![confirmation(request)],
        ("cXML", Some(("ShipNoticeRequest", request))) => ship_notice(request),
        ("cXML", Some(("InvoiceDetailRequest", request))) => vec![cxml_invoice(request)],
        ("OrderResponse" | "OrderResponseSimple", _) => order_response(root),
        ("DespatchAdvice", _) => despatch(root),
        ("Invoice", _) => vec![ubl_invoice(root, "InvoiceLine", "InvoicedQuantity", "invoice")],
        ("CreditNote", _) => vec![ubl_invoice(root, "CreditNoteLine", "CreditedQuantity", "credit_note")],
        ("Catalogue", _) => root.all("CatalogueLine").map(product).collect(),
        (other, _) => return Err(format!("<{other}> holds no {data_type}")),
    };
    if found.is_empty() {
        return Err(format!("<{}> names no {data_type}", root.name));
    }
    Ok(found)
}

/// The fields that there are.
fn record<'a>(fields: impl IntoIterator<Item = (&'static str, Option<&'a str>)>) -> Value {
    let there = |(name, value): (&'static str, Option<&'a str>)| Some((name.to_owned(), value?.into()));
    Value::Object(fields.into_iter().filter_map(there).collect::<Map<_, _>>())
}

/// An invoice with its lines. Where it is of one order, the lines need not repeat which.
fn with_lines(mut record: Value, mut lines: Vec<Value>) -> Value {
    if let Some(order) = record.get("orderNumber") {
        for line in lines.iter_mut().filter_map(Value::as_object_mut) {
            if line.get("orderNumber") == Some(order) {
                line.remove("orderNumber");
            }
        }
    }
    if !lines.is_empty() {
        record["lines"] = lines.into();
    }
    record
}

/// The order that an element of cXML is about.
fn ordered(element: &Element) -> Option<&str> {
    ["OrderReference", "OrderIDInfo"].iter().find_map(|name| element.at(name)?.attribute("orderID"))
}

/// The kind of a confirmation is their word for the status: accept, reject, backordered, except, detail, …
fn confirmation(request: &Element) -> Value {
    let header = request.at("ConfirmationHeader");
    let of_header = |name: &str| header.and_then(|header| header.attribute(name));
    record([
        ("orderNumber", ordered(request).or(header.and_then(ordered))),
        ("status", of_header("type")),
        ("modifiedAt", of_header("noticeDate")),
    ])
}

/// A record for each order that something of is shipped.
fn ship_notice(request: &Element) -> Vec<Value> {
    let header = request.at("ShipNoticeHeader");
    let of_header = |name: &str| header.and_then(|header| header.attribute(name));
    let status = match (of_header("operation"), of_header("shipmentType"), of_header("fulfillmentType")) {
        (Some("delete"), _, _) => "shipment_withdrawn",
        (_, Some("planned"), _) => "shipment_planned",
        (_, _, Some("partial")) => "partially_shipped",
        _ => "shipped",
    };
    let shipped_at = of_header("shipmentDate").filter(|_| status.ends_with("shipped"));
    let control = request.at("ShipControl");
    let carriers = || control.into_iter().flat_map(|control| control.all("CarrierIdentifier"));
    let named = carriers().find(|carrier| carrier.attribute("domain") == Some("companyName"));
    let shipment = control.and_then(|control| control.at("ShipmentIdentifier"));
    let of_order = |portion: &Element| {
        record([
            ("orderNumber", ordered(portion)),
            ("status", Some(status)),
            ("carrier", named.or(carriers().next()).and_then(Element::content)),
            ("trackingNumber", shipment.and_then(Element::content)),
            ("trackingUrl", shipment.and_then(|shipment| shipment.attribute("trackingURL"))),
            ("shippedAt", shipped_at),
            ("modifiedAt", of_header("noticeDate")),
        ])
    };
    request.all("ShipNoticePortion").map(of_order).collect()
}

/// An invoice, which may be for several orders, of articles, of services, or of whole orders.
fn cxml_invoice(request: &Element) -> Value {
    let header = request.at("InvoiceDetailRequestHeader");
    let of_header = |name: &str| header.and_then(|header| header.attribute(name));
    let currency = ["NetAmount", "GrossAmount", "SubtotalAmount"];
    let currency = currency
        .iter()
        .find_map(|name| request.at(&format!("InvoiceDetailSummary/{name}/Money"))?.attribute("currency"));
    let sum =
        |path: &str| request.amount_at(&format!("InvoiceDetailSummary/{path}/Money"), "currency", currency);
    let of_order = |order: &Element| order.at("InvoiceDetailOrderInfo").and_then(ordered).map(str::to_owned);
    let mut lines = Vec::new();
    let mut orders = Vec::new();
    for order in request.all("InvoiceDetailOrder").chain(request.all("InvoiceDetailHeaderOrder")) {
        let number = of_order(order);
        let line = |item| cxml_line(item, number.as_deref(), currency);
        let items = ["InvoiceDetailItem", "InvoiceDetailServiceItem", "InvoiceDetailOrderSummary"];
        lines.extend(order.children.iter().filter(|item| items.contains(&item.name.as_str())).map(line));
        orders.push(number);
    }
    let invoice = record([
        ("invoiceNumber", of_header("invoiceID")),
        ("orderNumber", only(&orders)),
        ("status", of_header("purpose").or(Some("standard"))),
        ("currency", currency),
        ("netTotal", sum("SubtotalAmount")),
        ("tax", sum("Tax")),
        ("total", sum("GrossAmount").or(sum("NetAmount"))),
        ("balance", sum("DueAmount")),
        ("issuedOn", of_header("invoiceDate").map(day)),
    ]);
    with_lines(invoice, lines)
}

fn cxml_line(item: &Element, order: Option<&str>, currency: Option<&str>) -> Value {
    let about = ["InvoiceDetailItemReference", "InvoiceDetailServiceItemReference"];
    let about = about.iter().find_map(|name| item.at(name));
    let text = |path: &str| about.and_then(|about| about.text_at(path));
    let sku = ["ItemID/SupplierPartID", "ItemID/BuyerPartID"].iter().find_map(|path| text(path));
    let basis = item.at("PriceBasisQuantity").and_then(|basis| basis.attribute("quantity"));
    let price = price_of_one(item.amount_at("UnitPrice/Money", "currency", currency), basis);
    record([
        ("lineNumber", item.attribute("invoiceLineNumber")),
        ("orderNumber", order),
        ("sku", sku),
        ("description", text("Description")),
        ("quantity", item.attribute("quantity")),
        ("unitPrice", price.as_deref()),
        ("total", item.amount_at("SubtotalAmount/Money", "currency", currency)),
    ])
}

/// The order that all name; none where they name several, of which each line has its own, or where one names none.
fn only(orders: &[Option<String>]) -> Option<&str> {
    let first = orders.first()?.as_deref()?;
    orders.iter().all(|order| order.as_deref() == Some(first)).then_some(first)
}

/// Most decimals of a price; what has more has no end.
const PRICE_DECIMALS: u32 = 12;

/// The price of one, where a price is told for so many: UBL's `BaseQuantity`, cXML's `PriceBasisQuantity`. None where it has
/// no end as a decimal number, such as 10 for 3.
fn price_of_one(price: Option<&str>, of: Option<&str>) -> Option<String> {
    let price = price?;
    let Some(of) = of else { return Some(price.to_owned()) };
    let (whole, of) = (number::read(price, Notation::Point).ok()?, number::read(of, Notation::Point).ok()?);
    if of == Decimal::ONE {
        return Some(price.to_owned());
    }
    let one = whole.checked_div(of)?;
    (one.round_dp(PRICE_DECIMALS) == one).then(|| one.normalize().to_string())
}

/// The sum of amounts that are told by kind, such as of taxes.
fn sum_of(amounts: &[&str]) -> Option<String> {
    match amounts {
        [] => None,
        [one] => Some((*one).to_owned()),
        many => {
            let mut numbers = many.iter().map(|amount| number::read(amount, Notation::Point).ok());
            let sum = numbers.try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount?))?;
            Some(sum.to_string())
        }
    }
}

/// The day of a moment.
fn day(moment: &str) -> &str {
    moment.get(..10).unwrap_or(moment)
}

/// When a document of UBL was written, to the second if it tells; without a zone, if it tells none.
fn issued(root: &Element) -> Option<String> {
    let told = root.text_at("IssueDate")?;
    let date = day(told);
    Some(match root.text_at("IssueTime") {
        Some(time) if time.ends_with('Z') || time.get(8..).is_some_and(|end| end.contains(['+', '-'])) => {
            format!("{date}T{time}")
        }
        Some(time) => format!("{date}T{time}{}", &told[date.len()..]),
        None => format!("{date}T00:00:00Z"),
    })
}

/// A record for each order that is answered.
fn order_response(root: &Element) -> Vec<Value> {
    // A truth of XML Schema is written as a word or as a digit.
    let accepted =
        root.text_at("AcceptedIndicator").map(|text| if matches!(text, "true" | "1") { "AP" } else { "RE" });
    let status = match root.text_at("OrderResponseCode").or(accepted) {
        Some("AB") => Some("received"),
        Some("AP") | None => Some("accepted"),
        Some("CA") => Some("conditionally_accepted"),
        Some("RE") => Some("rejected"),
        other => other,
    };
    let of_order = |order: Option<&str>| {
        record([
            ("orderNumber", order),
            ("reference", root.text_at("CustomerReference")),
            ("status", status),
            ("modifiedAt", issued(root).as_deref()),
        ])
    };
    let orders: Vec<&str> = root.all("OrderReference").filter_map(order_of).collect();
    if orders.is_empty() {
        vec![of_order(None)]
    } else {
        orders.into_iter().map(|order| of_order(Some(order))).collect()
    }
}

/// A record for each order that something of is shipped.
fn despatch(root: &Element) -> Vec<Value> {
    let of_lines =
        root.all("DespatchLine").filter_map(|line| order_of(line.at("OrderLineReference/OrderReference")?));
    let mut orders: Vec<&str> = root.all("OrderReference").filter_map(order_of).collect();
    orders.extend(of_lines);
    orders.sort_unstable();
    orders.dedup();
    let first = |paths: &[&str]| paths.iter().find_map(|path| root.text_at(path));
    let carrier = first(&[
        "Shipment/Consignment/CarrierParty/PartyName/Name",
        "Shipment/ShipmentStage/CarrierParty/PartyName/Name",
    ]);
    let shipped = first(&["Shipment/Delivery/Despatch/ActualDespatchDate"])
        .map(|date| format!("{}T00:00:00Z", day(date)));
    let written = issued(root);
    let of_order = |order: &str| {
        record([
            ("orderNumber", Some(order)),
            ("status", Some("shipped")),
            ("carrier", carrier),
            ("trackingNumber", first(&["Shipment/Consignment/ID", "Shipment/ID"])),
            ("shippedAt", shipped.as_deref().or(written.as_deref())),
            ("modifiedAt", written.as_deref()),
        ])
    };
    orders.into_iter().map(of_order).collect()
}

/// Where the number of an article stands, the seller's own first: PEPPOL asks for none of them.
const ARTICLE: [&str; 4] = [
    "Item/SellersItemIdentification/ID",
    "Item/StandardItemIdentification/ID",
    "Item/BuyersItemIdentification/ID",
    "Item/ManufacturersItemIdentification/ID",
];

fn ubl_invoice(root: &Element, line: &str, quantity: &str, status: &str) -> Value {
    let currency = root.text_at("DocumentCurrencyCode").or_else(|| only_currency(root));
    let amount =
        |element: &'_ Element, path: &str| element.amount_at(path, "currencyID", currency).map(str::to_owned);
    let total = |name: &str| amount(root, &format!("LegalMonetaryTotal/{name}"));
    // Sums are equal where nothing stands between them.
    let between = ["AllowanceTotalAmount", "ChargeTotalAmount", "PrepaidAmount", "PayableRoundingAmount"];
    let is_plain = !between.iter().any(|name| total(name).is_some());
    let stand_in = |name: &str| total(name).filter(|_| is_plain);
    let customer = "AccountingCustomerParty/Party";
    let customer_name = ["PartyName/Name", "PartyLegalEntity/RegistrationName"];
    let customer_name = customer_name.iter().find_map(|name| root.text_at(&format!("{customer}/{name}")));
    let own_order = root.at("OrderReference").and_then(order_of);
    let mut orders = Vec::new();
    let lines: Vec<Value> = root
        .all(line)
        .map(|line| {
            let order = line.at("OrderLineReference/OrderReference").and_then(order_of);
            orders.push(order.map(str::to_owned));
            let price = amount(line, "Price/PriceAmount");
            let price = price_of_one(price.as_deref(), line.text_at("Price/BaseQuantity"));
            record([
                ("lineNumber", line.text_at("ID")),
                ("orderNumber", order),
                ("sku", ARTICLE.iter().find_map(|path| line.text_at(path))),
                ("description", line.text_at("Item/Name")),
                ("quantity", line.text_at(quantity)),
                ("unitPrice", price.as_deref()),
                ("total", amount(line, "LineExtensionAmount").as_deref()),
            ])
        })
        .collect();
    let invoice = record([
        ("invoiceNumber", root.text_at("ID")),
        ("orderNumber", own_order.or(only(&orders))),
        ("reference", root.text_at("BuyerReference")),
        ("customerId", root.text_at("AccountingCustomerParty/SupplierAssignedAccountID")),
        ("customerName", customer_name),
        ("status", Some(status)),
        ("currency", currency),
        ("netTotal", total("TaxExclusiveAmount").or(stand_in("LineExtensionAmount")).as_deref()),
        ("tax", sum_of(&root.amounts_at("TaxTotal/TaxAmount", "currencyID", currency)).as_deref()),
        ("total", total("TaxInclusiveAmount").or(stand_in("PayableAmount")).as_deref()),
        ("balance", total("PayableAmount").as_deref()),
        ("issuedOn", root.text_at("IssueDate").map(day)),
        ("dueOn", root.text_at("DueDate").map(day)),
        ("modifiedAt", issued(root).as_deref()),
    ]);
    with_lines(invoice, lines)
}

/// The order that a reference names. Where the buyer has none, PEPPOL has it say `NA` and name the seller's (BIS Billing 3,
/// section 4.2).
fn order_of(reference: &Element) -> Option<&str> {
    reference.text_at("ID").filter(|id| *id != "NA").or(reference.text_at("SalesOrderID"))
}

/// The currency of all totals, where the document names none.
fn only_currency(root: &Element) -> Option<&str> {
    let totals = root.at("LegalMonetaryTotal")?;
    let mut named = totals.children.iter().filter_map(|amount| amount.attribute("currencyID"));
    let first = named.next()?;
    named.all(|currency| currency == first).then_some(first)
}

fn product(line: &Element) -> Value {
    let item = |path: &str| line.text_at(&format!("Item/{path}"));
    let price = line.at("RequiredItemLocationQuantity/Price/PriceAmount");
    let gone = line.text_at("ActionCode").is_some_and(|code| code.eq_ignore_ascii_case("delete"));
    record([
        ("sku", item("SellersItemIdentification/ID")),
        ("name", item("Name")),
        ("description", item("Description")),
        ("price", price.and_then(Element::content)),
        ("currency", price.and_then(|price| price.attribute("currencyID"))),
        ("unit", line.text_at("OrderableUnit")),
        ("category", item("CommodityClassification/ItemClassificationCode")),
        ("brand", item("BrandName")),
        ("barcode", item("StandardItemIdentification/ID")),
        ("active", line.text_at("OrderableIndicator")),
        ("discontinued", gone.then_some("true")),
    ])
}
