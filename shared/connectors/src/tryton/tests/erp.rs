//! A Tryton that keeps its rules, as they were seen at servers of 6.0 and 8.2: it takes calls of exactly three members at
//! the addresses of its series, wants a session it gave out and a context at the end of every call, knows its fields and
//! refuses others, tells nothing of a company that is not named, and leaves out what is not active unless asked.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};

use super::conditions::{compare_all, reached};
use super::sales;
use crate::conformance::{Answer, Asked, Vendor};

/// The models and their fields.
static MODELS: [(&str, &str); 13] = [
    ("company.company", "id party currency"),
    ("company.employee", "id party company start_date end_date supervisor create_date write_date"),
    ("country.country", "id code name"),
    ("currency.currency", "id code"),
    (
        "product.product",
        "id code name description list_price list_price_used default_uom sale_uom type active salable template quantity \
         create_date write_date",
    ),
    ("party.party", "id code name email phone create_date write_date"),
    ("party.address", "id party party_name street postal_code city country subdivision"),
    (
        "sale.sale",
        "id company number reference state sale_date shipping_date party currency untaxed_amount tax_amount \
         total_amount comment shipment_address invoice_address lines payment_term shipment_state invoice_state shipments \
         create_date write_date",
    ),
    (
        "sale.line",
        "id type sequence product description quantity unit unit_price amount taxes create_date write_date",
    ),
    ("stock.shipment.out", "id number state effective_date create_date write_date"),
    ("stock.location", "id code name type storage_location"),
    (
        "account.invoice",
        "id company number state type invoice_date party currency untaxed_amount tax_amount total_amount amount_to_pay \
         lines sales create_date write_date",
    ),
    ("account.invoice.line", "id type sequence product description quantity unit unit_price amount"),
];

/// A database with one company.
#[derive(Default)]
pub(super) struct Erp {
    /// The records, by model; what a field points to stands in it whole.
    pub(super) tables: Mutex<BTreeMap<&'static str, Vec<Value>>>,
    /// Whether it is of 6.0.
    old: bool,
    tokens: AtomicUsize,
    good_from: AtomicUsize,
    /// The calls of models, without the context.
    pub(super) seen: Mutex<Vec<String>>,
}

impl Erp {
    /// With a customer, a product, a warehouse and what they need.
    pub(super) fn new() -> Self {
        let erp = Self::default();
        let unit = json!({"id": 1, "symbol": "u"});
        let company = json!({"id": 1, "party": {"id": 1, "name": "Causeway Ltd"}, "currency": {"id": 1, "code": "GBP"}});
        erp.put("company.company", vec![company]);
        erp.put("currency.currency", vec![json!({"id": 1, "code": "GBP"}), json!({"id": 2, "code": "EUR"})]);
        erp.put("country.country", vec![json!({"id": 1, "code": "GB"})]);
        erp.put("party.party", vec![json!({"id": 2, "code": "CUST-1", "name": "Jane Doe"})]);
        let address = json!({"id": 2, "party": {"id": 2}, "party_name": null, "street": "1 High St",
            "postal_code": "LS1 1AA", "city": "Leeds", "country": {"id": 1, "code": "GB"}});
        erp.put("party.address", vec![address]);
        let product = json!({"id": 1, "code": "SKU-1", "name": "Chair", "list_price": decimal("13.5"),
            "default_uom": unit, "sale_uom": unit, "type": "goods", "active": true, "template": {"id": 1},
            "stock": {"3": 4.5}});
        erp.put("product.product", vec![product]);
        let warehouse = json!({"id": 5, "code": "WH", "name": "Warehouse", "type": "warehouse",
            "storage_location": {"id": 3}});
        erp.put("stock.location", vec![warehouse, json!({"id": 3, "code": "STO", "type": "storage"})]);
        erp
    }

    /// The same, of the series 6.0.
    pub(super) fn of_6_0() -> Self {
        Self { old: true, ..Self::new() }
    }

    pub(super) fn put(&self, model: &'static str, records: Vec<Value>) {
        self.tables.lock().unwrap().insert(model, records);
    }

    pub(super) fn revoke_sessions(&self) {
        self.good_from.store(self.tokens.load(Ordering::SeqCst), Ordering::SeqCst);
    }

    fn log_in(&self, params: &Value) -> Answer {
        let [user, given, language] = &params.as_array().unwrap()[..] else {
            return page(400, "Bad Request");
        };
        if given.get("password").is_none() {
            return refusal("LoginException", &json!(["password", "Password for admin", "password"]));
        }
        if user != "admin" || given["password"] != "good" || !language.is_string() {
            return page(401, "Unauthorized");
        }
        let number = self.tokens.fetch_add(1, Ordering::SeqCst);
        told(&if self.old {
            json!([1, format!("t{number}")])
        } else {
            json!([1, format!("t{number}"), null])
        })
    }

    fn lets_in(&self, asked: &Asked) -> bool {
        let session = asked.header("authorization").strip_prefix("Session ");
        let session = session.and_then(|session| BASE64.decode(session).ok());
        let session = session.and_then(|session| String::from_utf8(session).ok()).unwrap_or_default();
        let number = session.strip_prefix("admin:1:t").and_then(|number| number.parse::<usize>().ok());
        number.is_some_and(|number| number >= self.good_from.load(Ordering::SeqCst))
    }

    fn of_model(
        &self,
        model: &'static str,
        method: &str,
        arguments: &[Value],
        context: &Map<String, Value>,
    ) -> Answer {
        let mut tables = self.tables.lock().unwrap();
        match (method, arguments) {
            ("search_read", [condition, offset, limit, order, fields]) => {
                if offset != 0 || !(order.is_null() || *order == json!([["id", "ASC"]])) {
                    return python("unexpected order");
                }
                let fields: Vec<&str> =
                    fields.as_array().unwrap().iter().map(|f| f.as_str().unwrap()).collect();
                let first = |field: &str| field.split('.').next().unwrap().to_owned();
                if let Some(odd) = fields.iter().map(|field| first(field)).find(|name| !self.has(model, name))
                {
                    return python(&format!("'{odd}'"));
                }
                let shows_all =
                    condition.to_string().contains("\"active\"") || context.contains_key("active_test");
                let all = tables.get(model).cloned().unwrap_or_default();
                let is_meant = |record: &&Value| {
                    (shows_all || record["active"] != false) && compare_all(condition, record, model, &tables)
                };
                let found =
                    all.iter().filter(is_meant).take(limit.as_u64().map_or(usize::MAX, |n| n as usize));
                told(&found.map(|record| shown(record, &fields, context)).collect())
            }
            ("fields_get", [names]) => {
                let names = names.as_array().unwrap().iter().map(|name| name.as_str().unwrap());
                let there = names.filter(|name| self.has(model, name));
                told(
                    &there.map(|name| (name.to_owned(), json!({"name": name}))).collect::<Map<_, _>>().into(),
                )
            }
            ("create", [values]) if model == "party.address" => {
                let mut address = values[0].clone();
                let id = tables[model].len() as i64 + 2;
                address["id"] = id.into();
                address["party"] = json!({"id": address["party"]});
                address["country"] = json!({"id": address["country"], "code": "GB"});
                tables.get_mut(model).unwrap().push(address);
                told(&json!([id]))
            }
            _ => sales::call(&mut tables, model, method, arguments).unwrap_or_else(|| page(403, "Forbidden")),
        }
    }

    fn has(&self, model: &str, field: &str) -> bool {
        let fields = MODELS.iter().find(|(name, _)| *name == model).map_or("", |(_, fields)| fields);
        fields.split_whitespace().any(|name| name == field) && !(self.old && field == "list_price_used")
    }
}

impl Vendor for Erp {
    /// Pages of records, and new sales.
    fn is_data(&self, asked: &Asked) -> bool {
        let call: Value = serde_json::from_str(&asked.body).unwrap_or_default();
        let method = call["method"].as_str().unwrap_or_default();
        method == "model.sale.sale.create"
            || (method.ends_with(".search_read") && call["params"][2].is_number())
    }

    fn answer(&self, asked: &Asked) -> Answer {
        let (server, database) = if self.old { ("/", "/causeway/") } else { ("/rpc/", "/causeway/rpc/") };
        if asked.method != Method::POST {
            return page(405, "Method Not Allowed");
        }
        let call: Value = serde_json::from_str(&asked.body).unwrap();
        let members: Vec<&String> = call.as_object().unwrap().keys().collect();
        assert_eq!(members, ["id", "method", "params"], "with other members they answer in another form");
        assert_eq!(asked.header("content-type"), "application/json");
        assert!(asked.header("accept-encoding").contains("gzip"), "they label all long answers as gzip");
        let method = call["method"].as_str().unwrap();
        if asked.path == server && method == "common.server.version" {
            return told(&json!(if self.old { "6.0.76" } else { "8.2" }));
        }
        if asked.path != database {
            return match asked.path.as_str() {
                "/rpc/" => (401, String::new()),
                path if path.matches('/').count() < 2 => page(405, "Method Not Allowed"),
                _ => page(404, "Not Found"),
            };
        }
        if method == "common.db.login" {
            return self.log_in(&call["params"]);
        }
        if !self.lets_in(asked) {
            return (401, String::new());
        }
        let (arguments, context) = match call["params"].as_array().map(|params| params.split_last()) {
            Some(Some((Value::Object(context), arguments))) => (arguments, context),
            _ => return python("the last parameter is the context"),
        };
        self.seen.lock().unwrap().push(format!("{method} {}", Value::from(arguments)));
        if method == "model.res.user.get_preferences" {
            return told(&json!({"company": 1, "companies": [1], "language": "en"}));
        }
        let called = method.strip_prefix("model.").and_then(|method| method.rsplit_once('.'));
        let model = called.and_then(|(model, _)| MODELS.iter().find(|(name, _)| *name == model));
        match (called, model) {
            (Some((_, method)), Some(&(model, _))) => self.of_model(model, method, arguments, context),
            _ => python(&format!("'{method}'")),
        }
    }
}

/// A record with what was asked for, and no more.
fn shown(record: &Value, fields: &[&str], context: &Map<String, Value>) -> Value {
    let mut shown = json!({"id": record["id"]});
    for field in fields {
        let value = match *field {
            // What depends on the company is told of no other; stock is that of the locations in the context.
            "list_price" | "list_price_used" if context.get("company") != Some(&json!(1)) => Value::Null,
            "list_price_used" => record["list_price"].clone(),
            "quantity" if record.get("stock").is_some() => json!(stock(record, context)),
            field => reached(record, field),
        };
        let (way, name) = field.rsplit_once('.').unwrap_or(("", field));
        let mut at = &mut shown;
        let mut there = record.clone();
        for step in way.split('.').filter(|step| !step.is_empty()) {
            there = there[step].clone();
            let inner = &mut at[format!("{step}.")];
            if there.is_object() && inner.is_null() {
                *inner = json!({"id": there["id"]});
            }
            at = inner;
        }
        if way.is_empty() || there.is_object() {
            let is_pointer = value.is_object() && value.get("__class__").is_none();
            at[name] = if is_pointer { value["id"].clone() } else { value };
        }
    }
    shown
}

fn stock(record: &Value, context: &Map<String, Value>) -> f64 {
    let locations = context.get("locations").and_then(Value::as_array).cloned().unwrap_or_default();
    let within = context.get("with_childs") == Some(&json!(true));
    let of = |location: Value| record["stock"][location.to_string()].as_f64().unwrap_or(0.0);
    if within { locations.into_iter().map(of).sum() } else { 0.0 }
}

pub(super) fn decimal(text: &str) -> Value {
    json!({"__class__": "Decimal", "decimal": text})
}

pub(super) fn told(result: &Value) -> Answer {
    (200, json!({"id": 0, "result": result}).to_string())
}

pub(super) fn refusal(exception: &str, arguments: &Value) -> Answer {
    (200, json!({"id": 0, "error": [exception, arguments]}).to_string())
}

pub(super) fn user_error(message: &str) -> Answer {
    refusal("UserError", &json!([message, "", null]))
}

/// An exception of Python's own, with the traceback that they add where they are told to.
pub(super) fn python(text: &str) -> Answer {
    refusal(text, &json!("Traceback (most recent call last): s3cret"))
}

fn page(status: u16, title: &str) -> Answer {
    (status, format!("<!doctype html>\n<html lang=en>\n<title>{status} {title}</title>\n<h1>{title}</h1>"))
}
