//! The connector against an ERPNext that keeps its rules.

mod erp;
mod pulls;
mod pushes;

use domain::DataType;
use domain::connection::providers::erpnext::ErpNextSettings;
use domain::connection::{ConnectionMethod, ConnectionSettings, Credentials, Provider};
use domain::json::Opened;
use domain::mapping::Mapper;
use serde_json::{Value, json};
use transport::ErpError;

use crate::conformance::{Server, Subject as _, conformance, transport};
use crate::erpnext::ErpNext;
use crate::{Connector, Item, Pull, default_mapping};
use erp::Site;

conformance!(Site);

/// Settings that do not keep a test waiting.
fn settings(erp_next: ErpNextSettings) -> ConnectionSettings {
    ConnectionSettings { retry_attempts: 0, retry_delay: 10, erp_next, ..ConnectionSettings::default() }
}

fn connector(erp: &Server<Site>) -> Box<dyn Connector> {
    Site::connector(&erp.origin, &settings(ErpNextSettings::default()), true)
}

fn connector_with(
    erp: &Server<Site>,
    erp_next: ErpNextSettings,
    company: Option<&str>,
) -> Box<dyn Connector> {
    let credentials = Credentials {
        api_url: Some(erp.origin.clone()),
        api_key: Some("key".to_owned().into()),
        api_secret: Some("good".to_owned().into()),
        company: company.map(str::to_owned),
        ..Credentials::default()
    };
    Box::new(ErpNext::new(&settings(erp_next), credentials, &transport()).unwrap())
}

/// What a pull brings, in our form.
async fn pulled_by(connector: &dyn Connector, data_type: DataType, since: Option<&str>) -> Vec<Value> {
    let since = since.map(|since| since.parse().unwrap());
    let pull = Pull { data_type, page_size: 100, resume: None, since };
    let mut pages = connector.pull(pull).await.unwrap();
    let mapping = default_mapping(Provider::ErpNext, ConnectionMethod::Api, data_type);
    let mut mapper = Mapper::new(data_type, &mapping, &[]);
    let mut records = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        for item in &page.items {
            let Item::Record(range) = item else { panic!("{item:?}") };
            let mut out = Vec::new();
            mapper.map(&Opened::parse(&page.body[range.clone()]).unwrap(), &mut out).unwrap();
            records.push(serde_json::from_slice(&out).unwrap());
        }
    }
    assert_eq!(pages.complete(), since.is_none());
    records
}

/// What a data type's records are in our form, pulled from a site with these lists.
async fn pulled(data_type: DataType, lists: &[(&str, Value)]) -> Vec<Value> {
    let erp = Server::start(Site::with(lists)).await;
    pulled_by(&*connector(&erp), data_type, None).await
}

#[tokio::test]
async fn a_connection_test_tells_who_we_are_and_the_zone_of_their_times() {
    let erp = Server::start(Site::with(&[("Company", json!([{"name": "WeCelebrate"}]))])).await;
    let report = connector_with(&erp, ErpNextSettings::default(), Some("WeCelebrate")).test().await.unwrap();
    assert_eq!(
        report.message,
        "ERPNext let us in as causeway@example.com; its times are those of Asia/Kolkata"
    );
    let other = connector_with(&erp, ErpNextSettings::default(), Some("Fabrikam"));
    let sentence = other.test().await.unwrap_err().to_string();
    assert_eq!(sentence, "the connection's company Fabrikam is none that the user may see there");
}

#[tokio::test]
async fn a_field_that_is_not_there_is_found_by_the_connection_test() {
    let orders = json!([{"name": "SO-1", "po_no": "WEB-1"}]);
    let erp = Server::start(Site::with(&[("Sales Order", orders)])).await;
    let odd = ErpNextSettings { reference_field: "custom_ref".to_owned(), ..ErpNextSettings::default() };
    let error = connector_with(&erp, odd, None).test().await.unwrap_err();
    assert!(
        matches!(&error, ErpError::Misconfigured(why) if why.contains("settings.erpNext.referenceField names no field")
            && why.contains("Field not permitted in query: custom_ref (DataError)")),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_bearer_token_is_another_way_to_sign_in() {
    let erp = Server::start(Site::default()).await;
    let connector = |token: &str| {
        let credentials = Credentials {
            api_url: Some(erp.origin.clone()),
            oauth_token: Some(token.to_owned().into()),
            ..Credentials::default()
        };
        ErpNext::new(&settings(ErpNextSettings::default()), credentials, &transport()).unwrap()
    };
    connector("t0ken").test().await.unwrap();
    let error = connector("another").test().await.unwrap_err();
    assert!(matches!(&error, ErpError::Unauthorized(why) if why.contains("oauthToken")), "{error:?}");
}
