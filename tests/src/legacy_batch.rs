//! Use case 3: a legacy system that drops files at night. Pulled at 2 AM, products and stock only, no orders.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use sshd::Sshd;

use crate::harness::{Causeway, northwind};

#[tokio::test]
async fn files_dropped_at_night_are_pulled_at_two_in_the_morning() {
    let (causeway, server) = (Causeway::start().await, Sshd::start().unwrap());
    let key = server.authorize_key(sshd::KeyKind::Ed25519, "").unwrap();
    let connection = causeway.connect(json!({
        "name": "Legacy files", "provider": "Custom", "connectionMethod": "sftp",
        "credentials": {
            "sftpHost": "127.0.0.1", "sftpPort": server.port(), "sftpUsername": sshd::USER, "sftpPrivateKey": key,
        },
        "settings": {"enabledDataTypes": ["products", "inventory"]},
    }));
    let connection = connection.await["id"].as_str().unwrap().to_owned();
    let test =
        causeway.client().post(&format!("/erp/connections/{connection}/test"), json!({})).await.expect(200);
    assert_eq!(test["success"], true, "{test}");

    for (data_type, mapping, _) in northwind::syncs().into_iter().take(2) {
        let config = json!({
            "erpConnectionId": connection, "dataType": data_type, "direction": "pull",
            "schedule": "0 2 * * *", "fieldMapping": mapping,
        });
        let made = causeway.client().post("/erp/sync-configs", config).await.expect(201);
        let next: Timestamp = made["nextSyncAt"].as_str().unwrap().parse().unwrap();
        assert!(made["nextSyncAt"].as_str().unwrap().contains("T02:00:00"), "{made}");
        assert!(next > Timestamp::now() && next < Timestamp::now() + SignedDuration::from_hours(24));
    }
    let path = format!("/erp/connections/{connection}/sync");
    causeway.client().post(&path, json!({"dataType": "orders"})).await.expect(422);

    std::fs::copy(northwind::file("products.csv"), server.home().join("products_20261120.csv")).unwrap();
    std::fs::copy(northwind::file("products.csv"), server.home().join("inventory_20261120.csv")).unwrap();
    let night = Timestamp::now() + SignedDuration::from_hours(24);
    let tick = sync::tick(causeway.engine(), night).await.unwrap();
    assert_eq!(tick.started, 2);
    assert_eq!(sync::tick(causeway.engine(), night).await.unwrap().started, 0, "each slot runs once");

    let logs = causeway.list(&format!("/erp/sync-logs?erpConnectionId={connection}")).await;
    assert_eq!(logs.len(), 2);
    for log in logs {
        let run = causeway.finished(log["id"].as_str().unwrap()).await;
        assert_eq!((&run["status"], &run["counts"]["created"]), (&json!("success"), &json!(77)), "{run}");
        assert_eq!((&run["trigger"], &run["triggeredBy"]), (&json!("schedule"), &json!("scheduler")));
    }
    tokio::time::timeout(Duration::from_secs(5), async {
        let archived = server.home().join("archive");
        while !archived.exists() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await
    .expect("the files are archived");
}
