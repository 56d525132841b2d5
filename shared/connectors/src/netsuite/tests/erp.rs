//! A NetSuite that keeps its rules: it lets in by certificate or by signature, gives rows for SuiteQL only as far as it
//! understands it and page by page, and takes orders under their external ids.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::http::Method;
use domain::DataType;
use domain::connection::{ConnectionMethod, ConnectionSettings, Credentials, Provider};
use domain::mapping::FieldMapping;
use serde_json::{Value, json};

use super::sql::{Lists, run};
use super::{records, signature};
use crate::conformance::{AMOUNT, Answer, Asked, NAME, Subject, Unkept, Vendor, changed_at, transport};
use crate::netsuite::NetSuite;
use crate::{Connector, default_mapping};

const PRIVATE_KEY: &str = include_str!("../../../../transport/src/session/fixtures/rsa.pem");

/// The account's books.
#[derive(Default)]
pub(super) struct Books {
    pub(super) lists: Mutex<Lists>,
    /// Whether requests are signed one by one.
    signed: bool,
    nonces: Mutex<HashSet<String>>,
    tokens: AtomicUsize,
    good_from: AtomicUsize,
    /// The requests, with the headers that matter and their bodies.
    pub(super) seen: Mutex<Vec<String>>,
}

impl Books {
    pub(super) fn with(lists: Value) -> Self {
        let books = Self::default();
        for (name, rows) in lists.as_object().unwrap() {
            // The name lives as long as the test.
            let name: &'static str = name.clone().leak();
            books.lists.lock().unwrap().insert(name, rows.as_array().unwrap().clone());
        }
        books
    }

    fn give_token(&self, asked: &Asked) -> Answer {
        if !signature::is_application(asked) {
            return (400, json!({"error": "invalid_request"}).to_string());
        }
        let token = format!("t{}", self.tokens.fetch_add(1, Ordering::SeqCst));
        (200, json!({"access_token": token, "expires_in": "3600", "token_type": "bearer"}).to_string())
    }

    fn lets_in(&self, asked: &Asked) -> bool {
        if self.signed {
            return signature::is_signed(asked, &mut self.nonces.lock().unwrap());
        }
        let token = asked.header("authorization").strip_prefix("Bearer t");
        let number = token.and_then(|number| number.parse::<usize>().ok());
        number.is_some_and(|number| number >= self.good_from.load(Ordering::SeqCst))
    }

    fn query(&self, asked: &Asked) -> Answer {
        if asked.header("prefer") != "transient" {
            return refusal(
                400,
                "INVALID_HEADER",
                "Missing or invalid header. Required: Prefer: transient.",
                "",
            );
        }
        let number = |name: &str| {
            asked.query.get(name).and_then(|text| text.parse::<usize>().ok()).unwrap_or_default()
        };
        let (limit, offset) = (number("limit"), number("offset"));
        if !(1..=1000).contains(&limit) || !offset.is_multiple_of(limit) || offset + limit > 100_000 {
            return refusal(400, "INVALID_PARAMETER", "Invalid value of limit or offset.", "");
        }
        let body: Value = serde_json::from_str(&asked.body).unwrap();
        let rows = match run(body["q"].as_str().unwrap(), &self.lists.lock().unwrap()) {
            Ok(rows) => rows,
            Err(why) => {
                let why = format!("Invalid search query. Detailed unprocessed description follows. {why}");
                return refusal(400, "INVALID_PARAMETER", &why, "");
            }
        };
        let page: Vec<&Value> = rows.iter().skip(offset).take(limit).collect();
        let answer = json!({"links": [], "count": page.len(), "hasMore": offset + limit < rows.len(), "items": page,
            "offset": offset, "totalResults": rows.len()});
        (200, answer.to_string())
    }
}

impl Vendor for Books {
    fn is_data(&self, asked: &Asked) -> bool {
        let lists = asked.path.ends_with("/suiteql") && asked.body.contains("AS lastmodifieddate");
        lists || (asked.path.contains("/record/") && asked.method != Method::GET)
    }

    fn answer(&self, asked: &Asked) -> Answer {
        let Some(path) = asked.path.strip_prefix("/services/rest/") else {
            return (404, "<html>Not found</html>".to_owned());
        };
        if (asked.method.as_str(), path) == ("POST", "auth/oauth2/v1/token") {
            return self.give_token(asked);
        }
        if !self.lets_in(asked) {
            let why =
                "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI.";
            return refusal(401, "INVALID_LOGIN", why, "");
        }
        self.seen.lock().unwrap().push(told(asked, path));
        if !asked.body.is_empty() && asked.header("content-type") != "application/json" {
            return refusal(415, "INVALID_CONTENT", "Unsupported media type.", "");
        }
        match (asked.method.as_str(), path, path.strip_prefix("record/v1/salesOrder/")) {
            ("POST", "query/v1/suiteql", _) => self.query(asked),
            (_, _, Some(key)) => records::answer(&mut self.lists.lock().unwrap(), asked, key),
            _ => refusal(404, "NONEXISTENT_ID", "The record type does not exist.", ""),
        }
    }
}

/// A request as it is kept.
fn told(asked: &Asked, path: &str) -> String {
    let mut query: Vec<_> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    query.sort();
    let names = ["prefer", "x-netsuite-propertynamevalidation", "x-netsuite-propertyvaluevalidation"];
    let headers = names.into_iter().filter(|name| !asked.header(name).is_empty());
    let headers: Vec<_> = headers.map(|name| format!("{name}: {}", asked.header(name))).collect();
    let asks =
        serde_json::from_str::<Value>(&asked.body).ok().and_then(|body| Some(body["q"].as_str()?.to_owned()));
    let seen = [
        format!("{} {path} {}", asked.method, query.join("&")),
        headers.join("\n"),
        asks.unwrap_or_else(|| asked.body.clone()),
    ];
    seen.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

pub(super) fn refusal(status: u16, code: &str, detail: &str, path: &str) -> Answer {
    let mut error = json!({"detail": detail, "o:errorCode": code});
    if !path.is_empty() {
        error["o:errorPath"] = path.into();
    }
    let kind = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4.1";
    let said = json!({"type": kind, "title": "Error", "status": status, "o:errorDetails": [error]});
    (status, said.to_string())
}

/// What both ways to sign in need.
fn account(origin: &str) -> Credentials {
    Credentials {
        account: Some("1234567-sb1".to_owned()),
        api_url: Some(format!("{origin}/services/rest")),
        ..Credentials::default()
    }
}

pub(super) fn by_certificate(origin: &str, key_id: &str) -> Credentials {
    Credentials {
        client_id: Some("app".to_owned()),
        key_id: Some(key_id.to_owned()),
        private_key: Some(PRIVATE_KEY.to_owned().into()),
        ..account(origin)
    }
}

pub(super) fn connect(settings: &ConnectionSettings, credentials: Credentials) -> Box<dyn Connector> {
    Box::new(NetSuite::new(settings, credentials, &transport(), Arc::new(Unkept)).unwrap())
}

impl Subject for Books {
    const PULLED: DataType = DataType::Products;

    fn with_records(count: usize) -> Self {
        let item = |n: usize| {
            json!({"id": (n + 1).to_string(), "itemid": format!("P{n}"), "displayname": NAME, "itemtype": "InvtPart",
                "isinactive": "F", "lastmodifieddate": changed_at(n)})
        };
        let price = |n: usize| json!({"item": (n + 1).to_string(), "pricelevel": "1", "unitprice": AMOUNT, "quantity": "1", "currency": "1"});
        // What is ordered is no product, so that there may be none.
        let sold = json!({"id": "900", "itemid": "1896-S", "itemtype": "Markup", "isinactive": "F"});
        let items: Vec<Value> = (0..count).map(item).chain([sold]).collect();
        let prices: Vec<Value> = (0..count).map(price).collect();
        Self::with(json!({"item": items, "pricing": prices, "currency": [{"id": "1", "symbol": "GBP"}]}))
    }

    fn connector(origin: &str, settings: &ConnectionSettings, good: bool) -> Box<dyn Connector> {
        connect(settings, by_certificate(origin, if good { "cert-1" } else { "s3cret" }))
    }

    fn mapping() -> FieldMapping {
        default_mapping(Provider::NetSuite, ConnectionMethod::Api, DataType::Products)
    }

    fn revoke(&self) -> bool {
        self.good_from.store(self.tokens.load(Ordering::SeqCst), Ordering::SeqCst);
        true
    }

    fn order() -> Option<(Value, Value)> {
        let order = json!({
            "orderNumber": "WEB-1", "customerId": "77", "currency": "GBP", "orderedAt": "2026-11-20T10:00:00Z",
            "shippingAddress": {"name": "Jane Doe", "street": "1 High St", "city": "Leeds", "country": "GB"},
            "lines": [{"sku": "1896-S", "quantity": 2.5, "unitPrice": "12345678901234567.89"}],
        });
        Some((order, json!({"customerId": "78"})))
    }

    fn orders(&self) -> usize {
        self.lists.lock().unwrap().get("transaction").map_or(0, Vec::len)
    }
}

/// The same account, where every request is signed.
pub(super) struct Signed(Books);

impl Vendor for Signed {
    fn is_data(&self, asked: &Asked) -> bool {
        self.0.is_data(asked)
    }

    fn answer(&self, asked: &Asked) -> Answer {
        self.0.answer(asked)
    }
}

impl Subject for Signed {
    const PULLED: DataType = Books::PULLED;

    fn with_records(count: usize) -> Self {
        Self(Books { signed: true, ..Books::with_records(count) })
    }

    fn connector(origin: &str, settings: &ConnectionSettings, good: bool) -> Box<dyn Connector> {
        let secret = |text: &str| Some(text.to_owned().into());
        let credentials = Credentials {
            consumer_key: secret("ckey"),
            consumer_secret: secret("csecret"),
            token_id: secret("tid"),
            token_secret: secret(if good { "tsecret" } else { "s3cret" }),
            ..account(origin)
        };
        connect(settings, credentials)
    }

    fn mapping() -> FieldMapping {
        Books::mapping()
    }

    fn revoke(&self) -> bool {
        false
    }

    fn order() -> Option<(Value, Value)> {
        Books::order()
    }

    fn orders(&self) -> usize {
        self.0.orders()
    }
}
