//! What a run came to: a run that lost something is told from a clean one wherever somebody looks.

use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

fn products(good: u32, bad: u32) -> Vec<Value> {
    let good = (0..good).map(|n| json!({"sku": format!("P{n}"), "name": "good"}));
    good.chain((0..bad).map(|n| json!({"name": format!("number {n} was lost")}))).collect()
}

async fn statistics(causeway: &Causeway, connection: &str) -> Value {
    causeway.client().get(&format!("/erp/connections/{connection}/statistics")).await.expect(200)
}

async fn health(causeway: &Causeway, connection: &str) -> Value {
    causeway.client().get(&format!("/erp/connections/{connection}/health")).await.expect(200)
}

#[tokio::test]
async fn each_outcome_shows_in_run_config_statistics_and_health() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    let config = json!({"erpConnectionId": connection, "dataType": "products"});
    let config = causeway.client().post("/erp/sync-configs", config).await.expect(201);
    let config = format!("/erp/sync-configs/{}", config["id"].as_str().unwrap());

    for (records, status, outcome) in [
        (products(0, 0), "success", "empty"),
        (products(5, 0), "success", "clean"),
        (products(5, 2), "success", "partial"),
        (products(0, 3), "error", "failed"),
    ] {
        erp.set("products", records);
        let run = causeway.sync(&connection, "products").await;
        assert_eq!((&run["status"], &run["outcome"]), (&json!(status), &json!(outcome)), "{run}");
        let shown = causeway.client().get(&config).await.expect(200);
        assert_eq!((&shown["status"], &shown["lastOutcome"]), (&json!(status), &json!(outcome)), "{shown}");
        let health = health(&causeway, &connection).await;
        assert_eq!(health["lastOutcome"], json!(outcome), "{health}");
        assert_eq!(health["history"][0]["outcome"], json!(outcome), "{health}");
        assert_eq!(health["consecutiveFailures"], json!(0), "the connection works: {health}");
    }
    let counted = statistics(&causeway, &connection).await;
    let told =
        ["totalSyncs", "successfulSyncs", "partialSyncs", "emptySyncs", "failedSyncs", "totalRecordsFailed"];
    assert_eq!(told.map(|name| &counted[name]), [4, 3, 1, 1, 1, 5].map(|n| json!(n)).each_ref());
}

#[tokio::test]
async fn a_run_that_set_all_aside_is_an_error_that_says_so_and_deletes_nothing() {
    let (causeway, erp) = (Causeway::start().await, Erp::start().await);
    let connection = causeway.connect_http(erp.url()).await;
    erp.set("products", products(4, 0));
    causeway.sync(&connection, "products").await;
    erp.set("products", products(0, 3));
    let run = causeway.sync(&connection, "products").await;
    assert!(run["error"].as_str().unwrap().contains("all 3 records were set aside"), "{run}");
    assert_eq!(run["flags"], json!(["schema_drift", "records_set_aside"]), "{run}");
    let records = causeway.list(&format!("/erp/records/products?erpConnectionId={connection}")).await;
    assert_eq!(records.iter().filter(|record| record["deleted"] == false).count(), 4);
    let errors = causeway.list(&format!("/erp/sync-logs/{}/errors", run["id"].as_str().unwrap())).await;
    assert_eq!(errors.len(), 3);
}
