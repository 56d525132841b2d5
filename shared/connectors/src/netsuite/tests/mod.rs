//! The connector against a NetSuite that keeps its rules.

mod erp;
mod grammar;
mod orders;
mod records;
mod signature;
mod sql;

use domain::DataType;
use domain::connection::{ConnectionMethod, ConnectionSettings, Credentials, Provider};
use domain::json::Opened;
use domain::mapping::Mapper;
use serde_json::{Value, json};
use transport::ErpError;

use crate::conformance::{Server, Unkept, conformance, transport};
use crate::netsuite::NetSuite;
use crate::{Connector, Item, Pull, default_mapping};
use erp::{Books, by_certificate, connect};

conformance!(Books);

mod signed {
    use super::erp::Signed;

    crate::conformance::conformance!(Signed);
}

fn connector(erp: &Server<Books>) -> Box<dyn Connector> {
    with(erp, json!({}))
}

/// The connector of a connection with settings of its own.
fn with(erp: &Server<Books>, own: Value) -> Box<dyn Connector> {
    let settings = json!({"retryAttempts": 0, "retryDelay": 10, "netSuite": own});
    connect(&serde_json::from_value(settings).unwrap(), by_certificate(&erp.origin, "cert-1"))
}

/// The records of a data type in their form and in ours.
async fn pulled(connector: &dyn Connector, data_type: DataType) -> Vec<(Value, Value)> {
    let mut pages =
        connector.pull(Pull { data_type, page_size: 100, resume: None, since: None }).await.unwrap();
    let mapping = default_mapping(Provider::NetSuite, ConnectionMethod::Api, data_type);
    let mut mapper = Mapper::new(data_type, &mapping, &[]);
    let mut records = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        for item in &page.items {
            let Item::Record(range) = item else { panic!("{item:?}") };
            let raw = Opened::parse(&page.body[range.clone()]).unwrap();
            let mut out = Vec::new();
            mapper.map(&raw, &mut out).unwrap();
            records.push((
                serde_json::from_str(raw.json.text()).unwrap(),
                serde_json::from_slice(&out).unwrap(),
            ));
        }
    }
    assert!(pages.complete());
    records
}

async fn ours(connector: &dyn Connector, data_type: DataType) -> Vec<Value> {
    pulled(connector, data_type).await.into_iter().map(|(_, ours)| ours).collect()
}

/// An account with two orders, one of them shipped and invoiced.
fn books() -> Value {
    let line = |document: &str, id: &str, item: &str, quantity: &str, kind: &str| {
        json!({"transaction": document, "id": id, "linesequencenumber": id, "item": item, "quantity": quantity,
            "rate": "12.5", "foreignamount": "-25", "itemtype": kind, "mainline": "F", "taxline": "F"})
    };
    let mut total = line("11", "0", "900", "-9", "InvtPart");
    total["mainline"] = "T".into();
    json!({
        "currency": [{"id": "1", "symbol": "GBP"}, {"id": "2", "symbol": "EUR"}],
        "item": [
            {"id": "900", "itemid": "1896-S", "displayname": "Desk", "itemtype": "InvtPart", "upccode": "4006381333931",
                "isinactive": "F", "lastmodifieddate": "2026-11-20T10:00:00Z"},
            {"id": "901", "itemid": "OLD", "itemtype": "InvtPart", "upccode": "4006381333948", "isinactive": "T",
                "lastmodifieddate": "2026-11-20T10:00:00Z"},
            {"id": "902", "itemid": "VAT", "itemtype": "TaxItem", "isinactive": "F",
                "lastmodifieddate": "2026-11-20T10:00:00Z"},
        ],
        "pricing": [
            {"item": "900", "pricelevel": "1", "unitprice": "90", "quantity": "10", "currency": "1"},
            {"item": "900", "pricelevel": "1", "unitprice": "100", "quantity": "0", "currency": "1"},
            {"item": "900", "pricelevel": "1", "unitprice": "120", "quantity": "0", "currency": "2"},
            {"item": "900", "pricelevel": "5", "unitprice": "95", "quantity": "0", "currency": "1"},
        ],
        "transaction": [
            {"id": "11", "type": "SalesOrd", "tranid": "SO11", "externalid": "WEB-7", "otherrefnum": "PO-7",
                "status": "SalesOrd:B", "entity": "77", "trandate": "2026-11-20", "memo": "Ring twice",
                "shippingaddress": "501", "currency": "1", "foreigntotal": "30.10", "custbody_channel": "shop",
                "lastmodifieddate": "2026-11-20T23:30:00Z"},
            {"id": "12", "type": "SalesOrd", "tranid": "SO12", "otherrefnum": "PO-8", "status": "G", "entity": "77",
                "trandate": "2026-11-18", "currency": "2", "foreigntotal": "50",
                "lastmodifieddate": "2026-11-20T10:00:00Z"},
            {"id": "21", "type": "ItemShip", "tranid": "IF21", "status": "C", "trandate": "2026-11-18",
                "lastmodifieddate": "2026-11-20T10:00:00Z"},
            {"id": "22", "type": "ItemShip", "tranid": "IF22", "status": "ItemShip:C", "trandate": "2026-11-19",
                "lastmodifieddate": "2026-11-20T10:00:00Z"},
            {"id": "23", "type": "ItemShip", "tranid": "IF23", "status": "A", "trandate": "2026-11-21",
                "lastmodifieddate": "2026-11-20T10:00:00Z"},
            {"id": "31", "type": "CustInvc", "tranid": "INV31", "otherrefnum": "PO-8", "status": "CustInvc:A",
                "entity": "77", "trandate": "2026-11-19", "duedate": "2026-12-19", "currency": "2",
                "foreigntotal": "50", "foreignamountunpaid": "20", "lastmodifieddate": "2026-11-20T10:00:00Z"},
        ],
        "transactionline": [
            total, line("11", "1", "900", "-2", "InvtPart"), line("11", "2", "902", "-1", "TaxItem"),
            line("31", "1", "900", "-4", "InvtPart"),
        ],
        "transactionshippingaddress": [
            {"nkey": "501", "addressee": "Jane", "addr1": "1 High St", "city": "Leeds", "zip": "LS1", "country": "GB"},
        ],
        "nexttransactionlink": [
            {"previousdoc": "12", "nextdoc": "21"}, {"previousdoc": "12", "nextdoc": "22"},
            {"previousdoc": "12", "nextdoc": "23"}, {"previousdoc": "12", "nextdoc": "31"},
        ],
        "trackingnumbermap": [{"transaction": "22", "trackingnumber": "7"}],
        "trackingnumber": [{"id": "7", "trackingnumber": "1Z999"}],
        "aggregateitemlocation": [
            {"item": "900", "location": "1", "quantityonhand": "4.5", "quantityavailable": "3"},
            {"item": "900", "location": "2"},
        ],
        "employee": [
            {"id": "5", "entityid": "Ada H", "firstname": "Ada", "lastname": "H", "department": "3", "supervisor": "4",
                "hiredate": "2020-01-02", "isinactive": "F", "lastmodifieddate": "2026-11-20T10:00:00Z"},
        ],
    })
}

#[tokio::test]
async fn orders_come_with_their_lines_and_addresses_and_times_in_utc() {
    let erp = Server::start(Books::with(books())).await;
    insta::assert_json_snapshot!(ours(&*connector(&erp), DataType::Orders).await);
}

#[tokio::test]
async fn the_other_records_are_read_as_they_are_meant() {
    let erp = Server::start(Books::with(books())).await;
    let mut records = Vec::new();
    for data_type in DataType::ALL.into_iter().filter(|data_type| *data_type != DataType::Orders) {
        records.push((data_type, ours(&*connector(&erp), data_type).await));
    }
    insta::assert_json_snapshot!(records);
}

#[tokio::test]
async fn a_page_takes_one_query_and_one_for_each_kind_of_detail_however_many_records_it_has() {
    let order = |n: usize| {
        json!({"id": n.to_string(), "type": "SalesOrd", "tranid": format!("SO{n}"), "status": "A",
            "shippingaddress": n.to_string(), "lastmodifieddate": "2026-11-20T10:00:00Z"})
    };
    let erp =
        Server::start(Books::with(json!({"transaction": (1..=100).map(order).collect::<Vec<_>>()}))).await;
    assert_eq!(ours(&*connector(&erp), DataType::Orders).await.len(), 100);
    assert_eq!(erp.vendor.seen.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn more_lines_than_they_give_at_a_time_all_come() {
    let line = |n: usize| {
        json!({"transaction": "1", "id": n.to_string(), "linesequencenumber": n.to_string(), "quantity": "-1",
            "mainline": "F", "taxline": "F", "itemtype": "InvtPart"})
    };
    let order =
        json!({"id": "1", "type": "SalesOrd", "tranid": "SO1", "lastmodifieddate": "2026-11-20T10:00:00Z"});
    let lines: Vec<Value> = (1..=2100).map(line).collect();
    let erp = Server::start(Books::with(json!({"transaction": [order], "transactionline": lines}))).await;
    let orders = ours(&*connector(&erp), DataType::Orders).await;
    let numbers =
        orders[0]["lines"].as_array().unwrap().iter().map(|line| line["lineNumber"].as_str().unwrap());
    assert!(numbers.eq((1..=2100).map(|n| n.to_string()).collect::<Vec<_>>()));
}

#[tokio::test]
async fn settings_say_which_columns_and_prices_are_read() {
    let erp = Server::start(Books::with(books())).await;
    let own = json!({"priceLevel": 5, "skuColumn": "upccode", "columns": {
        "products": {"displayname": null, "barcode": "i.itemid"}, "orders": {"channel": "t.custbody_channel"},
    }});
    let connector = with(&erp, own);
    let products = pulled(&*connector, DataType::Products).await;
    let (theirs, ours) = &products[0];
    assert_eq!((&ours["sku"], &ours["price"]), (&"4006381333931".into(), &"95".into()));
    assert_eq!((&theirs["barcode"], theirs.get("displayname")), (&"1896-S".into(), None));
    assert_eq!(pulled(&*connector, DataType::Orders).await[0].0["channel"], "shop");
    let without = with(&erp, json!({"priceLevel": null}));
    assert_eq!(pulled(&*without, DataType::Products).await[0].1.get("price"), None);
}

#[tokio::test]
async fn an_account_without_currencies_is_asked_for_none() {
    let erp = Server::start(Books::with(books())).await;
    let connector = with(
        &erp,
        json!({"multipleCurrencies": false, "columns": {
            "orders": {"total": null}, "invoices": {"total": null}, "order_status": {},
        }}),
    );
    pulled(&*connector, DataType::Products).await;
    let seen = erp.vendor.seen.lock().unwrap().join("\n");
    assert!(seen.contains("pricing") && !seen.contains("currency"), "{seen}");
}

#[tokio::test]
async fn a_column_that_the_account_lacks_is_named_in_their_words() {
    let erp = Server::start(Books::with(books())).await;
    let connector = with(&erp, json!({"columns": {"employees": {"gender": "e.gender"}}}));
    let pull = Pull { data_type: DataType::Employees, page_size: 100, resume: None, since: None };
    let error = connector.pull(pull).await.unwrap().next().await.unwrap_err();
    let words = "Field 'gender' for record 'employee' was not found. Reason: NOT_EXPOSED - Not available for channel \
                 SEARCH (INVALID_PARAMETER)";
    assert!(matches!(&error, ErpError::Rejected(why) if why.ends_with(words)), "{error:?}");
}

#[tokio::test]
async fn what_was_changed_within_the_last_day_of_the_account_comes_by_utc() {
    let erp = Server::start(Books::with(books())).await;
    // 15:00 in the account, whose clock is eight hours behind.
    let since = Some("2026-11-20T23:00:00Z".parse().unwrap());
    let pull = Pull { data_type: DataType::Orders, page_size: 100, resume: None, since };
    let mut pages = connector(&erp).pull(pull).await.unwrap();
    assert_eq!(pages.next().await.unwrap().unwrap().items.len(), 1);
    assert!(pages.next().await.unwrap().is_none() && !pages.complete());
}

#[tokio::test]
async fn stock_is_read_page_by_page_by_item_and_location() {
    let level = |n: usize| json!({"item": (n / 2).to_string(), "location": (n % 2).to_string()});
    let items: Vec<Value> = (0..3).map(|n| json!({"id": n.to_string(), "itemid": format!("P{n}")})).collect();
    let levels: Vec<Value> = (0..6).map(level).collect();
    let erp = Server::start(Books::with(json!({"item": items, "aggregateitemlocation": levels}))).await;
    let pull = Pull { data_type: DataType::Inventory, page_size: 1, resume: None, since: None };
    let mut pages = connector(&erp).pull(pull).await.unwrap();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        let text = String::from_utf8(page.body).unwrap();
        let row: Value = serde_json::from_str(&text).unwrap();
        keys.push(format!("{}{}", row[0]["sku"].as_str().unwrap(), row[0]["locationid"].as_str().unwrap()));
    }
    assert_eq!(keys, ["P00", "P01", "P10", "P11", "P20", "P21"]);
    assert!(!connector(&erp).pulls_changes(DataType::Inventory));
}

#[test]
fn a_connection_that_cannot_sign_in_is_told_which_field_is_missing() {
    let refused = |change: fn(&mut Credentials)| {
        let mut credentials = by_certificate("http://127.0.0.1", "cert-1");
        change(&mut credentials);
        let tokens = std::sync::Arc::new(Unkept);
        NetSuite::new(&ConnectionSettings::default(), credentials, &transport(), tokens)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(refused(|c| c.account = None), "the connection's account is needed");
    assert!(refused(|c| c.account = Some("a.example.com/".to_owned())).contains("account must be the id"));
    assert_eq!(refused(|c| c.key_id = None), "the connection's keyId is needed");
    assert_eq!(refused(|c| c.client_id = None), "the connection's clientId is needed");
    assert_eq!(refused(|c| c.private_key = None), "the connection's privateKey, or consumerKey, is needed");
}
