//! What syncs cost in the cloud, from the capacity that DynamoDB says it consumed and the requests made to SQS.
//!
//! The embedded DynamoDB reports what AWS would, indexes included. Asking now and then whether the run has ended is in
//! the figures; polling an empty queue, which a Lambda's event source does whatever is synced, is not.

mod meter;

use std::time::Duration;

use anyhow::Result;
use local::{LocalProcess, LogFilter, LogFormat, RateLimits, Settings, Storage};

use crate::api::{Api, EMAIL, PASSWORD};
use crate::erp::{self, Change};
use meter::Meter;
pub(crate) use meter::Units;

/// What one sync consumed.
pub(crate) struct Cost {
    pub(crate) what: &'static str,
    pub(crate) products: usize,
    pub(crate) units: Units,
    /// What it would consume with one item per record: each read to compare it, each changed one written.
    pub(crate) baseline: Units,
}

/// Syncs a catalogue of `products` and measures each sync.
pub(crate) async fn measure(products: usize) -> Result<Vec<Cost>> {
    let erp = erp::start(products).await?;
    let meter = Meter::default();
    let data_dir = tempfile::tempdir()?;
    let process = LocalProcess::start_watched(settings(data_dir.path())?, meter.clone()).await?;
    let api = Api::sign_in(format!("http://{}", process.address())).await?;
    let connection = api.connect(&erp.address).await?;

    let syncs = [
        ("first load", None, products),
        ("unchanged", None, 0),
        ("1% changed, scattered", Some(Change::Scattered), products / 100),
        ("1% changed, at the end", Some(Change::AtTheEnd), products / 100),
        ("all changed", Some(Change::All), products),
    ];
    let mut costs = Vec::with_capacity(syncs.len());
    for (what, change, changed) in syncs {
        if let Some(change) = change {
            erp.change(change).await?;
        }
        meter.reset();
        api.sync(&connection, products).await?;
        let known = if costs.is_empty() { 0 } else { products };
        costs.push(Cost {
            what,
            products,
            units: meter.read(),
            baseline: one_item_per_record(known, changed),
        });
    }
    process.stop().await;
    Ok(costs)
}

/// A product of 300 bytes is one unit to write, and half a unit to read, by the hundred and eventually consistent.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn one_item_per_record(known: usize, changed: usize) -> Units {
    Units { write: changed as f64, read: known as f64 / 2.0, sqs: 0.0 }
}

pub(crate) fn settings(data_dir: &std::path::Path) -> Result<Settings> {
    Ok(Settings {
        port: 0,
        data_dir: data_dir.to_owned(),
        storage: Storage::Memory,
        base_path: "".parse()?,
        admin_email: EMAIL.to_owned(),
        admin_password: Some(PASSWORD.into()),
        egress: "127.0.0.0/8".parse()?,
        cors_origins: "".parse()?,
        trusted_issuers: "".parse()?,
        rate_limits: RateLimits::default(),
        log: LogFilter::default(),
        log_format: LogFormat::Text,
        tick: Duration::from_secs(60),
    })
}
