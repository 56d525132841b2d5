//! Whatever happens on the way, it is known what may have become of a record.

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use domain::DataType;
use domain::change::Operation;
use domain::connection::PushSettings;
use transport::ErpError;

use super::erp::{Erp, Mood, json_answer, order};
use crate::{Connector as _, PushError};

/// The fate after an answer with this status.
async fn after(operation: Operation, status: u16, settings: PushSettings) -> Result<(), PushError> {
    let erp = Erp::start().await.with(settings);
    erp.next(Mood::Answers(json_answer(status, r#"{"message":"so it is"}"#.to_owned())));
    erp.push(operation, "SO-1", &order()).await.map(drop)
}

#[tokio::test]
async fn each_status_says_what_became_of_the_record() {
    use Operation::{Create, Delete, Update};
    let usual = PushSettings::default;
    for status in [401, 425, 429, 503] {
        let fate = after(Create, status, usual()).await;
        assert!(matches!(fate, Err(PushError::NotSent(_))), "{status}: {fate:?}");
    }
    for status in [408, 500, 502, 504, 304] {
        let fate = after(Create, status, usual()).await;
        assert!(matches!(fate, Err(PushError::Unknown(_))), "{status}: {fate:?}");
    }
    for (operation, status) in
        [(Create, 400), (Create, 403), (Create, 409), (Update, 404), (Update, 412), (Delete, 423)]
    {
        let fate = after(operation, status, usual()).await;
        assert!(matches!(fate, Err(PushError::Rejected(_))), "{status}: {fate:?}");
    }
    for status in [200, 202, 204, 404, 410] {
        assert_eq!(after(Delete, status, usual()).await, Ok(()), "{status}");
    }
    let fate = after(Create, 409, PushSettings { idempotent: true, ..usual() }).await;
    assert!(
        matches!(&fate, Err(PushError::Unknown(ErpError::Unavailable(why))) if why.contains("still at work")),
        "{fate:?}"
    );
}

#[tokio::test]
async fn the_pause_the_erp_asks_for_is_passed_on() {
    let erp = Erp::start().await;
    erp.next(Mood::Answers((StatusCode::TOO_MANY_REQUESTS, [(header::RETRY_AFTER, "7")]).into_response()));
    let Err(PushError::NotSent(ErpError::RateLimited { retry_after, .. })) = erp.create().await else {
        panic!()
    };
    assert_eq!(retry_after.unwrap().as_secs(), 7);
}

#[tokio::test]
async fn an_order_whose_answer_was_cut_off_may_have_been_taken() {
    let erp = Erp::start().await.with_lookup(PushSettings::default());
    erp.cut_answers(true);
    let error = erp.create().await.unwrap_err();
    assert!(matches!(error, PushError::Unknown(_)), "{error:?}");
    assert_eq!(erp.orders().len(), 1);

    erp.cut_answers(false);
    assert_eq!(erp.find("WEB-1").await.unwrap().unwrap().erp_key.as_deref(), Some("SO-1"));
}

#[tokio::test]
async fn an_order_that_was_not_answered_in_time_may_have_been_taken() {
    let mut erp = Erp::start().await;
    erp.settings.timeout = 100;
    erp.next(Mood::Silent);
    let error = erp.create().await.unwrap_err();
    assert!(
        matches!(&error, PushError::Unknown(why) if why.to_string().contains("did not answer within 0.1 s")),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_erp_that_cannot_be_reached_took_nothing() {
    let mut erp = Erp::start().await;
    erp.origin = "http://127.0.0.1:1".to_owned();
    let error = erp.create().await.unwrap_err();
    assert!(matches!(error, PushError::NotSent(ErpError::Unavailable(_))), "{error:?}");
}

#[tokio::test]
async fn with_idempotency_keys_what_may_have_been_taken_is_sent_again_and_made_once() {
    let mut erp = Erp::start().await.with(PushSettings { idempotent: true, ..PushSettings::default() });
    erp.settings.retry_attempts = 2;
    erp.settings.timeout = 200;
    erp.next(Mood::Silent);
    erp.next(Mood::Garbles(StatusCode::BAD_GATEWAY.into_response()));
    assert_eq!(erp.create().await.unwrap().erp_key.as_deref(), Some("SO-1"));
    assert_eq!((erp.requests().len(), erp.orders().len()), (3, 1));
    assert!(erp.connector().repeats_safely(DataType::Orders));
}

#[tokio::test]
async fn without_them_it_is_sent_once() {
    let mut erp = Erp::start().await;
    erp.settings.retry_attempts = 2;
    erp.next(Mood::Garbles(StatusCode::BAD_GATEWAY.into_response()));
    assert!(matches!(erp.create().await, Err(PushError::Unknown(_))));
    assert_eq!((erp.requests().len(), erp.orders().len()), (1, 1));
    assert!(!erp.connector().repeats_safely(DataType::Orders));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_leaves_it_open_and_an_empty_one_does_not() {
    let erp = Erp::start().await;
    erp.next(Mood::Garbles(Html("<html><title>Sign in</title></html>").into_response()));
    assert!(matches!(erp.create().await, Err(PushError::Unknown(ErpError::Malformed(_)))));
    erp.next(Mood::Garbles(json_answer(201, r#"{"data":{"orderId":"#.to_owned())));
    assert!(matches!(erp.create().await, Err(PushError::Unknown(ErpError::Unavailable(_)))));

    for empty in
        [StatusCode::NO_CONTENT.into_response(), "OK".into_response(), json_answer(200, String::new())]
    {
        erp.next(Mood::Garbles(empty));
        assert_eq!(erp.create().await.unwrap().erp_key, None);
    }
}

#[tokio::test]
async fn the_location_tells_the_key_where_the_body_does_not() {
    let erp = Erp::start().await;
    let at = |status, body: &str| {
        (status, [(header::LOCATION, "/orders/SO%2F77")], body.to_owned()).into_response()
    };
    for (answer, key) in [
        (at(StatusCode::CREATED, ""), Some("SO/77")),
        (at(StatusCode::CREATED, "{}"), Some("SO/77")),
        (at(StatusCode::CREATED, r#"{"orderId": 5}"#), Some("5")),
        (at(StatusCode::ACCEPTED, ""), None),
    ] {
        erp.next(Mood::Garbles(answer));
        assert_eq!(erp.create().await.unwrap().erp_key.as_deref(), key);
    }
}

#[tokio::test]
async fn a_duplicate_that_is_ours_was_taken_before() {
    let erp = Erp::start().await;
    erp.next(Mood::Answers(json_answer(409, "{}".to_owned())));
    let error = erp.create().await.unwrap_err();
    assert!(matches!(error, PushError::Rejected(_)), "nobody knows whose it is: {error:?}");

    let erp = erp.with_lookup(PushSettings::default());
    erp.create().await.unwrap();
    erp.next(Mood::Answers(json_answer(409, "{}".to_owned())));
    let pushed = erp.create().await.unwrap();
    assert_eq!(pushed.erp_key.as_deref(), Some("SO-1"));
    assert_eq!(pushed.message, "the ERP had it already, found by its reference WEB-1");
}

#[tokio::test]
async fn a_duplicate_that_is_not_ours_is_a_refusal() {
    let erp = Erp::start().await.with_lookup(PushSettings::default());
    erp.next(Mood::Answers(json_answer(409, r#"{"error":"the number is taken"}"#.to_owned())));
    let error = erp.create().await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().ends_with("the number is taken")),
        "{error:?}"
    );

    erp.next(Mood::Answers(json_answer(409, "{}".to_owned())));
    erp.next(Mood::Answers(json_answer(500, "{}".to_owned())));
    let error = erp.create().await.unwrap_err();
    assert!(matches!(error, PushError::Unknown(_)), "it could not be looked up: {error:?}");
}
