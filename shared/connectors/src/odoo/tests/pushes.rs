//! Sending orders.

use domain::DataType;
use domain::change::Operation;
use domain::connection::ConnectionSettings;
use serde_json::{Value, json};

use super::erp::Version;
use super::pulls::name;
use super::{erp, settings};
use crate::conformance::{Mood, Server, send};
use crate::{Found, Lookup, PushError, Pushed};

/// The order of the suite, at a price that a float can hold.
fn order<V: Version>() -> Value {
    let mut order = V::order().unwrap().0;
    order["lines"][0]["unitPrice"] = "12.50".into();
    order
}

async fn push_with<V: Version>(
    erp: &Server<V>,
    settings: ConnectionSettings,
    operation: Operation,
    key: &str,
    order: &Value,
) -> Result<Pushed, PushError> {
    send::<V>(&*V::connected(&erp.origin, settings, true), operation, key, order).await
}

async fn push<V: Version>(
    erp: &Server<V>,
    operation: Operation,
    key: &str,
    order: &Value,
) -> Result<Pushed, PushError> {
    push_with(erp, settings(), operation, key, order).await
}

async fn find<V: Version>(erp: &Server<V>, settings: ConnectionSettings) -> Option<Found> {
    let lookup = Lookup { data_type: DataType::Orders, reference: "WEB-1", mapping: &V::mapping() };
    V::connected(&erp.origin, settings, true).find(&lookup).await.unwrap()
}

fn confirming() -> ConnectionSettings {
    let mut settings = settings();
    settings.odoo.confirm_orders = true;
    settings
}

async fn with_an_order<V: Version>() -> Server<V> {
    let erp = erp::<V>(&[]).await;
    let pushed = push(&erp, Operation::Create, "WEB-1", &order::<V>()).await.unwrap();
    assert_eq!(pushed.erp_key.as_deref(), Some("S00001"));
    erp
}

/// The only order there is.
fn only_order<V: Version>(erp: &Server<V>) -> Value {
    let records = erp.vendor.books().records.lock().unwrap();
    let [order] = &records["sale.order"][..] else { panic!("{:?}", records["sale.order"]) };
    order.clone()
}

fn set_state<V: Version>(erp: &Server<V>, state: &str) {
    erp.vendor.books().records.lock().unwrap().get_mut("sale.order").unwrap()[0]["state"] = state.into();
}

pub(super) async fn requests_to_write_have_the_form_the_vendor_asks_for<V: Version>() {
    let erp = erp::<V>(&[]).await;
    let mut changed = V::order().unwrap().0;
    push_with(&erp, confirming(), Operation::Create, "WEB-1", &changed).await.unwrap();
    assert_eq!(only_order(&erp)["state"], "sale");
    set_state(&erp, "sent");
    changed["requiredOn"] = "2026-11-30".into();
    changed["lines"][0]["quantity"] = json!(3);
    push(&erp, Operation::Update, "S00001", &changed).await.unwrap();
    push(&erp, Operation::Delete, "S00001", &changed).await.unwrap();
    assert_eq!(find(&erp, settings()).await, None);
    let mut seen = erp.vendor.books().took("");
    let writes = ["create", "write\"", "/write", "action_", "unlink"];
    seen.retain(|request| {
        let is_write = writes.iter().any(|method| request.contains(method));
        is_write && !request.contains("fields_get") || request.contains("client_order_ref\",\"=\"")
    });
    insta::assert_snapshot!(format!("writing_by_{}", name::<V>()), seen.join("\n\n"));
}

pub(super) async fn a_confirmed_order_whose_confirmation_was_cut_is_confirmed_and_not_made_again<
    V: Version,
>() {
    let erp = erp::<V>(&[]).await;
    erp.next([Mood::Cuts]);
    let error = push_with(&erp, confirming(), Operation::Create, "WEB-1", &order::<V>()).await.unwrap_err();
    assert!(matches!(error, PushError::Unknown(_)), "{error:?}");
    assert_eq!(only_order(&erp)["state"], "draft");
    assert_eq!(find(&erp, confirming()).await, None, "it is not yet what it is to be");
    let pushed = push_with(&erp, confirming(), Operation::Create, "WEB-1", &order::<V>()).await.unwrap();
    assert_eq!(only_order(&erp)["state"], "sale");
    assert_eq!(find(&erp, confirming()).await, Some(Found { erp_key: pushed.erp_key }));
}

pub(super) async fn lines_are_replaced_in_a_quotation_and_refused_in_a_confirmed_order<V: Version>() {
    let erp = with_an_order::<V>().await;
    let mut changed = order::<V>();
    changed["lines"][0]["quantity"] = json!(3);
    push(&erp, Operation::Update, "S00001", &changed).await.unwrap();
    let lines = only_order(&erp)["order_line"].as_array().unwrap().clone();
    assert_eq!(lines.len(), 1);
    let line = erp.vendor.books().get("sale.order.line", lines[0].as_i64().unwrap());
    assert_eq!(line["product_uom_qty"], 3);
    set_state(&erp, "sale");
    changed["requiredOn"] = "2026-12-01".into();
    push(&erp, Operation::Update, "S00001", &changed).await.unwrap();
    assert_eq!(only_order(&erp)["commitment_date"], "2026-12-01");
    assert_eq!(only_order(&erp)["order_line"], json!(lines), "lines that are alike are left alone");
    changed["lines"][0]["quantity"] = json!(4);
    let error = push(&erp, Operation::Update, "S00001", &changed).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("lines of sale order S00001")),
        "{error:?}"
    );
}

pub(super) async fn only_what_was_not_confirmed_is_deleted<V: Version>() {
    for state in ["draft", "sent", "cancel"] {
        let erp = with_an_order::<V>().await;
        set_state(&erp, state);
        push(&erp, Operation::Delete, "S00001", &order::<V>()).await.unwrap();
        assert_eq!(erp.vendor.orders(), 0, "{state}");
        push(&erp, Operation::Delete, "S00001", &order::<V>()).await.unwrap();
        let error = push(&erp, Operation::Update, "S00001", &order::<V>()).await.unwrap_err();
        assert!(
            matches!(&error, PushError::Rejected(why) if why.to_string().contains("no sale order S00001"))
        );
    }
    let erp = with_an_order::<V>().await;
    set_state(&erp, "sale");
    let error = push(&erp, Operation::Delete, "S00001", &order::<V>()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("is confirmed")),
        "{error:?}"
    );
}

pub(super) async fn what_the_order_names_and_odoo_does_not_have_is_told_before_it_is_sent<V: Version>() {
    let erp = erp::<V>(&[("res.partner", json!([{"id": 10, "ref": "C-9"}, {"id": 11, "ref": "C-9"}]))]).await;
    let with = |path: &str, value: Value| {
        let mut order = order::<V>();
        *order.pointer_mut(path).unwrap() = value;
        order
    };
    let cases = [
        (with("/customerId", "C-0".into()), "no contact (res.partner) whose ref is C-0"),
        (with("/customerId", "C-9".into()), "several records of res.partner whose ref is C-9"),
        (with("/lines/0/sku", "SKU-0".into()), "no product (product.product) whose default_code is SKU-0"),
        (with("/shippingAddress/country", "XX".into()), "no country (res.country) whose code is XX"),
        (with("/customerId", Value::Null), "customerId is missing"),
    ];
    for (order, sentence) in cases {
        let error = push(&erp, Operation::Create, "WEB-1", &order).await.unwrap_err();
        assert!(matches!(&error, PushError::NeedsMapping(why) if why.contains(sentence)), "{error:?}");
    }
    let mut settings = settings();
    let own = json!({"orders": {"create": {"body": {"partner_id": "{{customerId}}", "colour": "red"}}}});
    settings.api.push = serde_json::from_value(own).unwrap();
    let error = push_with(&erp, settings, Operation::Create, "WEB-1", &order::<V>()).await.unwrap_err();
    assert!(error.to_string().contains("sale.order has no field colour"), "{error:?}");
    assert_eq!(erp.vendor.orders(), 0);
}

pub(super) async fn an_order_gets_a_price_list_in_its_currency<V: Version>() {
    let erp = erp::<V>(&[]).await;
    let mut order = order::<V>();
    order["currency"] = "USD".into();
    let error = push(&erp, Operation::Create, "WEB-1", &order).await.unwrap_err();
    assert!(
        matches!(&error, PushError::NeedsMapping(why) if why.contains("no price list in USD")),
        "{error:?}"
    );
    order["currency"] = "EUR".into();
    push(&erp, Operation::Create, "WEB-1", &order).await.unwrap();
    assert_eq!(only_order(&erp)["pricelist_id"], 4);
}

pub(super) async fn an_address_is_made_once<V: Version>() {
    let erp = erp::<V>(&[]).await;
    let mut order = order::<V>();
    for (reference, city) in [("WEB-1", "Leeds"), ("WEB-2", "Leeds"), ("WEB-3", "York")] {
        order["reference"] = reference.into();
        order["shippingAddress"]["city"] = city.into();
        push(&erp, Operation::Create, reference, &order).await.unwrap();
    }
    order["shippingAddress"] = json!({"name": "Jane Ltd", "street": "2 Low St", "city": "Leeds", "postalCode": "LS1", "country": "GB"});
    push(&erp, Operation::Create, "WEB-4", &order).await.unwrap();
    let records = erp.vendor.books().records.lock().unwrap();
    let to: Vec<_> = records["sale.order"].iter().map(|order| order["partner_shipping_id"].clone()).collect();
    assert_eq!(to[0], to[1]);
    assert_eq!(to[3], 7, "the customer's own address is no new one");
    let made: Vec<_> =
        records["res.partner"].iter().filter(|contact| contact["type"] == "delivery").collect();
    assert_eq!(made.len(), 2);
    assert_eq!((&made[0]["parent_id"], &made[0]["country_id"]), (&json!(7), &json!(231)));
}

pub(super) async fn an_order_cancelled_there_had_come<V: Version>() {
    let erp = with_an_order::<V>().await;
    set_state(&erp, "cancel");
    assert_eq!(find(&erp, confirming()).await, Some(Found { erp_key: Some("S00001".to_owned()) }));
}

pub(super) async fn their_words_are_passed_on_without_the_traceback<V: Version>() {
    let erp = erp::<V>(&[]).await;
    let mut order = order::<V>();
    order["customerId"] = "C-2".into();
    let error = push(&erp, Operation::Create, "WEB-1", &order).await.unwrap_err().to_string();
    assert!(error.ends_with("refused: Blocked Ltd has reached its credit limit. (UserError)"), "{error}");
}
