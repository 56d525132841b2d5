//! Times a sync, from the trigger to the closed run.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use reqwest::Method;
use serde_json::json;

use crate::causeway::Causeway;

/// What a sync took.
pub(crate) struct Measured {
    pub(crate) what: &'static str,
    pub(crate) products: usize,
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) peak_mb: f64,
}

/// Syncs the catalogue once and measures the process meanwhile.
pub(crate) async fn measure(
    causeway: &Causeway,
    connection: &str,
    products: usize,
    what: &'static str,
) -> Result<Measured> {
    let cpu_before = causeway.process.cpu_seconds()?;
    let begun = Instant::now();
    let path = format!("/erp/connections/{connection}/sync");
    let run = causeway.call(Method::POST, &path, Some(json!({ "dataType": "products" }))).await?;
    let path = format!("/erp/sync-logs/{}", run["id"].as_str().unwrap_or_default());
    let log = loop {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let log = causeway.call(Method::GET, &path, None).await?;
        if log["status"] != "syncing" {
            break log;
        }
    };
    let seconds = begun.elapsed().as_secs_f64();
    ensure!(log["status"] == "success", "the sync failed: {log}");
    ensure!(log["recordsProcessed"] == products, "not every product was read: {log}");
    let cpu_seconds = causeway.process.cpu_seconds()? - cpu_before;
    Ok(Measured { what, products, seconds, cpu_seconds, peak_mb: causeway.process.peak_mb()? })
}
