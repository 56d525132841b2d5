//! The generic connector passes the suite of all connectors, over an API that signs in by OAuth 2.0.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::Method;
use domain::DataType;
use domain::connection::{
    ApiAuth, ApiSettings, ChangedSince, ConnectionSettings, Credentials, MomentFormat, PushLookup,
    PushSettings,
};
use domain::mapping::FieldMapping;
use serde_json::{Value, json};

use super::push::erp::{mapping, order};
use crate::Connector;
use crate::conformance::{
    AMOUNT, Answer, Asked, NAME, Subject, Unkept, Vendor, changed_at, conformance, transport,
};
use crate::http::HttpConnector;

conformance!(Shop);

#[derive(Default)]
struct Shop {
    products: usize,
    orders: Mutex<Vec<Value>>,
    tokens: AtomicUsize,
    good_from: AtomicUsize,
}

impl Shop {
    fn list(&self, asked: &Asked) -> Answer {
        let number = |name: &str| asked.query.get(name).map_or(1, |text| text.parse::<usize>().unwrap());
        let since = asked.query.get("updated_after").map_or("", String::as_str);
        let product = |n: usize| {
            let name = serde_json::to_string(NAME).unwrap();
            format!(r#"{{"sku":"P{n}","name":{name},"price":{AMOUNT},"updatedAt":"{}"}}"#, changed_at(n))
        };
        let found: Vec<_> =
            (0..self.products).filter(|n| changed_at(*n).as_str() > since).map(product).collect();
        let skipped = (number("page") - 1) * number("limit");
        let page: Vec<_> = found.iter().skip(skipped).take(number("limit")).cloned().collect();
        (200, format!(r#"{{"data":[{}],"total":{}}}"#, page.join(","), found.len()))
    }

    fn take(&self, asked: &Asked) -> Answer {
        let order: Value = serde_json::from_str(&asked.body).unwrap();
        if order["total"].is_null() {
            return (422, json!({"error": "total is missing"}).to_string());
        }
        let mut orders = self.orders.lock().unwrap();
        let id = format!("SO-{}", orders.len() + 1);
        orders.push(json!({"orderId": id, "externalId": order["externalId"]}));
        (201, json!({"orderId": id}).to_string())
    }
}

impl Vendor for Shop {
    fn is_data(&self, asked: &Asked) -> bool {
        asked.path == "/products" || asked.method == Method::POST && asked.path == "/orders"
    }

    fn answer(&self, asked: &Asked) -> Answer {
        let token =
            asked.header("authorization").strip_prefix("Bearer t").and_then(|number| number.parse().ok());
        match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/token") if asked.body.contains("client_secret=good") => {
                let number = self.tokens.fetch_add(1, Ordering::SeqCst);
                (200, json!({"token_type": "Bearer", "access_token": format!("t{number}")}).to_string())
            }
            ("POST", "/token") => (400, json!({"error": "invalid_client"}).to_string()),
            _ if token.is_none_or(|number: usize| number < self.good_from.load(Ordering::SeqCst)) => {
                (401, json!({"error": "who are you?"}).to_string())
            }
            ("GET", "/products") => self.list(asked),
            ("POST", "/orders") => self.take(asked),
            ("GET", "/orders") => {
                let wanted = &asked.query["externalId"];
                let orders = self.orders.lock().unwrap();
                let found: Vec<_> = orders.iter().filter(|order| order["externalId"] == **wanted).collect();
                (200, json!({"results": found}).to_string())
            }
            _ => (200, "{}".to_owned()),
        }
    }
}

impl Subject for Shop {
    const PULLED: DataType = DataType::Products;

    fn with_records(count: usize) -> Self {
        Self { products: count, ..Self::default() }
    }

    fn connector(origin: &str, settings: &ConnectionSettings, good: bool) -> Box<dyn Connector> {
        let lookup = PushLookup { path: "/orders?externalId={reference}".to_owned(), records_path: None };
        let push = PushSettings { lookup: Some(lookup), ..PushSettings::default() };
        let since = ChangedSince { param: "updated_after".to_owned(), format: MomentFormat::Rfc3339 };
        let api = ApiSettings {
            auth: Some(ApiAuth::Oauth2),
            token_auth: domain::connection::TokenAuth::Body,
            changed_since: Some(since),
            push: [(DataType::Orders, push)].into(),
            ..ApiSettings::default()
        };
        let settings = ConnectionSettings { api, ..settings.clone() };
        let secret = if good { "good" } else { "s3cret" };
        let credentials = Credentials {
            api_url: Some(origin.to_owned()),
            token_url: Some(format!("{origin}/token")),
            client_id: Some("app".to_owned()),
            client_secret: Some(secret.to_owned().into()),
            ..Credentials::default()
        };
        let tokens = std::sync::Arc::new(Unkept);
        Box::new(HttpConnector::new(&settings, credentials, &transport(), tokens).unwrap())
    }

    fn mapping() -> FieldMapping {
        mapping()
    }

    fn revoke(&self) -> bool {
        self.good_from.store(self.tokens.load(Ordering::SeqCst), Ordering::SeqCst);
        true
    }

    fn order() -> Option<(Value, Value)> {
        Some((order(), json!({"total": null})))
    }

    fn orders(&self) -> usize {
        self.orders.lock().unwrap().len()
    }
}
