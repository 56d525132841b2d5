//! A Fusion that keeps its rules: it wants a token, a password or a JSON Web Token signed by the key it knows, refuses
//! fields, parameters and conditions it does not have, gives records in no order unless it is told one, lists within a
//! record but in part, and never takes a source transaction twice.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::DataType;
use domain::connection::{ConnectionMethod, ConnectionSettings, Credentials, OracleRead, Provider};
use domain::mapping::FieldMapping;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::{Value, json};

use super::orders;
use super::query::{self, Schema};
use crate::conformance::{AMOUNT, Answer, Asked, NAME, Subject, Unkept, Vendor, changed_at, transport};
use crate::oracle::Oracle;
use crate::{Connector, default_mapping};

pub(super) const SCOPE: &str = "urn:opc:resource:fusion:pod:";

/// The SHA-1 of the certificate that belongs to the key.
const THUMBPRINT: &str = "Mf8jelqFaaYoq49rCGPhEp55ln4";
const PUBLIC_KEY: &str = include_str!("../../../../transport/src/session/fixtures/rsa_public.pem");

/// The fields of each resource, and of the lists in it.
const SCHEMAS: [(&str, &str); 5] = [
    (
        "salesOrdersForOrderHub",
        "HeaderId,OrderKey,OrderNumber,SourceTransactionNumber,SourceTransactionId,SourceTransactionSystem,\
         BuyingPartyNumber,BuyingPartyName,BusinessUnitName,StatusCode,TransactionalCurrencyCode,TransactionOn,\
         RequestedShipDate,Comments,SubmittedFlag,CanceledFlag,LastUpdateDate;lines:FulfillLineId,LineNumber,\
         ProductNumber,ProductDescription,OrderedQuantity,OrderedUOMCode,UnitSellingPrice,StatusCode,ActualShipDate,\
         LastUpdateDate;lines.lineDetails:TrackingNumber;totals:TotalCode,TotalAmount;\
         shipToCustomer:PartyName,Address1,Address2,City,State,PostalCode,Country",
    ),
    (
        "itemsV2",
        "ItemId,ItemNumber,ItemDescription,ItemClass,ItemStatusValue,PrimaryUOMValue,OrganizationCode,\
         LastUpdateDateTime,ListPrice",
    ),
    ("inventoryOnhandBalances", "OrganizationCode,ItemNumber,SubinventoryCode,PrimaryQuantity,SummaryLevel"),
    (
        "receivablesInvoices",
        "CustomerTransactionId,TransactionNumber,TransactionDate,DueDate,BillToCustomerNumber,BillToCustomerName,\
         InvoiceCurrencyCode,EnteredAmount,InvoiceBalanceAmount,InvoiceStatus,PurchaseOrder,LastUpdateDate;\
         receivablesInvoiceLines:CustomerTransactionLineId,LineNumber,ItemNumber,Description,Quantity,\
         UnitSellingPrice,LineAmount,SalesOrder",
    ),
    (
        "workers",
        "PersonId,PersonNumber,LastUpdateDate;names:FirstName,LastName,DisplayName;emails:EmailAddress,PrimaryFlag;\
         workRelationships:StartDate,TerminationDate;\
         workRelationships.assignments:AssignmentStatusType,DepartmentName,JobCode",
    ),
];

/// One environment.
#[derive(Default)]
pub(super) struct Fusion {
    /// The records of each resource; lists in them are plain lists.
    pub(super) lists: Mutex<BTreeMap<&'static str, Vec<Value>>>,
    tokens: AtomicUsize,
    good_from: AtomicUsize,
    /// How many lists were asked for without an order.
    unordered: AtomicUsize,
    /// Resources that the user may not read.
    pub(super) forbidden: Mutex<Vec<&'static str>>,
    /// The requests for data, with the headers that matter and their bodies.
    pub(super) seen: Mutex<Vec<String>>,
}

impl Fusion {
    pub(super) fn with(list: &'static str, records: Vec<Value>) -> Self {
        let fusion = Self::default();
        fusion.lists.lock().unwrap().insert(list, records);
        fusion
    }

    fn give_token(&self, asked: &Asked) -> Answer {
        let form: BTreeMap<String, String> =
            url::form_urlencoded::parse(asked.body.as_bytes()).into_owned().collect();
        let is = |name: &str, value: &str| form.get(name).is_some_and(|sent| sent == value);
        // "app:good" in base64.
        let by_secret = asked.header("authorization") == "Basic YXBwOmdvb2Q=";
        let by_assertion = form.get("client_assertion").is_some_and(|assertion| {
            is("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
                && signed(assertion, Some("https://identity.oraclecloud.com/"))
                    .is_some_and(|claims| claims["iss"] == "app" && claims["sub"] == "app")
        });
        if !(by_secret || by_assertion) || !is("grant_type", "client_credentials") || !is("scope", SCOPE) {
            let why = "Client authentication failed.";
            return (401, json!({"error": "invalid_client", "error_description": why}).to_string());
        }
        let token = format!("t{}", self.tokens.fetch_add(1, Ordering::SeqCst));
        (200, json!({"token_type": "Bearer", "expires_in": 3600, "access_token": token}).to_string())
    }

    fn lets_in(&self, asked: &Asked) -> bool {
        let sent = asked.header("authorization");
        // "joe:pw" in base64.
        if sent == "Basic am9lOnB3" {
            return true;
        }
        let Some(token) = sent.strip_prefix("Bearer ") else { return false };
        let number = token.strip_prefix('t').and_then(|number| number.parse::<usize>().ok());
        number.is_some_and(|number| number >= self.good_from.load(Ordering::SeqCst))
            || signed(token, None).is_some_and(|claims| claims["iss"] == "causeway" && claims["prn"] == "joe")
    }

    fn resource(&self, asked: &Asked, rest: &str) -> Answer {
        let mut parts = rest.split('/');
        let name = parts.next().unwrap();
        let Some((name, schema)) = SCHEMAS.iter().find(|(known, _)| *known == name) else {
            return refusal(asked, 404, "", "The resource was not found.");
        };
        if self.forbidden.lock().unwrap().contains(name) {
            return refusal(asked, 403, "", "You don't have the privilege to read this.");
        }
        let schema = Schema::of(schema);
        let mut lists = self.lists.lock().unwrap();
        let list = lists.entry(name).or_default();
        let rest: Vec<_> = parts.collect();
        match (asked.method.as_str(), &rest[..]) {
            ("GET", []) => self.answer_list(asked, query::list(asked, &schema, list, self.shift(asked))),
            ("GET", [key, "child", child]) => {
                let key: u64 = key.parse().unwrap();
                let is_meant =
                    |record: &&Value| record.as_object().unwrap().values().any(|id| id.as_u64() == Some(key));
                let record = list.iter().find(is_meant).unwrap();
                let children = record[*child].as_array().unwrap();
                let shift = self.shift(asked);
                self.answer_list(asked, query::list(asked, &schema.child(child), children, shift))
            }
            ("POST", []) if *name == "salesOrdersForOrderHub" => orders::make(asked, list),
            ("PATCH" | "DELETE", [key]) if *name == "salesOrdersForOrderHub" => {
                orders::change(asked, list, key)
            }
            _ => refusal(asked, 405, "", "The method is not allowed."),
        }
    }

    /// By how much a list that is asked for without an order is turned around.
    fn shift(&self, asked: &Asked) -> usize {
        if asked.query.contains_key("orderBy") { 0 } else { self.unordered.fetch_add(7, Ordering::SeqCst) }
    }

    fn answer_list(&self, asked: &Asked, list: Result<Value, String>) -> Answer {
        match list {
            // Written as it is, for serde_json would make a float of it.
            Ok(list) => (200, list.to_string().replace("\"@AMOUNT@\"", AMOUNT)),
            Err(why) => refusal(asked, 400, "27520", &why),
        }
    }

    fn remember(&self, asked: &Asked, path: &str) {
        let mut query: Vec<_> = asked.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        query.sort();
        let mut seen = format!("{} {path}\n{}", asked.method, query.join("\n"));
        for name in ["content-type", "accept", "rest-framework-version"] {
            if !asked.header(name).is_empty() {
                seen.push_str(&format!("\n{name}: {}", asked.header(name)));
            }
        }
        self.seen.lock().unwrap().push(format!("{seen}\n{}", asked.body).trim_end().replace("\n\n", "\n"));
    }
}

impl Vendor for Fusion {
    fn is_data(&self, asked: &Asked) -> bool {
        asked.path.contains("/resources/")
    }

    fn answer(&self, asked: &Asked) -> Answer {
        if asked.path == "/oauth2/v1/token" {
            return self.give_token(asked);
        }
        if !self.lets_in(asked) {
            return (401, "<html><title>401 Unauthorized</title></html>".to_owned());
        }
        if asked.path == "/fscmRestApi/resources" {
            let versions = json!({"allowedFrameworkVersions": ["1", "2", "3", "4", "5"]});
            let items = json!([{"version": "11.13.18.05", "isLatest": true, "adf:extension": versions}]);
            return (200, json!({"items": items}).to_string());
        }
        let of = |api: &str| asked.path.strip_prefix(&format!("/{api}/resources/11.13.18.05/"));
        let found = match (of("fscmRestApi"), of("hcmRestApi")) {
            (Some(rest), None) if !rest.starts_with("workers") => rest,
            (None, Some(rest)) if rest.starts_with("workers") => rest,
            _ => return refusal(asked, 404, "", "The resource was not found."),
        };
        self.remember(asked, &asked.path);
        if asked.header("rest-framework-version") != "4" {
            return refusal(asked, 400, "", "In framework version 1 conditions and lists have another form.");
        }
        self.resource(asked, found)
    }
}

/// The claims of a token that was signed as it must be, for an audience if there is to be one.
fn signed(token: &str, audience: Option<&str>) -> Option<Value> {
    let mut validation = Validation::new(Algorithm::RS256);
    match audience {
        Some(audience) => validation.set_audience(&[audience]),
        None => validation.validate_aud = false,
    }
    let key = DecodingKey::from_rsa_pem(PUBLIC_KEY.as_bytes()).unwrap();
    let token = decode::<Value>(token, &key, &validation).ok()?;
    (token.header.x5t.as_deref() == Some(THUMBPRINT)).then_some(token.claims)
}

/// A refusal; without the media type of errors among what is accepted, it is but a title.
pub(super) fn refusal(asked: &Asked, status: u16, code: &str, detail: &str) -> Answer {
    if !asked.header("accept").contains("application/vnd.oracle.adf.error+json") {
        return (status, "Bad Request".to_owned());
    }
    let details = json!([{"detail": detail, "o:errorCode": code, "o:errorPath": ""}]);
    let body = json!({"title": "Bad Request", "status": status.to_string(), "o:errorDetails": details});
    (status, body.to_string())
}

/// Settings with which items and orders can be synced.
pub(super) fn settings(given: &ConnectionSettings) -> ConnectionSettings {
    let mut settings = given.clone();
    settings.oracle.organization = Some("V1".to_owned());
    settings.oracle.warehouse = Some("W1".to_owned());
    settings.oracle.business_unit = Some("Vision Operations".to_owned());
    let fields = "ItemId,ItemNumber,ItemDescription,ListPrice,LastUpdateDateTime".to_owned();
    let read = OracleRead { fields: Some(fields), ..OracleRead::default() };
    settings.oracle.reads.entry(DataType::Products).or_insert(read);
    settings
}

/// How Fusion writes a moment.
pub(super) fn stamp(moment: &str) -> String {
    moment.replace('Z', ".000+00:00")
}

impl Subject for Fusion {
    const PULLED: DataType = DataType::Products;

    fn with_records(count: usize) -> Self {
        let item = |n: usize| {
            json!({"ItemId": 300_100_000_000_001_u64 + n as u64, "ItemNumber": format!("AS{n}"), "ItemDescription": NAME,
                "OrganizationCode": "V1", "ListPrice": "@AMOUNT@", "LastUpdateDateTime": stamp(&changed_at(n))})
        };
        let of_others = json!({"ItemId": 1, "ItemNumber": "AS0", "OrganizationCode": "M1",
            "LastUpdateDateTime": stamp(&changed_at(999))});
        Self::with("itemsV2", (0..count).map(item).chain([of_others]).collect())
    }

    fn connector(origin: &str, given: &ConnectionSettings, good: bool) -> Box<dyn Connector> {
        let secret = if good { "good" } else { "s3cret" };
        let credentials = Credentials {
            api_url: Some(origin.to_owned()),
            token_url: Some(format!("{origin}/oauth2/v1/token")),
            client_id: Some("app".to_owned()),
            client_secret: Some(secret.to_owned().into()),
            scope: Some(SCOPE.to_owned()),
            ..Credentials::default()
        };
        let tokens = std::sync::Arc::new(Unkept);
        Box::new(Oracle::new(&settings(given), credentials, &transport(), tokens).unwrap())
    }

    fn mapping() -> FieldMapping {
        let mut mapping = default_mapping(Provider::Oracle, ConnectionMethod::Api, DataType::Products);
        mapping.insert("price".to_owned(), Some("ListPrice".to_owned()));
        mapping
    }

    fn revoke(&self) -> bool {
        self.good_from.store(self.tokens.load(Ordering::SeqCst), Ordering::SeqCst);
        true
    }

    fn order() -> Option<(Value, Value)> {
        let order = json!({
            "orderNumber": "WEB-1", "customerId": "1006", "currency": "GBP", "orderedAt": "2026-11-20T10:00:00Z",
            "requiredOn": "2026-11-27", "notes": "Ring twice",
            "extra": {"shipToPartyId": 1002, "shipToSiteId": 21765},
            "lines": [{"sku": "AS54888", "quantity": 2.5, "unit": "Ea", "unitPrice": "12345678901234567.89"}],
        });
        Some((order, json!({"customerId": "nobody"})))
    }

    fn orders(&self) -> usize {
        self.lists.lock().unwrap().get("salesOrdersForOrderHub").map_or(0, Vec::len)
    }
}
