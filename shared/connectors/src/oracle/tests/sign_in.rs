//! Ways to sign in, and what a connection test tells.

use domain::DataType;
use domain::connection::{ConnectionSettings, Credentials};
use transport::ErpError;

use super::erp::{Fusion, SCOPE, settings};
use super::{everything, usual};
use crate::Connector;
use crate::conformance::{Server, Subject as _, Unkept, send, transport};
use crate::oracle::Oracle;

const KEY: &str = include_str!("../../../../transport/src/session/fixtures/rsa.pem");
const CERTIFICATE: &str = include_str!("../../../../transport/src/session/fixtures/certificate.pem");

fn connected(settings: &ConnectionSettings, credentials: Credentials) -> Result<Oracle, ErpError> {
    Oracle::new(settings, credentials, &transport(), std::sync::Arc::new(Unkept))
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[tokio::test]
async fn every_way_to_sign_in_is_let_in_and_its_fields_are_named_when_it_is_not() {
    let erp = Server::start(Fusion::with_records(1)).await;
    let at = |credentials: Credentials| Credentials { api_url: Some(erp.origin.clone()), ..credentials };
    let none = Credentials::default;
    let key = || Credentials { certificate: text(CERTIFICATE), private_key: Some(KEY.into()), ..none() };
    let token_url = Some(format!("{}/oauth2/v1/token", erp.origin));
    let cases = [
        (
            Credentials { username: text("joe"), password: Some("pw".into()), ..none() },
            "username and password",
        ),
        (
            Credentials { api_key: Some("joe".into()), api_secret: Some("pw".into()), ..none() },
            "apiKey and apiSecret",
        ),
        (Credentials { api_key: Some("t0".into()), ..none() }, "apiKey"),
        (Credentials { oauth_token: Some("t0".into()), ..none() }, "oauthToken"),
        (Credentials { username: text("joe"), client_id: text("causeway"), ..key() }, "trusted issuer"),
        (
            Credentials { token_url, client_id: text("app"), scope: text(SCOPE), ..key() },
            "clientId, certificate",
        ),
    ];
    for (credentials, fields) in cases {
        connected(&settings(&usual()), at(credentials.clone())).unwrap().test().await.unwrap();
        let wrong = Credentials {
            username: credentials.username.and(text("eve")),
            client_id: credentials.client_id.and(text("other")),
            api_key: credentials.api_key.and(Some("other".into())),
            oauth_token: credentials.oauth_token.and(Some("other".into())),
            ..credentials
        };
        let error = connected(&settings(&usual()), at(wrong)).unwrap().test().await.unwrap_err();
        assert!(matches!(&error, ErpError::Unauthorized(why) if why.contains(fields)), "{fields}: {error:?}");
    }
}

#[tokio::test]
async fn an_address_with_the_path_of_an_api_leads_to_both() {
    let erp = Server::start(Fusion::default()).await;
    for path in ["", "/", "/fscmRestApi/resources/11.13.18.05/salesOrdersForOrderHub?limit=1", "/hcmRestApi"]
    {
        let credentials = Credentials {
            api_url: Some(format!("{}{path}", erp.origin)),
            username: text("joe"),
            password: Some("pw".into()),
            ..Credentials::default()
        };
        let connector = connected(&settings(&usual()), credentials).unwrap();
        for data_type in [DataType::Orders, DataType::Employees] {
            assert!(connector.pull(everything(data_type)).await.unwrap().next().await.unwrap().is_some());
        }
    }
}

#[tokio::test]
async fn a_test_asks_for_each_kind_of_record_that_is_enabled() {
    let erp = Server::start(Fusion::default()).await;
    let enabled = ConnectionSettings {
        enabled_data_types: Some(vec![DataType::Orders, DataType::Employees]),
        ..usual()
    };
    let report = Fusion::connector(&erp.origin, &enabled, true).test().await.unwrap();
    assert_eq!(report.message, "Oracle Fusion let us in and to salesOrdersForOrderHub, workers");
    erp.vendor.forbidden.lock().unwrap().push("workers");
    let error = Fusion::connector(&erp.origin, &enabled, true).test().await.unwrap_err();
    assert!(
        matches!(&error, ErpError::Unauthorized(why) if why.contains("/workers answered 403")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_framework_version_that_fusion_does_not_take_is_told() {
    let erp = Server::start(Fusion::default()).await;
    let mut newer = usual();
    newer.oracle.framework_version = 9;
    let sentence = Fusion::connector(&erp.origin, &newer, true).test().await.unwrap_err().to_string();
    let expected = "the connection's settings.oracle.frameworkVersion 9 is none of those that Fusion takes: 1, 2, 3, 4, 5";
    assert_eq!(sentence, expected);
}

#[tokio::test]
async fn whose_items_and_orders_are_meant_must_be_said() {
    let erp = Server::start(Fusion::default()).await;
    let credentials = Credentials {
        api_url: Some(erp.origin.clone()),
        oauth_token: Some("t0".into()),
        ..Credentials::default()
    };
    let connector = connected(&usual(), credentials).unwrap();
    for data_type in [DataType::Products, DataType::Inventory] {
        let Err(error) = connector.pull(everything(data_type)).await else { panic!("{data_type}") };
        assert!(error.to_string().contains("settings.oracle.organization is needed"), "{error}");
    }
    let order = super::order();
    let error =
        send::<Fusion>(&connector, domain::change::Operation::Create, "WEB-1", &order).await.unwrap_err();
    assert!(error.to_string().contains("settings.oracle.businessUnit is needed"), "{error}");
}
