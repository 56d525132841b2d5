//! Prints what was measured, as Markdown tables.
#![expect(clippy::print_stdout, reason = "this is what the bench is for")]

use crate::clients::Latency;
use crate::syncs::Measured;

/// What machine the figures are from.
pub(crate) fn machine() {
    let cpu_info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu_info.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    println!(
        "Machine: {cores} cores,{}\n",
        model.trim_start_matches([' ', '\t', ':']).trim().to_owned() + " (all processes on it)"
    );
}

/// The table of syncs.
#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
pub(crate) fn syncs(rows: &[Measured]) {
    println!("| sync | products | records/s | seconds | CPU seconds | peak memory |");
    println!("|---|---:|---:|---:|---:|---:|");
    for Measured { what, products, seconds, cpu_seconds, peak_mb } in rows {
        let rate = *products as f64 / seconds;
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
}
