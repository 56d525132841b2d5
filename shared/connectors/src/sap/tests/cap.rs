//! Against a real OData server that is none of ours: SAP CAP, which `tests/fixtures/cap/run` starts. Skipped unless
//! `CAUSEWAY_CAP_URL` says where it is.

use domain::DataType;
use domain::change::Operation;
use domain::connection::{ConnectionSettings, Credentials};
use domain::mapping::FieldMapping;
use serde_json::{Value, json};

use super::erp::S4;
use super::{order, pulled};
use crate::conformance::{Unkept, send, transport};
use crate::sap::Sap;
use crate::{Connector as _, Lookup};

/// The connector to it in a version, if there is one.
fn cap(version: &str) -> Option<Sap> {
    let url = std::env::var("CAUSEWAY_CAP_URL").ok()?;
    let at = |service: &str| json!({"path": format!("/odata/{version}/{service}"), "odata": version});
    let sap = serde_json::from_value(json!({
        "services": {"products": at("product"), "orders": at("orders")},
        "order": {"salesOrganization": "1710", "distributionChannel": "10", "organizationDivision": "00"},
    }))
    .unwrap();
    let settings = ConnectionSettings { sap, ..ConnectionSettings::default() };
    let credentials = Credentials {
        api_url: Some(url),
        username: Some("alice".to_owned()),
        password: Some("alice".to_owned().into()),
        ..Credentials::default()
    };
    Some(Sap::new(&settings, credentials, &transport(), std::sync::Arc::new(Unkept)).unwrap())
}

/// Products page by page, and an order that is made, found, changed and deleted.
async fn goes_all_the_way(version: &str) -> Vec<Value> {
    let Some(cap) = cap(version) else { return Vec::new() };
    cap.test().await.unwrap();
    let products = pulled(&cap, DataType::Products, 100).await;
    assert_eq!(products.len(), 9, "four at a time: {products:?}");
    assert_eq!((&products[1]["sku"], &products[1]["name"]), (&json!("TG11"), &json!("Trading Good 11")));
    let since = Some("2026-11-20T15:30:00Z".parse().unwrap());
    let pull = crate::Pull { data_type: DataType::Products, page_size: 100, resume: None, since };
    let changed = cap.pull(pull).await.unwrap().next().await.unwrap().unwrap();
    assert_eq!(changed.items.len(), 3);
    // Another each time, for the server may have seen this test before.
    let reference = format!("WEB-{version}-{}", jiff::Timestamp::now().as_microsecond());
    let mut order = order();
    order["reference"] = reference.as_str().into();
    let made = send::<S4<false>>(&cap, Operation::Create, "WEB-1", &order).await.unwrap().erp_key.unwrap();
    let lookup = Lookup { data_type: DataType::Orders, reference: &reference, mapping: &FieldMapping::new() };
    assert_eq!(cap.find(&lookup).await.unwrap().unwrap().erp_key.as_ref(), Some(&made));
    send::<S4<false>>(&cap, Operation::Update, &made, &order).await.unwrap();
    let orders = pulled(&cap, DataType::Orders, 100).await;
    let line = json!([{"lineNumber": "10", "sku": "TG11", "quantity": 2.5, "unit": "PC"}]);
    let ours = orders.iter().find(|order| order["reference"] == *reference).unwrap();
    assert_eq!(ours["lines"], line);
    send::<S4<false>>(&cap, Operation::Delete, &made, &order).await.unwrap();
    assert_eq!(cap.find(&lookup).await.unwrap(), None);
    products
}

#[tokio::test]
async fn a_real_server_is_understood_in_both_versions() {
    let v2 = goes_all_the_way("v2").await;
    assert_eq!(v2, goes_all_the_way("v4").await);
}
