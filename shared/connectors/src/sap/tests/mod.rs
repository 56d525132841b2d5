//! The connector against an S/4HANA and a SuccessFactors that keep their rules.

mod cap;
mod erp;
mod odata;
mod records;
mod success_factors;

use domain::DataType;
use domain::change::Operation;
use domain::connection::{ConnectionMethod, ConnectionSettings, Credentials, Provider};
use domain::json::Opened;
use domain::mapping::{FieldMapping, Mapper};
use serde_json::Value;
use transport::ErpError;

use crate::conformance::{Mood, Server, Subject as _, Unkept, conformance, send, transport};
use crate::sap::Sap;
use crate::{Connector, Found, Item, Lookup, Page, Pull, PushError, Pushed, default_mapping};
use erp::S4;

mod v2 {
    use super::*;
    conformance!(S4<false>);
}

mod v4 {
    use super::*;
    conformance!(S4<true>);
}

/// A connector with settings as they are by default.
fn s4(credentials: Credentials) -> Result<Sap, ErpError> {
    Sap::new(&ConnectionSettings::default(), credentials, &transport(), std::sync::Arc::new(Unkept))
}

fn impatient() -> ConnectionSettings {
    ConnectionSettings { retry_attempts: 0, retry_delay: 10, ..ConnectionSettings::default() }
}

fn connector<const V4: bool>(erp: &Server<S4<V4>>) -> Box<dyn Connector> {
    S4::<V4>::connector(&erp.origin, &impatient(), true)
}

/// A page's records in our form.
fn mapped(data_type: DataType, page: &Page) -> Vec<Value> {
    let mapping = default_mapping(Provider::Sap, ConnectionMethod::Api, data_type);
    let mut mapper = Mapper::new(data_type, &mapping, &[]);
    let mut map = |item: &Item| {
        let Item::Record(range) = item else { panic!("{item:?}") };
        let mut out = Vec::new();
        mapper.map(&Opened::parse(&page.body[range.clone()]).unwrap(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    };
    page.items.iter().map(&mut map).collect()
}

/// All records of a data type in our form.
async fn pulled(connector: &dyn Connector, data_type: DataType, page_size: u32) -> Vec<Value> {
    let pull = Pull { data_type, page_size, resume: None, since: None };
    let mut pages = connector.pull(pull).await.unwrap();
    let mut records = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        records.extend(mapped(data_type, &page));
    }
    assert!(pages.complete());
    records
}

async fn push<const V4: bool>(
    erp: &Server<S4<V4>>,
    operation: Operation,
    key: &str,
    order: &Value,
) -> Result<Pushed, PushError> {
    send::<S4<false>>(&*connector(erp), operation, key, order).await
}

fn order() -> Value {
    S4::<false>::order().unwrap().0
}

async fn with_an_order<const V4: bool>() -> Server<S4<V4>> {
    let erp = Server::start(S4::<V4>::default()).await;
    let pushed = push(&erp, Operation::Create, "WEB-1", &order()).await.unwrap();
    assert_eq!(pushed.erp_key.as_deref(), Some("1"));
    erp
}

/// Everything that can be asked for, as it arrives there.
async fn requests<const V4: bool>() -> String {
    let erp = with_an_order::<V4>().await;
    let mut changed = order();
    changed["requiredOn"] = "2026-12-02".into();
    push(&erp, Operation::Update, "1", &changed).await.unwrap();
    push(&erp, Operation::Delete, "1", &changed).await.unwrap();
    let lookup = Lookup { data_type: DataType::Orders, reference: "O'Hara", mapping: &FieldMapping::new() };
    assert_eq!(connector(&erp).find(&lookup).await.unwrap(), None);
    let since = Some("2026-11-20T10:00:00.7Z".parse().unwrap());
    for data_type in DataType::ALL {
        let pull = Pull { data_type, page_size: 30_000, resume: None, since };
        let mut pages = connector(&erp).pull(pull).await.unwrap();
        while pages.next().await.unwrap().is_some() {}
    }
    erp.vendor.seen.lock().unwrap().join("\n\n")
}

#[tokio::test]
async fn requests_have_the_form_that_v2_asks_for() {
    insta::assert_snapshot!(requests::<false>().await);
}

#[tokio::test]
async fn requests_have_the_form_that_v4_asks_for() {
    insta::assert_snapshot!(requests::<true>().await);
}

#[tokio::test]
async fn a_token_is_fetched_once_and_anew_when_its_session_is_over() {
    let erp = Server::start(S4::<false>::default()).await;
    let connector = connector(&erp);
    let push = async |key| send::<S4<false>>(&*connector, Operation::Create, key, &order()).await.unwrap();
    push("WEB-1").await;
    push("WEB-1").await;
    assert_eq!(erp.vendor.sessions(), 1, "a token is kept");
    erp.vendor.end_session();
    push("WEB-1").await;
    assert_eq!((erp.vendor.sessions(), erp.vendor.orders()), (3, 3));
}

#[tokio::test]
async fn a_token_that_is_never_good_is_fetched_anew_once() {
    let erp = Server::start(S4::<false>::forgetting()).await;
    let error = push(&erp, Operation::Create, "WEB-1", &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::NotSent(ErpError::Unauthorized(why)) if why.contains("CSRF token validation failed")),
        "{error:?}"
    );
    assert_eq!((erp.vendor.sessions(), erp.vendor.orders()), (2, 0));
}

#[tokio::test]
async fn a_new_order_without_a_sales_area_names_the_setting() {
    let credentials = Credentials {
        api_url: Some("http://127.0.0.1:9".to_owned()),
        api_key: Some("k".to_owned().into()),
        ..Credentials::default()
    };
    let error =
        send::<S4<false>>(&s4(credentials).unwrap(), Operation::Create, "WEB-1", &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::NotSent(ErpError::Misconfigured(why)) if why.contains("settings.sap.order.salesOrg")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_change_of_lines_is_refused_rather_than_lost() {
    refused(with_an_order::<false>().await).await;
    refused(with_an_order::<true>().await).await;
    async fn refused<const V4: bool>(erp: Server<S4<V4>>) {
        let mut changed = order();
        changed["lines"][0]["quantity"] = 3.into();
        let error = push(&erp, Operation::Update, "1", &changed).await.unwrap_err();
        assert!(
            matches!(&error, PushError::Rejected(why) if why.to_string().contains("lines of sales order 1")),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn an_order_somebody_changed_at_the_same_moment_is_sent_again_later() {
    let erp = with_an_order::<false>().await;
    erp.next([
        Mood::Obeys,
        Mood::Answers(412, None, r#"{"error":{"message":{"value":"Precondition failed"}}}"#),
    ]);
    let error = push(&erp, Operation::Update, "1", &order()).await.unwrap_err();
    assert!(matches!(&error, PushError::NotSent(ErpError::Unavailable(_))), "{error:?}");
    push(&erp, Operation::Update, "1", &order()).await.unwrap();
}

#[tokio::test]
async fn what_is_gone_is_deleted_already_and_cannot_be_changed() {
    let erp = Server::start(S4::<true>::default()).await;
    push(&erp, Operation::Delete, "7", &order()).await.unwrap();
    let error = push(&erp, Operation::Update, "7", &order()).await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().contains("no sales order 7")),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_does_not_fit_is_told_before_it_is_sent() {
    let erp = Server::start(S4::<false>::default()).await;
    let refused =
        async |order: &Value| push(&erp, Operation::Create, "WEB-1", order).await.unwrap_err().to_string();
    let (mut nobody, mut gift) = (order(), order());
    nobody.as_object_mut().unwrap().remove("customerId");
    gift["lines"][0].as_object_mut().unwrap().remove("unitPrice");
    assert!(refused(&nobody).await.starts_with("customerId is missing"));
    assert!(refused(&gift).await.starts_with("lines.0.unitPrice is missing"));
    assert!(erp.vendor.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn two_orders_with_our_reference_are_one_too_many() {
    let erp = with_an_order::<false>().await;
    push(&erp, Operation::Create, "WEB-1", &order()).await.unwrap();
    let lookup = Lookup { data_type: DataType::Orders, reference: "WEB-1", mapping: &FieldMapping::new() };
    let error = connector(&erp).find(&lookup).await.unwrap_err();
    assert!(matches!(&error, ErpError::Malformed(why) if why.contains("2 sales orders")), "{error:?}");
}

#[tokio::test]
async fn their_words_are_passed_on_with_what_they_say_of_single_fields() {
    let mut order = order();
    order["customerId"] = "nobody".into();
    let words = "Sold-to party nobody is not defined (V1/310); Item 10: unit of measure is missing";
    let v2 = Server::start(S4::<false>::default()).await;
    let v4 = Server::start(S4::<true>::default()).await;
    for error in [
        push(&v2, Operation::Create, "WEB-1", &order).await.unwrap_err(),
        push(&v4, Operation::Create, "WEB-1", &order).await.unwrap_err(),
    ] {
        assert!(error.to_string().ends_with(words), "{error}");
    }
}

#[tokio::test]
async fn an_api_key_is_sent_as_saps_own_hub_wants_it() {
    let erp = Server::start(S4::<false>::default()).await;
    let credentials = Credentials {
        api_url: Some(format!("{}/s4", erp.origin)),
        api_key: Some("k3y".to_owned().into()),
        ..Credentials::default()
    };
    let error = s4(credentials).unwrap().test().await.unwrap_err();
    assert!(error.to_string().ends_with("check the connection's apiKey"), "{error}");
    assert_eq!(*erp.vendor.api_keys.lock().unwrap(), ["k3y"]);
}

#[tokio::test]
async fn an_order_is_found_by_our_reference() {
    let erp = with_an_order::<true>().await;
    let lookup = Lookup { data_type: DataType::Orders, reference: "WEB-1", mapping: &FieldMapping::new() };
    let found = connector(&erp).find(&lookup).await.unwrap();
    assert_eq!(found, Some(Found { erp_key: Some("1".to_owned()) }));
}
