mod connection;
mod erp;
mod inbox;
mod invoices;
mod validity;

use domain::DataType;
use domain::change::Operation;
use domain::connection::DoiDialect;
use domain::mapping::FieldMapping;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use transport::ErpError;

use super::config::Config;
use super::orders;
use crate::conformance::{Mood, NAME, Server};
use crate::{Connector, Push, PushError, Pushed};
use erp::{Supplier, connector, settings};

const DIALECTS: [DoiDialect; 3] = [DoiDialect::Cxml, DoiDialect::Ubl, DoiDialect::Template];

fn order() -> Value {
    let address = json!({
        "name": NAME, "street": "Rue <1>", "street2": "Hinterhof", "city": "Reims", "region": "Marne",
        "postalCode": "51100", "country": "FR",
    });
    json!({
        "orderNumber": "10248", "reference": "WEB-1", "customerId": "VINET", "customerName": "Vins & Alcools",
        "email": "paul@example.com", "currency": "EUR", "netTotal": "12345678901234542.89", "tax": "19.00",
        "shippingCost": "32.38", "total": "12345678901234567.89", "orderedAt": "2026-11-20T10:00:00Z",
        "requiredOn": "2026-12-01", "shippingAddress": address, "billingAddress": address,
        "notes": "Ring \"twice\"\nand wait", "extra": {"costCentre": "4711", "gift": true},
        "lines": [
            {"lineNumber": "10", "sku": "SKU-1", "description": "Chai", "quantity": 2, "unit": "BX",
             "unitPrice": "12.50", "discount": "0.15", "total": "25.00", "extra": {"colour": "red"}},
            {"sku": "SKU-2", "quantity": 0.5, "unitPrice": "1"},
        ],
    })
}

async fn send(
    erp: &Server<Supplier>,
    dialect: DoiDialect,
    operation: Operation,
    order: &Value,
    idempotency_key: &str,
) -> Result<Pushed, PushError> {
    let connector = connector(&erp.origin, settings(dialect), Some("s3cret!"));
    let record = RawValue::from_string(order.to_string()).unwrap();
    connector.push(&push(operation, Some(&record), idempotency_key)).await
}

fn push<'a>(operation: Operation, record: Option<&'a RawValue>, idempotency_key: &'a str) -> Push<'a> {
    static NO_MAPPING: std::sync::LazyLock<FieldMapping> = std::sync::LazyLock::new(FieldMapping::default);
    Push {
        data_type: DataType::Orders,
        operation,
        key: "10248",
        reference: "WEB-1",
        idempotency_key,
        record,
        mapping: &NO_MAPPING,
        zone: &domain::template::UTC,
    }
}

/// The document that would be sent.
fn document(dialect: DoiDialect, operation: Operation, order: &Value) -> Result<String, PushError> {
    let settings: domain::connection::ConnectionSettings =
        serde_json::from_value(json!({"doi": settings(dialect)})).unwrap();
    let credentials = domain::connection::Credentials {
        doi_endpoint: Some("https://supplier.example.com/doi".to_owned()),
        doi_username: Some("erp".to_owned()),
        doi_password: Some("pass".to_owned().into()),
        doi_shared_secret: Some("s3cret!".to_owned().into()),
        ..Default::default()
    };
    let config = Config::new(&settings, credentials).unwrap();
    let record = RawValue::from_string(order.to_string()).unwrap();
    let now = "2026-11-21T12:00:00Z".parse().unwrap();
    orders::document(&config, &push(operation, Some(&record), "chg_1-1"), now)
}

async fn supplier(dialect: DoiDialect) -> Server<Supplier> {
    Server::start(Supplier::speaking(dialect)).await
}

fn orders_at(erp: &Server<Supplier>) -> usize {
    erp.vendor.orders.lock().unwrap().len()
}

#[test]
fn documents_have_the_form_the_standard_asks_for() {
    let mut all = Vec::new();
    for dialect in DIALECTS {
        for operation in [Operation::Create, Operation::Update, Operation::Delete] {
            match document(dialect, operation, &order()) {
                Ok(document) => all.push(document),
                Err(error) => all.push(error.to_string()),
            }
        }
    }
    insta::assert_snapshot!(all.join("\n"));
}

#[test]
fn documents_are_valid_with_everything_and_with_what_is_needed_alone() {
    let least = json!({
        "orderNumber": "10248", "currency": "EUR", "total": "2", "orderedAt": "2026-11-20T10:00:00Z",
        "lines": [{"sku": "SKU-1", "quantity": 2, "unitPrice": "1"}],
    });
    for order in [order(), least] {
        for operation in [Operation::Create, Operation::Update, Operation::Delete] {
            validity::cxml(&document(DoiDialect::Cxml, operation, &order).unwrap()).unwrap();
            let ubl = document(DoiDialect::Ubl, operation, &order).unwrap();
            let root = super::xml::parse(ubl.as_bytes()).unwrap().name;
            validity::ubl(&ubl, &root).unwrap();
        }
    }
}

#[tokio::test]
async fn an_order_is_taken_once_however_often_it_is_sent() {
    for dialect in DIALECTS {
        let erp = supplier(dialect).await;
        for _ in 0..2 {
            let pushed = send(&erp, dialect, Operation::Create, &order(), "chg_1-1").await.unwrap();
            assert_eq!(pushed.erp_key, None, "an order keeps the number we gave it");
        }
        assert_eq!(orders_at(&erp), 1);
    }
}

#[tokio::test]
async fn an_order_whose_answer_is_cut_is_sent_again_under_the_same_id() {
    for dialect in [DoiDialect::Cxml, DoiDialect::Ubl] {
        let erp = supplier(dialect).await;
        erp.next([Mood::Cuts, Mood::Cuts, Mood::Cuts]);
        let error = send(&erp, dialect, Operation::Create, &order(), "chg_1-1").await.unwrap_err();
        assert!(matches!(error, PushError::Unknown(_)), "{error:?}");
        let retrying = connector(&erp.origin, settings(dialect), None);
        assert!(retrying.repeats_safely(DataType::Orders) && !retrying.can_find(DataType::Orders));
        send(&erp, dialect, Operation::Create, &order(), "chg_1-1").await.unwrap();
        let seen = erp.vendor.seen.lock().unwrap();
        let ids = |id: &str| seen.iter().filter(|document| document.contains(id)).count();
        let same = ids("payloadID=\"chg_1-1@causeway\"") + ids("<cbc:UUID>1bb76c7b");
        assert_eq!((seen.len(), same, orders_at(&erp)), (4, 4, 1));
    }
}

#[tokio::test]
async fn a_template_is_sent_twice_only_if_the_user_says_that_it_may_be() {
    let mut doi = settings(DoiDialect::Template);
    assert!(!connector("http://127.0.0.1:1", doi.clone(), None).repeats_safely(DataType::Orders));
    doi["template"]["idempotent"] = true.into();
    assert!(connector("http://127.0.0.1:1", doi, None).repeats_safely(DataType::Orders));
    let erp = supplier(DoiDialect::Template).await;
    erp.next([Mood::Cuts]);
    let error = send(&erp, DoiDialect::Template, Operation::Create, &order(), "chg_1-1").await.unwrap_err();
    assert!(matches!(error, PushError::Unknown(_)), "{error:?}");
    assert_eq!(erp.vendor.seen.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn an_order_can_be_changed_and_taken_back() {
    for dialect in [DoiDialect::Cxml, DoiDialect::Ubl] {
        let erp = supplier(dialect).await;
        send(&erp, dialect, Operation::Create, &order(), "chg_1-1").await.unwrap();
        let mut changed = order();
        changed["shippingAddress"]["city"] = "York".into();
        send(&erp, dialect, Operation::Update, &changed, "chg_2-1").await.unwrap();
        assert!(erp.vendor.orders.lock().unwrap()["10248"].contains(">York<"));
        send(&erp, dialect, Operation::Delete, &changed, "chg_3-1").await.unwrap();
        assert_eq!(orders_at(&erp), 0);
    }
    let erp = supplier(DoiDialect::Template).await;
    let error = send(&erp, DoiDialect::Template, Operation::Update, &order(), "chg_2-1").await.unwrap_err();
    let words = "set settings.doi.template.update";
    assert!(matches!(&error, PushError::Rejected(why) if why.to_string().contains(words)), "{error:?}");
}

#[tokio::test]
async fn an_order_that_is_refused_is_rejected_in_their_words() {
    for dialect in [DoiDialect::Cxml, DoiDialect::Ubl] {
        let erp = supplier(dialect).await;
        let mut odd = order();
        odd["lines"][1]["sku"] = "X-7".into();
        let error = send(&erp, dialect, Operation::Create, &odd, "chg_1-1").await.unwrap_err();
        let words = "part X-7 is not in our catalogue";
        assert!(matches!(&error, PushError::Rejected(why) if why.to_string().ends_with(words)), "{error:?}");
        assert_eq!(orders_at(&erp), 0);
    }
    let error =
        send(&supplier(DoiDialect::Cxml).await, DoiDialect::Cxml, Operation::Update, &order(), "k").await;
    let words = "417 Expectation Failed there is no order 10248";
    assert!(matches!(&error, Err(PushError::Rejected(why)) if why.to_string().contains(words)), "{error:?}");
}

/// What comes of an order that is answered so.
async fn after(dialect: DoiDialect, status: u16, body: &'static str) -> Result<Pushed, PushError> {
    let erp = supplier(dialect).await;
    erp.next((0..3).map(|_| Mood::Answers(status, Some("0"), body)));
    send(&erp, dialect, Operation::Create, &order(), "chg_1-1").await
}

macro_rules! response {
    ($code:literal) => {
        concat!(
            "<cXML payloadID='1' timestamp='x'><Response><Status code='",
            $code,
            "' text='so it is'/></Response></cXML>"
        )
    };
}

#[tokio::test]
async fn the_status_in_a_cxml_answer_counts_whatever_the_status_of_http() {
    for http in [200, 500] {
        let taken = after(DoiDialect::Cxml, http, response!("201")).await;
        assert!(taken.is_ok(), "{taken:?}");
        let refused = after(DoiDialect::Cxml, http, response!("475")).await;
        assert!(matches!(refused, Err(PushError::Rejected(_))), "{refused:?}");
        let failed = after(DoiDialect::Cxml, http, response!("560")).await;
        assert!(matches!(failed, Err(PushError::Unknown(ErpError::Unavailable(_)))), "{failed:?}");
        let stranger = after(DoiDialect::Cxml, http, response!("401")).await;
        let words = "check the connection's doiSharedSecret";
        assert!(
            matches!(&stranger, Err(PushError::NotSent(ErpError::Unauthorized(why))) if why.contains(words)),
            "{stranger:?}"
        );
    }
}

#[tokio::test]
async fn an_answer_without_a_word_of_the_standard_is_judged_by_http() {
    for dialect in DIALECTS {
        let unknown = after(dialect, 200, "<html><title>Sign in</title></html>").await;
        assert!(matches!(unknown, Err(PushError::Unknown(ErpError::Malformed(_)))), "{unknown:?}");
        let stranger = after(dialect, 401, "").await;
        assert!(matches!(stranger, Err(PushError::NotSent(ErpError::Unauthorized(_)))), "{stranger:?}");
        let later = after(dialect, 503, "").await;
        assert!(matches!(later, Err(PushError::NotSent(ErpError::Unavailable(_)))), "{later:?}");
        let failed = after(dialect, 500, "").await;
        assert!(matches!(failed, Err(PushError::Unknown(_))), "{failed:?}");
        let refused = after(dialect, 422, "no such part").await;
        assert!(matches!(refused, Err(PushError::Rejected(_))), "{refused:?}");
        let empty = after(dialect, 202, "").await;
        assert_eq!(empty.is_ok(), dialect != DoiDialect::Cxml, "{empty:?}");
    }
}

#[tokio::test]
async fn a_simple_response_and_an_application_response_are_understood() {
    let cases = [
        ("<OrderResponseSimple><AcceptedIndicator>true</AcceptedIndicator></OrderResponseSimple>", None),
        ("<OrderResponseSimple><AcceptedIndicator>1</AcceptedIndicator></OrderResponseSimple>", None),
        (
            "<OrderResponseSimple><AcceptedIndicator>false</AcceptedIndicator><RejectionNote>sold out</RejectionNote>\
             </OrderResponseSimple>",
            Some("sold out"),
        ),
        (
            "<ApplicationResponse><DocumentResponse><Response><ResponseCode>RE</ResponseCode><Description>no \
             contract</Description></Response></DocumentResponse></ApplicationResponse>",
            Some("no contract"),
        ),
        (
            "<ApplicationResponse><DocumentResponse><Response><ResponseCode>AB</ResponseCode></Response>\
             </DocumentResponse></ApplicationResponse>",
            None,
        ),
    ];
    let torn = "<?xml version=\"1.0\"?><ApplicationResponse><DocumentResponse><Response><ResponseCode>RE";
    let unknown = after(DoiDialect::Ubl, 200, torn).await;
    assert!(matches!(unknown, Err(PushError::Unknown(ErpError::Malformed(_)))), "{unknown:?}");
    for (body, words) in cases {
        match (after(DoiDialect::Ubl, 200, body).await, words) {
            (Ok(_), None) => {}
            (Err(PushError::Rejected(why)), Some(words)) => {
                assert!(why.to_string().ends_with(words), "{why}")
            }
            (other, _) => panic!("{body}: {other:?}"),
        }
    }
}

#[test]
fn what_is_missing_is_named_before_anything_is_sent() {
    let without = |pointer: &str| {
        let mut order = order();
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        order.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
        order
    };
    let cxml = [
        "/currency",
        "/total",
        "/orderedAt",
        "/lines",
        "/lines/0/sku",
        "/lines/1/quantity",
        "/lines/0/unitPrice",
        "/shippingAddress/city",
        "/billingAddress/street",
        "/shippingAddress/country",
    ];
    let ubl = ["/currency", "/orderedAt", "/lines", "/lines/0/sku", "/lines/1/quantity"];
    for (dialect, pointers) in [(DoiDialect::Cxml, &cxml[..]), (DoiDialect::Ubl, &ubl[..])] {
        for pointer in pointers {
            let error = document(dialect, Operation::Create, &without(pointer)).unwrap_err();
            let field = pointer[1..].replace('/', ".");
            let begin = format!("{field} is missing, and ");
            assert!(
                matches!(&error, PushError::NeedsMapping(why) if why.starts_with(&begin)),
                "{pointer}: {error:?}"
            );
        }
    }
}

#[test]
fn what_xml_or_the_standard_cannot_hold_is_told() {
    let mut named = order();
    named["shippingAddress"]["country"] = "France".into();
    let mut control = order();
    control["notes"] = "a\u{1}b".into();
    for (order, words) in [(named, "shippingAddress.country is France"), (control, "U+0001")] {
        for dialect in [DoiDialect::Cxml, DoiDialect::Ubl] {
            let error = document(dialect, Operation::Create, &order).unwrap_err();
            assert!(matches!(&error, PushError::NeedsMapping(why) if why.contains(words)), "{error:?}");
        }
    }
}

#[tokio::test]
async fn a_connection_without_a_dialect_says_what_to_set() {
    let connector = connector("http://127.0.0.1:1", json!({}), None);
    let error = connector.push(&push(Operation::Delete, None, "k")).await.unwrap_err();
    let words = "settings.doi.dialect is not set";
    assert!(
        matches!(&error, PushError::NotSent(ErpError::Misconfigured(why)) if why.starts_with(words)),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_the_erp_repeats_of_our_secrets_is_not_shown() {
    let body = "<cXML payloadID='1' timestamp='x'><Response><Status code='400' text='no'>secret s3cret! of pass</Status>\
                </Response></cXML>";
    let error = after(DoiDialect::Cxml, 200, body).await.unwrap_err().to_string();
    assert!(error.ends_with("400 no secret ••• of •••"), "{error}");
}
