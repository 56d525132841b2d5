//! A supplier that takes order XML and keeps the rules of its dialect: it knows its users and its shared secret, takes
//! valid documents only, knows a document that comes twice by its id, and answers in the standard's own words.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use axum::http::Method;
use domain::connection::{ConnectionSettings, Credentials, DoiDialect};
use serde_json::{Value, json};

use super::validity;
use crate::conformance::{Answer, Asked, Vendor, transport};
use crate::doi::DoiConnector;
use crate::doi::xml::{self, Element};

/// The supplier.
pub(super) struct Supplier {
    dialect: DoiDialect,
    /// The documents that came, in order.
    pub(super) seen: Mutex<Vec<String>>,
    /// Orders by number, each with its newest document.
    pub(super) orders: Mutex<BTreeMap<String, String>>,
    ids: Mutex<BTreeSet<String>>,
}

impl Supplier {
    pub(super) fn speaking(dialect: DoiDialect) -> Self {
        Self { dialect, seen: Mutex::default(), orders: Mutex::default(), ids: Mutex::default() }
    }

    fn cxml(&self, asked: &Asked) -> Answer {
        if asked.header("content-type") != "text/xml; charset=UTF-8" {
            return status(406, "Not Acceptable", "the content type is not text/xml");
        }
        if let Err(errors) = validity::cxml(&asked.body) {
            return status(406, "Not Acceptable", &errors);
        }
        let root = xml::parse(asked.body.as_bytes()).unwrap();
        let credential = root.at("Header/Sender/Credential").unwrap();
        if credential.text_at("SharedSecret") != Some("s3cret!") {
            return status(401, "Unauthorized", "shared secret s3cret? of AN-BUYER is wrong");
        }
        if root.text_at("Header/To/Credential/Identity") != Some("AN-SUPPLIER") {
            return status(400, "Bad Request", "we are not the one this is for");
        }
        let Some(header) = root.at("Request/OrderRequest/OrderRequestHeader") else {
            return status(450, "Not Implemented", "no profiles here");
        };
        let known = !self.ids.lock().unwrap().insert(root.attribute("payloadID").unwrap().to_owned());
        if known {
            return status(200, "OK", "was here before");
        }
        let parts = root.at("Request/OrderRequest").unwrap().all("ItemOut");
        if let Some(odd) =
            parts.filter_map(|item| item.text_at("ItemID/SupplierPartID")).find(|part| !is_sold(part))
        {
            return status(400, "Bad Request", &format!("part {odd} is not in our catalogue"));
        }
        self.keep(header.attribute("orderID").unwrap(), header.attribute("type").unwrap(), asked)
    }

    fn keep(&self, number: &str, kind: &str, asked: &Asked) -> Answer {
        let mut orders = self.orders.lock().unwrap();
        let there = orders.contains_key(number);
        match (kind, there) {
            ("new", true) => return status(409, "Conflict", &format!("order {number} is there already")),
            ("update" | "delete", false) => {
                return status(417, "Expectation Failed", &format!("there is no order {number}"));
            }
            ("delete", true) => drop(orders.remove(number)),
            _ => drop(orders.insert(number.to_owned(), asked.body.clone())),
        }
        status(200, "OK", "")
    }

    fn ubl(&self, asked: &Asked) -> Answer {
        if asked.header("content-type") != "application/xml; charset=utf-8" {
            return (415, "only application/xml".to_owned());
        }
        let Ok(root) = xml::parse(asked.body.as_bytes()) else { return (400, "no XML".to_owned()) };
        if let Err(errors) = validity::ubl(&asked.body, &root.name) {
            return (400, errors);
        }
        if !self.ids.lock().unwrap().insert(root.text_at("UUID").unwrap().to_owned()) {
            return (200, String::new());
        }
        let number = root.text_at("OrderReference/ID").or(root.text_at("ID")).unwrap();
        let item =
            |line: &Element| line.text_at("LineItem/Item/SellersItemIdentification/ID").map(str::to_owned);
        if let Some(odd) = root.all("OrderLine").filter_map(item).find(|part| !is_sold(part)) {
            return (200, order_response(number, "RE", &format!("part {odd} is not in our catalogue")));
        }
        let mut orders = self.orders.lock().unwrap();
        match root.name.as_str() {
            "OrderCancellation" => drop(orders.remove(number)),
            _ => drop(orders.insert(number.to_owned(), asked.body.clone())),
        }
        (200, order_response(number, "AP", "with pleasure"))
    }

    fn plain(&self, asked: &Asked) -> Answer {
        if validity::xml(&asked.body).is_err() {
            return (422, "that is no XML".to_owned());
        }
        let number = xml::parse(asked.body.as_bytes()).unwrap().attribute("id").unwrap().to_owned();
        self.orders.lock().unwrap().insert(number, asked.body.clone());
        (202, "thanks".to_owned())
    }
}

impl Vendor for Supplier {
    fn answer(&self, asked: &Asked) -> Answer {
        if asked.header("authorization") != "Basic ZXJwOnBhc3M=" || asked.path != "/doi" {
            return (401, "who are you?".to_owned());
        }
        if asked.method != Method::POST {
            return (405, "<html>Method Not Allowed</html>".to_owned());
        }
        self.seen.lock().unwrap().push(asked.body.clone());
        match self.dialect {
            DoiDialect::Cxml => self.cxml(asked),
            DoiDialect::Ubl => self.ubl(asked),
            DoiDialect::Template => self.plain(asked),
        }
    }

    fn is_data(&self, asked: &Asked) -> bool {
        asked.method == Method::POST
    }
}

fn is_sold(part: &str) -> bool {
    part.starts_with("SKU-")
}

/// A cXML answer. As many servers do, it is sent with 200 whatever it says.
pub(super) fn status(code: u16, text: &str, words: &str) -> Answer {
    let status = Element::text("Status", words).attr("code", code.to_string()).attr("text", text);
    let answer = Element::new("cXML")
        .attr("payloadID", "1@supplier")
        .attr("timestamp", "2026-11-20T10:00:00+00:00")
        .with(Element::new("Response").with(status));
    (200, answer.document("<!DOCTYPE cXML SYSTEM \"http://xml.cxml.org/schemas/cXML/1.2.063/cXML.dtd\">\n"))
}

/// A UBL answer, valid by its schema.
pub(super) fn order_response(number: &str, code: &str, note: &str) -> String {
    let party = "<cac:Party><cac:PartyName><cbc:Name>x</cbc:Name></cac:PartyName></cac:Party>";
    let response = format!(
        "<OrderResponse xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:OrderResponse-2\" \
         xmlns:cac=\"urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2\" \
         xmlns:cbc=\"urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2\">\
         <cbc:ID>R-{number}</cbc:ID><cbc:IssueDate>2026-11-20</cbc:IssueDate>\
         <cbc:OrderResponseCode>{code}</cbc:OrderResponseCode><cbc:Note>{note}</cbc:Note>\
         <cac:OrderReference><cbc:ID>{number}</cbc:ID></cac:OrderReference>\
         <cac:SellerSupplierParty>{party}</cac:SellerSupplierParty>\
         <cac:BuyerCustomerParty>{party}</cac:BuyerCustomerParty></OrderResponse>"
    );
    validity::ubl(&response, "OrderResponse").unwrap();
    response
}

/// The settings of a connection in a dialect.
pub(super) fn settings(dialect: DoiDialect) -> Value {
    match dialect {
        DoiDialect::Cxml => json!({
            "dialect": "cxml", "deploymentMode": "test", "buyerName": "Northwind & Sons",
            "from": {"domain": "NetworkID", "identity": "AN-BUYER"},
            "to": {"domain": "NetworkID", "identity": "AN-SUPPLIER"},
        }),
        DoiDialect::Ubl => json!({
            "dialect": "ubl", "sellerName": "Acme Supplies", "unit": "C62",
            "from": {"domain": "0088", "identity": "7300010000001"}, "to": {"domain": "0088", "identity": "7300010000002"},
            "profileId": "urn:fdc:peppol.eu:poacc:bis:ordering:3",
        }),
        DoiDialect::Template => json!({
            "dialect": "template",
            "template": {
                "create": "<order id=\"{{orderNumber}}\" key=\"{{idempotencyKey}}\">{{#lines}}\n <line sku=\"{{sku}}\" \
                           n=\"{{quantity}}\"/>{{/lines}}\n {{#notes}}<note>{{notes}}</note>{{/notes}}\n</order>",
                "delete": "<cancel id=\"{{key}}\"/>",
            },
        }),
    }
}

/// The connector of a connection with these settings.
pub(super) fn connector(origin: &str, doi: Value, secret: Option<&str>) -> DoiConnector {
    let settings: ConnectionSettings = serde_json::from_value(json!({
        "retryAttempts": 2, "retryDelay": 10, "timeout": 5000, "doi": doi,
    }))
    .unwrap();
    let credentials = Credentials {
        doi_endpoint: Some(format!("{origin}/doi")),
        doi_username: Some("erp".to_owned()),
        doi_password: Some("pass".to_owned().into()),
        doi_shared_secret: secret.map(|secret| secret.to_owned().into()),
        ..Credentials::default()
    };
    DoiConnector::new(
        &settings,
        credentials,
        &transport(),
        std::sync::Arc::new(super::inbox::Kept::default()),
    )
    .unwrap()
}
