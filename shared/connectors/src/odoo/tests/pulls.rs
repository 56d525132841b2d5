//! Reading.

use domain::DataType;
use serde_json::{Value, json};
use transport::ErpError;

use super::erp::Version;
use super::{all_of, connector, erp, pulled, settings};
use crate::Pull;

/// An order with two lines, of which one is a heading, and two shipments, of which one has not left.
fn orders() -> Vec<(&'static str, Value)> {
    vec![
        (
            "sale.order",
            json!([{
                "id": 42, "name": "S00042", "client_order_ref": "WEB-7", "state": "sale", "partner_id": 7,
                "partner_shipping_id": 9, "partner_invoice_id": 7, "date_order": "2026-11-20 10:00:00",
                "commitment_date": "2026-11-25 00:00:00", "currency_id": 2, "amount_untaxed": 25.0, "amount_tax": 5.1,
                "amount_total": 30.1, "delivery_status": "partial", "order_line": [420, 421], "picking_ids": [1, 2],
                "write_date": "2026-11-20 10:00:00",
            }]),
        ),
        (
            "sale.order.line",
            json!([
                {"id": 420, "display_type": "line_section", "name": "Teas", "write_date": "2026-11-20 10:00:00"},
                {"id": 421, "product_id": 9001, "name": "Chai", "product_uom_qty": 2.0, "product_uom_id": 1, "product_uom": 1,
                    "price_unit": 12.5, "discount": 0.0, "price_subtotal": 25.0, "write_date": "2026-11-20 11:00:00"},
            ]),
        ),
        (
            "res.partner",
            json!([{"id": 9, "name": "Jane Doe", "street": "1 High St", "city": "York", "country_id": 231,
            "country_code": "GB", "parent_id": 7, "type": "delivery"}]),
        ),
        ("delivery.carrier", json!([{"id": 1, "name": "Swift"}])),
        (
            "stock.picking",
            json!([
                {"id": 1, "name": "OUT/1", "state": "done", "picking_type_code": "outgoing", "date_done": "2026-11-21 08:00:00",
                    "carrier_id": 1, "carrier_tracking_ref": "T-1", "write_date": "2026-11-21 08:00:00"},
                {"id": 2, "name": "OUT/2", "state": "assigned", "picking_type_code": "outgoing",
                    "write_date": "2026-11-20 08:00:00"},
            ]),
        ),
    ]
}

fn others() -> Vec<(&'static str, Value)> {
    vec![
        (
            "product.product",
            json!([
                {"id": 5, "default_code": "SKU-5", "name": "Old", "active": false, "lst_price": 18.0, "currency_id": 2,
                    "uom_id": 1, "categ_id": 1, "barcode": false, "type": "product", "product_tmpl_id": 55,
                    "write_date": "2026-11-20 10:00:00", "x_brand": "Acme"},
                {"id": 6, "default_code": "SKU-6", "name": "New", "lst_price": 0.0, "uom_id": 1, "type": "product",
                    "qty_available": 4.5, "free_qty": 3.0, "in_warehouse": {"1": 4.0, "2": 0.5},
                    "write_date": "2026-11-20 10:00:00"},
            ]),
        ),
        ("product.template", json!([{"id": 55, "write_date": "2026-11-21 09:00:00"}])),
        (
            "account.move",
            json!([
                {"id": 3, "name": "INV/1", "move_type": "out_invoice", "state": "posted", "payment_state": "paid", "partner_id": 7,
                    "ref": "WEB-7", "invoice_origin": "S00042", "invoice_date": "2026-11-21", "invoice_date_due": "2026-12-21",
                    "currency_id": 2, "amount_untaxed": 25.0, "amount_tax": 5.1, "amount_total": 30.1, "amount_residual": 0.0,
                    "invoice_line_ids": [30], "write_date": "2026-11-21 10:00:00"},
                {"id": 4, "name": "INV/2", "move_type": "out_invoice", "state": "cancel", "payment_state": "not_paid",
                    "partner_id": 7, "write_date": "2026-11-21 10:00:00"},
                {"id": 5, "name": "/", "move_type": "out_invoice", "state": "draft", "write_date": "2026-11-21 10:00:00"},
                {"id": 6, "name": "BILL/1", "move_type": "in_invoice", "state": "posted", "write_date": "2026-11-21 10:00:00"},
            ]),
        ),
        (
            "account.move.line",
            json!([{"id": 30, "display_type": "product", "product_id": 9001, "name": "Chai", "quantity": 2.0,
            "product_uom_id": 1, "price_unit": 12.5, "discount": 0.0, "price_subtotal": 25.0}]),
        ),
        ("hr.department", json!([{"id": 1, "name": "Sales"}])),
        (
            "hr.employee",
            json!([{"id": 1, "name": "Ada H", "work_email": "ada@example.com", "job_title": "Clerk",
            "department_id": 1, "parent_id": 2, "contract_date_start": "2020-01-02", "first_contract_date": "2020-01-02",
            "departure_date": "2026-10-31", "active": false, "write_date": "2026-11-01 10:00:00"}]),
        ),
    ]
}

fn everything() -> Vec<(&'static str, Value)> {
    orders().into_iter().chain(others()).collect()
}

pub(super) async fn every_data_type_is_read_as_it_is_meant<V: Version>() {
    let erp = erp::<V>(&everything()).await;
    let mut all = serde_json::Map::new();
    for data_type in DataType::ALL {
        let mut records = pulled(&*connector(&erp), all_of(data_type)).await;
        // Odoo 16 has no code of the country beside the address.
        for record in records.iter_mut().filter(|_| !erp.vendor.books().is_new) {
            for address in ["shippingAddress", "billingAddress"] {
                if let Some(country) = record.pointer_mut(&format!("/{address}/country")) {
                    assert_eq!(*country, "United Kingdom");
                    *country = "GB".into();
                }
            }
        }
        all.insert(data_type.to_string(), records.into());
    }
    // By both protocols the same.
    insta::assert_json_snapshot!("every_data_type", all);
}

pub(super) async fn records_of_one_moment_come_once_though_a_page_does_not_hold_them<V: Version>() {
    let product =
        |n: usize| json!({"id": n, "default_code": format!("P{n}"), "write_date": "2026-11-20 10:00:00"});
    let erp = erp::<V>(&[("product.product", (1..=35).map(product).collect())]).await;
    for since in [None, Some("2026-11-20T10:00:00.999Z".parse().unwrap())] {
        let records = pulled(&*connector(&erp), Pull { since, ..all_of(DataType::Products) }).await;
        let skus: Vec<_> = records.iter().map(|record| record["sku"].as_str().unwrap().to_owned()).collect();
        assert_eq!(skus, (1..=35).map(|n| format!("P{n}")).collect::<Vec<_>>());
    }
}

pub(super) async fn an_archived_product_does_not_take_the_place_of_an_active_one<V: Version>() {
    let product = |id: usize, number: &str, active: bool| {
        json!({"id": id, "default_code": number, "name": format!("{number} {id}"), "active": active,
            "write_date": "2026-11-20 10:00:00"})
    };
    let all = json!([
        product(1, "A", true),
        product(2, "A", false),
        product(3, "B", false),
        product(4, "C", false),
        product(5, "C", true)
    ]);
    let erp = erp::<V>(&[("product.product", all)]).await;
    for since in [None, Some("2026-11-20T00:00:00Z".parse().unwrap())] {
        let records = pulled(&*connector(&erp), Pull { since, ..all_of(DataType::Products) }).await;
        let names: Vec<_> =
            records.iter().map(|record| record["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(names, ["A 1", "B 3", "C 5"], "an archived one comes where there is no other");
    }
}

pub(super) async fn what_belongs_to_a_page_is_asked_for_at_once<V: Version>() {
    let order = |n: usize| {
        json!({"id": n, "name": format!("S{n}"), "state": "draft", "partner_id": 7, "order_line": [n],
            "write_date": "2026-11-20 10:00:00"})
    };
    let line = |n: usize| json!({"id": n, "product_id": 9001, "product_uom_qty": n});
    let put =
        [("sale.order", (1..=9).map(order).collect()), ("sale.order.line", (1..=9).map(line).collect())];
    let erp = erp::<V>(&put).await;
    let records = pulled(&*connector(&erp), all_of(DataType::Orders)).await;
    assert_eq!(records[8]["lines"][0]["quantity"].to_string(), "9");
    assert_eq!(erp.vendor.books().took("search_read").len(), 5, "company, orders, lines, products, contacts");
}

pub(super) async fn a_change_of_what_belongs_to_a_record_is_one_of_the_record<V: Version>() {
    let erp = erp::<V>(&everything()).await;
    let since = |data_type, since: &str| Pull { since: Some(since.parse().unwrap()), ..all_of(data_type) };
    let cases = [
        (DataType::Products, "2026-11-21T08:30:00Z", "2026-11-21T09:00:00Z"),
        (DataType::Orders, "2026-11-20T10:30:00Z", "2026-11-20T11:00:00Z"),
        (DataType::OrderStatus, "2026-11-20T10:30:00Z", "2026-11-21T08:00:00Z"),
    ];
    for (data_type, at, modified_at) in cases {
        let records = pulled(&*connector(&erp), since(data_type, at)).await;
        assert_eq!(records.len(), 1, "{data_type}");
        assert_eq!(records[0]["modifiedAt"], modified_at, "{data_type}");
        let later = pulled(&*connector(&erp), since(data_type, "2026-11-22T00:00:00Z")).await;
        assert!(later.is_empty(), "{data_type}");
    }
}

pub(super) async fn stock_is_told_apart_by_warehouse_where_some_are_named<V: Version>() {
    let erp = erp::<V>(&others()).await;
    let mut settings = settings();
    settings.odoo.warehouses = vec!["SH".to_owned(), "WH".to_owned()];
    let records =
        pulled(&*V::connected(&erp.origin, settings.clone(), true), all_of(DataType::Inventory)).await;
    let told = |record: &Value| format!("{} {}", record["location"], record["quantity"]);
    assert_eq!(records.iter().map(told).collect::<Vec<_>>(), [r#""SH" 0.5"#, r#""WH" 4.0"#]);
    settings.odoo.warehouses.push("XX".to_owned());
    let error =
        V::connected(&erp.origin, settings, true).pull(all_of(DataType::Inventory)).await.err().unwrap();
    assert!(matches!(&error, ErpError::Misconfigured(why) if why.contains("XX")), "{error:?}");
}

pub(super) async fn fields_of_their_own_can_be_read_and_are_checked<V: Version>() {
    let erp = erp::<V>(&others()).await;
    let mut settings = settings();
    settings.odoo.fields.insert(DataType::Products, vec!["x_brand".to_owned()]);
    let connected = V::connected(&erp.origin, settings.clone(), true);
    let page = connected.pull(all_of(DataType::Products)).await.unwrap().next().await.unwrap().unwrap();
    assert!(String::from_utf8(page.body).unwrap().contains(r#""x_brand":"Acme""#));
    settings.odoo.fields.insert(DataType::Products, vec!["x_colour".to_owned()]);
    let error =
        V::connected(&erp.origin, settings, true).pull(all_of(DataType::Products)).await.err().unwrap();
    let sentence = "settings.odoo.fields.products names x_colour, which product.product does not have";
    assert!(matches!(&error, ErpError::Misconfigured(why) if why.contains(sentence)), "{error:?}");
}

pub(super) async fn requests_to_read_have_the_form_the_vendor_asks_for<V: Version>() {
    let erp = erp::<V>(&everything()).await;
    let mut settings = settings();
    settings.odoo.language = Some("de_DE".to_owned());
    let connected = V::connected(&erp.origin, settings, true);
    connected.test().await.unwrap();
    let since = Some("2026-11-20T10:00:00.999Z".parse().unwrap());
    for data_type in DataType::ALL {
        pulled(&*connected, Pull { data_type, page_size: 30_000, resume: None, since: None }).await;
        if connected.pulls_changes(data_type) {
            pulled(&*connected, Pull { data_type, page_size: 30_000, resume: None, since }).await;
        }
    }
    let seen = erp.vendor.books().took("").join("\n\n");
    insta::assert_snapshot!(format!("reading_by_{}", name::<V>()), seen);
}

/// The protocol's name, for snapshots.
pub(super) fn name<V: Version>() -> String {
    serde_json::to_value(V::PROTOCOL).unwrap().as_str().unwrap().to_owned()
}

pub(super) async fn another_protocol_is_proposed_where_there_is_none<V: Version>() {
    let erp = erp::<V>(&[]).await;
    let elsewhere = V::connected(&format!("{}/web", erp.origin), settings(), true).test().await.unwrap_err();
    assert!(elsewhere.to_string().contains("settings.odoo.protocol"), "{elsewhere}");
    let report = connector(&erp).test().await.unwrap();
    assert!(report.message.ends_with("let us in as user 2"), "{}", report.message);
}
