//! What their records become.

use domain::DataType;
use domain::connection::ConnectionSettings;
use serde_json::{Value, json};

use super::erp::S4;
use super::{connector, impatient, pulled};
use crate::conformance::{Server, Subject as _, changed_at};

async fn of<const V4: bool>(list: &'static str, records: Value, data_type: DataType) -> Vec<Value> {
    let erp = Server::start(S4::<V4>::with(list, records.as_array().unwrap().clone())).await;
    pulled(&*connector(&erp), data_type, 100).await
}

fn settings(sap: Value) -> ConnectionSettings {
    let mut all = impatient();
    all.sap = serde_json::from_value(sap).unwrap();
    all
}

#[tokio::test]
async fn an_order_is_the_same_in_both_versions() {
    let v2 = json!([{
        "@etag": "W/\"1\"", "SalesOrder": "4711", "PurchaseOrderByCustomer": "WEB-7", "SoldToParty": "17100001",
        "SalesOrderDate": "/Date(1763596800000)/", "RequestedDeliveryDate": "/Date(1764547200000)/",
        "TransactionCurrency": "GBP", "TotalNetAmount": "25.00", "OverallSDProcessStatus": "B",
        "OverallDeliveryStatus": "B", "OverallSDDocumentRejectionSts": "A",
        "LastChangeDateTime": "/Date(1763632800123+0000)/", "to_Text": [{"LongText": "x"}],
        "to_Item": [{"SalesOrderItem": "10", "Material": "TG11", "SalesOrderItemText": "Trading Good",
            "RequestedQuantity": "2.5", "RequestedQuantityUnit": "PC", "NetAmount": "25.00", "to_ScheduleLine": []}],
    }]);
    let v4 = json!([{
        "@etag": "W/\"1\"", "SalesOrder": "4711", "PurchaseOrderByCustomer": "WEB-7", "SoldToParty": "17100001",
        "SalesOrderDate": "2025-11-20", "RequestedDeliveryDate": "2025-12-01",
        "TransactionCurrency": "GBP", "TotalNetAmount": "25.00", "OverallSDProcessStatus": "B",
        "OverallDeliveryStatus": "B", "OverallSDDocumentRejectionSts": "A",
        "LastChangeDateTime": "2025-11-20T10:00:00.123Z",
        "_Item": [{"SalesOrderItem": "10", "Product": "TG11", "SalesOrderItemText": "Trading Good",
            "RequestedQuantity": 2.5, "RequestedQuantitySAPUnit": "PC", "NetAmount": "25.00"}],
    }]);
    let v2 = of::<false>("A_SalesOrder", v2, DataType::Orders).await;
    assert_eq!(v2, of::<true>("SalesOrder", v4, DataType::Orders).await);
    insta::assert_json_snapshot!(v2);
}

#[tokio::test]
async fn a_product_is_called_as_in_the_language_of_the_connection() {
    let product = json!([{"Product": "TG11", "BaseUnit": "PC", "ProductGroup": "L001", "Brand": "",
        "ProductStandardID": "4006381333931", "GrossWeight": "1.500", "IsMarkedForDeletion": false,
        "LastChangeDateTime": "/Date(1763632800000+0000)/",
        "to_Description": [{"Language": "DE", "ProductDescription": "Handelsware"},
            {"Language": "EN", "ProductDescription": "Trading Good"}]}]);
    let erp = Server::start(S4::<false>::with("A_Product", product.as_array().unwrap().clone())).await;
    insta::assert_json_snapshot!(pulled(&*connector(&erp), DataType::Products, 100).await);
    let german = settings(json!({"client": "100", "language": "de"}));
    let german = pulled(&*S4::<false>::connector(&erp.origin, &german, true), DataType::Products, 100).await;
    assert_eq!(german[0]["name"], "Handelsware");
}

#[tokio::test]
async fn an_order_says_in_a_word_how_far_it_has_come() {
    let states =
        [("A", "A", "A"), ("B", "A", "A"), ("B", "B", "A"), ("B", "C", "A"), ("C", "C", "A"), ("C", "", "C")];
    let orders = states.iter().enumerate().map(|(at, (process, delivery, rejection))| {
        json!({"SalesOrder": at.to_string(), "OverallSDProcessStatus": process, "OverallDeliveryStatus": delivery,
            "OverallSDDocumentRejectionSts": rejection, "PurchaseOrderByCustomer": ""})
    });
    let orders = orders.collect::<Vec<_>>().into();
    let words = of::<false>("A_SalesOrder", orders, DataType::OrderStatus).await;
    let words: Vec<_> = words.iter().map(|order| order["status"].as_str().unwrap()).collect();
    assert_eq!(words, ["open", "in process", "partially delivered", "delivered", "completed", "cancelled"]);
}

#[tokio::test]
async fn the_last_shipment_of_an_order_is_told_where_deliveries_are_asked_for() {
    let order = |number: &str, status: &str| {
        json!({"SalesOrder": number, "PurchaseOrderByCustomer": "WEB-7", "OverallSDProcessStatus": "B",
            "OverallDeliveryStatus": status})
    };
    let s4 =
        S4::<false>::with("A_SalesOrder", vec![order("4711", "B"), order("4712", "A"), order("4713", "C")]);
    let items = [("80001", "4711"), ("80002", "4711"), ("80003", "9999"), ("80004", "4713")];
    let items =
        items.map(|(delivery, order)| json!({"DeliveryDocument": delivery, "ReferenceSDDocument": order}));
    let header = |number: &str, day: Value, bill: &str| json!({"DeliveryDocument": number, "ActualGoodsMovementDate": day, "BillOfLading": bill});
    let headers = vec![
        header("80001", "/Date(1763596800000)/".into(), "1Z1"),
        header("80002", "/Date(1763683200000)/".into(), "1Z2"),
        header("80004", Value::Null, ""),
    ];
    s4.lists.lock().unwrap().insert("A_OutbDeliveryItem", items.to_vec());
    s4.lists.lock().unwrap().insert("A_OutbDeliveryHeader", headers);
    let erp = Server::start(s4).await;
    let with_deliveries = settings(json!({"client": "100", "deliveries": true}));
    let connector = S4::<false>::connector(&erp.origin, &with_deliveries, true);
    let records = pulled(&*connector, DataType::OrderStatus, 100).await;
    let expected = [
        json!({"orderNumber": "4711", "reference": "WEB-7", "status": "partially delivered",
            "trackingNumber": "1Z2", "shippedAt": "2025-11-21T00:00:00Z"}),
        json!({"orderNumber": "4712", "reference": "WEB-7", "status": "in process"}),
        json!({"orderNumber": "4713", "reference": "WEB-7", "status": "delivered"}),
    ];
    assert_eq!(records, expected);
}

fn rows() -> Vec<Value> {
    let row = |material: &str, plant: &str, storage: &str, batch: &str, kind: &str, quantity: &str| {
        json!({"Material": material, "Plant": plant, "StorageLocation": storage, "Batch": batch,
            "InventoryStockType": kind, "InventorySpecialStockType": "", "MaterialBaseUnit": "PC",
            "MatlWrhsStkQtyInMatlBaseUnit": quantity})
    };
    vec![
        row("TG10", "1710", "171A", "", "01", "0.10000000000000"),
        row("TG11", "1710", "171A", "B1", "01", "1.00000000000000"),
        row("TG11", "1710", "171A", "B1", "07", "500"),
        row("TG11", "1710", "171A", "B2", "01", "2.50000000000000"),
        row("TG11", "1710", "171B", "B1", "01", "12345678901234"),
        row("TG11", "1720", "172A", "B1", "01", "7"),
    ]
}

#[tokio::test]
async fn stock_that_may_be_used_is_summed_up_by_plant_over_the_ends_of_pages() {
    let expected = [
        json!({"sku": "TG10", "location": "1710", "quantity": 0.1, "unit": "PC"}),
        json!({"sku": "TG11", "location": "1710", "quantity": 12_345_678_901_237.5, "unit": "PC"}),
        json!({"sku": "TG11", "location": "1720", "quantity": 7, "unit": "PC"}),
    ];
    for (page_size, page) in [(100, None), (4, None), (100, Some(4))] {
        let mut s4 = S4::<false>::with("A_MatlStkInAcctMod", rows());
        s4.page = page;
        let erp = Server::start(s4).await;
        assert_eq!(pulled(&*connector(&erp), DataType::Inventory, page_size).await, expected);
    }
}

#[tokio::test]
async fn stock_is_summed_up_by_storage_location_where_that_is_wanted() {
    let erp = Server::start(S4::<false>::with("A_MatlStkInAcctMod", rows())).await;
    let by_storage = settings(json!({"client": "100", "stockBy": "storage_location"}));
    let connector = S4::<false>::connector(&erp.origin, &by_storage, true);
    let records = pulled(&*connector, DataType::Inventory, 3).await;
    let locations: Vec<_> = records.iter().map(|one| one["location"].as_str().unwrap()).collect();
    assert_eq!(locations, ["1710/171A", "1710/171A", "1710/171B", "1720/172A"]);
}

#[tokio::test]
async fn a_place_with_more_rows_than_a_page_is_told() {
    let erp = Server::start(S4::<false>::with("A_MatlStkInAcctMod", rows())).await;
    let pull = crate::Pull { data_type: DataType::Inventory, page_size: 1, resume: None, since: None };
    let error = connector(&erp).pull(pull).await.unwrap().next().await.unwrap_err();
    assert!(error.to_string().contains("raise settings.batchSize"), "{error}");
}

#[tokio::test]
async fn invoices_and_employees_are_read_as_they_are_meant() {
    let invoice = json!([{
        "BillingDocument": "90000001", "BillingDocumentType": "F2", "BillingDocumentDate": "/Date(1763683200000)/",
        "SoldToParty": "17100001", "PurchaseOrderByCustomer": "WEB-7", "TotalNetAmount": "25.00", "TaxAmount": "5.00",
        "TotalGrossAmount": "30.00", "TransactionCurrency": "GBP", "InvoiceClearingStatus": "C",
        "BillingDocumentIsCancelled": false, "LastChangeDateTime": "/Date(1763683200000+0000)/",
        "to_Item": [{"BillingDocumentItem": "10", "Material": "TG11", "BillingDocumentItemText": "Trading Good",
            "BillingQuantity": "2", "NetAmount": "25.00", "SalesDocument": "4711"}],
    }]);
    let person = |number: &str, role: &str, changed: Value| {
        json!({"BusinessPartner": number, "BusinessPartnerCategory": "1", "FirstName": "Ada", "LastName": "H",
            "BusinessPartnerFullName": "Ada H", "BusinessPartnerIsBlocked": false,
            "CreationDate": "/Date(1763596800000)/", "LastChangeDate": changed,
            "to_BusinessPartnerRole": [{"BusinessPartnerRole": role}],
            "to_BusinessPartnerAddress": [{"to_EmailAddress": [
                {"EmailAddress": "old@example.com", "IsDefaultEmailAddress": false},
                {"EmailAddress": "ada@example.com", "IsDefaultEmailAddress": true}]}]})
    };
    let people = json!([
        person("9", "BUP003", Value::Null),
        person("10", "FLCU01", Value::Null),
        person("11", "BUP003", "/Date(1763683200000)/".into())
    ]);
    let mut records = of::<false>("A_BillingDocument", invoice, DataType::Invoices).await;
    records.extend(of::<false>("A_BusinessPartner", people, DataType::Employees).await);
    insta::assert_json_snapshot!(records);
}

#[tokio::test]
async fn pages_smaller_than_those_asked_for_are_followed_by_their_links() {
    let expected: Vec<_> = (0..25).map(changed_at).collect();
    async fn stamps<const V4: bool>() -> Vec<String> {
        let mut s4 = S4::<V4>::with_records(25);
        s4.page = Some(4);
        let erp = Server::start(s4).await;
        let records = pulled(&*connector(&erp), DataType::Products, 10).await;
        records.iter().map(|record| record["modifiedAt"].as_str().unwrap().to_owned()).collect()
    }
    assert_eq!(stamps::<false>().await, expected);
    assert_eq!(stamps::<true>().await, expected);
}
