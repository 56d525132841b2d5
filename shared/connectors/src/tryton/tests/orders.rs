//! Sending orders.

use domain::DataType;
use domain::change::Operation;
use domain::connection::providers::tryton::TrytonOrderState;
use serde_json::{Value, json};
use transport::ErpError;

use super::erp::Erp;
use super::{connector, order, push, settings};
use crate::conformance::{Server, Subject as _};
use crate::{Found, Lookup, PushError};

fn lookup<'a>(reference: &'a str, mapping: &'a domain::mapping::FieldMapping) -> Lookup<'a> {
    Lookup { data_type: DataType::Orders, reference, mapping }
}

/// The sales there are: number, state and reference.
fn sales(erp: &Server<Erp>) -> Vec<(Value, Value, Value)> {
    let tables = erp.vendor.tables.lock().unwrap();
    let sales = tables.get("sale.sale").cloned().unwrap_or_default();
    sales
        .iter()
        .map(|sale| (sale["number"].clone(), sale["state"].clone(), sale["reference"].clone()))
        .collect()
}

#[tokio::test]
async fn an_order_goes_out_with_all_that_their_clients_fill_in() {
    let erp = Server::start(Erp::new()).await;
    let mut order = order();
    order["shippingAddress"]["city"] = "York".into();
    let pushed = push(&*connector(&erp), Operation::Create, "WEB-1", "WEB-1", &order).await.unwrap();
    assert_eq!(pushed.erp_key.as_deref(), Some("SO-1"));
    order["lines"][0]["quantity"] = 7.into();
    push(&*connector(&erp), Operation::Update, "SO-1", "WEB-1", &order).await.unwrap();
    assert_eq!(sales(&erp), [(json!("SO-1"), json!("quotation"), json!("WEB-1"))]);
    push(&*connector(&erp), Operation::Delete, "SO-1", "WEB-1", &order).await.unwrap();
    assert_eq!(sales(&erp), []);
    insta::assert_snapshot!(erp.vendor.seen.lock().unwrap().join("\n"));
}

#[tokio::test]
async fn a_connection_may_have_its_orders_confirmed() {
    let erp = Server::start(Erp::new()).await;
    let mut settings = settings();
    settings.tryton.new_orders = TrytonOrderState::Confirmed;
    let connector = Erp::connector(&erp.origin, &settings, true);
    push(&*connector, Operation::Create, "WEB-1", "WEB-1", &order()).await.unwrap();
    assert_eq!(sales(&erp), [(json!("SO-1"), json!("processing"), json!("WEB-1"))]);
    let error = push(&*connector, Operation::Update, "SO-1", "WEB-1", &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("sale SO-1 is processing")),
        "{error:?}"
    );
    let error = push(&*connector, Operation::Delete, "SO-1", "WEB-1", &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("you must cancel it")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_draft_that_was_cut_off_is_found_and_brought_on() {
    let erp = Server::start(Erp::new()).await;
    let draft =
        json!({"id": 1, "company": 1, "number": null, "reference": "WEB-1", "state": "draft", "lines": []});
    erp.vendor.put("sale.sale", vec![draft]);
    let mapping = Erp::mapping();
    let found = connector(&erp).find(&lookup("WEB-1", &mapping)).await.unwrap();
    assert_eq!(found, Some(Found { erp_key: Some("SO-1".to_owned()) }));
    assert_eq!(connector(&erp).find(&lookup("WEB-2", &mapping)).await.unwrap(), None);
}

#[tokio::test]
async fn one_of_several_sales_with_a_reference_is_found_only_if_the_others_were_cancelled() {
    let erp = Server::start(Erp::new()).await;
    let sale = |id: i64, state: &str| json!({"id": id, "company": 1, "number": format!("SO-{id}"), "reference": "WEB-1", "state": state});
    let mapping = Erp::mapping();
    erp.vendor.put("sale.sale", vec![sale(1, "cancelled"), sale(2, "processing")]);
    let found = connector(&erp).find(&lookup("WEB-1", &mapping)).await.unwrap();
    assert_eq!(found, Some(Found { erp_key: Some("SO-2".to_owned()) }));
    erp.vendor.put("sale.sale", vec![sale(1, "quotation"), sale(2, "processing")]);
    let error = connector(&erp).find(&lookup("WEB-1", &mapping)).await.unwrap_err();
    assert!(matches!(&error, ErpError::Malformed(why) if why.contains("2 different sales")), "{error:?}");
}

#[tokio::test]
async fn nothing_stays_of_an_order_that_is_refused_after_it_was_made() {
    let erp = Server::start(Erp::new()).await;
    let mut order = order();
    order["notes"] = "no quote".into();
    let error = push(&*connector(&erp), Operation::Create, "WEB-1", "WEB-1", &order).await.unwrap_err();
    let words = "To get a quote for sale \"[WEB-1]\" you must enter an invoice address. (UserError)";
    assert!(matches!(&error, PushError::Rejected(why) if why.to_string().ends_with(words)), "{error:?}");
    assert_eq!(sales(&erp), []);
}

#[tokio::test]
async fn what_tryton_does_not_know_is_told_before_it_is_sent() {
    let erp = Server::start(Erp::new()).await;
    let change = |path: &str, value: Value| {
        let mut order = order();
        *order.pointer_mut(path).unwrap() = value;
        order
    };
    let cases = [
        (change("/customerId", "nobody".into()), "customerId is nobody, and 0 parties"),
        (change("/lines/0/sku", "X".into()), "sku is X, and no product"),
        (change("/currency", "XXX".into()), "currency is XXX"),
        (change("/shippingAddress/country", "ZZ".into()), "shippingAddress.country is ZZ"),
        (change("/customerId", Value::Null), "customerId is missing"),
    ];
    for (order, words) in cases {
        let error = push(&*connector(&erp), Operation::Create, "WEB-1", "WEB-1", &order).await.unwrap_err();
        assert!(
            matches!(&error, PushError::NeedsMapping(why) if why.starts_with(words)),
            "{words}: {error:?}"
        );
    }
    assert_eq!(sales(&erp), []);
}

#[tokio::test]
async fn what_is_gone_is_deleted_already_and_cannot_be_changed() {
    let erp = Server::start(Erp::new()).await;
    push(&*connector(&erp), Operation::Delete, "SO-9", "WEB-1", &order()).await.unwrap();
    let error = push(&*connector(&erp), Operation::Update, "SO-9", "WEB-1", &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("no sale SO-9")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_traceback_is_not_passed_on() {
    let erp = Server::start(Erp::new()).await;
    let mut settings = settings();
    let body = json!({"party": "{{customerId}}", "odd_field": 1});
    let push_settings = json!({"create": {"body": body}});
    settings.api.push.insert(DataType::Orders, serde_json::from_value(push_settings).unwrap());
    let connector = Erp::connector(&erp.origin, &settings, true);
    let error =
        push(&*connector, Operation::Create, "WEB-1", "WEB-1", &order()).await.unwrap_err().to_string();
    assert!(error.ends_with("refused it: 'odd_field'") && !error.contains("s3cret"), "{error}");
}
