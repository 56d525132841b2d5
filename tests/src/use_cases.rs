//! The first two use cases of the known contract, from the first connection to what each site really uses. The third,
//! nightly files, is in `legacy_batch`.

use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

/// Makes a connection to a server that lets it in, tests it, and returns its id.
async fn connect(causeway: &Causeway, name: &str, provider: &str) -> String {
    let url = Erp::demanding("Bearer key", "welcome").await;
    let made = causeway.client().post(
        "/erp/connections/enhanced",
        json!({
            "name": name, "provider": provider, "connectionMethod": "api",
            "credentials": {"apiUrl": url, "apiKey": "key"},
        }),
    );
    let id = made.await.expect(201)["id"].as_str().unwrap().to_owned();
    let tested = causeway.client().post(&format!("/erp/connections/{id}/test-enhanced"), json!({})).await;
    assert_eq!(tested.expect(200)["success"], true);
    id
}

/// Schedules a sync, and returns its config.
async fn schedule(
    causeway: &Causeway,
    connection: &str,
    data_type: &str,
    direction: &str,
    line: &str,
) -> Value {
    let config = json!({
        "erpConnectionId": connection, "dataType": data_type, "direction": direction, "schedule": line,
        "enabled": true,
    });
    let config = causeway.client().post("/erp/sync-configs", config).await.expect(201);
    assert!(config["nextSyncAt"].is_string(), "{config}");
    config
}

async fn assign_to_client(causeway: &Causeway, client: &str, connection: &str, catalog: &str) -> Value {
    let body = json!({
        "erpConnectionId": connection, "catalogId": catalog, "isDefault": true,
        "settings": {"syncOrders": true, "syncProducts": true, "syncInventory": true, "syncEmployees": false,
            "syncInvoices": false},
    });
    causeway.client().post(&format!("/clients/{client}/erp-assignments"), body).await.expect(201)
}

/// What a site really uses: the connection's id, whose assignment that is, and the assignment.
async fn effective(causeway: &Causeway, site: &str, client: &str) -> (String, String, Value) {
    let path = format!("/sites/{site}/effective-erp?clientId={client}");
    let effective = causeway.client().get(&path).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&effective["connection"]["id"]), text(&effective["source"]), effective["assignment"].clone())
}

#[tokio::test]
async fn five_sites_inherit_the_one_erp_of_their_client() {
    let causeway = Causeway::start().await;
    let sap = connect(&causeway, "SAP Production", "Custom").await;
    let assignment = assign_to_client(&causeway, "acme", &sap, "cat_001").await;
    for site in ["acme_1", "acme_2", "acme_3", "acme_4", "acme_5"] {
        assert!(causeway.list(&format!("/sites/{site}/erp-assignments")).await.is_empty());
        let expected = (sap.clone(), "client".to_owned(), assignment.clone());
        assert_eq!(effective(&causeway, site, "acme").await, expected);
    }
    let products = schedule(&causeway, &sap, "products", "pull", "0 6 * * *").await;
    let orders = schedule(&causeway, &sap, "orders", "bidirectional", "*/15 * * * *").await;
    assert_eq!(orders["direction"], "bidirectional");
    let configs = causeway.list(&format!("/erp/connections/{sap}/sync-configs")).await;
    assert_eq!(configs, [products, orders]);
}

#[tokio::test]
async fn four_of_ten_sites_override_the_erp_of_their_client() {
    let causeway = Causeway::start().await;
    let oracle = connect(&causeway, "Oracle US", "Custom").await;
    let netsuite = connect(&causeway, "NetSuite EU", "Custom").await;
    let default = assign_to_client(&causeway, "global-retail", &oracle, "cat_us").await;
    for n in 1..=4 {
        let body = json!({
            "clientId": "global-retail", "erpConnectionId": netsuite, "catalogId": "cat_eu", "overridesClient": true,
            "settings": {"syncOrders": true, "syncProducts": true, "syncInventory": true, "syncEmployees": false,
                "syncInvoices": false},
        });
        let path = format!("/sites/eu_{n}/erp-assignments");
        let own = causeway.client().post(&path, body).await.expect(201);
        assert_eq!(own["catalogId"], "cat_eu");
        let expected = (netsuite.clone(), "site".to_owned(), own);
        assert_eq!(effective(&causeway, &format!("eu_{n}"), "global-retail").await, expected);
    }
    for n in 1..=6 {
        let (connection, source, assignment) =
            effective(&causeway, &format!("us_{n}"), "global-retail").await;
        assert_eq!((connection, source), (oracle.clone(), "client".to_owned()));
        assert_eq!(assignment, default);
        assert_eq!(assignment["catalogId"], "cat_us");
    }
    let us = schedule(&causeway, &oracle, "products", "pull", "0 6 * * *").await;
    let eu = schedule(&causeway, &netsuite, "products", "pull", "0 1 * * *").await;
    assert_ne!(us["nextSyncAt"], eu["nextSyncAt"], "each region has its own schedule");
}
