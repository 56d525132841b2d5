//! One client's million records do not delay another's ten.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Query;
use axum::routing::get;
use serde_json::json;

use crate::harness::{Causeway, Erp};

/// More long runs than there are workers.
const LONG_RUNS: usize = 12;

#[tokio::test]
async fn a_short_sync_passes_long_ones_that_hold_every_worker() {
    let causeway = Causeway::start().await;
    let endless = async |Query(query): Query<HashMap<String, usize>>| {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let page = query.get("page").copied().unwrap_or(1);
        let data: Vec<_> = (0..10).map(|n| json!({"sku": format!("P{page}-{n}")})).collect();
        axum::Json(json!({"data": data, "page": page, "total": 1_000_000}))
    };
    let url = Erp::serving(Router::new().fallback(get(endless))).await;
    let mut long = Vec::new();
    for _ in 0..LONG_RUNS {
        let connection = causeway.connect_http(&url).await;
        let path = format!("/erp/connections/{connection}/sync");
        let run = causeway.client().post(&path, json!({"dataType": "products"})).await.expect(202);
        long.push(run["id"].as_str().unwrap().to_owned());
    }
    tokio::time::sleep(Duration::from_secs(1)).await;
    let erp = Erp::start().await;
    erp.set("products", (0..10).map(|n| json!({"sku": format!("P{n}")})).collect());
    let connection = causeway.connect_http(erp.url()).await;
    let begun = Instant::now();
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(run["counts"]["created"], 10);
    let waited = begun.elapsed();
    assert!(waited < Duration::from_secs(15), "ten records took {waited:?}");
    for id in long {
        let log = causeway.client().get(&format!("/erp/sync-logs/{id}")).await.expect(200);
        assert_eq!(log["status"], "syncing", "the long ones go on");
        causeway.client().post(&format!("/erp/sync-logs/{id}/cancel"), json!({})).await.expect(202);
    }
}
