//! One form for the records of both versions of OData: V2's wrappers are taken off, navigation properties lose the
//! prefix that tells the versions apart (`to_Item`, `_Item`: `Item`), and what is spread over codes and rows is said
//! once, in words. Pure.

use domain::DataType;
use domain::connection::providers::sap::SapSettings;
use domain::json::{Json, Kind, write_name};
use serde_json::{Value, json};

/// Fields of a V4 item that V2 has under another name.
const NAMES_OF_ITEMS: [(&str, &str); 2] =
    [("Product", "Material"), ("RequestedQuantitySAPUnit", "RequestedQuantityUnit")];

/// Lists that would be taken for a field of ours, and what they are called instead.
const NAMES_OF_LISTS: [(&str, &str); 2] =
    [("Description", "Descriptions"), ("ProductDescription", "Descriptions")];

/// What they call nothing, in codes of one letter: not relevant.
const NOT_RELEVANT: &str = "";

/// A record as mapping reads it; none if it is not one of those that are meant.
pub(super) fn shaped(settings: &SapSettings, data_type: DataType, record: Json<'_>) -> Option<String> {
    let mut text = String::with_capacity(record.text().len());
    write_plain(record, data_type == DataType::Orders, &mut text);
    let added = match Json::parse(text.as_bytes()) {
        Ok(plain) => added(settings, data_type, plain)?,
        Err(_) => return Some(text),
    };
    for (name, value) in added.into_iter().filter(|(_, value)| !value.is_null()) {
        put(&mut text, name, &value.to_string());
    }
    Some(text)
}

/// Puts a member at the end of a JSON object.
pub(super) fn put(object: &mut String, name: &str, value: &str) {
    let is_empty = object.pop().is_some() && object.trim_end().ends_with('{');
    if !is_empty {
        object.push(',');
    }
    object.push_str(&format!("\"{name}\":{value}}}"));
}

/// A record without what is OData's own: metadata, annotations, and links to what was not asked for.
pub(super) fn write_plain(json: Json<'_>, renames: bool, out: &mut String) {
    match json.kind() {
        Kind::Array => {
            out.push('[');
            for (position, item) in json.items().into_iter().enumerate() {
                if position > 0 {
                    out.push(',');
                }
                write_plain(item, renames, out);
            }
            out.push(']');
        }
        Kind::Object => write_object(json, renames, out),
        _ => out.push_str(json.text()),
    }
}

fn write_object(object: Json<'_>, renames: bool, out: &mut String) {
    let members = object.members();
    if let [(name, list)] = &members[..]
        && name == "results"
        && list.kind() == Kind::Array
    {
        return write_plain(*list, renames, out);
    }
    let is_item = members.iter().any(|(name, _)| name == "SalesOrderItem");
    out.push('{');
    for (name, value) in &members {
        let nested = matches!(value.kind(), Kind::Object | Kind::Array);
        let is_link = nested && value.get("__deferred").is_some();
        if name.starts_with("__") || name.contains('@') || is_link {
            continue;
        }
        let plain = if nested {
            renamed(&NAMES_OF_LISTS, without_prefix(name))
        } else if renames && is_item {
            renamed(&NAMES_OF_ITEMS, name)
        } else {
            name.as_ref()
        };
        write_name(plain, out);
        write_plain(*value, renames, out);
    }
    out.push('}');
}

fn renamed<'n>(names: &[(&str, &'static str)], name: &'n str) -> &'n str {
    names.iter().find(|(theirs, _)| *theirs == name).map_or(name, |(_, ours)| ours)
}

fn without_prefix(name: &str) -> &str {
    name.strip_prefix("to_").or_else(|| name.strip_prefix('_')).unwrap_or(name)
}

/// What is said once of a record; none if the record is not one of those that are meant.
fn added(
    settings: &SapSettings,
    data_type: DataType,
    record: Json<'_>,
) -> Option<Vec<(&'static str, Value)>> {
    Some(match data_type {
        DataType::Products => vec![("ProductName", product_name(record, &settings.language))],
        DataType::Orders | DataType::OrderStatus => vec![("OrderStatus", order_status(record))],
        DataType::Invoices => {
            let order = record.at("Item.0.SalesDocument").and_then(Json::as_string).unwrap_or_default();
            let order = if order.is_empty() { Value::Null } else { order.into() };
            vec![("InvoiceStatus", invoice_status(record)), ("SalesOrder", order)]
        }
        DataType::Employees if record.get("userId").is_some() => user(record),
        DataType::Employees => {
            let role = |role: &Json<'_>| text(*role, "BusinessPartnerRole") == settings.employee_role;
            let roles = record.get("BusinessPartnerRole").map(Json::items).unwrap_or_default();
            if !settings.employee_role.is_empty() && !roles.iter().any(role) {
                return None;
            }
            person(record)
        }
        DataType::Inventory => Vec::new(),
    })
}

/// A text of theirs; empty if there is none.
pub(super) fn text(record: Json<'_>, name: &str) -> String {
    record.get(name).and_then(Json::as_string).unwrap_or_default().into_owned()
}

/// What the product is called in a language, or in any where it has no name in that one.
fn product_name(product: Json<'_>, language: &str) -> Value {
    let names = product.get("Descriptions").map(Json::items).unwrap_or_default();
    let meant = names.iter().find(|name| text(**name, "Language").eq_ignore_ascii_case(language));
    meant.or_else(|| names.first()).map_or(Value::Null, |name| text(*name, "ProductDescription").into())
}

/// How far an order has come. Their codes: `A` not yet processed, `B` partly, `C` completely.
fn order_status(order: Json<'_>) -> Value {
    let process = text(order, "OverallSDProcessStatus");
    let delivery = text(order, "OverallDeliveryStatus");
    let rejection = text(order, "OverallSDDocumentRejectionSts");
    match (process.as_str(), delivery.as_str(), rejection.as_str()) {
        (_, _, "C") => "cancelled".into(),
        ("C", _, _) => "completed".into(),
        (_, "C", _) => "delivered".into(),
        (_, "B", _) => "partially delivered".into(),
        ("B", _, _) => "in process".into(),
        ("A", _, _) => "open".into(),
        _ => Value::Null,
    }
}

/// Whether an invoice is paid. Their codes: `A` open, `B` partly cleared, `C` cleared.
fn invoice_status(invoice: Json<'_>) -> Value {
    if invoice.get("BillingDocumentIsCancelled").is_some_and(|flag| flag.text() == "true") {
        return "cancelled".into();
    }
    match text(invoice, "InvoiceClearingStatus").as_str() {
        "A" => "open".into(),
        "B" => "partially paid".into(),
        "C" => "paid".into(),
        NOT_RELEVANT => Value::Null,
        other => other.into(),
    }
}

/// A user of SuccessFactors, who is active where the status is `t`.
fn user(user: Json<'_>) -> Vec<(&'static str, Value)> {
    vec![
        ("EmployeeId", text(user, "userId").into()),
        ("FullName", text(user, "defaultFullName").into()),
        ("IsActive", (text(user, "status") == "t").into()),
    ]
}

/// A business partner who is a person. The day of the last change is empty until there is one.
fn person(person: Json<'_>) -> Vec<(&'static str, Value)> {
    let stamps = ["LastChangeDate", "CreationDate"].map(|name| text(person, name));
    let stamp = stamps.into_iter().find(|stamp| !stamp.is_empty()).map_or(Value::Null, Value::from);
    let addresses = person.get("BusinessPartnerAddress").map(Json::items).unwrap_or_default();
    let emails: Vec<_> =
        addresses.iter().filter_map(|address| address.get("EmailAddress")).flat_map(Json::items).collect();
    let is_default =
        |email: &&Json<'_>| email.get("IsDefaultEmailAddress").is_some_and(|flag| flag.text() == "true");
    let email = emails.iter().find(is_default).or_else(|| emails.first());
    let blocked = person.get("BusinessPartnerIsBlocked").is_some_and(|flag| flag.text() == "true");
    vec![
        ("EmployeeId", text(person, "BusinessPartner").into()),
        ("FullName", text(person, "BusinessPartnerFullName").into()),
        ("Email", email.map_or(Value::Null, |email| text(*email, "EmailAddress").into())),
        ("IsActive", json!(!blocked)),
        ("LastChangeDateTime", stamp),
    ]
}
