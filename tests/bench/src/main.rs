//! `make bench`: measures the release build as a user runs it, and prints a table.
//!
//! Three processes, so that each is measured for itself: the bench, Causeway with a fresh data directory on disk, and
//! an ERP that serves pages rendered beforehand.

mod causeway;
mod clients;
mod erp;
mod process;
mod report;
mod syncs;

use anyhow::{Context, Result};

/// Products in the catalogue, unless `BENCH_PRODUCTS` says otherwise.
const PRODUCTS: usize = 200_000;

#[tokio::main]
async fn main() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() == Some(erp::COMMAND) {
        let products = arguments.next().context("how many products?")?.parse()?;
        return erp::serve(products).await;
    }
    let products = std::env::var("BENCH_PRODUCTS").ok().map(|n| n.parse()).transpose()?.unwrap_or(PRODUCTS);
    report::machine();
    let mut rows = Vec::new();
    for products in [products / 10, products] {
        let erp = erp::start(products).await?;
        let causeway = causeway::Causeway::start().await?;
        let connection = causeway.connect(&erp.address).await?;
        rows.push(syncs::measure(&causeway, &connection, products, "first load").await?);
        rows.push(syncs::measure(&causeway, &connection, products, "unchanged").await?);
    }
    report::syncs(&rows);

    let causeway = causeway::Causeway::start().await?;
    let connection = causeway.connect("http://127.0.0.1:9").await?;
    report::latencies(&clients::measure(&causeway, &connection).await?);
    Ok(())
}
