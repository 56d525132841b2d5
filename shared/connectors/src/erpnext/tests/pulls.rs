//! What is pulled, and how it is asked for.

use domain::DataType;
use domain::connection::providers::erpnext::ErpNextSettings;
use serde_json::{Value, json};

use super::erp::{Site, local};
use super::{connector, connector_with, pulled, pulled_by};
use crate::Pull;
use crate::conformance::Server;

const SINCE: &str = "2026-11-20T06:00:00Z";

fn before() -> String {
    local("2026-11-20T05:59:00Z")
}

fn after() -> String {
    local("2026-11-20T06:01:00Z")
}

#[tokio::test]
async fn orders_come_with_their_lines_and_addresses() {
    let orders = json!([
        {"name": "SO/26/1", "customer": "CUST-1", "customer_name": "Jane's Shop", "po_no": "WEB-7", "docstatus": 1,
            "transaction_date": "2026-11-20", "delivery_date": "2026-11-27", "status": "To Deliver and Bill",
            "currency": "GBP", "total": 25.0, "net_total": 25.0, "total_taxes_and_charges": 5.1, "grand_total": 30.1,
            "shipping_address_name": "Jane-Shipping", "shipping_address": "1 High St<br>Leeds",
            "customer_address": null, "contact_email": "jane@example.com",
            "modified": local("2026-11-20T10:00:00.123456Z")},
        {"name": "SO/26/2", "customer": "CUST-1", "shipping_address_name": null, "customer_address": null,
            "shipping_address": null, "modified": local("2026-11-20T10:00:01Z")},
    ]);
    let lines = json!([
        {"name": "f9a1", "parent": "SO/26/1", "idx": 2, "item_code": "SKU-2", "item_name": "Mug", "qty": 1.0,
            "uom": "Nos", "rate": 0.0, "amount": 0.0, "description": "<div>Mug</div>"},
        {"name": "0c77", "parent": "SO/26/1", "idx": 1, "item_code": "SKU-1", "item_name": "Cake", "qty": 2.0,
            "uom": "Nos", "rate": 12.5, "amount": 25.0, "description": "<div><p>Cake</p></div>"},
    ]);
    let addresses = json!([{"name": "Jane-Shipping", "address_title": "Jane", "address_line1": "1 High St",
        "address_line2": null, "city": "Leeds", "state": null, "pincode": "LS1 1AA", "country": "United Kingdom"}]);
    let lists = [("Sales Order", orders), ("Sales Order Item", lines), ("Address", addresses)];
    insta::assert_json_snapshot!(pulled(DataType::Orders, &lists).await);
}

#[tokio::test]
async fn a_reference_in_a_field_of_the_users_own_is_ours() {
    let orders = json!([{"name": "SO-1", "po_no": "PO 4711", "custom_shop_reference": "WEB-7", "customer": "CUST-1",
        "shipping_address_name": null, "customer_address": null, "modified": after()}]);
    let erp = Server::start(Site::with(&[("Sales Order", orders)])).await;
    let own =
        ErpNextSettings { reference_field: "custom_shop_reference".to_owned(), ..ErpNextSettings::default() };
    let records = pulled_by(&*connector_with(&erp, own, None), DataType::Orders, None).await;
    assert_eq!(records[0]["reference"], "WEB-7");
}

/// Orders of which one was delivered, by two notes, one of which brought things back.
fn deliveries(modified: &str) -> [(&'static str, Value); 3] {
    let order = |name: &str| {
        json!({"name": name, "modified": before(), "docstatus": 1, "customer": "CUST-1", "po_no": "WEB-1",
            "status": "To Bill", "delivery_status": "Fully Delivered", "per_delivered": 100.0,
            "billing_status": "Not Billed", "per_billed": 0.0, "delivery_date": "2026-12-24"})
    };
    let note = |name: &str, day: &str, number: &str, docstatus: u8, is_return: u8| {
        json!({"name": name, "posting_date": day, "status": "To Bill", "transporter_name": "Royal Mail",
            "lr_no": number, "lr_date": null, "vehicle_no": null, "docstatus": docstatus, "is_return": is_return,
            "modified": modified})
    };
    let link = |name: &str, parent: &str, docstatus: u8| json!({"name": name, "parent": parent, "idx": 1, "against_sales_order": "SO-1", "docstatus": docstatus});
    [
        ("Sales Order", json!([order("SO-1"), order("SO-2")])),
        (
            "Delivery Note",
            json!([
                note("DN-1", "2026-11-18", "RM1", 1, 0),
                note("DN-2", "2026-11-19", "RM2", 1, 0),
                note("DN-3", "2026-11-20", "RM3", 1, 1),
                note("DN-4", "2026-11-21", "RM4", 0, 0),
            ]),
        ),
        (
            "Delivery Note Item",
            json!([link("a", "DN-1", 1), link("b", "DN-2", 1), link("c", "DN-3", 1), link("d", "DN-4", 0)]),
        ),
    ]
}

#[tokio::test]
async fn an_order_status_knows_its_newest_delivery_and_no_draft_or_return() {
    let records = pulled(DataType::OrderStatus, &deliveries(&after())).await;
    let expected = [
        json!({"orderNumber": "SO-1", "reference": "WEB-1", "status": "To Bill", "carrier": "Royal Mail",
            "trackingNumber": "RM2", "shippedAt": "2026-11-19T00:00:00Z", "modifiedAt": "2026-11-20T05:59:00Z"}),
        json!({"orderNumber": "SO-2", "reference": "WEB-1", "status": "To Bill",
            "modifiedAt": "2026-11-20T05:59:00Z"}),
    ];
    assert_eq!(records, expected);
}

#[tokio::test]
async fn a_tracking_number_that_is_entered_later_brings_its_order_again() {
    let erp = Server::start(Site::with(&deliveries(&after()))).await;
    let records = pulled_by(&*connector(&erp), DataType::OrderStatus, Some(SINCE)).await;
    let brought: Vec<_> = records.iter().map(|record| &record["orderNumber"]).collect();
    assert_eq!(brought, ["SO-1"]);
    let erp = Server::start(Site::with(&deliveries(&before()))).await;
    assert!(pulled_by(&*connector(&erp), DataType::OrderStatus, Some(SINCE)).await.is_empty());
}

#[tokio::test]
async fn products_come_with_barcodes_and_the_price_of_the_price_list() {
    let item = |code: &str| {
        json!({"name": code, "item_code": code, "item_name": "Cake", "stock_uom": "Nos", "standard_rate": 9.0,
            "disabled": 0, "weight_per_unit": 0.5, "modified": before()})
    };
    let price = |name: &str,
                 code: &str,
                 rate: f64,
                 from: &str,
                 until: Option<&str>,
                 customer: Option<&str>| {
        json!({"name": name, "item_code": code, "price_list": "Web", "selling": 1, "price_list_rate": rate,
            "currency": "GBP", "uom": "Nos", "valid_from": from, "valid_upto": until, "customer": customer,
            "modified": after()})
    };
    let mut box_price = price("p5", "SKU-1", 60.0, "2026-01-01", None, None);
    box_price["uom"] = "Box".into();
    let lists = [
        ("Item", json!([item("SKU-1"), item("SKU-2")])),
        ("Item Barcode", json!([{"name": "x", "parent": "SKU-1", "idx": 1, "barcode": "5012345678900"}])),
        (
            "Item Price",
            json!([
                price("p1", "SKU-1", 10.0, "2024-01-01", None, None),
                price("p2", "SKU-1", 12.5, "2025-01-01", None, None),
                price("p3", "SKU-1", 8.0, "2025-02-01", Some("2025-02-28"), None),
                price("p4", "SKU-1", 7.0, "2025-03-01", None, Some("CUST-1")),
                box_price,
            ]),
        ),
    ];
    let erp = Server::start(Site::with(&lists)).await;
    let web = ErpNextSettings { price_list: Some("Web".to_owned()), ..ErpNextSettings::default() };
    let connector = connector_with(&erp, web, None);
    let records = pulled_by(&*connector, DataType::Products, None).await;
    let told =
        |record: &Value| [record["price"].clone(), record["currency"].clone(), record["barcode"].clone()];
    assert_eq!(told(&records[0]), [json!("12.5"), json!("GBP"), json!("5012345678900")]);
    assert_eq!(told(&records[1]), [Value::Null, Value::Null, Value::Null]);
    // The items did not change, a price did.
    let changed = pulled_by(&*connector, DataType::Products, Some(SINCE)).await;
    assert_eq!(changed, records[..1]);
    let plain = pulled(DataType::Products, &lists).await;
    assert_eq!(plain[1]["price"], "9.0");
}

#[tokio::test]
async fn stock_invoices_and_employees_are_read_as_they_are_meant() {
    let bins = json!([{"name": "b1", "item_code": "SKU-1", "warehouse": "Stores - WC", "actual_qty": 4.5,
        "reserved_qty": 1.0, "ordered_qty": 10.0, "projected_qty": 13.5, "stock_uom": "Nos", "modified": after()}]);
    let invoice = |name: &str, docstatus: u8| {
        json!({"name": name, "customer": "CUST-1", "customer_name": "Jane's Shop", "posting_date": "2026-11-21",
            "due_date": "2026-12-21", "po_no": "WEB-7", "currency": "GBP", "total": 25.0, "net_total": 25.0,
            "total_taxes_and_charges": 5.1, "grand_total": 30.1, "outstanding_amount": 0.0, "status": "Paid",
            "docstatus": docstatus, "company": "WeCelebrate", "modified": after()})
    };
    let invoices = json!([invoice("SINV-1", 1), invoice("SINV-2", 0)]);
    let lines = json!([{"name": "r1", "parent": "SINV-1", "idx": 1, "item_code": "SKU-1", "item_name": "Cake",
        "qty": 2.0, "rate": 12.5, "amount": 25.0, "sales_order": "SO-1", "description": "<p>Cake</p>"}]);
    let employees = json!([{"name": "HR-EMP-1", "employee_name": "Ada H", "first_name": "Ada", "last_name": "H",
        "middle_name": null, "company": "WeCelebrate", "prefered_email": "", "ctc": 90000.0,
        "date_of_joining": "2020-01-02", "relieving_date": null, "status": "Active", "company_email": "ada@example.com",
        "user_id": "ada", "cell_number": "+44 1", "department": "Bakery - WC",
        "designation": "Baker", "branch": "Leeds", "reports_to": "HR-EMP-0", "modified": after()}]);
    let mut records = pulled(DataType::Inventory, &[("Bin", bins)]).await;
    records.extend(
        pulled(DataType::Invoices, &[("Sales Invoice", invoices), ("Sales Invoice Item", lines)]).await,
    );
    records.extend(pulled(DataType::Employees, &[("Employee", employees)]).await);
    insta::assert_json_snapshot!(records);
}

#[tokio::test]
async fn what_is_changed_while_pages_are_read_neither_vanishes_nor_comes_twice() {
    let item = |n: usize| json!({"name": format!("P{n}"), "item_code": format!("P{n}"), "item_name": "Cake", "modified": before()});
    let erp = Server::start(Site::with(&[("Item", (0..6).map(item).collect())])).await;
    let pull = Pull { data_type: DataType::Products, page_size: 2, resume: None, since: None };
    let mut pages = connector(&erp).pull(pull).await.unwrap();
    let mut count = pages.next().await.unwrap().unwrap().items.len();
    // One that was read and one that was not are saved, and a new one is made.
    for at in [0, 4] {
        erp.vendor.lists.lock().unwrap().get_mut("Item").unwrap()[at]["modified"] = after().into();
    }
    erp.vendor.lists.lock().unwrap().get_mut("Item").unwrap().push(item(9));
    while let Some(page) = pages.next().await.unwrap() {
        count += page.items.len();
    }
    assert_eq!((count, pages.complete()), (7, true));
}

#[tokio::test]
async fn questions_have_the_form_the_vendor_asks_for() {
    let mut lists = deliveries(&after()).to_vec();
    lists.push(("Item", json!([{"name": "SKU-1", "item_code": "SKU-1", "modified": after()}])));
    for (doctype, list) in &mut lists {
        if matches!(*doctype, "Sales Order" | "Delivery Note") {
            for row in list.as_array_mut().unwrap() {
                row["company"] = "WeCelebrate".into();
            }
        }
    }
    let erp = Server::start(Site::with(&lists)).await;
    let settings = ErpNextSettings { price_list: Some("Web".to_owned()), ..ErpNextSettings::default() };
    let connector = connector_with(&erp, settings, Some("WeCelebrate"));
    for data_type in DataType::ALL {
        pulled_by(&*connector, data_type, Some(SINCE)).await;
    }
    pulled_by(&*connector, DataType::OrderStatus, None).await;
    insta::assert_snapshot!(erp.vendor.seen.lock().unwrap().join("\n\n"));
}
