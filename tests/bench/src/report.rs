//! Prints what was measured, as Markdown tables.
#![expect(clippy::print_stdout, reason = "this is what the bench is for")]

use std::time::Duration;

use crate::clients::Latency;
use crate::cost::{Cost, Units};
use crate::lambda::Started;
use crate::measured::Measured;

/// What machine the figures are from.
pub(crate) fn machine() {
    let cpu_info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu_info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let model = model.trim_start_matches([' ', '\t', ':']).trim();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default();
    println!("Machine: {cores} cores, {model}, all processes on it; load before: {load}\n");
}

/// What bounds every figure below it.
pub(crate) fn erp(records_per_second: f64) {
    println!(
        "The ERP alone serves {records_per_second:.0} records/s to a client that does not look at them.\n"
    );
}

/// The table of syncs.
pub(crate) fn syncs(rows: &[Measured]) {
    println!("| what | products | records/s | seconds | CPU seconds | peak memory |");
    println!("|---|---:|---:|---:|---:|---:|");
    for row in rows {
        let Measured { what, products, seconds, cpu_seconds, peak_mb } = row;
        let rate = row.rate();
        println!("| {what} | {products} | {rate:.0} | {seconds:.2} | {cpu_seconds:.2} | {peak_mb:.0} MB |");
    }
    println!();
}

/// The table of requests.
pub(crate) fn latencies(rows: &[Latency]) {
    println!("| request, 64 clients at once | median | p99 | requests/s |");
    println!("|---|---:|---:|---:|");
    for Latency { what, median_ms, p99_ms, per_second } in rows {
        println!("| {what} | {median_ms:.1} ms | {p99_ms:.1} ms | {per_second:.0} |");
    }
    println!();
}

/// The table of costs, each beside the design of one item per record.
pub(crate) fn costs(rows: &[Cost]) {
    println!(
        "| sync | write units | read units | SQS requests | dollars | one item per record: write | read | dollars |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---:|");
    for Cost { what, products, units, baseline } in rows {
        let Units { write, read, sqs } = units;
        let (dollars, others) = (units.dollars(), baseline.dollars());
        println!(
            "| {products} products, {what} | {write:.0} | {read:.0} | {sqs:.0} | {dollars:.4} | {:.0} | {:.0} | {others:.4} |",
            baseline.write, baseline.read,
        );
    }
    println!();
}

/// The table of functions: medians of their starts, and the most memory any start held.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn functions(rows: &[Started]) {
    println!("| function | zip | init | first invocation | warm | peak memory |");
    println!("|---|---:|---:|---:|---:|---:|");
    for Started { name, zip_bytes, init, first, warm, peak_mb } in rows {
        let zip = zip_bytes.map_or("–".to_owned(), |bytes| format!("{:.1} MB", bytes as f64 / 1e6));
        let (init, first, warm) = (ms(Some(*init)), ms(*first), ms(*warm));
        println!("| {name} | {zip} | {init} | {first} | {warm} | {peak_mb:.0} MB |");
    }
    println!();
}

fn ms(duration: Option<Duration>) -> String {
    duration.map_or("–".to_owned(), |duration| format!("{:.1} ms", duration.as_secs_f64() * 1e3))
}
