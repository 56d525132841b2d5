//! An ERPNext that keeps its rules: it wants its token and `Accept`, knows the fields of its documents, shows rows of
//! tables only to who names their parent, tells times by the clock of Kolkata, and takes a purchase order number once.

use std::collections::BTreeMap;
use std::sync::Mutex;

use axum::http::Method;
use domain::DataType;
use domain::connection::{ConnectionMethod, ConnectionSettings, Credentials, Provider};
use domain::mapping::FieldMapping;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};

use crate::conformance::{AMOUNT, Answer, Asked, NAME, Subject, Vendor, changed_at, transport};
use crate::erpnext::ErpNext;
use crate::{Connector, default_mapping};

pub(super) const ZONE: &str = "Asia/Kolkata";

/// Tables within documents, and which documents these are.
const TABLES: [(&str, &str); 4] = [
    ("Sales Order Item", "Sales Order"),
    ("Sales Invoice Item", "Sales Invoice"),
    ("Delivery Note Item", "Delivery Note"),
    ("Item Barcode", "Item"),
];

/// What an order may have.
const ORDER_FIELDS: [&str; 12] = [
    "customer",
    "transaction_date",
    "delivery_date",
    "currency",
    "contact_email",
    "po_no",
    "custom_shop_reference",
    "company",
    "selling_price_list",
    "set_warehouse",
    "docstatus",
    "items",
];

const LINE_FIELDS: [&str; 6] = ["item_code", "qty", "uom", "rate", "delivery_date", "warehouse"];

/// The site's documents.
#[derive(Default)]
pub(super) struct Site {
    /// By doctype; rows of tables within documents are lists of their own, as they are in the database.
    pub(super) lists: Mutex<BTreeMap<String, Vec<Value>>>,
    /// The requests for data, without headers, and their bodies.
    pub(super) seen: Mutex<Vec<String>>,
    /// Whether several orders may have one purchase order number.
    pub(super) repeats: bool,
}

/// A moment as the site writes it.
pub(super) fn local(moment: &str) -> String {
    let shown = TimeZone::get(ZONE).unwrap().to_datetime(moment.parse::<Timestamp>().unwrap());
    format!("{shown:.6}").replace('T', " ")
}

impl Site {
    pub(super) fn with(lists: &[(&str, Value)]) -> Self {
        let lists =
            lists.iter().map(|(doctype, list)| ((*doctype).to_owned(), list.as_array().unwrap().clone()));
        Self { lists: Mutex::new(lists.collect()), ..Self::default() }
    }

    pub(super) fn list(&self, doctype: &str) -> Vec<Value> {
        self.lists.lock().unwrap().get(doctype).cloned().unwrap_or_default()
    }

    fn get_list(&self, asked: &Asked) -> Answer {
        let question: Map<String, Value> = match serde_json::from_str(&asked.body) {
            Ok(question) if asked.header("content-type") == "application/json" => question,
            _ => {
                return refusal(
                    417,
                    "TypeError",
                    "get_list() missing 1 required positional argument: 'doctype'",
                );
            }
        };
        let doctype = question["doctype"].as_str().unwrap();
        let table = TABLES.iter().find(|(table, _)| *table == doctype);
        if table.is_some_and(|(_, parent)| question.get("parent").is_none_or(|named| named != parent)) {
            return refusal(403, "PermissionError", "");
        }
        let mut rows = self.list(doctype);
        for filter in question.get("filters").and_then(Value::as_array).into_iter().flatten() {
            let [field, operator, value] = &filter.as_array().unwrap()[..] else {
                return refusal(
                    417,
                    "ValidationError",
                    "Filter must have 4 values (doctype, fieldname, operator, value)",
                );
            };
            let field = field.as_str().unwrap();
            if field == "modified" && !is_time(value) {
                return refusal(417, "ValidationError", &format!("{value} is not a valid date string"));
            }
            if rows.iter().any(|row| row.get(field).is_none()) {
                return unknown(field);
            }
            rows.retain(|row| holds(&row[field], operator.as_str().unwrap(), value));
        }
        for order in question.get("order_by").and_then(Value::as_str).unwrap_or("modified desc").rsplit(", ")
        {
            let (field, way) = order.split_once(' ').unwrap();
            rows.sort_by(|one, other| compare(&one[field], &other[field]));
            if way == "desc" {
                rows.reverse();
            }
        }
        match question.get("limit_page_length").map_or(Some(20), Value::as_u64) {
            Some(0) | None => {}
            Some(limit) => rows.truncate(usize::try_from(limit).unwrap()),
        }
        let names = json!(["name"]);
        let fields = question.get("fields").unwrap_or(&names).as_array().unwrap();
        if !fields.contains(&json!("*")) {
            for row in &mut rows {
                let row = row.as_object_mut().unwrap();
                if let Some(odd) = fields.iter().find(|field| !row.contains_key(field.as_str().unwrap())) {
                    return unknown(odd.as_str().unwrap());
                }
                row.retain(|name, _| fields.iter().any(|field| field == name));
            }
        }
        // Written as it is, for serde_json would make a float of it.
        (200, json!({"message": rows}).to_string().replace("\"@AMOUNT@\"", AMOUNT))
    }

    fn make_order(&self, asked: &Asked) -> Answer {
        let Ok(order) = serde_json::from_str::<Map<String, Value>>(&asked.body) else {
            return refusal(417, "ValidationError", "no JSON");
        };
        if let Err(refused) = self.check(&order) {
            return refused;
        }
        for field in ["customer", "items"] {
            if order.get(field).is_none_or(|value| value == &json!([])) {
                let why = format!("[Sales Order, SAL-ORD-2026-00001]: {field}");
                return refusal(417, "MandatoryError", &why);
            }
        }
        if order.get("delivery_date").is_none() {
            return refusal(417, "ValidationError", "Please enter Delivery Date");
        }
        let number = self.list("Sales Order").len() + 1;
        let mut made = json!({
            "name": format!("SAL-ORD-2026-{number:05}"), "docstatus": 0, "status": "Draft", "po_no": null,
            "custom_shop_reference": null, "modified": local("2026-11-21T06:00:00Z"), "company": "WeCelebrate",
        });
        made.as_object_mut().unwrap().extend(order);
        let name = made["name"].as_str().unwrap().to_owned();
        let lines = made.as_object_mut().unwrap().remove("items").unwrap();
        self.keep_lines(&name, &lines);
        made["delivery_date"] = self.last_day(&name);
        self.lists.lock().unwrap().entry("Sales Order".to_owned()).or_default().push(made.clone());
        (200, json!({"data": made}).to_string())
    }

    /// What they refuse in any order that is saved.
    fn check(&self, order: &Map<String, Value>) -> Result<(), Answer> {
        let odd = |fields: &[&str], names: &Map<String, Value>| {
            names.keys().find(|name| !fields.contains(&name.as_str())).cloned()
        };
        if let Some(odd) = odd(&ORDER_FIELDS, order) {
            return Err(unknown(&odd));
        }
        if order.get("customer").is_some_and(|customer| customer != "CUST-1") {
            return Err(refusal(
                417,
                "LinkValidationError",
                "Could not find Customer: <strong>nobody</strong>",
            ));
        }
        for line in order.get("items").and_then(Value::as_array).into_iter().flatten() {
            let line = line.as_object().unwrap();
            if let Some(odd) = odd(&LINE_FIELDS, line) {
                return Err(unknown(&odd));
            }
            if !line["qty"].is_number() || !line["item_code"].is_string() {
                return Err(refusal(417, "MandatoryError", "[Sales Order Item]: item_code, qty"));
            }
        }
        let is_day = |day: &Value| day.as_str().is_some_and(|day| day.len() == 10);
        if ["transaction_date", "delivery_date"]
            .iter()
            .any(|day| order.get(*day).is_some_and(|day| !is_day(day)))
        {
            return Err(refusal(417, "ValidationError", "Date must be in the format YYYY-MM-DD"));
        }
        let same = |other: &Value| other["docstatus"] != 2 && other["po_no"] == order["po_no"];
        let taken = order.contains_key("po_no") && self.list("Sales Order").iter().any(same);
        if taken && !self.repeats {
            let why = "Sales Order already exists against Customer's Purchase Order";
            return Err(refusal(417, "ValidationError", why));
        }
        Ok(())
    }

    /// The last of the days of the lines, which is the order's whatever it says itself.
    fn last_day(&self, name: &str) -> Value {
        let lines = self.list("Sales Order Item").into_iter().filter(|line| line["parent"] == name);
        let days = lines.filter_map(|line| line["delivery_date"].as_str().map(str::to_owned));
        days.max().into()
    }

    fn keep_lines(&self, name: &str, lines: &Value) {
        let mut lists = self.lists.lock().unwrap();
        let rows = lists.entry("Sales Order Item".to_owned()).or_default();
        rows.retain(|row| row["parent"] != name);
        for (position, line) in lines.as_array().unwrap().iter().enumerate() {
            let mut row = line.clone();
            row["name"] = format!("{name}-{position}").into();
            row["parent"] = name.into();
            row["idx"] = (position + 1).into();
            rows.push(row);
        }
    }

    fn change_order(&self, asked: &Asked, name: &str) -> Answer {
        let mut change: Map<String, Value> = serde_json::from_str(&asked.body).unwrap();
        let Some(there) = self.list("Sales Order").into_iter().find(|order| order["name"] == name) else {
            return refusal(404, "DoesNotExistError", &format!("Sales Order {name} not found"));
        };
        if change.remove("modified").is_some_and(|modified| modified != there["modified"]) {
            let why = "Error: Document has been modified after you have opened it";
            return refusal(417, "TimestampMismatchError", why);
        }
        if let Err(refused) = self.check(&change) {
            return refused;
        }
        let to = change.get("docstatus").cloned().unwrap_or_else(|| there["docstatus"].clone());
        match (there["docstatus"].as_u64().unwrap(), to.as_u64().unwrap()) {
            (0, 2) => return refusal(417, "DocstatusTransitionError", "Cannot change docstatus from 0 to 2"),
            (1, 1) => {
                return refusal(417, "UpdateAfterSubmitError", "Not allowed to change after submission");
            }
            (2, _) => return refusal(417, "ValidationError", "Cannot edit cancelled document"),
            _ => {}
        }
        if let Some(lines) = change.remove("items") {
            self.keep_lines(name, &lines);
        }
        change.insert("delivery_date".to_owned(), self.last_day(name));
        let mut lists = self.lists.lock().unwrap();
        let orders = lists.get_mut("Sales Order").unwrap();
        let order = orders.iter_mut().find(|order| order["name"] == name).unwrap().as_object_mut().unwrap();
        order.extend(change);
        order.insert("modified".to_owned(), local("2026-11-21T07:00:00Z").into());
        (200, json!({"data": order}).to_string())
    }

    fn delete_order(&self, name: &str) -> Answer {
        let mut lists = self.lists.lock().unwrap();
        let orders = lists.entry("Sales Order".to_owned()).or_default();
        match orders.iter().position(|order| order["name"] == name) {
            None => refusal(404, "DoesNotExistError", &format!("Sales Order {name} not found")),
            Some(at) if orders[at]["docstatus"] == 1 => {
                let why = format!(
                    "Sales Order {name}: Submitted Record cannot be deleted. You must Cancel it first."
                );
                refusal(417, "ValidationError", &why)
            }
            Some(at) => {
                orders.remove(at);
                (202, json!({"message": "ok"}).to_string())
            }
        }
    }
}

impl Vendor for Site {
    fn is_data(&self, asked: &Asked) -> bool {
        asked.method != Method::GET
    }

    fn answer(&self, asked: &Asked) -> Answer {
        if !asked.header("accept").contains("application/json") {
            return (200, "<!doctype html><title>Not found</title>".to_owned());
        }
        if !["token key:good", "Bearer t0ken"].contains(&asked.header("authorization")) {
            let why = format!("Failed to sign in with {}", asked.header("authorization"));
            return refusal(401, "AuthenticationError", &why);
        }
        if asked.method != Method::GET {
            let path = asked.path.trim_start_matches("/api/");
            let seen = format!("{} {path}\n{}", asked.method, asked.body);
            self.seen.lock().unwrap().push(seen.trim_end().to_owned());
        }
        let order = asked.path.strip_prefix("/api/resource/Sales Order/");
        match (asked.method.as_str(), asked.path.as_str(), order) {
            ("GET", "/api/method/frappe.auth.get_logged_user", _) => {
                (200, json!({"message": "causeway@example.com"}).to_string())
            }
            ("GET", "/api/method/frappe.client.get_time_zone", _) => {
                (200, json!({"message": {"time_zone": ZONE}}).to_string())
            }
            ("POST", "/api/method/frappe.client.get_list", _) => self.get_list(asked),
            ("POST", "/api/resource/Sales Order", _) => self.make_order(asked),
            ("PUT", _, Some(name)) => self.change_order(asked, name),
            ("DELETE", _, Some(name)) => self.delete_order(name),
            _ => refusal(404, "DoesNotExistError", "Not found"),
        }
    }
}

/// Whether a value is a time as their database compares it.
fn is_time(value: &Value) -> bool {
    let text = value.as_str().unwrap_or_default();
    text.len() == 26 && text.as_bytes()[10] == b' ' && text.parse::<jiff::civil::DateTime>().is_ok()
}

/// Their database compares texts without regard to small letters and capitals.
fn compare(one: &Value, other: &Value) -> std::cmp::Ordering {
    match (one.as_f64(), other.as_f64()) {
        (Some(one), Some(other)) => one.total_cmp(&other),
        _ => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_lowercase();
            text(one).cmp(&text(other))
        }
    }
}

fn holds(there: &Value, operator: &str, value: &Value) -> bool {
    match operator {
        "in" => value.as_array().unwrap().iter().any(|value| compare(there, value).is_eq()),
        "=" => compare(there, value).is_eq(),
        ">" => compare(there, value).is_gt(),
        ">=" => compare(there, value).is_ge(),
        "<" => compare(there, value).is_lt(),
        other => panic!("operator {other}"),
    }
}

fn unknown(field: &str) -> Answer {
    refusal(417, "DataError", &format!("Field not permitted in query: {field}"))
}

/// A refusal in their form: the sentence in a JSON text in a JSON text, beside a traceback.
pub(super) fn refusal(status: u16, kind: &str, sentence: &str) -> Answer {
    let mut body = json!({
        "exception": format!("frappe.exceptions.{kind}: {sentence}"), "exc_type": kind,
        "exc": "[\"Traceback (most recent call last):\\n  File \\\"apps/frappe/app.py\\\", line 110\"]",
    });
    if !sentence.is_empty() {
        let message = json!({"message": sentence, "title": "Message", "indicator": "red"}).to_string();
        body["_server_messages"] = json!([message]).to_string().into();
    }
    (status, body.to_string())
}

impl Subject for Site {
    const PULLED: DataType = DataType::Products;

    fn with_records(count: usize) -> Self {
        let item = |n: usize| {
            json!({"name": format!("P{n:03}"), "item_code": format!("P{n:03}"), "item_name": NAME,
                "standard_rate": "@AMOUNT@", "stock_uom": "Nos", "disabled": 0, "modified": local(&changed_at(n))})
        };
        Self::with(&[("Item", (0..count).map(item).collect())])
    }

    fn connector(origin: &str, settings: &ConnectionSettings, good: bool) -> Box<dyn Connector> {
        let secret = if good { "good" } else { "s3cret" };
        let credentials = Credentials {
            api_url: Some(origin.to_owned()),
            api_key: Some("key".to_owned().into()),
            api_secret: Some(secret.to_owned().into()),
            ..Credentials::default()
        };
        Box::new(ErpNext::new(settings, credentials, &transport()).unwrap())
    }

    fn mapping() -> FieldMapping {
        default_mapping(Provider::ErpNext, ConnectionMethod::Api, DataType::Products)
    }

    fn revoke(&self) -> bool {
        false
    }

    fn order() -> Option<(Value, Value)> {
        let order = json!({
            "orderNumber": "WEB-1", "customerId": "CUST-1", "currency": "GBP", "orderedAt": "2026-11-20T10:00:00Z",
            "requiredOn": "2026-11-27", "email": "jane@example.com",
            "lines": [{"sku": "SKU-1", "quantity": 2.5, "unitPrice": "12345678901234567.89"}],
        });
        Some((order, json!({"customerId": "nobody"})))
    }

    fn orders(&self) -> usize {
        self.list("Sales Order").len()
    }
}
