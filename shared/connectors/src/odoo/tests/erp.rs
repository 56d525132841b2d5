//! The two protocols of one Odoo: `Json2` is version 19, `JsonRpc` version 16.

use axum::http::Method;
use domain::DataType;
use domain::connection::providers::odoo::OdooProtocol;
use domain::connection::{ConnectionMethod, ConnectionSettings, Credentials, Provider};
use domain::mapping::FieldMapping;
use serde_json::{Map, Value, json};

use super::books::{Books, Called, Mistake};
use crate::conformance::{AMOUNT, Answer, Asked, NAME, Subject, Vendor, changed_at, transport};
use crate::odoo::Odoo;
use crate::{Connector, default_mapping};

/// Version 19 by JSON-2.
pub(super) struct Json2(pub(super) Books);

/// Version 16 by JSON-RPC.
pub(super) struct JsonRpc(pub(super) Books);

/// What both have in common.
pub(super) trait Version: Subject {
    const PROTOCOL: OdooProtocol;
    fn of(books: Books) -> Self;
    fn books(&self) -> &Books;

    /// A connection to it.
    fn connected(origin: &str, mut settings: ConnectionSettings, good: bool) -> Box<dyn Connector> {
        settings.odoo.protocol = Self::PROTOCOL;
        let credentials = Credentials {
            api_url: Some(origin.to_owned()),
            database: Some("shop".to_owned()),
            username: Some("sync".to_owned()),
            api_key: Some(if good { "good" } else { "s3cret" }.to_owned().into()),
            company: Some("Branch".to_owned()),
            ..Credentials::default()
        };
        Box::new(Odoo::new(&settings, credentials, &transport()).unwrap())
    }
}

impl Version for Json2 {
    const PROTOCOL: OdooProtocol = OdooProtocol::Json2;
    fn of(books: Books) -> Self {
        Self(books)
    }
    fn books(&self) -> &Books {
        &self.0
    }
}

impl Version for JsonRpc {
    const PROTOCOL: OdooProtocol = OdooProtocol::Jsonrpc;
    fn of(books: Books) -> Self {
        Self(books)
    }
    fn books(&self) -> &Books {
        &self.0
    }
}

impl Vendor for Json2 {
    fn is_data(&self, asked: &Asked) -> bool {
        asked.path.ends_with("/sale.order/create") || asked.body.contains("\"limit\":10,")
    }

    fn answer(&self, asked: &Asked) -> Answer {
        self.0.see(asked);
        if !asked.path.starts_with("/json/2/") {
            return (404, "<title>404 Not Found</title>".to_owned());
        }
        let path: Vec<_> = asked.path.split('/').collect();
        let ["", "json", "2", model, method] = path[..] else { return not_found() };
        if asked.method != Method::POST {
            return not_found();
        }
        if asked.header("x-odoo-database") != "shop" {
            return (404, "<title>404 Not Found</title>".to_owned());
        }
        if asked.header("authorization").to_lowercase() != "bearer good" {
            return (401, told(&("werkzeug.exceptions.Unauthorized", "Invalid apikey".into())).to_string());
        }
        let mut named: Map<String, Value> = match serde_json::from_str(&asked.body) {
            Ok(body) if asked.header("content-type").starts_with("application/json") => body,
            _ => {
                return (
                    400,
                    told(&("werkzeug.exceptions.BadRequest", "could not parse the body as json".into()))
                        .to_string(),
                );
            }
        };
        let context = taken(&mut named, "context");
        let ids = named.remove("ids").map_or_else(Vec::new, |ids| serde_json::from_value(ids).unwrap());
        let called = Called { model: model.to_owned(), method: method.to_owned(), ids, named, context };
        match self.0.call(&called) {
            Ok(result) => (200, exact(&result)),
            Err(mistake) => (status(mistake.0), told(&mistake).to_string()),
        }
    }
}

impl Vendor for JsonRpc {
    fn is_data(&self, asked: &Asked) -> bool {
        asked.body.contains("\"sale.order\",\"create\"") || asked.body.contains("\"limit\":10,")
    }

    fn answer(&self, asked: &Asked) -> Answer {
        if asked.method != Method::POST || asked.path != "/jsonrpc" {
            return (404, "<title>404 Not Found</title>".to_owned());
        }
        self.0.see(asked);
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        assert_eq!((&body["jsonrpc"], &body["method"]), (&json!("2.0"), &json!("call")));
        let (params, args) = (&body["params"], &body["params"]["args"]);
        let outcome = match (params["service"].as_str().unwrap(), params["method"].as_str().unwrap()) {
            ("common", "authenticate") => match (args[0].as_str(), args[1].as_str(), args[2].as_str()) {
                (Some("shop"), Some("sync"), Some("good")) => Ok(json!(2)),
                (Some("shop"), ..) => Ok(json!(false)),
                _ => Err(("psycopg2.OperationalError", "database does not exist".to_owned())),
            },
            ("object", "execute_kw") => self.execute(args.as_array().unwrap()),
            _ => Err(("builtins.AttributeError", "no such service".to_owned())),
        };
        let answer = match outcome {
            // A method that returns nothing leaves the result out.
            Ok(Value::Null) => json!({"jsonrpc": "2.0", "id": body["id"]}),
            Ok(result) => json!({"jsonrpc": "2.0", "id": body["id"], "result": result}),
            Err(mistake) => {
                let error = json!({"code": 200, "message": "Odoo Server Error", "data": told(&mistake)});
                json!({"jsonrpc": "2.0", "id": body["id"], "error": error})
            }
        };
        (200, exact(&answer))
    }
}

impl JsonRpc {
    fn execute(&self, args: &[Value]) -> Result<Value, Mistake> {
        let [database, uid, key, model, method, positional, named] = args else {
            return Err(("builtins.TypeError", "execute_kw() takes 7 positional arguments".to_owned()));
        };
        if (database, uid, key) != (&json!("shop"), &json!(2), &json!("good")) {
            return Err(("odoo.exceptions.AccessDenied", "Access Denied".to_owned()));
        }
        let (model, method) = (model.as_str().unwrap().to_owned(), method.as_str().unwrap().to_owned());
        let mut named = named.as_object().unwrap().clone();
        let context = taken(&mut named, "context");
        let mut ids = Vec::new();
        match (method.as_str(), positional.get(0)) {
            ("create", Some(values)) => drop(named.insert("vals_list".to_owned(), values.clone())),
            ("create", None) => return Err(("builtins.IndexError", "list index out of range".to_owned())),
            (_, Some(numbers)) => ids = serde_json::from_value(numbers.clone()).unwrap(),
            (_, None) => {}
        }
        self.0.call(&Called { model, method, ids, named, context })
    }
}

fn not_found() -> Answer {
    let why = "Did you mean POST /json/2/<model>/<method>?".to_owned();
    (404, told(&("werkzeug.exceptions.NotFound", why)).to_string())
}

fn taken(named: &mut Map<String, Value>, name: &str) -> Map<String, Value> {
    named.remove(name).and_then(|context| context.as_object().cloned()).unwrap_or_default()
}

fn told(mistake: &Mistake) -> Value {
    let debug = "Traceback (most recent call last): /opt/odoo/secret.py";
    json!({"name": mistake.0, "message": mistake.1, "arguments": [mistake.1], "context": {}, "debug": debug})
}

/// The status of a mistake in JSON-2.
fn status(name: &str) -> u16 {
    match name.rsplit('.').next().unwrap() {
        "UserError" | "ValidationError" | "UnprocessableEntity" => 422,
        "AccessDenied" | "AccessError" => 403,
        "MissingError" | "NotFound" => 404,
        "LockError" => 409,
        _ => 500,
    }
}

/// Written as it is, for serde_json would make a float of it.
fn exact(answer: &Value) -> String {
    answer.to_string().replace("\"@AMOUNT@\"", AMOUNT)
}

fn with_products(is_new: bool, count: usize) -> Books {
    let books = Books::new(is_new);
    let at = |n: usize| changed_at(n).replace('T', " ").replace('Z', "");
    let product = |n: usize| {
        json!({"id": n + 1, "default_code": format!("P{n}"), "name": NAME, "lst_price": "@AMOUNT@", "uom_id": 1,
            "product_tmpl_id": n + 1, "write_date": at(n)})
    };
    books.put("product.product", (0..count).map(product).collect());
    let template = |n: usize| json!({"id": n + 1, "name": NAME, "write_date": "2020-01-01 00:00:00"});
    books.put("product.template", (0..count).map(template).collect());
    books
}

/// Both pass the suite by the same words.
macro_rules! subject {
    ($version:ident, $is_new:literal) => {
        impl Subject for $version {
            const PULLED: DataType = DataType::Products;

            fn with_records(count: usize) -> Self {
                Self(with_products($is_new, count))
            }

            fn connector(origin: &str, settings: &ConnectionSettings, good: bool) -> Box<dyn Connector> {
                Self::connected(origin, settings.clone(), good)
            }

            fn mapping() -> FieldMapping {
                default_mapping(Provider::Odoo, ConnectionMethod::Api, DataType::Products)
            }

            fn revoke(&self) -> bool {
                false
            }

            fn order() -> Option<(Value, Value)> {
                let order = json!({
                    "orderNumber": "WEB-1", "customerId": "C-1", "currency": "GBP", "orderedAt": "2026-11-20T10:00:00Z",
                    "requiredOn": "2026-11-25",
                    "shippingAddress": {"name": "Jane Doe", "street": "1 High St", "city": "Leeds", "country": "GB"},
                    "lines": [{"sku": "SKU-1", "quantity": 2.5, "unitPrice": "12345678901234567.89"}],
                });
                Some((order, json!({"customerId": "C-2"})))
            }

            fn orders(&self) -> usize {
                self.0.orders()
            }
        }
    };
}
subject!(Json2, true);
subject!(JsonRpc, false);
