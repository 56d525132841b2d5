//! Sending orders.

use domain::DataType;
use domain::change::Operation;
use serde_json::Value;
use serde_json::value::RawValue;

use super::{Mood, Server, Subject, connector, erp};
use crate::{Connector, Found, Lookup, Push, PushError, Pushed};

/// The shop's own reference of each order.
const REFERENCE: &str = "WEB-1";

/// Sends an order of the shop's, which it calls `WEB-1`; `key` is the ERP's, or the same.
pub(crate) async fn send<S: Subject>(
    connector: &dyn Connector,
    operation: Operation,
    key: &str,
    order: &Value,
) -> Result<Pushed, PushError> {
    let record = RawValue::from_string(order.to_string()).unwrap();
    let push = Push {
        data_type: DataType::Orders,
        operation,
        key,
        reference: REFERENCE,
        idempotency_key: "chg_1-1",
        record: Some(&record),
        mapping: &S::mapping(),
        zone: &domain::template::UTC,
    };
    connector.push(&push).await
}

async fn create<S: Subject>(erp: &Server<S>, order: &Value) -> Result<Pushed, PushError> {
    send::<S>(&*connector(erp), Operation::Create, REFERENCE, order).await
}

async fn find<S: Subject>(erp: &Server<S>) -> Option<Found> {
    let lookup = Lookup { data_type: DataType::Orders, reference: REFERENCE, mapping: &S::mapping() };
    connector(erp).find(&lookup).await.unwrap()
}

pub(crate) async fn an_order_is_taken_once<S: Subject>() {
    let Some((order, _)) = S::order() else { return };
    let erp = erp::<S>(0).await;
    assert_eq!(find(&erp).await, None);
    let pushed = create(&erp, &order).await.unwrap();
    assert!(pushed.erp_key.is_some(), "{pushed:?}");
    assert_eq!(find(&erp).await, Some(Found { erp_key: pushed.erp_key }));
    assert_eq!(erp.vendor.orders(), 1);
}

pub(crate) async fn an_order_that_is_refused_is_rejected_in_their_words<S: Subject>() {
    let Some((mut order, odd)) = S::order() else { return };
    order.as_object_mut().unwrap().extend(odd.as_object().unwrap().clone());
    let erp = erp::<S>(0).await;
    let error = create(&erp, &order).await.unwrap_err();
    assert!(matches!(&error, PushError::Rejected(why) if why.to_string().contains(": ")), "{error:?}");
    assert_eq!(erp.vendor.orders(), 0);
}

pub(crate) async fn an_order_whose_answer_is_cut_is_unknown_and_found_again<S: Subject>() {
    let Some((order, _)) = S::order() else { return };
    let erp = erp::<S>(0).await;
    erp.next([Mood::Cuts]);
    let created = create(&erp, &order).await;
    // Where a repetition makes nothing new, it was sent again at once.
    let repeated = created.is_ok() && connector(&erp).repeats_safely(DataType::Orders);
    assert!(repeated || matches!(created, Err(PushError::Unknown(_))), "{created:?}");
    assert!(connector(&erp).can_find(DataType::Orders) || connector(&erp).repeats_safely(DataType::Orders));
    assert!(find(&erp).await.unwrap().erp_key.is_some());
    assert_eq!(erp.vendor.orders(), 1, "a new order is never sent again blindly");
}

pub(crate) async fn an_order_that_is_turned_away_was_not_sent<S: Subject>() {
    let Some((order, _)) = S::order() else { return };
    let erp = erp::<S>(0).await;
    erp.next([429, 429, 503].map(|status| Mood::Answers(status, Some("0"), "{}")));
    let error = create(&erp, &order).await.unwrap_err();
    assert!(matches!(error, PushError::NotSent(_)), "{error:?}");
    assert_eq!(erp.vendor.orders(), 0);
    create(&erp, &order).await.unwrap();
}
