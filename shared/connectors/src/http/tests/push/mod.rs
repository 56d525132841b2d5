//! Sending records to an ERP that is strict, and to one that misbehaves.

pub(super) mod erp;
mod fate;
mod lookup;

use axum::http::StatusCode;
use axum::response::IntoResponse;
use domain::change::Operation;
use domain::connection::{NumberForm, PushMethod, PushRequest, PushSettings};
use serde_json::{Value, json};

use crate::PushError;
use erp::{Erp, Mood, order, paths};

/// A request that sends this.
fn sending(method: Option<PushMethod>, path: &str, body: Option<Value>) -> PushRequest {
    PushRequest { method, path: Some(path.to_owned()), body, ..PushRequest::default() }
}

#[tokio::test]
async fn without_settings_records_go_out_in_the_usual_way() {
    let mut erp = Erp::start().await;
    erp.settings.api = paths("/v1/orders?company=1");
    let pushed = erp.create().await.unwrap();
    assert_eq!(pushed.erp_key.as_deref(), Some("SO-1"));
    assert_eq!(pushed.message, format!("{}/v1/orders answered 201 Created", erp.origin));
    let updated = erp.push(Operation::Update, "SO/1", &order()).await.unwrap();
    assert_eq!(updated.erp_key, None);
    erp.push(Operation::Delete, "SO/1", &Value::Null).await.unwrap();
    insta::assert_snapshot!(erp.requests().join("\n"));
}

#[tokio::test]
async fn templates_give_requests_the_form_the_erp_asks_for() {
    let body = json!({
        "doc": {"type": "SO", "externalId": "{{reference}}", "text": "Web order {{reference}} of {{customerName}}"},
        "key": "{{idempotencyKey}}",
        "total": "{{total}}",
        "phone": "{{extra.phone}}",
        "items": {"$each": "lines", "item": {"material": "{{sku}}", "qty": "{{quantity}}", "price": "{{unitPrice}}", "note": "{{description}}", "cur": "{{$.currency}}"}},
    });
    let mut create =
        sending(Some(PushMethod::Put), "/so/{reference}?city={shippingAddress.city}", Some(body.clone()));
    create.headers.insert("Prefer".to_owned(), "return=minimal".to_owned());
    create.headers.insert("Content-Type".to_owned(), "application/vnd.erp+json".to_owned());
    let erp = Erp::start().await.with(PushSettings {
        create,
        update: sending(Some(PushMethod::Patch), "/so('{key}')", Some(json!({"total": "{{total}}"}))),
        delete: sending(Some(PushMethod::Post), "/so/{key}/cancel", Some(json!({"reason": "by {{key}}"}))),
        numbers: NumberForm::Text,
        ..PushSettings::default()
    });
    erp.push(Operation::Create, "WEB-1", &order()).await.unwrap();
    erp.push(Operation::Update, "SO 1", &order()).await.unwrap();
    erp.next(Mood::Answers(StatusCode::NO_CONTENT.into_response()));
    erp.push(Operation::Delete, "SO 1", &Value::Null).await.unwrap();
    insta::assert_snapshot!(erp.requests().join("\n"));
}

#[tokio::test]
async fn what_does_not_fit_the_settings_is_not_sent() {
    let needs = async |erp: &Erp, key: &str, order: Value| match erp
        .push(Operation::Update, key, &order)
        .await
        .unwrap_err()
    {
        PushError::NeedsMapping(reason) => reason,
        other => panic!("{other:?}"),
    };
    let erp = Erp::start().await;
    let requiring = erp.clone().with(PushSettings {
        requires: vec!["customerId".to_owned()],
        update: sending(None, "/so/{customerId}/{key}", None),
        ..PushSettings::default()
    });
    assert_eq!(
        needs(&requiring, "1", order()).await,
        "customerId is missing, and settings.api.push.orders.requires it: add it to the record"
    );
    let placed = erp.clone().with(PushSettings {
        update: sending(None, "/so/{customerId}/{key}", None),
        ..PushSettings::default()
    });
    assert_eq!(
        needs(&placed, "1", order()).await,
        "settings.api.push.orders.update.path /so/{customerId}/{key}: it needs customerId, which the record does not have"
    );
    assert!(needs(&erp, "..", order()).await.contains("leads elsewhere"));
    let error = erp.push(Operation::Delete, "..", &Value::Null).await.unwrap_err();
    assert!(matches!(error, PushError::NeedsMapping(_)), "{error:?}");
    assert_eq!(erp.requests(), Vec::<String>::new());
}

#[tokio::test]
async fn what_the_erp_understood_and_refused_is_told_in_its_words() {
    let erp = Erp::start().await.with(PushSettings { numbers: NumberForm::Text, ..PushSettings::default() });
    let error = erp.create().await.unwrap_err();
    assert!(
        matches!(&error, PushError::Rejected(why) if why.to_string().ends_with("422 Unprocessable Entity: total must be a number")),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_same_key_twice_makes_one_order() {
    let erp = Erp::start().await;
    let first = erp.create().await.unwrap();
    assert_eq!(erp.create().await.unwrap(), first);
    assert_eq!(erp.orders().len(), 1);
}
