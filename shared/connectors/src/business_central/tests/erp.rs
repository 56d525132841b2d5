//! A Business Central that keeps its rules: it wants a token of its own, knows its entities and refuses what they do not
//! have, pages by `Prefer`, and changes an order only under its newest `@odata.etag`.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::Method;
use domain::DataType;
use domain::connection::{ConnectionSettings, Credentials};
use domain::mapping::FieldMapping;
use serde_json::{Value, json};

use crate::business_central::BusinessCentral;
use crate::conformance::{AMOUNT, Answer, Asked, NAME, Subject, Unkept, Vendor, changed_at, transport};
use crate::{Connector, default_mapping};

const COMPANY: &str = "7c4a3a4e-21b0-4f3c-9a55-0d5e1b2c3d4e";

/// What a new order may have.
const ORDER_FIELDS: [&str; 15] = [
    "externalDocumentNumber",
    "orderDate",
    "customerNumber",
    "currencyCode",
    "requestedDeliveryDate",
    "email",
    "shipToName",
    "shipToAddressLine1",
    "shipToAddressLine2",
    "shipToCity",
    "shipToState",
    "shipToPostCode",
    "shipToCountry",
    "salesOrderLines",
    "postingDate",
];

/// The company's books.
#[derive(Default)]
pub(super) struct Bc {
    /// The lists, by name.
    pub(super) lists: Mutex<std::collections::BTreeMap<&'static str, Vec<Value>>>,
    tokens: AtomicUsize,
    good_from: AtomicUsize,
    /// The requests for data, with the headers that matter and their bodies.
    pub(super) seen: Mutex<Vec<String>>,
}

impl Bc {
    pub(super) fn with(list: &'static str, records: Vec<Value>) -> Self {
        let bc = Self::default();
        bc.lists.lock().unwrap().insert(list, records);
        bc
    }

    fn give_token(&self, asked: &Asked) -> Answer {
        let scope = "scope=https%3A%2F%2Fapi.businesscentral.dynamics.com%2F.default";
        let right = "grant_type=client_credentials&client_id=app&client_secret=good&";
        if !asked.body.starts_with(right) || !asked.body.ends_with(scope) {
            let why = "AADSTS7000215: Invalid client secret provided.";
            return (401, json!({"error": "invalid_client", "error_description": why}).to_string());
        }
        let number = self.tokens.fetch_add(1, Ordering::SeqCst);
        (
            200,
            json!({"token_type": "Bearer", "expires_in": 3599, "access_token": format!("t{number}")})
                .to_string(),
        )
    }

    fn lets_in(&self, asked: &Asked) -> bool {
        let number =
            asked.header("authorization").strip_prefix("Bearer t").and_then(|number| number.parse().ok());
        number.is_some_and(|number: usize| number >= self.good_from.load(Ordering::SeqCst))
    }

    fn list(&self, asked: &Asked, name: &str) -> Answer {
        let lists = self.lists.lock().unwrap();
        let no_records = Vec::new();
        let all = lists.get(name).unwrap_or(&no_records);
        let filter = asked.query.get("$filter").map(String::as_str).unwrap_or_default();
        let mut found = Vec::new();
        for record in all {
            match holds(record, filter) {
                Ok(true) => found.push(shown(record, asked)),
                Ok(false) => {}
                Err(why) => return refusal(400, "BadRequest", &why),
            }
        }
        let wanted =
            asked.header("prefer").strip_prefix("odata.maxpagesize=").map_or(20_000, |n| n.parse().unwrap());
        let from = asked.query.get("$skiptoken").map_or(0, |token| token.parse().unwrap());
        let page = &found[from..found.len().min(from + wanted)];
        let mut answer = json!({"@odata.context": format!("{}$metadata", asked.origin), "value": page});
        if from + wanted < found.len() {
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            let others = asked.query.iter().filter(|(name, _)| *name != "$skiptoken");
            query.extend_pairs(others).append_pair("$skiptoken", &(from + wanted).to_string());
            answer["@odata.nextLink"] = format!("{}{}?{}", asked.origin, asked.path, query.finish()).into();
        }
        // Written as it is, for serde_json would make a float of it.
        (200, answer.to_string().replace("\"@AMOUNT@\"", AMOUNT))
    }

    fn make_order(&self, asked: &Asked) -> Answer {
        let mut order: Value = match serde_json::from_str(&asked.body) {
            Ok(order) if asked.header("content-type") == "application/json" => order,
            _ => return refusal(400, "BadRequest", "The request body is no JSON."),
        };
        if let Some(odd) =
            order.as_object().unwrap().keys().find(|name| !ORDER_FIELDS.contains(&name.as_str()))
        {
            let why = format!("The property '{odd}' does not exist on type 'Microsoft.NAV.salesOrder'.");
            return refusal(400, "BadRequest", &why);
        }
        if order["customerNumber"].as_str().is_none_or(|number| number != "10000") {
            let why = "A customerNumber or a customerID must be provided.";
            return refusal(400, "Application_DialogException", why);
        }
        let is_day = |day: &Value| day.is_null() || day.as_str().is_some_and(|day| day.len() == 10);
        if !is_day(&order["orderDate"]) || !is_day(&order["requestedDeliveryDate"]) {
            return refusal(400, "BadRequest", "Cannot convert the literal to the expected type 'Edm.Date'.");
        }
        let lines = order["salesOrderLines"].as_array().cloned().unwrap_or_default();
        let whole = |line: &Value| {
            line["lineType"] == "Item" && line["lineObjectNumber"].is_string() && line["quantity"].is_number()
        };
        if !lines.iter().all(whole) {
            return refusal(400, "BadRequest", "A line needs lineType, lineObjectNumber and quantity.");
        }
        let mut lists = self.lists.lock().unwrap();
        let orders = lists.entry("salesOrders").or_default();
        let number = 101_001 + orders.len();
        order["id"] = format!("b6f4017a-0000-0000-0000-{number:012}").into();
        order["number"] = number.to_string().into();
        order["@odata.etag"] = "W/\"1\"".into();
        order["status"] = "Draft".into();
        orders.push(order.clone());
        (201, order.to_string())
    }

    fn change_order(&self, asked: &Asked, id: &str) -> Answer {
        let mut lists = self.lists.lock().unwrap();
        let orders = lists.entry("salesOrders").or_default();
        let Some(at) = orders.iter().position(|order| order["id"] == id) else {
            return refusal(404, "BadRequest_NotFound", "The record does not exist.");
        };
        if asked.header("if-match").is_empty() {
            return refusal(
                400,
                "BadRequest",
                "The If-Match header must be specified for modify and delete.",
            );
        }
        if asked.header("if-match") != orders[at]["@odata.etag"].as_str().unwrap() {
            let why = "Another user has already changed the record.";
            return refusal(409, "Request_EntityChanged", why);
        }
        if asked.method == Method::DELETE {
            orders.remove(at);
            return (204, String::new());
        }
        let change: Value = serde_json::from_str(&asked.body).unwrap();
        if change.get("salesOrderLines").is_some() {
            return refusal(400, "BadRequest", "Nested entities cannot be changed with their parent.");
        }
        let order = orders[at].as_object_mut().unwrap();
        order.extend(change.as_object().unwrap().clone());
        order.insert("@odata.etag".to_owned(), "W/\"2\"".into());
        (200, orders[at].to_string())
    }
}

impl Vendor for Bc {
    fn is_data(&self, asked: &Asked) -> bool {
        asked.path.matches('/').count() > 3
    }

    fn answer(&self, asked: &Asked) -> Answer {
        if asked.path == "/token" {
            return self.give_token(asked);
        }
        if !self.lets_in(asked) {
            let why = "The server has rejected the client credentials.";
            return refusal(401, "Authentication_InvalidCredentials", why);
        }
        if asked.path == "/api/v2.0/companies" {
            let company = json!({"id": COMPANY, "name": "CRONUS DE", "displayName": "Cronus"});
            return (200, json!({"value": [company]}).to_string());
        }
        let Some(path) = asked.path.strip_prefix(&format!("/api/v2.0/companies({COMPANY})/")) else {
            return refusal(404, "BadRequest_NotFound", "Resource not found for the segment 'companies'.");
        };
        let header = |name: &str| Some(asked.header(name)).filter(|value| !value.is_empty());
        let headers: Vec<_> = ["prefer", "if-match", "data-access-intent", "accept-language"]
            .into_iter()
            .filter_map(|name| Some(format!("{name}: {}", header(name)?)))
            .collect();
        let mut query: Vec<_> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        query.sort();
        let seen =
            [format!("{} {path} {}", asked.method, query.join("&")), headers.join("\n"), asked.body.clone()];
        self.seen.lock().unwrap().push(seen.join("\n").trim_end().to_owned());
        match (asked.method.as_str(), path) {
            ("GET", "companyInformation") => (200, json!({"value": [{"displayName": "Cronus"}]}).to_string()),
            ("GET", "items" | "employees" | "salesOrders" | "salesInvoices" | "salesShipments") => {
                self.list(asked, path)
            }
            ("POST", "salesOrders") => self.make_order(asked),
            ("PATCH" | "DELETE", path) => {
                let id = path.strip_prefix("salesOrders(").and_then(|id| id.strip_suffix(')'));
                self.change_order(asked, id.unwrap())
            }
            _ => {
                refusal(404, "BadRequest_NotFound", &format!("Resource not found for the segment '{path}'."))
            }
        }
    }
}

/// A record with what was selected and expanded, and no more.
fn shown(record: &Value, asked: &Asked) -> Value {
    let mut shown = record.as_object().unwrap().clone();
    let expanded = asked.query.get("$expand").map(String::as_str).unwrap_or_default();
    shown.retain(|name, _| !name.ends_with("Lines") || expanded == name);
    if let Some(selected) = asked.query.get("$select") {
        shown.retain(|name, _| name == "@odata.etag" || selected.split(',').any(|one| one == name));
    }
    shown.into()
}

/// Whether a record meets a condition; there is no `or` over different fields.
fn holds(record: &Value, filter: &str) -> Result<bool, String> {
    for condition in filter.split(" and ").filter(|condition| !condition.is_empty()) {
        let parts: Vec<_> = condition.splitn(3, ' ').collect();
        let [field, operator, literal] = parts[..] else {
            return Err(format!("Syntax error in '{condition}'."));
        };
        let text = literal
            .strip_prefix('\'')
            .and_then(|text| text.strip_suffix('\''))
            .map(|text| text.replace("''", "'"));
        let met = match (operator, text) {
            ("eq", Some(text)) => record[field] == *text,
            ("gt", None) if literal.ends_with('Z') => record[field].as_str().is_some_and(|at| at > literal),
            _ => return Err(format!("Syntax error in '{condition}'.")),
        };
        if !met {
            return Ok(false);
        }
    }
    Ok(true)
}

fn refusal(status: u16, code: &str, message: &str) -> Answer {
    let message = format!("{message}  CorrelationId:  1f2e3d4c-5b6a-7980-a1b2-c3d4e5f60718.");
    (status, json!({"error": {"code": code, "message": message}}).to_string())
}

impl Subject for Bc {
    const PULLED: DataType = DataType::Products;

    fn with_records(count: usize) -> Self {
        let item = |n: usize| {
            json!({"id": format!("{n:08}-0000-0000-0000-000000000000"), "number": format!("P{n}"),
                "displayName": NAME, "type": "Inventory", "unitPrice": "@AMOUNT@",
                "lastModifiedDateTime": changed_at(n)})
        };
        Self::with("items", (0..count).map(item).collect())
    }

    fn connector(origin: &str, settings: &ConnectionSettings, good: bool) -> Box<dyn Connector> {
        let secret = if good { "good" } else { "s3cret" };
        let credentials = Credentials {
            api_url: Some(format!("{origin}/api/v2.0")),
            token_url: Some(format!("{origin}/token")),
            tenant: Some("contoso".to_owned()),
            client_id: Some("app".to_owned()),
            client_secret: Some(secret.to_owned().into()),
            company: Some("Cronus".to_owned()),
            ..Credentials::default()
        };
        let tokens = std::sync::Arc::new(Unkept);
        Box::new(BusinessCentral::new(settings, credentials, &transport(), tokens).unwrap())
    }

    fn mapping() -> FieldMapping {
        use domain::connection::{ConnectionMethod, Provider};
        default_mapping(Provider::BusinessCentral, ConnectionMethod::Api, DataType::Products)
    }

    fn revoke(&self) -> bool {
        self.good_from.store(self.tokens.load(Ordering::SeqCst), Ordering::SeqCst);
        true
    }

    fn order() -> Option<(Value, Value)> {
        let order = json!({
            "orderNumber": "WEB-1", "customerId": "10000", "currency": "GBP", "orderedAt": "2026-11-20T10:00:00Z",
            "shippingAddress": {"name": "Jane Doe", "street": "1 High St", "city": "Leeds", "country": "GB"},
            "lines": [{"sku": "1896-S", "quantity": 2.5, "unitPrice": "12345678901234567.89"}],
        });
        Some((order, json!({"customerId": "nobody"})))
    }

    fn orders(&self) -> usize {
        self.lists.lock().unwrap().get("salesOrders").map_or(0, Vec::len)
    }
}
