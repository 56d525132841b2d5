//! What is sent, and how it is found again.

use domain::DataType;
use domain::change::Operation;
use domain::connection::providers::erpnext::ErpNextSettings;
use serde_json::{Value, json};
use transport::ErpError;

use super::erp::Site;
use super::{connector, connector_with};
use crate::conformance::{Mood, Server, Subject as _, send};
use crate::{Found, Lookup, PushError, Pushed};

async fn push(erp: &Server<Site>, operation: Operation, order: &Value) -> Result<Pushed, PushError> {
    send::<Site>(&*connector(erp), operation, "SAL-ORD-2026-00001", order).await
}

async fn find(erp: &Server<Site>) -> Result<Option<Found>, ErpError> {
    let lookup = Lookup { data_type: DataType::Orders, reference: "WEB-1", mapping: &Site::mapping() };
    connector(erp).find(&lookup).await
}

/// An order with a price that a float can hold, as theirs are.
fn order() -> Value {
    let mut order = Site::order().unwrap().0;
    order["lines"][0]["unitPrice"] = "12.50".into();
    order
}

fn submitting() -> ErpNextSettings {
    ErpNextSettings {
        reference_field: "custom_shop_reference".to_owned(),
        submit_orders: true,
        price_list: Some("Web".to_owned()),
        warehouse: Some("Stores - WC".to_owned()),
        ..ErpNextSettings::default()
    }
}

async fn with_an_order() -> Server<Site> {
    let erp = Server::start(Site::default()).await;
    let pushed = send::<Site>(&*connector(&erp), Operation::Create, "WEB-1", &order()).await.unwrap();
    assert_eq!(pushed.erp_key.as_deref(), Some("SAL-ORD-2026-00001"));
    erp
}

async fn with_a_submitted_order() -> Server<Site> {
    let erp = Server::start(Site::default()).await;
    let connector = connector_with(&erp, submitting(), Some("WeCelebrate"));
    send::<Site>(&*connector, Operation::Create, "WEB-1", &Site::order().unwrap().0).await.unwrap();
    erp
}

#[tokio::test]
async fn requests_have_the_form_the_vendor_asks_for() {
    let erp = with_an_order().await;
    let mut changed = order();
    changed["requiredOn"] = "2026-11-28".into();
    push(&erp, Operation::Update, &changed).await.unwrap();
    changed["lines"][0]["quantity"] = 3.into();
    changed.as_object_mut().unwrap().remove("requiredOn");
    push(&erp, Operation::Update, &changed).await.unwrap();
    push(&erp, Operation::Delete, &changed).await.unwrap();
    assert_eq!(find(&erp).await.unwrap(), None);
    let mut seen = erp.vendor.seen.lock().unwrap().clone();
    let submitted = with_a_submitted_order().await;
    push(&submitted, Operation::Delete, &order()).await.unwrap();
    seen.extend(submitted.vendor.seen.lock().unwrap().clone());
    insta::assert_snapshot!(seen.join("\n\n"));
}

#[tokio::test]
async fn an_order_stays_a_draft_unless_it_is_to_be_submitted() {
    assert_eq!(with_an_order().await.vendor.list("Sales Order")[0]["docstatus"], 0);
    assert_eq!(with_a_submitted_order().await.vendor.list("Sales Order")[0]["docstatus"], 1);
}

#[tokio::test]
async fn a_submitted_order_cannot_be_changed_and_is_cancelled_where_it_would_be_deleted() {
    let erp = with_a_submitted_order().await;
    let error = push(&erp, Operation::Update, &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("SAL-ORD-2026-00001 is submitted")),
        "{error:?}"
    );
    push(&erp, Operation::Delete, &order()).await.unwrap();
    assert_eq!(erp.vendor.list("Sales Order")[0]["docstatus"], 2);
    let again = push(&erp, Operation::Delete, &order()).await.unwrap();
    assert!(again.message.contains("is cancelled already"), "{again:?}");
    let error = push(&erp, Operation::Update, &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("is cancelled")),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_is_gone_is_deleted_already_and_cannot_be_changed() {
    let erp = Server::start(Site::default()).await;
    push(&erp, Operation::Delete, &order()).await.unwrap();
    let error = push(&erp, Operation::Update, &order()).await.unwrap_err();
    assert!(matches!(&error, PushError::Rejected(why) if why.to_string().contains("any more")), "{error:?}");
}

#[tokio::test]
async fn lines_are_replaced_only_where_they_differ() {
    let erp = with_an_order().await;
    let add = |erp: &Server<Site>| {
        let mut lists = erp.vendor.lists.lock().unwrap();
        lists.get_mut("Sales Order Item").unwrap()[0]["warehouse"] = "Stores - WC".into();
    };
    add(&erp);
    push(&erp, Operation::Update, &order()).await.unwrap();
    assert_eq!(erp.vendor.list("Sales Order Item")[0]["warehouse"], "Stores - WC");
    let mut changed = order();
    changed["lines"][0]["quantity"] = 3.into();
    push(&erp, Operation::Update, &changed).await.unwrap();
    assert_eq!(erp.vendor.list("Sales Order Item")[0]["qty"], 3);
}

#[tokio::test]
async fn another_day_is_told_to_the_lines_too() {
    let erp = with_an_order().await;
    let mut changed = order();
    changed["requiredOn"] = "2026-11-30".into();
    push(&erp, Operation::Update, &changed).await.unwrap();
    assert_eq!(erp.vendor.list("Sales Order")[0]["delivery_date"], "2026-11-30");
}

#[tokio::test]
async fn an_order_somebody_changed_at_the_same_moment_is_sent_again_later() {
    let erp = with_an_order().await;
    let stale = r#"{"exc_type": "TimestampMismatchError", "exception": "frappe.exceptions.TimestampMismatchError: x"}"#;
    erp.next([Mood::Obeys, Mood::Obeys, Mood::Answers(417, None, stale)]);
    let error = push(&erp, Operation::Update, &order()).await.unwrap_err();
    assert!(matches!(&error, PushError::NotSent(ErpError::Unavailable(_))), "{error:?}");
    push(&erp, Operation::Update, &order()).await.unwrap();
}

#[tokio::test]
async fn a_second_order_with_the_reference_is_refused_in_their_words() {
    let erp = with_an_order().await;
    let error = send::<Site>(&*connector(&erp), Operation::Create, "WEB-1", &order()).await.unwrap_err();
    let words = "Sales Order already exists against Customer's Purchase Order (ValidationError)";
    assert!(matches!(&error, PushError::Rejected(why) if why.to_string().ends_with(words)), "{error:?}");
}

#[tokio::test]
async fn several_orders_with_one_reference_are_told_and_amended_ones_are_not_counted() {
    let there = |name: &str, reference: &str, docstatus: u8| json!({"name": name, "po_no": reference, "docstatus": docstatus});
    let amended = json!([there("SO-1", "WEB-1", 2), there("SO-1-1", "WEB-1", 1), there("SO-9", "web-1", 1)]);
    let erp = Server::start(Site::with(&[("Sales Order", amended)])).await;
    assert_eq!(find(&erp).await.unwrap(), Some(Found { erp_key: Some("SO-1-1".to_owned()) }));
    let twice = json!([there("SO-1", "WEB-1", 0), there("SO-2", "WEB-1", 1)]);
    let erp = Server::start(Site::with(&[("Sales Order", twice)])).await;
    let sentence = find(&erp).await.unwrap_err().to_string();
    assert!(sentence.contains("has 2 sales orders with \"WEB-1\" in po_no"), "{sentence}");
    let cancelled = json!([there("SO-1", "WEB-1", 2)]);
    let erp = Server::start(Site::with(&[("Sales Order", cancelled)])).await;
    assert_eq!(find(&erp).await.unwrap(), Some(Found { erp_key: Some("SO-1".to_owned()) }));
}

#[tokio::test]
async fn what_does_not_fit_is_told_before_it_is_sent() {
    let erp = Server::start(Site::default()).await;
    for missing in ["customerId", "lines"] {
        let mut order = order();
        order.as_object_mut().unwrap().remove(missing);
        let error = push(&erp, Operation::Create, &order).await.unwrap_err();
        let begins = format!("{missing} is missing");
        assert!(matches!(&error, PushError::NeedsMapping(why) if why.starts_with(&begins)), "{error:?}");
    }
    let mut timeless = order();
    timeless.as_object_mut().unwrap().retain(|name, _| name != "requiredOn" && name != "orderedAt");
    let error = push(&erp, Operation::Create, &timeless).await.unwrap_err();
    assert!(matches!(&error, PushError::NeedsMapping(why) if why.starts_with("orderedAt")), "{error:?}");
    assert!(erp.vendor.seen.lock().unwrap().is_empty());
}
