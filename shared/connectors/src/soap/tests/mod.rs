//! The connector against a service that keeps the rules of SOAP and WS-Security.

mod connection;
mod erp;
mod faults;
mod node;
mod paging;

use std::sync::atomic::Ordering;

use domain::DataType;
use domain::change::Operation;
use domain::connection::ConnectionSettings;
use serde_json::{Value, json};
use transport::ErpError;

use crate::conformance::{Mood, Server, Subject as _, send};
use crate::{Connector, Found, Lookup, Pull, PushError};
use connection::{connect, soap_settings};
use erp::Erp;

/// SOAP 1.1 with a digest and pages by number.
mod v11 {
    crate::conformance::conformance!(super::Erp<false>);
}

/// SOAP 1.2 with the password as it is and pages by cursor.
mod v12 {
    crate::conformance::conformance!(super::Erp<true>);
}

fn settings(retry_attempts: u32) -> ConnectionSettings {
    ConnectionSettings { retry_attempts, retry_delay: 10, timeout: 5_000, ..ConnectionSettings::default() }
}

async fn start<const V12: bool>(products: usize) -> Server<Erp<V12>> {
    Server::start(Erp::with_records(products)).await
}

/// A connector whose settings were changed, trying once.
fn changed<const V12: bool>(erp: &Server<Erp<V12>>, change: impl FnOnce(&mut Value)) -> Box<dyn Connector> {
    let mut soap = soap_settings(V12);
    change(&mut soap);
    connect(&erp.origin, &settings(0), soap, "good")
}

fn usual<const V12: bool>(erp: &Server<Erp<V12>>) -> Box<dyn Connector> {
    changed(erp, |_| {})
}

async fn find_over(connector: &dyn Connector, reference: &str) -> Result<Option<Found>, ErpError> {
    let mapping = Erp::<false>::mapping();
    connector.find(&Lookup { data_type: DataType::Orders, reference, mapping: &mapping }).await
}

/// How many records a pull yields, whether it is complete, and what a person is told.
async fn pulled(connector: &dyn Connector, page_size: u32) -> Result<(usize, bool, Vec<String>), ErpError> {
    let pull = Pull { data_type: DataType::Products, page_size, resume: None, since: None };
    let mut pages = connector.pull(pull).await?;
    let (mut records, mut warnings) = (0, Vec::new());
    while let Some(page) = pages.next().await? {
        records += page.items.len();
        warnings.extend(page.warnings);
    }
    Ok((records, pages.complete(), warnings))
}

fn order() -> Value {
    Erp::<false>::order().unwrap().0
}

async fn sends_everything<const V12: bool>() -> String {
    let erp = start::<V12>(12).await;
    let connector = usual(&erp);
    send::<Erp<false>>(&*connector, Operation::Create, "WEB-1", &order()).await.unwrap();
    send::<Erp<false>>(&*connector, Operation::Update, "SO-1", &json!({"notes": "later"})).await.unwrap();
    send::<Erp<false>>(&*connector, Operation::Delete, "SO-1", &order()).await.unwrap();
    assert_eq!(find_over(&*connector, "O'Hara & <Sons>").await.unwrap(), None);
    let since = Some("2026-11-20T00:00:30.5Z".parse().unwrap());
    let pull = Pull { data_type: DataType::Products, page_size: 6, resume: None, since };
    let mut pages = connector.pull(pull).await.unwrap();
    while pages.next().await.unwrap().is_some() {}
    assert!(!pages.complete(), "changes are not everything");
    erp.vendor.seen.lock().unwrap().join("\n\n")
}

#[tokio::test]
async fn messages_have_the_form_of_soap_1_1() {
    insta::assert_snapshot!(sends_everything::<false>().await);
}

#[tokio::test]
async fn messages_have_the_form_of_soap_1_2() {
    insta::assert_snapshot!(sends_everything::<true>().await);
}

#[tokio::test]
async fn records_become_json_with_attributes_and_children_as_members() {
    let erp = start::<false>(1).await;
    let pull = Pull { data_type: DataType::Products, page_size: 10, resume: None, since: None };
    let page = usual(&erp).pull(pull).await.unwrap().next().await.unwrap().unwrap();
    let records: Value = serde_json::from_slice(&page.body).unwrap();
    let product = json!({"id": "0", "Number": "P0", "Name": crate::conformance::NAME,
        "UnitPrice": crate::conformance::AMOUNT, "ModifiedAt": "2026-11-20T00:00:00Z"});
    assert_eq!(records, json!([product]));
}

#[tokio::test]
async fn each_try_signs_in_anew() {
    let erp = start::<false>(5).await;
    // The server has seen the nonce of what it cut, and would refuse it again.
    erp.next([Mood::Cuts, Mood::Answers(502, None, "")]);
    let connector = connect(&erp.origin, &settings(2), soap_settings(false), "good");
    assert_eq!(pulled(&*connector, 10).await.unwrap().0, 5);
    assert!(erp.is_calm());
}

#[tokio::test]
async fn a_clock_that_differs_is_named() {
    let erp = start::<false>(1).await;
    erp.vendor.ahead.store(3600, Ordering::SeqCst);
    let error = usual(&erp).test().await.unwrap_err();
    assert!(
        matches!(&error, ErpError::Unauthorized(why) if why.contains("MessageExpired") && why.contains("clock")),
        "{error:?}"
    );
    let undated = changed(&erp, |soap| drop(soap.as_object_mut().unwrap().remove("timestampSeconds")));
    assert!(matches!(undated.test().await, Err(ErpError::Unauthorized(_))));
}

#[tokio::test]
async fn another_version_or_way_to_sign_in_is_told_with_its_setting() {
    let erp = start::<false>(1).await;
    let as_12 = changed(&erp, |soap| soap["version"] = "1.2".into()).test().await.unwrap_err();
    assert!(matches!(&as_12, ErpError::Rejected(why) if why.contains("415")), "{as_12:?}");
    let unsigned = changed(&erp, |soap| soap["auth"] = "none".into()).test().await.unwrap_err();
    assert!(
        matches!(&unsigned, ErpError::Unauthorized(why) if why.contains("settings.soap.auth")),
        "{unsigned:?}"
    );
    let by_basic = changed(&erp, |soap| soap["auth"] = "basic".into()).test().await.unwrap_err();
    assert!(matches!(by_basic, ErpError::Unauthorized(_)), "{by_basic:?}");
}

#[tokio::test]
async fn an_action_of_another_operation_is_rejected_in_their_words() {
    let erp = start::<true>(1).await;
    let wrong = changed(&erp, |soap| soap["read"]["products"]["soapAction"] = "urn:erp/GetStock".into());
    let error = wrong.test().await.unwrap_err();
    let words =
        "/soap answered with the fault Sender: the action urn:erp/GetStock does not belong to GetProducts";
    assert!(matches!(&error, ErpError::Rejected(why) if why.ends_with(words)), "{error:?}");
}

#[tokio::test]
async fn an_order_keeps_every_line_and_character_on_its_way() {
    let erp = start::<true>(0).await;
    send::<Erp<false>>(&*usual(&erp), Operation::Create, "WEB-1", &order()).await.unwrap();
    let orders = erp.vendor.orders.lock().unwrap();
    assert_eq!(orders[0].note.as_deref(), Some("<b>Ring & \"wait\"</b>"));
    assert_eq!(orders[0].lines, 2);
}

#[tokio::test]
async fn a_record_that_xml_cannot_carry_needs_mapping() {
    let erp = start::<false>(0).await;
    let mut odd = order();
    odd["notes"] = "a\u{7}b".into();
    let error = send::<Erp<false>>(&*usual(&erp), Operation::Create, "WEB-1", &odd).await.unwrap_err();
    assert!(matches!(&error, PushError::NeedsMapping(why) if why.starts_with("notes holds")), "{error:?}");
    assert_eq!(erp.vendor.calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn what_is_gone_is_deleted_already_and_cannot_be_changed() {
    let erp = start::<false>(0).await;
    let connector = usual(&erp);
    let pushed = send::<Erp<false>>(&*connector, Operation::Delete, "SO-9", &order()).await.unwrap();
    assert!(pushed.message.starts_with("it was not there any more"), "{}", pushed.message);
    let error = send::<Erp<false>>(&*connector, Operation::Update, "SO-9", &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().ends_with("no such order")),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_operation_that_is_not_set_is_refused_before_anything_is_sent() {
    let erp = start::<false>(0).await;
    let reading = changed(&erp, |soap| drop(soap.as_object_mut().unwrap().remove("push")));
    let error = send::<Erp<false>>(&*reading, Operation::Create, "WEB-1", &order()).await.unwrap_err();
    assert!(matches!(&error, PushError::NotSent(ErpError::Misconfigured(_))), "{error:?}");
    assert!(!reading.can_find(DataType::Orders));
    let keeping =
        changed(&erp, |soap| drop(soap["push"]["orders"].as_object_mut().unwrap().remove("delete")));
    let error = send::<Erp<false>>(&*keeping, Operation::Delete, "SO-1", &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("orders.delete")),
        "{error:?}"
    );
    assert_eq!(erp.vendor.calls.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_connection_without_reads_is_tested_by_a_look_up() {
    let erp = start::<false>(0).await;
    let sending = changed(&erp, |soap| drop(soap.as_object_mut().unwrap().remove("read")));
    let report = sending.test().await.unwrap();
    assert!(
        report.message.ends_with("/soap answered when asked for orders by a reference"),
        "{}",
        report.message
    );
    let pull = Pull { data_type: DataType::Orders, page_size: 10, resume: None, since: None };
    let error = sending.pull(pull).await.err();
    assert!(
        matches!(&error, Some(ErpError::Misconfigured(why)) if why.contains("settings.soap.read.orders")),
        "{error:?}"
    );
}
