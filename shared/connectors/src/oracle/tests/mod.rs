//! The connector against a Fusion that keeps its rules.

mod erp;
mod orders;
mod query;
mod sign_in;

use domain::DataType;
use domain::change::Operation;
use domain::connection::{ConnectionMethod, ConnectionSettings, OraclePaging, OracleRead, Provider};
use domain::json::Opened;
use domain::mapping::Mapper;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use transport::ErpError;

use crate::conformance::{Server, Subject as _, changed_at, conformance, send};
use crate::{Connector, Found, Item, Lookup, Pull, Push, PushError, Pushed, default_mapping};
use erp::{Fusion, stamp};

conformance!(Fusion);

const ORDERS: &str = "salesOrdersForOrderHub";

fn usual() -> ConnectionSettings {
    ConnectionSettings { retry_attempts: 0, retry_delay: 10, ..ConnectionSettings::default() }
}

fn connector(erp: &Server<Fusion>) -> Box<dyn Connector> {
    Fusion::connector(&erp.origin, &usual(), true)
}

fn everything(data_type: DataType) -> Pull {
    Pull { data_type, page_size: 100, resume: None, since: None }
}

/// What a data type's records are in our form.
async fn read(connector: &dyn Connector, pull: Pull) -> Vec<Value> {
    let mapping = default_mapping(Provider::Oracle, ConnectionMethod::Api, pull.data_type);
    let mut mapper = Mapper::new(pull.data_type, &mapping, &[]);
    let is_whole = pull.since.is_none();
    let mut pages = connector.pull(pull).await.unwrap();
    let mut records = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        for item in &page.items {
            let Item::Record(range) = item else { panic!("{item:?}") };
            let mut out = Vec::new();
            mapper.map(&Opened::parse(&page.body[range.clone()]).unwrap(), &mut out).unwrap();
            records.push(serde_json::from_slice(&out).unwrap());
        }
    }
    assert_eq!(pages.complete(), is_whole);
    records
}

/// The same, of a Fusion with one list.
async fn pulled(data_type: DataType, list: &'static str, records: Value) -> Vec<Value> {
    let erp = Server::start(Fusion::with(list, records.as_array().unwrap().clone())).await;
    read(&*connector(&erp), everything(data_type)).await
}

async fn push(
    erp: &Server<Fusion>,
    operation: Operation,
    key: &str,
    order: &Value,
) -> Result<Pushed, PushError> {
    send::<Fusion>(&*connector(erp), operation, key, order).await
}

async fn find(erp: &Server<Fusion>, reference: &str) -> Result<Option<Found>, ErpError> {
    let lookup = Lookup { data_type: DataType::Orders, reference, mapping: &Fusion::mapping() };
    connector(erp).find(&lookup).await
}

fn order() -> Value {
    Fusion::order().unwrap().0
}

async fn with_an_order() -> Server<Fusion> {
    let erp = Server::start(Fusion::default()).await;
    let pushed = push(&erp, Operation::Create, "WEB-1", &order()).await.unwrap();
    assert_eq!(pushed.erp_key.as_deref(), Some("404001"));
    erp
}

/// An order as Fusion keeps it, with so many lines.
fn order_there(header_id: u64, lines: usize) -> Value {
    let line = |n: usize| {
        json!({"FulfillLineId": 10_000 - n, "LineNumber": 10_000 - n, "ProductNumber": format!("AS{n}"),
            "ProductDescription": "Tablet", "OrderedQuantity": 2.5, "OrderedUOMCode": "Ea",
            "UnitSellingPrice": 12.5, "StatusCode": "AWAIT_SHIP", "ActualShipDate": null})
    };
    json!({"HeaderId": header_id, "OrderNumber": "404005", "SourceTransactionNumber": "WEB-7",
        "SourceTransactionSystem": "CAUSEWAY", "BuyingPartyNumber": "1006", "BuyingPartyName": "Computer Service",
        "StatusCode": "OPEN", "TransactionalCurrencyCode": "GBP", "TransactionOn": "2026-11-20T10:00:00.000+00:00",
        "RequestedShipDate": "2026-11-27T00:00:00+00:00", "Comments": null, "SubmittedFlag": true,
        "CanceledFlag": false, "LastUpdateDate": "2026-11-20T11:00:00.000+00:00",
        "lines": (1..=lines).map(line).collect::<Vec<_>>(),
        "totals": [{"TotalCode": "QP_TOTAL_TAX", "TotalAmount": 5}, {"TotalCode": "QP_TOTAL_PAY_NOW", "TotalAmount": 30.1}],
        "shipToCustomer": [{"PartyName": "Jane", "Address1": "1 High St", "City": "Leeds", "Country": "GB"}]})
}

#[tokio::test]
async fn orders_come_with_their_lines_totals_and_addresses() {
    let records = pulled(DataType::Orders, ORDERS, json!([order_there(1, 2)])).await;
    insta::assert_json_snapshot!(records);
}

#[tokio::test]
async fn an_order_with_more_lines_than_come_with_it_is_read_whole() {
    for count in [25, 26, 1_001] {
        let records =
            pulled(DataType::Orders, ORDERS, json!([order_there(1, 1), order_there(2, count)])).await;
        assert_eq!(records[0]["lines"].as_array().unwrap().len(), 1);
        let lines = records[1]["lines"].as_array().unwrap();
        let mut skus: Vec<_> = lines.iter().map(|line| line["sku"].as_str().unwrap()).collect();
        skus.sort_unstable();
        skus.dedup();
        assert_eq!((lines.len(), skus.len()), (count, count));
        assert_eq!(records[1]["total"], "30.1");
    }
}

#[tokio::test]
async fn stock_is_keyed_by_subinventory_and_never_asked_for_by_change() {
    let row = |item: &str, organization: &str, level: &str, quantity: f64| {
        json!({"ItemNumber": item, "OrganizationCode": organization, "SubinventoryCode": "FGI",
            "SummaryLevel": level, "PrimaryQuantity": quantity})
    };
    let rows = json!([
        row("AS2", "W1", "Subinventory", 0.0),
        row("AS1", "W1", "Subinventory", 4.5),
        row("AS1", "W1", "Locator", 1.5),
        row("AS1", "V1", "Subinventory", 9.0),
    ]);
    let records = pulled(DataType::Inventory, "inventoryOnhandBalances", rows).await;
    let level = |sku: &str, quantity: f64| json!({"sku": sku, "location": "FGI", "quantity": quantity});
    assert_eq!(records, [level("AS1", 4.5), level("AS2", 0.0)]);
    let erp = Server::start(Fusion::default()).await;
    assert!(!connector(&erp).pulls_changes(DataType::Inventory));
}

#[tokio::test]
async fn an_order_tells_when_it_was_shipped_and_how_it_is_followed() {
    let mut shipped = order_there(1, 2);
    shipped["StatusCode"] = "CLOSED".into();
    shipped["lines"][1]["ActualShipDate"] = "2026-11-21T09:00:00+00:00".into();
    shipped["lines"][1]["lineDetails"] = json!([{"TrackingNumber": null}, {"TrackingNumber": "1Z999"}]);
    let records = pulled(DataType::OrderStatus, ORDERS, json!([shipped])).await;
    let expected = json!({"orderNumber": "404005", "reference": "WEB-7", "status": "CLOSED",
        "shippedAt": "2026-11-21T09:00:00Z", "trackingNumber": "1Z999", "modifiedAt": "2026-11-20T11:00:00Z"});
    assert_eq!(records, [expected]);
}

#[tokio::test]
async fn invoices_and_employees_are_read_as_they_are_meant() {
    let invoices = json!([{
        "CustomerTransactionId": 300_100_184_u64, "TransactionNumber": "INV-1", "TransactionDate": "2026-11-21",
        "DueDate": "2026-12-21", "BillToCustomerNumber": "1006", "BillToCustomerName": "Computer Service",
        "InvoiceCurrencyCode": "GBP", "EnteredAmount": 30.10, "InvoiceBalanceAmount": 0, "InvoiceStatus": "Complete",
        "PurchaseOrder": "PO-7", "LastUpdateDate": "2026-11-21T08:00:00+00:00",
        "receivablesInvoiceLines": [
            {"CustomerTransactionLineId": 1, "LineNumber": 1, "Description": "Freight", "Quantity": 1, "LineAmount": 5.1},
            {"CustomerTransactionLineId": 2, "LineNumber": 2, "ItemNumber": "AS1", "Description": "Tablet",
                "Quantity": 2, "UnitSellingPrice": 12.5, "LineAmount": 25, "SalesOrder": "404005"},
        ],
    }]);
    let employees = json!([{
        "PersonId": 300_100_551_u64, "PersonNumber": "1405", "LastUpdateDate": "2026-11-01T08:00:00.000+00:00",
        "names": [{"FirstName": "Ada", "LastName": "Hill", "DisplayName": "Ada Hill"}],
        "emails": [{"EmailAddress": "a@home.example", "PrimaryFlag": false},
            {"EmailAddress": "ada@example.com", "PrimaryFlag": true}],
        "workRelationships": [{"StartDate": "2020-01-02", "TerminationDate": null,
            "assignments": [{"AssignmentStatusType": "ACTIVE", "DepartmentName": "Sales", "JobCode": "SM1"}]}],
    }]);
    let mut records = pulled(DataType::Invoices, "receivablesInvoices", invoices).await;
    records.extend(pulled(DataType::Employees, "workers", employees).await);
    insta::assert_json_snapshot!(records);
}

#[tokio::test]
async fn requests_have_the_form_the_vendor_asks_for() {
    let erp = with_an_order().await;
    let mut changed = order();
    changed["notes"] = "Ring once".into();
    push(&erp, Operation::Update, "404001", &changed).await.unwrap();
    let mut settings = usual();
    settings.oracle.cancel_reason = Some("CUSTOMER".to_owned());
    let cancelling = Fusion::connector(&erp.origin, &settings, true);
    send::<Fusion>(&*cancelling, Operation::Delete, "404001", &changed).await.unwrap();
    assert_eq!(find(&erp, "WEB 2/a#1").await.unwrap(), None);
    let since = Some("2026-11-20T10:00:00Z".parse().unwrap());
    for data_type in DataType::ALL {
        let pull = Pull { data_type, page_size: 30_000, resume: None, since };
        let mut pages = connector(&erp).pull(pull).await.unwrap();
        while pages.next().await.unwrap().is_some() {}
    }
    insta::assert_snapshot!(erp.vendor.seen.lock().unwrap().join("\n\n"));
}

#[tokio::test]
async fn pages_by_offset_give_every_record_once() {
    let rows: Vec<_> = (0..60)
        .map(|n| {
            json!({"ItemNumber": format!("AS{n:02}"), "OrganizationCode": "W1", "SubinventoryCode": "FGI",
                "SummaryLevel": "Subinventory", "PrimaryQuantity": n})
        })
        .collect();
    let erp = Server::start(Fusion::with("inventoryOnhandBalances", rows)).await;
    let pull = Pull { page_size: 7, ..everything(DataType::Inventory) };
    let records = read(&*connector(&erp), pull).await;
    let quantities: Vec<_> = records.iter().map(|record| record["quantity"].as_u64().unwrap()).collect();
    assert_eq!(quantities, Vec::from_iter(0..60));

    let erp = Server::start(Fusion::with_records(25)).await;
    let mut settings = usual();
    settings.oracle.paging = OraclePaging::Offset;
    let by_offset = Fusion::connector(&erp.origin, &settings, true);
    let records = read(&*by_offset, Pull { page_size: 10, ..everything(DataType::Products) }).await;
    assert_eq!(records.len(), 25);
    assert!(erp.vendor.seen.lock().unwrap()[2].contains("offset=20"));
}

#[tokio::test]
async fn an_order_counts_as_changed_when_one_of_the_named_fields_moved() {
    let mut moved = order_there(1, 1);
    moved["lines"][0]["LastUpdateDate"] = stamp(&changed_at(30)).into();
    moved["LastUpdateDate"] = stamp(&changed_at(1)).into();
    let erp = Server::start(Fusion::with(ORDERS, vec![moved, order_there(2, 1)])).await;
    let since = Some(changed_at(20).parse().unwrap());
    let pull = Pull { since, ..everything(DataType::OrderStatus) };
    assert_eq!(read(&*connector(&erp), pull.clone()).await.len(), 1);
    let mut settings = usual();
    let changed = vec!["LastUpdateDate".to_owned(), "lines.LastUpdateDate".to_owned()];
    let filter = Some("StatusCode = 'OPEN'".to_owned());
    let own = OracleRead { changed, filter, ..OracleRead::default() };
    settings.oracle.reads.insert(DataType::OrderStatus, own);
    let by_lines = Fusion::connector(&erp.origin, &settings, true);
    assert_eq!(read(&*by_lines, pull).await.len(), 2);
}

#[tokio::test]
async fn a_change_of_lines_is_refused_rather_than_lost() {
    let erp = with_an_order().await;
    let mut changed = order();
    changed["lines"][0]["quantity"] = 3.into();
    let error = push(&erp, Operation::Update, "404001", &changed).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("lines of sales order 404001")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_draft_is_deleted_and_a_submitted_order_is_cancelled_if_there_is_a_reason() {
    let erp = with_an_order().await;
    let sentence = push(&erp, Operation::Delete, "404001", &order()).await.unwrap_err().to_string();
    assert!(sentence.contains("settings.oracle.cancelReason"), "{sentence}");
    let mut settings = usual();
    settings.oracle.cancel_reason = Some("CUSTOMER".to_owned());
    let cancelling = Fusion::connector(&erp.origin, &settings, true);
    for _ in 0..2 {
        send::<Fusion>(&*cancelling, Operation::Delete, "404001", &order()).await.unwrap();
    }
    assert_eq!(erp.vendor.lists.lock().unwrap()[ORDERS][0]["CanceledFlag"], true);

    let erp = Server::start(Fusion::default()).await;
    let mut settings = usual();
    settings.oracle.submit_orders = false;
    let drafting = Fusion::connector(&erp.origin, &settings, true);
    send::<Fusion>(&*drafting, Operation::Create, "WEB-1", &order()).await.unwrap();
    send::<Fusion>(&*drafting, Operation::Delete, "404001", &order()).await.unwrap();
    assert_eq!(erp.vendor.orders(), 0);
}

#[tokio::test]
async fn what_is_gone_is_deleted_already_and_cannot_be_changed() {
    let erp = Server::start(Fusion::default()).await;
    push(&erp, Operation::Delete, "404001", &order()).await.unwrap();
    let error = push(&erp, Operation::Update, "404001", &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("no sales order 404001")),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_revisions_of_an_order_are_one_order_and_two_orders_are_too_many() {
    let erp = Server::start(Fusion::with(ORDERS, vec![order_there(1, 1), order_there(2, 1)])).await;
    assert_eq!(find(&erp, "WEB-7").await.unwrap(), Some(Found { erp_key: Some("404005".to_owned()) }));
    erp.vendor.lists.lock().unwrap().get_mut(ORDERS).unwrap()[1]["OrderNumber"] = "404006".into();
    let error = find(&erp, "WEB-7").await.unwrap_err();
    assert!(matches!(&error, ErpError::Malformed(why) if why.contains("2 different orders")), "{error:?}");
}

#[tokio::test]
async fn an_order_is_not_taken_twice() {
    let erp = with_an_order().await;
    let error = push(&erp, Operation::Create, "WEB-1", &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("exists already")),
        "{error:?}"
    );
    assert_eq!(erp.vendor.orders(), 1);
}

#[tokio::test]
async fn what_does_not_fit_is_told_before_it_is_sent() {
    let erp = Server::start(Fusion::default()).await;
    let mut nobody = order();
    nobody.as_object_mut().unwrap().remove("customerId");
    let error = push(&erp, Operation::Create, "WEB-1", &nobody).await.unwrap_err();
    assert!(
        matches!(&error, PushError::NeedsMapping(why) if why.starts_with("customerId is missing")),
        "{error:?}"
    );
    let record = RawValue::from_string(order().to_string()).unwrap();
    for reference in ["WEB,1", &"x".repeat(51)] {
        let push = Push {
            data_type: DataType::Orders,
            operation: Operation::Create,
            key: reference,
            reference,
            idempotency_key: "chg_1-1",
            record: Some(&record),
            mapping: &Fusion::mapping(),
            zone: &domain::template::UTC,
        };
        let error = connector(&erp).push(&push).await.unwrap_err();
        assert!(matches!(&error, PushError::NeedsMapping(why) if why.starts_with("reference")), "{error:?}");
    }
    assert!(erp.vendor.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn their_words_are_passed_on_with_their_code() {
    let erp = Server::start(Fusion::default()).await;
    let mut order = order();
    order["customerId"] = "nobody".into();
    let sentence = push(&erp, Operation::Create, "WEB-1", &order).await.unwrap_err().to_string();
    assert!(sentence.ends_with(": The customer BuyingPartyNumber isn't valid. (DOO_1054)"), "{sentence}");
}
