//! Connection tests, and how credentials are sent.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use domain::connection::{ApiAuth, ApiSettings, ConnectionSettings, Credentials};
use secrecy::SecretString;
use transport::{ErpError, Transport};

use super::server::Server;
use crate::Connector;
use crate::http::HttpConnector;

fn credentials(key: Option<&str>, secret: Option<&str>, token: Option<&str>) -> Credentials {
    let secret_text = |text: Option<&str>| text.map(|text| SecretString::from(text.to_owned()));
    Credentials {
        api_key: secret_text(key),
        api_secret: secret_text(secret),
        oauth_token: secret_text(token),
        ..Credentials::default()
    }
}

/// The headers a server saw, by asking it to refuse with them.
async fn sent(api: ApiSettings, credentials: Credentials, header: &'static str) -> bool {
    let server = Server::answering(move |asked| {
        let expected = ["Bearer key", "Bearer token", "Basic a2V5OnNlY3JldA==", "key"];
        let value = asked.headers.get(header).map(|value| value.to_str().unwrap_or_default().to_owned());
        match value {
            Some(value) if expected.contains(&value.as_str()) => StatusCode::OK,
            _ => StatusCode::UNAUTHORIZED,
        }
    })
    .await;
    let api = ApiSettings { test_path: Some("/products".to_owned()), ..api };
    server.connector_with(api, credentials).test().await.is_ok()
}

#[tokio::test]
async fn credentials_are_sent_as_they_suggest_or_as_configured() {
    let by = |auth| ApiSettings { auth: Some(auth), ..ApiSettings::default() };
    let found = ApiSettings::default;
    assert!(sent(found(), credentials(Some("key"), None, None), "authorization").await);
    assert!(sent(found(), credentials(Some("key"), Some("secret"), None), "authorization").await);
    assert!(sent(found(), credentials(Some("other"), None, Some("token")), "authorization").await);
    assert!(sent(by(ApiAuth::Header), credentials(Some("key"), None, None), "x-api-key").await);
    let named = ApiSettings { auth_header: Some("X-Token".to_owned()), ..by(ApiAuth::Header) };
    assert!(sent(named, credentials(Some("key"), None, None), "x-token").await);
    assert!(!sent(by(ApiAuth::None), credentials(Some("key"), None, None), "authorization").await);
    assert!(!sent(found(), credentials(Some("wrong"), None, None), "authorization").await);
}

#[test]
fn settings_that_do_not_fit_the_credentials_are_named() {
    let transport = Transport::new("127.0.0.0/8".parse().unwrap());
    let api = ApiSettings { auth: Some(ApiAuth::Basic), ..ApiSettings::default() };
    let settings = ConnectionSettings { api, ..ConnectionSettings::default() };
    let url = Some("https://erp.example.com".to_owned());
    let error =
        HttpConnector::new(&settings, Credentials { api_url: url, ..Credentials::default() }, &transport);
    assert!(matches!(&error, Err(ErpError::Misconfigured(why)) if why.contains("apiKey")), "{error:?}");
    let error = HttpConnector::new(&settings, Credentials::default(), &transport);
    assert!(matches!(&error, Err(ErpError::Misconfigured(why)) if why.contains("apiUrl")), "{error:?}");
}

#[tokio::test]
async fn a_test_reports_what_answered() {
    let server =
        Server::answering(|_| ([("server", "erp/7"), ("content-type", "application/json")], "[]")).await;
    let api = ApiSettings { test_path: Some("/products?fields=sku".to_owned()), ..ApiSettings::default() };
    let report = server.connector(api).test().await.unwrap();
    assert_eq!(report.message, format!("{}/products answered 200 OK", server.origin));
    assert_eq!((&report.details["server"], &report.details["status"]), (&"erp/7".into(), &200.into()));
    assert_eq!(server.queries(), ["fields=sku"]);
}

#[tokio::test]
async fn where_the_address_itself_answers_nothing_a_data_type_is_asked_for() {
    let api = || ApiSettings {
        paths: [(domain::DataType::Orders, "/products".to_owned())].into(),
        ..ApiSettings::default()
    };
    let server = Server::answering(|_| "[]").await;
    server.connector(api()).test().await.unwrap();
    assert_eq!(server.queries(), ["limit=1"]);

    let refusing = Server::answering(|_| (StatusCode::UNAUTHORIZED, "unknown key").into_response()).await;
    let error = refusing.connector(api()).test().await.unwrap_err();
    assert!(matches!(&error, ErpError::Unauthorized(why) if why.contains("unknown key")), "{error:?}");
}
