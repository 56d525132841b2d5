//! The connection test.

use axum::Router;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::connection::{ConnectionSettings, Credentials, DoiDialect};
use serde_json::json;
use tokio::net::TcpListener;
use transport::{ErpError, Transport};

use super::erp::{Supplier, connector as speaking, settings};
use crate::Connector;
use crate::conformance::Server;
use crate::doi::DoiConnector;

async fn connector(content_type: &'static str, body: &'static str) -> DoiConnector {
    let answer = move |headers: HeaderMap| async move {
        let known = headers.get(header::AUTHORIZATION).is_some_and(|value| value == "Basic ZXJwOnBhc3M=");
        let refused = (StatusCode::UNAUTHORIZED, "who are you?").into_response();
        if known { ([(header::CONTENT_TYPE, content_type)], body).into_response() } else { refused }
    };
    connect(answer, "pass").await
}

async fn connect<F, R>(answer: F, password: &str) -> DoiConnector
where
    F: Fn(HeaderMap) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let credentials = Credentials {
        doi_endpoint: Some(format!("http://{}/doi", listener.local_addr().unwrap())),
        doi_username: Some("erp".to_owned()),
        doi_password: Some(password.to_owned().into()),
        ..Credentials::default()
    };
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/doi", get(answer))).await });
    let transport = Transport::new("127.0.0.0/8".parse().unwrap());
    DoiConnector::new(
        &ConnectionSettings::default(),
        credentials,
        &transport,
        std::sync::Arc::new(super::inbox::Kept::default()),
    )
    .unwrap()
}

#[tokio::test]
async fn an_xml_answer_passes_and_its_root_is_reported() {
    for (content_type, body) in
        [("application/xml", "<?xml version=\"1.0\"?><orders><order/></orders>"), ("text/plain", "<orders/>")]
    {
        let report = connector(content_type, body).await.test().await.unwrap();
        assert_eq!(
            (&report.details["rootElement"], &report.details["status"]),
            (&"orders".into(), &200.into())
        );
    }
}

#[tokio::test]
async fn what_is_no_xml_is_refused_with_what_came() {
    let cases = [
        ("application/json", "{\"ok\": true}", "application/json came"),
        ("text/html", "<html><head><title>Welcome</title></head></html>", "web page"),
        ("application/xml", "<orders><order>", "cut off"),
        ("application/xml", "<orders></order>", "not well-formed"),
        ("application/xml", "", "nothing came"),
    ];
    for (content_type, body, words) in cases {
        let error = connector(content_type, body).await.test().await.unwrap_err();
        assert!(matches!(&error, ErpError::Malformed(why) if why.contains(words)), "{words}: {error:?}");
    }
}

#[tokio::test]
async fn a_wrong_password_is_unauthorized() {
    let refuse = |_: HeaderMap| async { (StatusCode::UNAUTHORIZED, "unknown user erp").into_response() };
    let error = connect(refuse, "wrong").await.test().await.unwrap_err();
    let ErpError::Unauthorized(sentence) = error else { panic!("{error:?}") };
    assert!(sentence.contains("check the connection's doiUsername and doiPassword"), "{sentence}");
}

#[tokio::test]
async fn a_cxml_endpoint_is_asked_for_its_profile_and_must_know_the_shared_secret() {
    let erp = Server::start(Supplier::speaking(DoiDialect::Cxml)).await;
    let test = async |secret| speaking(&erp.origin, settings(DoiDialect::Cxml), Some(secret)).test().await;
    let report = test("s3cret!").await.unwrap();
    assert!(report.message.ends_with("450 Not Implemented no profiles here"), "{}", report.message);
    let error = test("s3cret?").await.unwrap_err();
    assert!(
        matches!(&error, ErpError::Unauthorized(why) if why.contains("doiSharedSecret") && !why.contains("s3cret")),
        "{error:?}"
    );
    let mut doi = settings(DoiDialect::Cxml);
    doi["to"] = json!({"domain": "NetworkID", "identity": "AN-OTHER"});
    let error = speaking(&erp.origin, doi, Some("s3cret!")).test().await.unwrap_err();
    assert!(
        matches!(&error, ErpError::Rejected(why) if why.ends_with("not the one this is for")),
        "{error:?}"
    );
}
