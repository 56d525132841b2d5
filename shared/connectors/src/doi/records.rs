//! From the other side's documents to records, as JSON with our own names. Pure.

use domain::DataType;
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
        ("OrderResponse" | "OrderResponseSimple", _) => vec![order_response(root)],
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

fn with_lines(mut record: Value, lines: Vec<Value>) -> Value {
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

fn cxml_invoice(request: &Element) -> Value {
    let header = request.at("InvoiceDetailRequestHeader");
    let of_header = |name: &str| header.and_then(|header| header.attribute(name));
    let order = request.at("InvoiceDetailOrder");
    let sum = |path: &str| request.text_at(&format!("InvoiceDetailSummary/{path}/Money"));
    let currency = ["NetAmount", "GrossAmount", "SubtotalAmount"];
    let currency = currency
        .iter()
        .find_map(|name| request.at(&format!("InvoiceDetailSummary/{name}/Money"))?.attribute("currency"));
    let lines = order.into_iter().flat_map(|order| order.all("InvoiceDetailItem")).map(|item| {
        record([
            ("lineNumber", item.attribute("invoiceLineNumber")),
            ("sku", item.text_at("InvoiceDetailItemReference/ItemID/SupplierPartID")),
            ("description", item.text_at("InvoiceDetailItemReference/Description")),
            ("quantity", item.attribute("quantity")),
            ("unitPrice", item.text_at("UnitPrice/Money")),
            ("total", item.text_at("SubtotalAmount/Money")),
        ])
    });
    let invoice = record([
        ("invoiceNumber", of_header("invoiceID")),
        ("orderNumber", order.and_then(|order| ordered(order.at("InvoiceDetailOrderInfo")?))),
        ("status", of_header("purpose").or(Some("standard"))),
        ("currency", currency),
        ("netTotal", sum("SubtotalAmount")),
        ("tax", sum("Tax")),
        ("total", sum("GrossAmount").or(sum("NetAmount"))),
        ("balance", sum("DueAmount")),
        ("issuedOn", of_header("invoiceDate").map(day)),
    ]);
    with_lines(invoice, lines.collect())
}

/// The day of a moment.
fn day(moment: &str) -> &str {
    moment.get(..10).unwrap_or(moment)
}

/// When a document of UBL was written, to the second if it tells.
fn issued(root: &Element) -> Option<String> {
    let date = root.text_at("IssueDate")?;
    let date = day(date);
    Some(match root.text_at("IssueTime") {
        Some(time) if time.ends_with('Z') || time.get(8..).is_some_and(|end| end.contains(['+', '-'])) => {
            format!("{date}T{time}")
        }
        Some(time) => format!("{date}T{time}Z"),
        None => format!("{date}T00:00:00Z"),
    })
}

fn order_response(root: &Element) -> Value {
    let accepted = root.text_at("AcceptedIndicator").map(|text| if text == "true" { "AP" } else { "RE" });
    let status = match root.text_at("OrderResponseCode").or(accepted) {
        Some("AB") => Some("received"),
        Some("AP") | None => Some("accepted"),
        Some("CA") => Some("conditionally_accepted"),
        Some("RE") => Some("rejected"),
        other => other,
    };
    record([
        ("orderNumber", root.text_at("OrderReference/ID")),
        ("reference", root.text_at("CustomerReference")),
        ("status", status),
        ("modifiedAt", issued(root).as_deref()),
    ])
}

/// A record for each order that something of is shipped.
fn despatch(root: &Element) -> Vec<Value> {
    let of_lines =
        root.all("DespatchLine").filter_map(|line| line.text_at("OrderLineReference/OrderReference/ID"));
    let mut orders: Vec<&str> = root.all("OrderReference").filter_map(|order| order.text_at("ID")).collect();
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

fn ubl_invoice(root: &Element, line: &str, quantity: &str, status: &str) -> Value {
    let total = |name: &str| root.text_at(&format!("LegalMonetaryTotal/{name}"));
    let customer = "AccountingCustomerParty";
    let lines = root.all(line).map(|line| {
        record([
            ("lineNumber", line.text_at("ID")),
            ("sku", line.text_at("Item/SellersItemIdentification/ID")),
            ("description", line.text_at("Item/Name")),
            ("quantity", line.text_at(quantity)),
            ("unitPrice", line.text_at("Price/PriceAmount")),
            ("total", line.text_at("LineExtensionAmount")),
        ])
    });
    let invoice = record([
        ("invoiceNumber", root.text_at("ID")),
        ("orderNumber", root.text_at("OrderReference/ID")),
        ("reference", root.text_at("BuyerReference")),
        ("customerId", root.text_at(&format!("{customer}/SupplierAssignedAccountID"))),
        ("customerName", root.text_at(&format!("{customer}/Party/PartyName/Name"))),
        ("status", Some(status)),
        ("currency", root.text_at("DocumentCurrencyCode")),
        ("netTotal", total("TaxExclusiveAmount").or(total("LineExtensionAmount"))),
        ("tax", root.text_at("TaxTotal/TaxAmount")),
        ("total", total("TaxInclusiveAmount").or(total("PayableAmount"))),
        ("balance", total("PayableAmount")),
        ("issuedOn", root.text_at("IssueDate").map(day)),
        ("dueOn", root.text_at("DueDate").map(day)),
        ("modifiedAt", issued(root).as_deref()),
    ]);
    with_lines(invoice, lines.collect())
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
