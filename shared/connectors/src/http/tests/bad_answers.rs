//! Servers that misbehave: the pull ends with a sentence a person can act on.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::connection::{ApiSettings, Paging, PagingStyle};
use transport::ErpError;

use super::server::{Asked, Server, list};

async fn failure(answer: impl Fn(Asked) -> Response + Send + Sync + 'static) -> ErpError {
    configured_failure(PagingStyle::Auto, answer).await
}

async fn configured_failure(
    style: PagingStyle,
    answer: impl Fn(Asked) -> Response + Send + Sync + 'static,
) -> ErpError {
    let api = ApiSettings { paging: Paging { style, ..Paging::default() }, ..ApiSettings::default() };
    Server::answering(answer).await.pull_in_one_go(&api).await.unwrap_err()
}

#[tokio::test]
async fn what_is_no_list_of_records_is_malformed_and_described() {
    let cases = [
        ("<!DOCTYPE html><html><title>Please sign in</title></html>", "a web page (\"Please sign in\")"),
        ("<?xml version='1.0'?><fault>no json here</fault>", "answered XML instead of JSON: no json here"),
        ("sku;name", "not JSON"),
        ("", "nothing in it"),
        (r#"{"status": "ok"}"#, "the answer has status"),
        (r#"{"error": "maintenance until noon"}"#, "maintenance until noon"),
    ];
    for (body, words) in cases {
        let error = failure(move |_| body.into_response()).await;
        assert!(matches!(&error, ErpError::Malformed(why) if why.contains(words)), "{words}: {error:?}");
    }
}

#[tokio::test]
async fn half_an_answer_is_asked_for_again() {
    let error = failure(move |_| r#"{"data": [{"sku": "A"}, {"sk"#.into_response()).await;
    assert!(matches!(&error, ErpError::Unavailable(why) if why.contains("half a JSON")), "{error:?}");
}

#[tokio::test]
async fn a_failure_called_a_success_is_an_error_in_the_words_of_the_erp() {
    for (body, words) in [
        (r#"{"success":false,"error":"token expired","data":[]}"#, "token expired"),
        (r#"{"status":"error","message":"quota exceeded","data":[]}"#, "quota exceeded"),
        (r#"{"data":[],"errors":[{"message":"internal"}]}"#, "internal"),
        (r#"{"data":null,"error":{"code":500,"message":"boom"}}"#, "boom"),
    ] {
        let error = failure(move |_| body.into_response()).await;
        assert!(matches!(&error, ErpError::Malformed(why) if why.contains(words)), "{words}: {error:?}");
    }
    let partly = r#"{"data":[{"sku":"A"}],"errors":[{"message":"B is locked"}],"total":1}"#;
    let server = Server::answering(move |asked| {
        if asked.number("page").is_some() { "[]".into_response() } else { partly.into_response() }
    })
    .await;
    let pulled = server.pull_in_one_go(&ApiSettings::default()).await.unwrap();
    assert!(pulled.records.len() == 1 && pulled.warnings[0].contains("B is locked"), "{pulled:?}");
}

#[tokio::test]
async fn numbers_that_json_does_not_have_and_other_encodings_are_read() {
    let nan = r#"{"data":[{"sku":"A","weight":NaN},{"sku":"B","price":-Infinity}],"hasMore":false}"#;
    let server = Server::answering(move |_| nan.into_response()).await;
    let pulled = server.pull_in_one_go(&ApiSettings::default()).await.unwrap();
    assert!(pulled.records.len() == 2 && pulled.warnings[0].contains("NaN or Infinity"), "{pulled:?}");
    let utf16: Vec<u8> = "\u{feff}[{\"sku\":\"Säge\"}]".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let latin = b"[{\"sku\":\"S\xe4ge\"}]".to_vec();
    for (content_type, body) in [("application/json", utf16), ("application/json; charset=ISO-8859-1", latin)]
    {
        let api = ApiSettings {
            paging: Paging { style: PagingStyle::None, ..Paging::default() },
            ..ApiSettings::default()
        };
        let server =
            Server::answering(move |_| ([("content-type", content_type)], body.clone()).into_response())
                .await;
        let pulled = server.pull_in_one_go(&api).await.unwrap();
        assert!(pulled.records[0].contains("Säge"), "{pulled:?}");
    }
}

#[tokio::test]
async fn no_content_is_no_record() {
    let server = Server::answering(|_| StatusCode::NO_CONTENT).await;
    let pulled = server.pull_in_one_go(&ApiSettings::default()).await.unwrap();
    assert_eq!((pulled.records.len(), server.asked()), (0, 1));
}

#[tokio::test]
async fn a_failure_in_the_middle_is_not_the_end() {
    for (status, records) in [(StatusCode::FORBIDDEN, 10), (StatusCode::BAD_REQUEST, 10)] {
        let error = failure(move |asked| match asked.number("page") {
            Some(1) => list(0, records, records).into_response(),
            _ => status.into_response(),
        })
        .await;
        assert!(matches!(error, ErpError::Unauthorized(_) | ErpError::Rejected(_)), "{error:?}");
    }
}

#[tokio::test]
async fn a_next_address_that_was_there_before_is_an_endless_loop() {
    // Three addresses in a circle, none of which leads to itself.
    let error = failure(|asked| {
        let at = asked.number("at").unwrap_or(0);
        let next = format!("{}/products?at={}", asked.origin, at % 3 + 1);
        format!(r#"{{"data":[{{"at":{at},"now":{}}}],"next":"{next}"}}"#, ever_new()).into_response()
    })
    .await;
    assert!(matches!(&error, ErpError::Malformed(why) if why.contains("endless page loop")), "{error:?}");
}

/// A number that differs with each call.
fn ever_new() -> u64 {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    NEXT.fetch_add(1, Ordering::SeqCst)
}

#[tokio::test]
async fn ever_new_addresses_with_the_same_records_are_an_endless_loop() {
    let error = failure(|asked| {
        let next = asked.number("at").unwrap_or(0) + 1;
        format!(r#"{{"data":{},"next":"/products?at={next}"}}"#, list(0, 10, 10)).into_response()
    })
    .await;
    assert!(matches!(&error, ErpError::Malformed(why) if why.contains("the same 10 records")), "{error:?}");
}

#[tokio::test]
async fn a_configured_page_that_repeats_is_an_endless_loop() {
    let error = configured_failure(PagingStyle::Page, |_| list(0, 10, 10).into_response()).await;
    assert!(matches!(&error, ErpError::Malformed(why) if why.contains("endless page loop")), "{error:?}");
}

#[tokio::test]
async fn a_cursor_that_does_not_move_is_an_endless_loop() {
    let error = failure(|_| {
        let body = format!(r#"{{"items":[{{"n":{}}}],"cursor":"stuck"}}"#, ever_new());
        body.into_response()
    })
    .await;
    assert!(matches!(&error, ErpError::Malformed(why) if why.contains("endless page loop")), "{error:?}");
}

#[tokio::test]
async fn a_next_address_at_another_host_is_forbidden() {
    let error =
        failure(|_| r#"{"data":[{}],"next":"http://evil.example/products?key=1"}"#.into_response()).await;
    assert!(
        matches!(&error, ErpError::Forbidden(why) if why.contains("http://evil.example/products:")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_record_that_is_no_object_is_set_aside_alone() {
    let server = Server::answering(|_| r#"[{"sku":"A"}, 7, {"sku":"B"}]"#).await;
    let pulled = server.pull_in_one_go(&ApiSettings::default()).await.unwrap();
    assert_eq!(pulled.records, [r#"{"sku":"A"}"#, "7", r#"{"sku":"B"}"#]);
}
