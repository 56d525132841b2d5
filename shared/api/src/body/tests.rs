use axum::body::Body;
use domain::connection::ConnectionInput;
use domain::sync_config::SyncConfigInput;
use http::StatusCode;
use serde_json::json;

use super::*;

fn request(content_type: &str, body: impl Into<Body>) -> Request {
    Request::builder().header(CONTENT_TYPE, content_type).body(body.into()).unwrap()
}

async fn refused<T: Input + std::fmt::Debug>(body: impl ToString) -> ApiError {
    Form::<T>::from_request(request("application/json", body.to_string()), &()).await.unwrap_err()
}

fn fields(error: &ApiError) -> Vec<(&str, &str)> {
    error.details.iter().map(|detail| (detail.field.as_str(), detail.message.as_str())).collect()
}

fn connection() -> Value {
    json!({
        "name": "SAP Production", "provider": "SAP", "connectionMethod": "api", "status": "active",
        "credentials": {"apiUrl": "https://sap.example.com/api", "apiKey": "key"},
        "settings": {"timeout": 30000, "retryAttempts": 3, "enabledDataTypes": ["orders"]},
    })
}

#[tokio::test]
async fn what_is_no_json_is_malformed() {
    let nested = "[".repeat(100_000);
    for body in ["", "{", "nonsense", "{} {}", "{\"a\": 1,}", "\u{feff}{}", &nested] {
        let error = refused::<ConnectionInput>(body).await;
        assert_eq!((error.status, error.code), (StatusCode::BAD_REQUEST, "MALFORMED_JSON"), "{body:.20}");
    }
}

#[tokio::test]
async fn a_nesting_bomb_inside_a_field_is_refused() {
    let bomb = format!("{{\"settings\": {}1{}}}", "{\"a\":".repeat(5_000), "}".repeat(5_000));
    assert_eq!(refused::<ConnectionInput>(bomb).await.code, "MALFORMED_JSON");
}

#[tokio::test]
async fn only_json_is_read() {
    for (kind, accepted) in [
        ("application/json", true),
        ("application/json; charset=utf-8", true),
        ("application/merge-patch+json", true),
        ("text/plain", false),
        ("application/x-www-form-urlencoded", false),
    ] {
        let read = Form::<ConnectionInput>::from_request(request(kind, connection().to_string()), &()).await;
        assert_eq!(read.is_ok(), accepted, "{kind}");
    }
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused_and_one_at_the_limit_is_not() {
    let sent = |bytes: usize| bytes_of(request("application/json", "x".repeat(bytes)));
    assert_eq!(sent(MAX_BODY_BYTES).await.unwrap().len(), MAX_BODY_BYTES);
    assert_eq!(sent(MAX_BODY_BYTES + 1).await.unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_endless_body_is_not_read_to_its_end() {
    let endless = futures::stream::repeat_with(|| Ok::<_, std::io::Error>(Bytes::from(vec![b'x'; 65_536])));
    let read = bytes_of(request("application/json", Body::from_stream(endless)));
    assert_eq!(read.await.unwrap_err().status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn a_wrong_type_is_named_by_its_path_without_repeating_what_was_sent() {
    let cases = [
        ("/name", json!(5), "name", "must be a text"),
        ("/settings/timeout", json!("secret"), "settings.timeout", "must be a whole number from 0 on"),
        (
            "/settings/enabledDataTypes/0",
            json!("colours"),
            "settings.enabledDataTypes.0",
            "must be one of orders,",
        ),
        ("/credentials", json!("secret"), "credentials", "must be an object"),
        ("/connectionMethod", json!("fax"), "connectionMethod", "must be one of api, doi, sftp"),
        ("/provider", json!("Abacus"), "provider", "must be one of SAP, Oracle"),
    ];
    for (pointer, wrong, field, message) in cases {
        let mut body = connection();
        *body.pointer_mut(pointer).unwrap() = wrong;
        let error = refused::<ConnectionInput>(body).await;
        assert_eq!((error.status, error.code), (StatusCode::UNPROCESSABLE_ENTITY, "VALIDATION_ERROR"));
        let [(named, said)] = fields(&error)[..] else { panic!("one field: {error:?}") };
        assert_eq!(named, field);
        assert!(said.starts_with(message) && !said.contains("secret"), "{said}");
    }
}

#[tokio::test]
async fn unknown_and_missing_fields_are_named() {
    let mut body = connection();
    body["settings"]["api"] = json!({"paging": {"stile": "link"}});
    let error = refused::<ConnectionInput>(body).await;
    assert_eq!(fields(&error)[0].0, "settings.api.paging.stile");
    assert!(fields(&error)[0].1.contains("style"), "{error:?}");
    let error = refused::<ConnectionInput>(json!({"provider": "SAP", "connectionMethod": "api"})).await;
    assert_eq!(fields(&error), [("name", "is needed")]);
    let error = refused::<ConnectionInput>(json!([])).await;
    assert_eq!(fields(&error), [("body", "must be a JSON object")]);
}

#[tokio::test]
async fn every_broken_rule_is_told_at_once() {
    let body = json!({"name": "", "provider": "SAP", "connectionMethod": "sftp", "settings": {"timeout": 1}});
    let error = refused::<ConnectionInput>(body).await;
    let named: Vec<_> = fields(&error).into_iter().map(|(field, _)| field).collect();
    assert_eq!(
        named,
        [
            "name",
            "credentials.sftpHost",
            "credentials.sftpUsername",
            "credentials.sftpPassword",
            "settings.timeout"
        ]
    );
}

#[tokio::test]
async fn the_sync_config_that_existing_front_ends_send_is_accepted() {
    let body = json!({
        "erpConnectionId": "erp_001", "dataType": "products", "direction": "pull", "schedule": "0 6 * * *",
        "enabled": true, "status": "idle",
        "settings": {
            "autoSync": true, "syncInterval": 1440, "syncOnDemand": true, "conflictResolution": "erp_wins"
        },
    });
    let read =
        Form::<SyncConfigInput>::from_request(request("application/json", body.to_string()), &()).await;
    assert_eq!(read.unwrap().0.schedule.as_deref(), Some("0 6 * * *"));
}

fn patched(patch: Value) -> Result<ConnectionInput, ApiError> {
    let Value::Object(patch) = patch else { panic!("an object") };
    let mut current = connection();
    current["id"] = json!("erp_001");
    current["version"] = json!(3);
    MergePatch(patch).apply(&current)
}

#[test]
fn a_patch_changes_what_it_names_and_null_clears() {
    let input = patched(json!({"name": "SAP Test", "settings": {"enabledDataTypes": null}})).unwrap();
    assert_eq!(input.name, "SAP Test");
    assert_eq!(input.settings.enabled_data_types, None);
    assert_eq!(input.settings.retry_attempts, 3, "what is not named stays");
    assert!(input.credentials.api_key.is_some());
    let error = patched(json!({"credentials": {"apiUrl": null}})).unwrap_err();
    assert_eq!(fields(&error)[0].0, "credentials.apiUrl");
}

#[test]
fn a_patch_may_send_back_what_only_we_set_but_nothing_unknown() {
    assert!(patched(json!({"id": "erp_999", "version": 1, "createdAt": "yesterday"})).is_ok());
    let error = patched(json!({"nickname": "x"})).unwrap_err();
    assert_eq!((error.status, fields(&error)[0].0), (StatusCode::UNPROCESSABLE_ENTITY, "nickname"));
}

#[test]
fn merging_follows_the_examples_of_rfc_7396() {
    let cases = [
        (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": "b"}), json!({"b": "c"}), json!({"a": "b", "b": "c"})),
        (json!({"a": "b", "b": "c"}), json!({"a": null}), json!({"b": "c"})),
        (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
        (json!({"a": {"b": "c"}}), json!({"a": {"b": "d", "c": null}}), json!({"a": {"b": "d"}})),
        (json!({"a": "foo"}), json!({"a": {"b": 1}}), json!({"a": {"b": 1}})),
        (json!({}), json!({"a": {"bb": {"ccc": null}}}), json!({"a": {"bb": {}}})),
    ];
    for (target, patch, outcome) in cases {
        let (Value::Object(mut merged), Value::Object(patch)) = (target, patch) else { panic!("objects") };
        merge(&mut merged, &patch);
        assert_eq!(Value::Object(merged), outcome);
    }
}
