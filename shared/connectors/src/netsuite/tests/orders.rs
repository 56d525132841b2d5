//! Sending orders.

use domain::DataType;
use domain::change::Operation;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use transport::ErpError;

use super::erp::{Books, by_certificate, connect};
use super::{books, connector};
use crate::conformance::{Mood, Server, Subject as _, send};
use crate::{Found, Lookup, Pull, Push, PushError, Pushed};

fn order() -> Value {
    Books::order().unwrap().0
}

async fn push(
    erp: &Server<Books>,
    operation: Operation,
    key: &str,
    order: &Value,
) -> Result<Pushed, PushError> {
    send::<Books>(&*connector(erp), operation, key, order).await
}

async fn with_an_order() -> Server<Books> {
    let erp = Server::start(Books::with_records(0)).await;
    let pushed = push(&erp, Operation::Create, "WEB-1", &order()).await.unwrap();
    assert_eq!(pushed.erp_key.as_deref(), Some("SO987"));
    erp
}

fn lines(erp: &Server<Books>) -> Vec<Value> {
    erp.vendor.lists.lock().unwrap()["transactionline"].clone()
}

async fn needs_mapping(erp: &Server<Books>, order: &Value) -> String {
    match push(erp, Operation::Create, "WEB-1", order).await.unwrap_err() {
        PushError::NeedsMapping(why) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn requests_have_the_form_the_vendor_asks_for() {
    let erp = Server::start(Books::with(books())).await;
    let pushed = push(&erp, Operation::Create, "WEB-1", &order()).await.unwrap();
    assert_eq!(pushed.erp_key.as_deref(), Some("SO993"));
    let mut changed = order();
    changed["shippingAddress"]["city"] = "York".into();
    push(&erp, Operation::Update, "SO993", &changed).await.unwrap();
    changed["lines"][0]["quantity"] = 3.into();
    push(&erp, Operation::Update, "SO993", &changed).await.unwrap();
    push(&erp, Operation::Delete, "SO993", &changed).await.unwrap();
    let lookup = Lookup { data_type: DataType::Orders, reference: "O'Hara/1", mapping: &Books::mapping() };
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
async fn an_order_that_is_sent_twice_is_one_with_the_same_lines() {
    let erp = with_an_order().await;
    push(&erp, Operation::Create, "WEB-1", &order()).await.unwrap();
    assert_eq!((erp.vendor.orders(), lines(&erp).len()), (1, 1));
}

#[tokio::test]
async fn an_order_whose_answers_are_all_cut_is_unknown_and_found_again() {
    let erp = Server::start(Books::with_records(0)).await;
    erp.next([Mood::Cuts]);
    let error = push(&erp, Operation::Create, "WEB-1", &order()).await.unwrap_err();
    assert!(matches!(error, PushError::Unknown(_)), "{error:?}");
    let lookup = Lookup { data_type: DataType::Orders, reference: "WEB-1", mapping: &Books::mapping() };
    let found = connector(&erp).find(&lookup).await.unwrap();
    assert_eq!(found, Some(Found { erp_key: Some("SO987".to_owned()) }));
}

#[tokio::test]
async fn lines_are_replaced_only_where_they_differ() {
    let erp = with_an_order().await;
    let before = lines(&erp);
    let mut changed = order();
    changed["notes"] = "Ring twice".into();
    push(&erp, Operation::Update, "SO987", &changed).await.unwrap();
    assert_eq!(lines(&erp), before);
    for (name, value) in [("quantity", json!(3)), ("unitPrice", json!("11.50"))] {
        changed["lines"][0][name] = value;
        push(&erp, Operation::Update, "SO987", &changed).await.unwrap();
    }
    let there = lines(&erp);
    assert_eq!((there.len(), &there[0]["quantity"], &there[0]["rate"]), (1, &"-3".into(), &"11.50".into()));
    let sent = |seen: &&String| seen.contains("replace=item");
    assert_eq!(erp.vendor.seen.lock().unwrap().iter().filter(sent).count(), 3, "one PUT, two PATCH");
}

#[tokio::test]
async fn a_sku_or_a_currency_that_is_not_there_is_told_before_anything_is_sent() {
    let erp = Server::start(Books::with_records(0)).await;
    let mut odd = order();
    odd["lines"][0]["sku"] = "O'HARA".into();
    let why = needs_mapping(&erp, &odd).await;
    assert!(why.starts_with("NetSuite has no item in use whose itemid is O'HARA: make one"), "{why}");
    let twin = json!({"id": "901", "itemid": "1896-S", "itemtype": "Kit", "isinactive": "F"});
    erp.vendor.lists.lock().unwrap().get_mut("item").unwrap().push(twin);
    let why = needs_mapping(&erp, &order()).await;
    assert!(why.starts_with("NetSuite has several items in use whose itemid is 1896-S"), "{why}");
    erp.vendor.lists.lock().unwrap().get_mut("item").unwrap().pop();
    let mut dear = order();
    dear["currency"] = "CHF".into();
    assert_eq!(needs_mapping(&erp, &dear).await, "NetSuite has no currency CHF");
    let mut nobody = order();
    nobody.as_object_mut().unwrap().remove("customerId");
    assert!(needs_mapping(&erp, &nobody).await.starts_with("customerId is missing"));
    assert_eq!(erp.vendor.orders(), 0);
}

#[tokio::test]
async fn a_template_of_ones_own_gets_internal_ids_and_an_unknown_field_is_not_passed_over() {
    let erp = Server::start(Books::with_records(0)).await;
    let line = json!({"item": {"id": "{{sku}}"}, "quantity": "{{quantity}}"});
    let body = json!({"entity": {"id": "77"}, "custbody_x": "1", "item": {"items": {"$each": "lines", "item": line}}});
    let settings = json!({"retryAttempts": 0, "api": {"push": {"orders": {"create": {"body": body}}}}});
    let connector =
        connect(&serde_json::from_value(settings).unwrap(), by_certificate(&erp.origin, "cert-1"));
    let record = RawValue::from_string(order().to_string()).unwrap();
    let push = Push {
        data_type: DataType::Orders,
        operation: Operation::Create,
        key: "WEB-1",
        reference: "WEB-1",
        idempotency_key: "chg_1-1",
        record: Some(&record),
        mapping: &Books::mapping(),
        zone: &domain::template::UTC,
    };
    let error = connector.push(&push).await.unwrap_err();
    let words = "Unknown field custbody_x. (INVALID_CONTENT at custbody_x)";
    assert!(matches!(&error, PushError::Rejected(why) if why.to_string().ends_with(words)), "{error:?}");
    let sent = erp.vendor.seen.lock().unwrap().last().unwrap().clone();
    assert!(sent.contains(r#""item":{"id":"900"}"#), "{sent}");
}

#[tokio::test]
async fn what_is_gone_is_deleted_already_and_cannot_be_changed() {
    let erp = Server::start(Books::with_records(0)).await;
    push(&erp, Operation::Delete, "SO987", &order()).await.unwrap();
    let error = push(&erp, Operation::Update, "SO987", &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("no sales order SO987")),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_address_that_leads_nowhere_is_no_proof_that_an_order_is_not_there() {
    let erp = Server::start(Books::default()).await;
    let mut credentials = by_certificate(&erp.origin, "cert-1");
    credentials.token_url = Some(format!("{}/services/rest/auth/oauth2/v1/token", erp.origin));
    credentials.api_url = Some(format!("{}/services/soap", erp.origin));
    let settings = serde_json::from_value(json!({"retryAttempts": 0})).unwrap();
    let lookup = Lookup { data_type: DataType::Orders, reference: "WEB-1", mapping: &Books::mapping() };
    let error = connect(&settings, credentials).find(&lookup).await.unwrap_err();
    assert!(matches!(&error, ErpError::Rejected(why) if why.contains("check apiUrl")), "{error:?}");
}
