//! A pull in parts that are read side by side, closed once.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::routing::get;
use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

const PRODUCTS: usize = 1_000;

/// An ERP that takes its time over each page, and remembers how many it was asked for at once.
#[derive(Default)]
struct Slow {
    asked: AtomicUsize,
    most: AtomicUsize,
    missing: AtomicUsize,
    broken_page: AtomicUsize,
}

/// Every so many products of the ERP with errors, one has a price that is none.
const BROKEN: usize = 97;

async fn page(
    State(slow): State<Arc<Slow>>,
    Query(query): Query<HashMap<String, usize>>,
) -> Result<axum::Json<Value>, StatusCode> {
    let now = slow.asked.fetch_add(1, Ordering::SeqCst) + 1;
    slow.most.fetch_max(now, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(30)).await;
    slow.asked.fetch_sub(1, Ordering::SeqCst);
    let (page, limit) = (query.get("page").copied().unwrap_or(1), query["limit"]);
    if page == slow.broken_page.load(Ordering::SeqCst) {
        return Err(StatusCode::IM_A_TEAPOT);
    }
    let missing = slow.missing.load(Ordering::SeqCst);
    let all = (0..PRODUCTS).filter(|n| missing == 0 || n % missing != 1);
    let data: Vec<_> = all
        .clone()
        .skip((page - 1) * limit)
        .take(limit)
        .map(|n| json!({"sku": format!("P{n:04}")}))
        .collect();
    Ok(axum::Json(json!({"data": data, "total": all.count()})))
}

#[tokio::test]
async fn what_parts_set_aside_is_listed_with_their_run() {
    let answer = async |Query(query): Query<HashMap<String, usize>>| {
        let (page, limit) = (query.get("page").copied().unwrap_or(1), query["limit"]);
        let product = |n: usize| match n % BROKEN {
            0 => json!({"sku": format!("P{n:04}"), "price": "1,250"}),
            _ => json!({"sku": format!("P{n:04}")}),
        };
        let data: Vec<_> = (0..PRODUCTS).skip((page - 1) * limit).take(limit).map(product).collect();
        axum::Json(json!({"data": data, "total": PRODUCTS}))
    };
    let causeway = Causeway::start().await;
    let made = causeway.connect(json!({
        "name": "An ERP with errors", "provider": "custom", "connectionMethod": "api",
        "credentials": {"apiUrl": Erp::serving(Router::new().fallback(get(answer))).await},
        "settings": {"batchSize": 20, "parallelParts": 3},
    }));
    let connection = made.await["id"].as_str().unwrap().to_owned();
    let run = causeway.sync(&connection, "products").await;
    assert_eq!(run["counts"]["failed"], json!(PRODUCTS.div_ceil(BROKEN)), "{run}");
    let errors =
        causeway.list(&format!("/erp/sync-logs/{}/errors?limit=2", run["id"].as_str().unwrap())).await;
    let keys: Vec<_> = errors.iter().map(|error| error["key"].as_str().unwrap().to_owned()).collect();
    let broken: Vec<_> = (0..PRODUCTS).step_by(BROKEN).map(|n| format!("P{n:04}")).collect();
    assert_eq!(keys, broken);
}

async fn connect(causeway: &Causeway, slow: &Arc<Slow>, parts: u32) -> String {
    let routes = Router::new().fallback(get(page)).with_state(Arc::clone(slow));
    let made = causeway.connect(json!({
        "name": "A slow ERP", "provider": "custom", "connectionMethod": "api",
        "credentials": {"apiUrl": Erp::serving(routes).await},
        "settings": {"batchSize": 20, "parallelParts": parts, "retryAttempts": 0},
    }));
    made.await["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn parts_are_read_side_by_side_and_closed_once() {
    let (causeway, slow) = (Causeway::start().await, Arc::new(Slow::default()));
    let connection = connect(&causeway, &slow, 4).await;
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["status"], &run["counts"]["created"]), (&json!("success"), &json!(PRODUCTS)), "{run}");
    assert_eq!((&run["recordsProcessed"], &run["flags"]), (&json!(PRODUCTS), &json!([])));
    let most = slow.most.load(Ordering::SeqCst);
    assert!((2..=4).contains(&most), "{most} pages at once");
    let records =
        causeway.list(&format!("/erp/records/products?erpConnectionId={connection}&limit=1000")).await;
    assert_eq!(records.len(), PRODUCTS);

    slow.missing.store(10, Ordering::SeqCst);
    let run = causeway.sync(&connection, "products").await;
    let counts = &run["counts"];
    assert_eq!((&counts["unchanged"], &counts["deleted"]), (&json!(900), &json!(100)), "{run}");
    let logs = causeway.list("/erp/sync-logs").await;
    assert_eq!(logs.len(), 2, "parts are no runs of their own to those who look");
    let path = format!("/erp/connections/{connection}/statistics");
    assert_eq!(causeway.client().get(&path).await.expect(200)["totalSyncs"], 2);
}

#[tokio::test]
async fn a_part_that_fails_fails_the_run_and_deletes_nothing() {
    let (causeway, slow) = (Causeway::start().await, Arc::new(Slow::default()));
    let connection = connect(&causeway, &slow, 4).await;
    causeway.sync(&connection, "products").await;
    slow.missing.store(10, Ordering::SeqCst);
    slow.broken_page.store(30, Ordering::SeqCst);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["status"], &run["counts"]["deleted"]), (&json!("error"), &json!(0)));
    assert!(run["error"].as_str().unwrap().contains("418"), "{run}");
    slow.broken_page.store(0, Ordering::SeqCst);
    let run = causeway.sync(&connection, "products").await;
    assert_eq!((&run["status"], &run["counts"]["deleted"]), (&json!("success"), &json!(100)), "{run}");
}

#[tokio::test]
async fn cancelling_ends_every_part() {
    let (causeway, slow) = (Causeway::start().await, Arc::new(Slow::default()));
    let connection = connect(&causeway, &slow, 4).await;
    let path = format!("/erp/connections/{connection}/sync");
    let run = causeway.client().post(&path, json!({"dataType": "products"})).await.expect(202);
    let id = run["id"].as_str().unwrap();
    while slow.most.load(Ordering::SeqCst) < 2 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    causeway.client().post(&format!("/erp/sync-logs/{id}/cancel"), json!({})).await.expect(202);
    let ended = causeway.finished(id).await;
    assert_eq!(ended["status"], "cancelled", "{ended}");
    let stored =
        causeway.list(&format!("/erp/records/products?erpConnectionId={connection}&limit=1000")).await;
    assert_eq!(ended["counts"]["created"], json!(stored.len()), "what is stored is counted");
}
