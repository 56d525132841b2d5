//! Looking records up by our reference.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use domain::DataType;
use domain::connection::{PushLookup, PushSettings};
use transport::ErpError;

use super::erp::{Erp, Mood, json_answer};
use crate::Connector;

/// What is found for `WEB-1` in an answer.
async fn found(records_path: Option<&str>, answer: &str) -> Result<Option<String>, ErpError> {
    let records_path = records_path.map(str::to_owned);
    let lookup = Some(PushLookup { path: "/find/{reference}".to_owned(), records_path });
    let erp = Erp::start().await.with(PushSettings { lookup, ..PushSettings::default() });
    erp.next(Mood::Answers(json_answer(200, answer.to_owned())));
    let found = erp.find("WEB-1").await?;
    assert_eq!(erp.requests(), ["GET /find/WEB-1\naccept: application/json\n"]);
    Ok(found.map(|found| found.erp_key.unwrap_or_default()))
}

#[tokio::test]
async fn a_record_that_holds_the_reference_is_found_wherever_it_stands() {
    let answers = [
        r#"[{"orderId":"7","externalId":"WEB-1"}]"#,
        r#"{"orderId":7,"refs":[{"type":"web","no":"WEB-1"}]}"#,
        r#"{"data":{"orderId":7,"externalId":" WEB-1 "}}"#,
        r#"{"d":{"results":[{"orderId":"6","externalId":"WEB-10"},{"orderId":"7","externalId":"WEB-1"}]}}"#,
        r#"{"orderId":"7","externalId":"WEB-1","items":[{"sku":"A"}]}"#,
        r#"{"orderId":"7","externalId":"WEB-1","items":[]}"#,
        r#"{"query":"WEB-1","results":[{"orderId":"7","externalId":"WEB-1"},{"orderId":"7","externalId":"WEB-1"}]}"#,
    ];
    for answer in answers {
        assert_eq!(found(None, answer).await, Ok(Some("7".to_owned())), "{answer}");
    }
    let deep = r#"{"hits":{"list":[{"orderId":"7","externalId":"WEB-1"}]}}"#;
    assert_eq!(found(Some("hits.list"), deep).await, Ok(Some("7".to_owned())));
    let one = r#"{"hit":{"orderId":"7","externalId":"WEB-1"}}"#;
    assert_eq!(found(Some("hit"), one).await, Ok(Some("7".to_owned())));
}

#[tokio::test]
async fn nothing_is_found_only_if_the_answer_says_so() {
    for answer in ["[]", "{}", "null", "", r#"{"results":[]}"#, r#"{"query":"WEB-1","count":0,"results":[]}"#]
    {
        assert_eq!(found(None, answer).await, Ok(None), "{answer}");
    }
    assert_eq!(found(Some("hit"), r#"{"hit":null}"#).await, Ok(None));
    for status in [StatusCode::NOT_FOUND, StatusCode::GONE, StatusCode::NO_CONTENT] {
        let erp = Erp::start().await.with_lookup(PushSettings::default());
        erp.next(Mood::Answers(status.into_response()));
        assert_eq!(erp.find("WEB-1").await, Ok(None), "{status}");
    }
}

#[tokio::test]
async fn an_answer_that_says_neither_yes_nor_no_is_an_error() {
    let unlike = [
        r#"[{"orderId":"6","externalId":"WEB-10"}]"#,
        r#"{"error":"try later"}"#,
        r#"[{"orderId":"7"}]"#,
        "7",
    ];
    for answer in unlike {
        let error = found(None, answer).await.unwrap_err();
        assert!(
            matches!(&error, ErpError::Malformed(why) if why.contains("does not hold the reference WEB-1")),
            "{answer}: {error:?}"
        );
    }
    let error = found(Some("hits"), "{}").await.unwrap_err().to_string();
    assert!(error.ends_with("has nothing at the lookup's recordsPath hits"), "{error}");
    let twice = r#"[{"orderId":"6","externalId":"WEB-1"},{"orderId":"7","externalId":"WEB-1"}]"#;
    let error = found(None, twice).await.unwrap_err().to_string();
    assert!(error.contains("2 different records with the reference WEB-1"), "{error}");
}

#[tokio::test]
async fn without_a_lookup_nothing_can_be_found() {
    let erp = Erp::start().await;
    assert!(!erp.connector().can_find(DataType::Orders));
    let error = erp.find("WEB-1").await.unwrap_err();
    assert!(
        matches!(&error, ErpError::Misconfigured(why) if why.contains("settings.api.push.orders.lookup")),
        "{error:?}"
    );
    let erp = erp.with_lookup(PushSettings::default());
    assert!(erp.connector().can_find(DataType::Orders) && !erp.connector().can_find(DataType::Products));
    assert_eq!(erp.find("WEB 1/é").await, Ok(None));
    assert_eq!(erp.requests(), ["GET /orders?externalId=WEB%201%2F%C3%A9\naccept: application/json\n"]);
}
