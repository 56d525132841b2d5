//! An S/4HANA that keeps its rules, in V2 and V4: it wants its user, its client and JSON asked for, knows its fields and
//! refuses others, gives 100 records at a time unless told and never more than 5000, and takes a change only with the
//! CSRF token, all cookies of its session and the newest ETag.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::Method;
use domain::DataType;
use domain::connection::{ConnectionSettings, Credentials};
use domain::mapping::FieldMapping;
use serde_json::{Value, json};

use super::odata::{self, Asking};
use crate::conformance::{AMOUNT, Answer, Asked, NAME, Subject, Unkept, Vendor, changed_at, transport};
use crate::sap::Sap;
use crate::{Connector, default_mapping};

/// The services, the lists in them, and the fields by which one may ask.
const LISTS: [(&str, &str, &[&str]); 9] = [
    ("API_PRODUCT_SRV", "A_Product", &["Product", "LastChangeDateTime"]),
    ("product/0002", "Product", &["Product", "LastChangeDateTime"]),
    ("API_MATERIAL_STOCK_SRV", "A_MatlStkInAcctMod", &STOCK_FIELDS),
    ("API_SALES_ORDER_SRV", "A_SalesOrder", &ORDER_FIELDS),
    ("salesorder/0001", "SalesOrder", &ORDER_FIELDS),
    ("API_OUTBOUND_DELIVERY_SRV;v=0002", "A_OutbDeliveryItem", &["DeliveryDocument", "ReferenceSDDocument"]),
    (
        "API_OUTBOUND_DELIVERY_SRV;v=0002",
        "A_OutbDeliveryHeader",
        &["DeliveryDocument", "ActualGoodsMovementDate", "BillOfLading"],
    ),
    ("API_BILLING_DOCUMENT_SRV", "A_BillingDocument", &["BillingDocument", "LastChangeDateTime"]),
    (
        "API_BUSINESS_PARTNER",
        "A_BusinessPartner",
        &["BusinessPartner", "BusinessPartnerCategory", "LastChangeDate", "CreationDate"],
    ),
];

const STOCK_FIELDS: [&str; 8] = [
    "Material",
    "Plant",
    "StorageLocation",
    "Batch",
    "MaterialBaseUnit",
    "MatlWrhsStkQtyInMatlBaseUnit",
    "InventoryStockType",
    "InventorySpecialStockType",
];

const ORDER_FIELDS: [&str; 6] = [
    "SalesOrder",
    "PurchaseOrderByCustomer",
    "OverallSDProcessStatus",
    "OverallDeliveryStatus",
    "OverallSDDocumentRejectionSts",
    "LastChangeDateTime",
];

/// What a new order may have.
const NEW_ORDER: [&str; 12] = [
    "SalesOrderType",
    "SalesOrganization",
    "DistributionChannel",
    "OrganizationDivision",
    "SoldToParty",
    "PurchaseOrderByCustomer",
    "CustomerPurchaseOrderDate",
    "RequestedDeliveryDate",
    "TransactionCurrency",
    "to_Item",
    "to_Partner",
    "_Item",
];

/// A system; `V4`: products and orders are asked for in V4.
#[derive(Default)]
pub(super) struct S4<const V4: bool> {
    /// The lists, by name; navigation properties are arrays.
    pub(super) lists: Mutex<BTreeMap<&'static str, Vec<Value>>>,
    /// How many records it gives at a time, where that is fewer than are asked for.
    pub(super) page: Option<usize>,
    /// Whether its sessions are over as soon as they begin.
    forgets: bool,
    sessions: AtomicUsize,
    /// The API keys that were sent.
    pub(super) api_keys: Mutex<Vec<String>>,
    /// The requests for data, with the headers that matter and their bodies.
    pub(super) seen: Mutex<Vec<String>>,
}

impl<const V4: bool> S4<V4> {
    pub(super) const ORDERS: &'static str = if V4 { "SalesOrder" } else { "A_SalesOrder" };

    pub(super) fn with(list: &'static str, records: Vec<Value>) -> Self {
        let s4 = Self::default();
        s4.lists.lock().unwrap().insert(list, records);
        s4
    }

    pub(super) fn forgetting() -> Self {
        Self { forgets: true, ..Self::default() }
    }

    /// From now on the session that was given last is over.
    pub(super) fn end_session(&self) {
        self.sessions.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn sessions(&self) -> usize {
        self.sessions.load(Ordering::SeqCst)
    }

    fn has_session(&self, asked: &Asked) -> bool {
        let number = self.sessions() + usize::from(self.forgets);
        let cookies = format!("SAP_SESSIONID_S4H_100={number}; sap-XSRF_S4H_100=x{number}");
        asked.header("x-csrf-token") == format!("token{number}==") && asked.header("cookie") == cookies
    }

    fn list(&self, asked: &Asked, set: &str, fields: &[&str]) -> Answer {
        let lists = self.lists.lock().unwrap();
        let asking = Asking { v4: is_v4(asked), fields, page: self.page };
        match asking.answer(asked, lists.get(set).map(Vec::as_slice).unwrap_or_default()) {
            // Written as it is, for serde_json would make a float of it.
            Ok(answer) => (200, answer.to_string().replace("\"@AMOUNT@\"", AMOUNT)),
            Err(why) => refusal(asked, 400, "005056A509B11EE1B9A8FEC11C21578E", &why),
        }
    }

    fn make_order(&self, asked: &Asked) -> Answer {
        let order: Value = match serde_json::from_str(&asked.body) {
            Ok(order) if asked.header("content-type") == "application/json" => order,
            _ => return refusal(asked, 400, "/IWBEP/CM_MGW_RT/021", "The request body is no JSON."),
        };
        let mut order = match odata::deep_create(&order, V4, &NEW_ORDER) {
            Ok(order) => order,
            Err(why) => return refusal(asked, 400, "/IWBEP/CM_MGW_RT/020", &why),
        };
        let area = ["SalesOrganization", "DistributionChannel", "OrganizationDivision", "SalesOrderType"]
            .map(|name| order[name].as_str().unwrap_or_default());
        if area != ["1710", "10", "00", "OR"] {
            return refusal(asked, 400, "V1/307", "Sales area is not defined");
        }
        if order["SoldToParty"] != "17100001" {
            return refusal(asked, 400, "V1/310", "Sold-to party nobody is not defined");
        }
        let mut lists = self.lists.lock().unwrap();
        let orders = lists.entry(Self::ORDERS).or_default();
        order["SalesOrder"] = (orders.len() + 1).to_string().into();
        order["@etag"] = "W/\"datetimeoffset'1'\"".into();
        orders.push(order.clone());
        let shown = odata::shown(&order, V4, "", "");
        (201, if V4 { shown.to_string() } else { json!({"d": shown}).to_string() })
    }

    fn change_order(&self, asked: &Asked, number: &str) -> Answer {
        let mut lists = self.lists.lock().unwrap();
        let orders = lists.entry(Self::ORDERS).or_default();
        let Some(at) = orders.iter().position(|order| order["SalesOrder"] == number) else {
            return refusal(asked, 404, "V1/302", "The sales order does not exist.");
        };
        if asked.header("if-match").is_empty() {
            return refusal(asked, 428, "/IWFND/CM_MGW/056", "The request must be conditional.");
        }
        if asked.header("if-match") != orders[at]["@etag"].as_str().unwrap() {
            return refusal(asked, 412, "/IWFND/CM_MGW/055", "The precondition failed.");
        }
        if asked.method == Method::DELETE {
            orders.remove(at);
            return (204, String::new());
        }
        let change: Value = serde_json::from_str(&asked.body).unwrap();
        if change.get("SoldToParty").is_some() || change.get("to_Item").is_some() {
            return refusal(asked, 400, "V1/311", "This cannot be changed.");
        }
        let order = orders[at].as_object_mut().unwrap();
        order.extend(change.as_object().unwrap().clone());
        order.insert("@etag".to_owned(), "W/\"datetimeoffset'2'\"".into());
        (204, String::new())
    }

    fn remember(&self, asked: &Asked, path: &str) {
        let header =
            |name: &'static str| Some((name, asked.header(name))).filter(|(_, value)| !value.is_empty());
        let names = ["if-match", "x-csrf-token", "cookie", "sap-client", "sap-language"];
        let headers = names.into_iter().filter_map(header).map(|(name, value)| format!("{name}: {value}"));
        let mut query: Vec<_> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        query.sort();
        let seen = [
            format!("{} {path} {}", asked.method, query.join("&")),
            headers.collect::<Vec<_>>().join("\n"),
            asked.body.clone(),
        ];
        self.seen.lock().unwrap().push(seen.join("\n").trim_end().to_owned());
    }
}

fn is_v4(asked: &Asked) -> bool {
    asked.path.contains("/odata4/")
}

/// A message is an object in V2 and a text in V4.
fn refusal(asked: &Asked, status: u16, code: &str, message: &str) -> Answer {
    let detail = json!([{"code": code, "message": message, "severity": "error"},
        {"code": code, "message": "Item 10: unit of measure is missing", "severity": "error"}]);
    let error = if is_v4(asked) {
        json!({"code": code, "message": message, "details": detail})
    } else {
        json!({"code": code, "message": {"lang": "en", "value": message},
            "innererror": {"transactionid": "A1B2", "errordetails": detail}})
    };
    (status, json!({"error": error}).to_string())
}

impl<const V4: bool> Vendor for S4<V4> {
    fn is_data(&self, asked: &Asked) -> bool {
        !asked.path.ends_with('/')
    }

    fn answer(&self, asked: &Asked) -> Answer {
        self.api_keys
            .lock()
            .unwrap()
            .extend(asked.headers.get("apikey").map(|key| key.to_str().unwrap().to_owned()));
        // causeway:good
        if asked.header("authorization") != "Basic Y2F1c2V3YXk6Z29vZA=="
            || asked.header("sap-client") != "100"
        {
            return (401, "<html><title>Logon failed</title></html>".to_owned());
        }
        if asked.header("accept") != "application/json" {
            return (200, "<feed xmlns=\"http://www.w3.org/2005/Atom\"></feed>".to_owned());
        }
        let path = asked.path.trim_start_matches("/s4/sap/opu/odata");
        let (service, rest) = path.rsplit_once('/').unwrap();
        self.remember(asked, path);
        let changes = asked.method != Method::GET;
        if changes && !self.has_session(asked) {
            return (403, "CSRF token validation failed".to_owned());
        }
        let set = rest.split('(').next().unwrap();
        let known = LISTS.iter().find(|(at, name, _)| service.ends_with(at) && *name == set);
        match (asked.method.as_str(), known) {
            ("GET", _) if rest.is_empty() => (200, json!({"d": {"EntitySets": []}}).to_string()),
            ("GET", Some((_, set, fields))) if rest == *set => self.list(asked, set, fields),
            ("POST", Some(_)) if rest == Self::ORDERS => self.make_order(asked),
            ("PATCH" | "DELETE", Some(_)) if set == Self::ORDERS => {
                let number = rest.split('\'').nth(1).unwrap();
                self.change_order(asked, number)
            }
            _ => {
                refusal(asked, 404, "/IWFND/CM_MGW/004", &format!("Resource not found for segment '{rest}'"))
            }
        }
    }

    fn headers(&self, asked: &Asked, answer: &Answer) -> Vec<(&'static str, String)> {
        if answer.0 == 403 {
            return vec![("x-csrf-token", "Required".to_owned())];
        }
        if asked.header("x-csrf-token") != "Fetch" || answer.0 != 200 {
            return Vec::new();
        }
        let number = self.sessions.fetch_add(1, Ordering::SeqCst) + 1;
        vec![
            ("x-csrf-token", format!("token{number}==")),
            ("set-cookie", format!("SAP_SESSIONID_S4H_100={number}; path=/; secure; HttpOnly")),
            ("set-cookie", format!("sap-XSRF_S4H_100=x{number}; path=/sap")),
        ]
    }
}

impl<const V4: bool> Subject for S4<V4> {
    const PULLED: DataType = DataType::Products;

    fn with_records(count: usize) -> Self {
        let at = |n: usize| changed_at(n).parse::<jiff::Timestamp>().unwrap().as_millisecond();
        let product = |n: usize| {
            let names = json!([{"Language": "DE", "ProductDescription": "Ware"},
                {"Language": "EN", "ProductDescription": NAME}]);
            if V4 {
                json!({"Product": format!("P{n:03}"), "LastChangeDateTime": changed_at(n),
                    "_ProductDescription": names, "_ProductValuation": [{"StandardPrice": "@AMOUNT@"}]})
            } else {
                json!({"Product": format!("P{n:03}"), "LastChangeDateTime": format!("/Date({}+0000)/", at(n)),
                    "to_Description": names, "to_Valuation": [{"StandardPrice": AMOUNT}]})
            }
        };
        // The last comes first: their order is the one that is asked for.
        let list = if V4 { "Product" } else { "A_Product" };
        Self::with(list, (0..count).rev().map(product).collect())
    }

    fn connector(origin: &str, settings: &ConnectionSettings, good: bool) -> Box<dyn Connector> {
        let credentials = Credentials {
            api_url: Some(format!("{origin}/s4/")),
            username: Some("causeway".to_owned()),
            password: Some(if good { "good" } else { "s3cret" }.to_owned().into()),
            ..Credentials::default()
        };
        let mut sap = json!({
            "client": "100",
            "services": {"products": {"odata": "v4"}, "orders": {"odata": "v4"}},
            "expand": {"products": [if V4 { "_ProductValuation" } else { "to_Valuation" }]},
            "order": {"salesOrganization": "1710", "distributionChannel": "10", "organizationDivision": "00",
                "priceCondition": "PPR0"},
        });
        if !V4 {
            sap["services"] = json!({});
            sap["order"]["shipToFunction"] = "SH".into();
        }
        let mut settings = settings.clone();
        if settings.sap == Default::default() {
            settings.sap = serde_json::from_value(sap).unwrap();
        }
        let tokens = std::sync::Arc::new(Unkept);
        Box::new(Sap::new(&settings, credentials, &transport(), tokens).unwrap())
    }

    fn mapping() -> FieldMapping {
        use domain::connection::{ConnectionMethod, Provider};
        let mut mapping = default_mapping(Provider::Sap, ConnectionMethod::Api, DataType::Products);
        // Nothing but a valuation price is at hand, which is no sales price unless somebody says so.
        let price = if V4 { "ProductValuation.0.StandardPrice" } else { "Valuation.0.StandardPrice" };
        mapping.insert("price".to_owned(), Some(price.to_owned()));
        mapping
    }

    fn revoke(&self) -> bool {
        false
    }

    fn order() -> Option<(Value, Value)> {
        let order = json!({
            "orderNumber": "WEB-1", "customerId": "17100001", "currency": "GBP",
            "orderedAt": "2026-11-20T10:00:00Z", "requiredOn": "2026-12-01",
            "shippingAddress": {"name": "Jane Doe", "street": "1 High St", "city": "Leeds", "country": "GB"},
            "lines": [{"sku": "TG11", "quantity": 2.5, "unit": "PC", "unitPrice": "12345678901234567.89"}],
        });
        Some((order, json!({"customerId": "nobody"})))
    }

    fn orders(&self) -> usize {
        self.lists.lock().unwrap().get(Self::ORDERS).map_or(0, Vec::len)
    }
}
