//! Deleting a connection, and what hangs on it.

use serde_json::json;

use crate::harness::Causeway;

/// Makes a connection with a sync config; returns the paths of both.
async fn connect(causeway: &Causeway) -> (String, String) {
    let id = causeway.connect_http("https://erp.example.com").await;
    let config = json!({"erpConnectionId": id, "dataType": "products"});
    let config = causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let config = format!("/erp/sync-configs/{}", config["id"].as_str().unwrap());
    (format!("/erp/connections/{id}"), config)
}

#[tokio::test]
async fn what_was_deleted_is_gone_with_its_sync_configs() {
    let causeway = Causeway::start().await;
    let (connection, config) = connect(&causeway).await;
    let (other, others_config) = connect(&causeway).await;
    let answer = causeway.client().delete(&connection).await;
    assert!(answer.body.is_null(), "204 has no body");
    answer.expect(204);
    for path in
        [&connection, &config, &format!("{connection}/sync-configs"), &format!("{connection}/statistics")]
    {
        causeway.client().get(path).await.expect(404);
    }
    causeway.client().delete(&connection).await.expect(404);
    causeway.client().patch(&connection, json!({"name": "x"})).await.expect(404);
    causeway.client().get(&other).await.expect(200);
    causeway.client().get(&others_config).await.expect(200);
    assert_eq!(causeway.list("/erp/connections").await.len(), 1);
}

#[tokio::test]
async fn a_connection_in_use_is_kept_and_its_users_are_named() {
    let causeway = Causeway::start().await;
    let (connection, config) = connect(&causeway).await;
    let [client, site] = assign(&causeway, &connection).await;
    let answer = causeway.client().delete(&connection).await;
    let mut users = answer.fields();
    users.sort_unstable();
    assert_eq!(users, [client.as_str(), site.as_str()]);
    assert!(answer.body["error"].as_str().unwrap().contains("?force=true"), "{}", answer.body);
    answer.expect(409);
    causeway.client().delete(&format!("{connection}?force=false")).await.expect(409);
    causeway.client().get(&connection).await.expect(200);
    causeway.client().get(&config).await.expect(200);

    for assignment in [client, site] {
        causeway.client().delete(&assignment).await.expect(204);
    }
    causeway.client().delete(&connection).await.expect(204);
}

#[tokio::test]
async fn force_deletes_the_assignments_too() {
    let causeway = Causeway::start().await;
    let (connection, config) = connect(&causeway).await;
    let [client, site] = assign(&causeway, &connection).await;
    causeway.client().delete(&format!("{connection}?force=true")).await.expect(204);
    causeway.client().get(&connection).await.expect(404);
    causeway.client().get(&config).await.expect(404);
    for assignment in [client, site] {
        let (list, _) = assignment.rsplit_once('/').unwrap();
        assert!(causeway.list(list).await.is_empty(), "{assignment} is gone");
    }
    let path = "/sites/berlin/effective-erp?clientId=acme";
    assert_eq!(causeway.client().get(path).await.expect(200)["source"], "none");
}

/// Assigns the connection to a client and to a site; returns the paths of both assignments.
async fn assign(causeway: &Causeway, connection: &str) -> [String; 2] {
    let id = connection.rsplit('/').next().unwrap();
    let client = json!({"erpConnectionId": id, "isDefault": true});
    let client = causeway.client().post("/clients/acme/erp-assignments", client).await;
    let site = json!({"erpConnectionId": id, "clientId": "acme", "overridesClient": true});
    let site = causeway.client().post("/sites/berlin/erp-assignments", site).await;
    [client, site].map(|answer| {
        let path = answer.header("location").to_owned();
        answer.expect(201);
        path
    })
}
