//! `make bench`: measures the release build as a user runs it, beside its peers, and prints tables.
//!
//! Each is a process of its own, so that each is measured for itself: the bench, Causeway with a fresh data directory on
//! disk, an ERP that serves pages rendered beforehand, and the peers one after the other. Only for the cost is Causeway
//! a part of the bench, which counts what its requests consume.

mod api;
mod causeway;
mod clients;
mod cost;
mod erp;
mod lambda;
mod measured;
mod peers;
mod process;
mod report;

use std::collections::HashSet;

use anyhow::{Context, Result, ensure};

use crate::measured::Measured;

/// Products in the catalogue, unless `BENCH_PRODUCTS` says otherwise.
const PRODUCTS: usize = 200_000;

/// Products of which the cost is told, unless `BENCH_COST_PRODUCTS` says otherwise.
const COST_PRODUCTS: usize = 1_000_000;

/// How often each sync is measured, unless `BENCH_ROUNDS` says otherwise; the best round is told.
const ROUNDS: usize = 3;

/// How much larger the large catalogue is, which shows that memory does not grow with it.
const LARGE: usize = 10;

/// What can be measured; all of it, unless arguments name some.
const PARTS: [&str; 4] = ["speed", "memory", "api", "cost"];

/// What is measured alone, by `make bench-lambda`: the functions must have been built for it.
const LAMBDA: &str = "lambda";

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, products] = arguments.as_slice()
        && command == erp::COMMAND
    {
        return erp::serve(products.parse()?).await;
    }
    if arguments.as_slice() == [LAMBDA] {
        report::machine();
        report::functions(&lambda::measure().await?);
        return Ok(());
    }
    let parts: HashSet<&str> = arguments.iter().map(String::as_str).collect();
    let unknown = parts.iter().find(|part| !PARTS.contains(part));
    ensure!(unknown.is_none(), "the parts of the bench are {}", PARTS.join(", "));
    let wanted = |part: &str| parts.is_empty() || parts.contains(part);

    let products = number("BENCH_PRODUCTS", PRODUCTS)?;
    report::machine();
    if wanted("speed") {
        speed(products, number("BENCH_ROUNDS", ROUNDS)?).await?;
    }
    if wanted("memory") {
        memory(products).await?;
    }
    if wanted("api") {
        report::latencies(&clients::measure(&erp::start(products).await?).await?);
    }
    if wanted("cost") {
        report::costs(&cost::measure(number("BENCH_COST_PRODUCTS", COST_PRODUCTS)?).await?);
    }
    Ok(())
}

async fn speed(products: usize, rounds: usize) -> Result<()> {
    let erp = erp::start(products).await?;
    report::erp(erp.records_per_second().await?);
    let mut best = causeway::measure(&erp).await?;
    for _ in 1..rounds {
        let round = causeway::measure(&erp).await?;
        let [first, again] = best;
        let [round_first, round_again] = round;
        best = [first.best(round_first), again.best(round_again)];
    }
    let mut rows = Vec::from(best);
    rows.extend(peers::measure(&erp, rounds));
    report::syncs(&rows);
    Ok(())
}

async fn memory(products: usize) -> Result<()> {
    let mut rows: Vec<Measured> = Vec::new();
    for products in [products / LARGE, products, products * LARGE] {
        rows.extend(causeway::measure(&erp::start(products).await?).await?);
    }
    report::syncs(&rows);
    Ok(())
}

pub(crate) fn number(name: &str, default: usize) -> Result<usize> {
    let set = std::env::var(name).ok();
    set.map_or(Ok(default), |set| set.parse().with_context(|| format!("{name} must be a number")))
}
