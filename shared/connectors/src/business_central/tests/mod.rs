//! The connector against a Business Central that keeps its rules.

mod erp;

use domain::DataType;
use domain::change::Operation;
use domain::connection::{ConnectionMethod, ConnectionSettings, Credentials, Provider};
use domain::json::Opened;
use domain::mapping::Mapper;
use serde_json::{Value, json};
use transport::ErpError;

use crate::business_central::BusinessCentral;
use crate::conformance::{Mood, Server, Subject as _, Unkept, conformance, send, transport};
use crate::{Connector, Found, Item, Lookup, Pull, PushError, Pushed, default_mapping};
use erp::Bc;

conformance!(Bc);

fn connector(erp: &Server<Bc>) -> Box<dyn Connector> {
    let settings = ConnectionSettings { retry_attempts: 0, retry_delay: 10, ..ConnectionSettings::default() };
    Bc::connector(&erp.origin, &settings, true)
}

/// What a data type's records are in our form, pulled from a Business Central with these lists.
async fn pulled(data_type: DataType, lists: &[(&'static str, Value)]) -> Vec<Value> {
    let bc = Bc::default();
    for (name, records) in lists {
        bc.lists.lock().unwrap().insert(name, records.as_array().unwrap().clone());
    }
    let erp = Server::start(bc).await;
    let pull = Pull { data_type, page_size: 100, resume: None, since: None };
    let mut pages = connector(&erp).pull(pull).await.unwrap();
    let mapping = default_mapping(Provider::BusinessCentral, ConnectionMethod::Api, data_type);
    let mut mapper = Mapper::new(data_type, &mapping, &[]);
    let mut records = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        for item in &page.items {
            let Item::Record(range) = item else { panic!("{item:?}") };
            let mut out = Vec::new();
            mapper.map(&Opened::parse(&page.body[range.clone()]).unwrap(), &mut out).unwrap();
            records.push(serde_json::from_slice(&out).unwrap());
        }
    }
    assert!(pages.complete());
    records
}

async fn push(erp: &Server<Bc>, operation: Operation, key: &str, order: &Value) -> Result<Pushed, PushError> {
    send::<Bc>(&*connector(erp), operation, key, order).await
}

fn order() -> Value {
    Bc::order().unwrap().0
}

async fn with_an_order() -> Server<Bc> {
    let erp = Server::start(Bc::default()).await;
    let pushed = push(&erp, Operation::Create, "WEB-1", &order()).await.unwrap();
    assert_eq!(pushed.erp_key.as_deref(), Some("101001"));
    erp
}

#[tokio::test]
async fn stock_is_keyed_by_the_item_number_and_never_asked_for_by_change() {
    let items = json!([
        {"id": "5d", "number": "1896-S", "type": "Inventory", "inventory": 4.5, "baseUnitOfMeasureCode": "PCS"},
        {"id": "5e", "number": "SERVICE", "type": "Service", "inventory": 0},
    ]);
    let records = pulled(DataType::Inventory, &[("items", items)]).await;
    assert_eq!(records, [json!({"sku": "1896-S", "quantity": 4.5, "unit": "PCS"})]);
    let erp = Server::start(Bc::default()).await;
    assert!(!connector(&erp).pulls_changes(DataType::Inventory));
}

#[tokio::test]
async fn orders_come_with_their_lines_and_addresses() {
    let orders = json!([{
        "@odata.etag": "W/\"1\"", "id": "b6", "number": "101005", "externalDocumentNumber": "WEB-7",
        "orderDate": "2026-11-20", "customerId": "c1", "customerNumber": "10000", "currencyCode": "GBP",
        "requestedDeliveryDate": "0001-01-01", "shipToName": "Jane", "shipToCity": "Leeds", "status": "Open",
        "totalAmountIncludingTax": 30.1, "lastModifiedDateTime": "2026-11-20T10:00:00.123Z",
        "salesOrderLines": [{"sequence": 10000, "lineType": "Item", "lineObjectNumber": "1896-S", "quantity": 2,
            "unitPrice": 12.5, "unitOfMeasureCode": "PCS", "amountExcludingTax": 25}],
    }]);
    let records = pulled(DataType::Orders, &[("salesOrders", orders)]).await;
    insta::assert_json_snapshot!(records);
}

#[tokio::test]
async fn an_order_that_is_open_has_the_last_word_on_its_status() {
    let shipments = json!([
        {"number": "S1", "orderNumber": "101004", "externalDocumentNumber": "WEB-6", "postingDate": "2026-11-19"},
        {"number": "S2", "orderNumber": "101005", "externalDocumentNumber": "WEB-7", "postingDate": "2026-11-20"},
    ]);
    let orders = json!([{"number": "101005", "externalDocumentNumber": "WEB-7", "status": "Open",
        "fullyShipped": false, "postingDate": "2026-12-01"}]);
    let records =
        pulled(DataType::OrderStatus, &[("salesShipments", shipments), ("salesOrders", orders)]).await;
    let expected = [
        json!({"orderNumber": "101004", "reference": "WEB-6", "shippedAt": "2026-11-19T00:00:00Z"}),
        json!({"orderNumber": "101005", "reference": "WEB-7", "shippedAt": "2026-11-20T00:00:00Z"}),
        json!({"orderNumber": "101005", "reference": "WEB-7", "status": "Open"}),
    ];
    assert_eq!(records, expected);
}

#[tokio::test]
async fn invoices_and_employees_are_read_as_they_are_meant() {
    let invoices = json!([{
        "id": "i1", "number": "INV-1", "externalDocumentNumber": "WEB-7", "orderId": "b6", "orderNumber": "101005",
        "customerId": "c1", "customerNumber": "10000", "invoiceDate": "2026-11-21", "dueDate": "2026-12-21",
        "postingDate": "2026-11-22", "status": "Paid", "totalAmountIncludingTax": 30.10, "remainingAmount": 0,
        "salesInvoiceLines": [{"sequence": 1, "lineObjectNumber": "1896-S", "quantity": 2, "amountExcludingTax": 25}],
    }]);
    let employees = json!([{"id": "e1", "number": "AH", "displayName": "Ada H", "givenName": "Ada", "surname": "H",
        "employmentDate": "2020-01-02", "terminationDate": "0001-01-01", "status": "Active"}]);
    let mut records = pulled(DataType::Invoices, &[("salesInvoices", invoices)]).await;
    records.extend(pulled(DataType::Employees, &[("employees", employees)]).await);
    insta::assert_json_snapshot!(records);
}

#[tokio::test]
async fn requests_have_the_form_the_vendor_asks_for() {
    let erp = with_an_order().await;
    let mut changed = order();
    changed["shippingAddress"]["city"] = "York".into();
    push(&erp, Operation::Update, "101001", &changed).await.unwrap();
    push(&erp, Operation::Delete, "101001", &changed).await.unwrap();
    let lookup = Lookup { data_type: DataType::Orders, reference: "O'Hara", mapping: &Bc::mapping() };
    assert_eq!(connector(&erp).find(&lookup).await.unwrap(), None);
    let since = Some("2026-11-20T10:00:00Z".parse().unwrap());
    for data_type in DataType::ALL {
        let pull = Pull { data_type, page_size: 30_000, resume: None, since };
        let mut pages = connector(&erp).pull(pull).await.unwrap();
        while pages.next().await.unwrap().is_some() {}
    }
    insta::assert_snapshot!(erp.vendor.seen.lock().unwrap().join("\n\n"));
}

#[tokio::test]
async fn a_change_of_lines_is_refused_rather_than_lost() {
    let erp = with_an_order().await;
    let mut changed = order();
    changed["lines"][0]["quantity"] = 3.into();
    let error = push(&erp, Operation::Update, "101001", &changed).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("lines of sales order 101001")),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_order_somebody_changed_at_the_same_moment_is_sent_again_later() {
    let erp = with_an_order().await;
    let stale =
        r#"{"error":{"code":"Request_EntityChanged","message":"Another user has changed the record."}}"#;
    erp.next([Mood::Obeys, Mood::Answers(409, None, stale)]);
    let error = push(&erp, Operation::Update, "101001", &order()).await.unwrap_err();
    assert!(matches!(&error, PushError::NotSent(ErpError::Unavailable(_))), "{error:?}");
    push(&erp, Operation::Update, "101001", &order()).await.unwrap();
}

#[tokio::test]
async fn what_is_gone_is_deleted_already_and_cannot_be_changed() {
    let erp = Server::start(Bc::default()).await;
    push(&erp, Operation::Delete, "101001", &order()).await.unwrap();
    let error = push(&erp, Operation::Update, "101001", &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("no sales order 101001")),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_order_that_was_shipped_and_invoiced_is_still_found() {
    let invoices =
        vec![json!({"externalDocumentNumber": "WEB-1", "number": "INV-1", "orderNumber": "101001"})];
    let erp = Server::start(Bc::with("salesInvoices", invoices)).await;
    let lookup = Lookup { data_type: DataType::Orders, reference: "WEB-1", mapping: &Bc::mapping() };
    let found = connector(&erp).find(&lookup).await.unwrap();
    assert_eq!(found, Some(Found { erp_key: Some("101001".to_owned()) }));
}

#[tokio::test]
async fn what_does_not_fit_is_told_before_it_is_sent() {
    let erp = Server::start(Bc::default()).await;
    let mut nobody = order();
    nobody.as_object_mut().unwrap().remove("customerId");
    let error = push(&erp, Operation::Create, "WEB-1", &nobody).await.unwrap_err();
    assert!(
        matches!(&error, PushError::NeedsMapping(why) if why.starts_with("customerId is missing")),
        "{error:?}"
    );
    assert!(erp.vendor.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn their_words_are_passed_on_without_the_correlation_id() {
    let erp = Server::start(Bc::default()).await;
    let mut order = order();
    order["customerId"] = "nobody".into();
    let sentence = push(&erp, Operation::Create, "WEB-1", &order).await.unwrap_err().to_string();
    let words = "A customerNumber or a customerID must be provided. (Application_DialogException)";
    assert!(sentence.ends_with(words), "{sentence}");
}

#[tokio::test]
async fn a_company_that_is_not_there_is_named_beside_those_that_are() {
    let erp = Server::start(Bc::default()).await;
    let credentials = Credentials {
        api_url: Some(format!("{}/api/v2.0", erp.origin)),
        oauth_token: Some("t0".to_owned().into()),
        company: Some("Fabrikam".to_owned()),
        ..Credentials::default()
    };
    let settings = ConnectionSettings::default();
    let connector =
        BusinessCentral::new(&settings, credentials, &transport(), std::sync::Arc::new(Unkept)).unwrap();
    let sentence = connector.test().await.unwrap_err().to_string();
    assert_eq!(sentence, "the connection's company Fabrikam is not one of those that there are: CRONUS DE");
}
