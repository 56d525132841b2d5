//! How fast a connector reads and maps, measured by `make bench-connectors` on one core: the ERP's answers were made
//! beforehand and are served again from memory by the same thread, so that what is left is the connector's.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use domain::json::Opened;
use domain::mapping::Mapper;

use super::{Server, Subject, settings};
use crate::{Item, Pull};

/// Records the ERP has, and a page is asked to have.
const RECORDS: u32 = 5_000;

/// How long is measured, at least.
const MEASURED: Duration = Duration::from_secs(3);

/// Tells a process that it is to measure its memory, and where the ERP is.
const ERP: &str = "CAUSEWAY_MEASURED_ERP";

/// Measures, and prints a line of a table: connector, records a page, records/s, pages/s, MB above what the process had.
/// `module` is where the connector's suite is.
pub(crate) async fn measure<S: Subject>(module: &'static str) {
    if let Ok(origin) = std::env::var(ERP) {
        return measure_memory::<S>(&origin).await;
    }
    let erp = Server::replaying(S::with_records(RECORDS as usize)).await;
    let per_page = RECORDS as usize / pull::<S>(&erp.origin).await;
    let begun = Instant::now();
    let (mut pages, mut pulls) = (0, 0);
    while begun.elapsed() < MEASURED {
        pages += pull::<S>(&erp.origin).await;
        pulls += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let (_, path) = module.split_once("::").unwrap();
    let above_mb = in_a_process_of_its_own(path, erp.origin.clone()).await;
    let name = std::any::type_name::<S>().split_once("::").unwrap().1.replace("tests::", "");
    println!(
        "| {name} | {per_page} | {:.0} | {:.1} | {above_mb:.1} |",
        f64::from(pulls * RECORDS) / seconds,
        f64::from(u32::try_from(pages).unwrap()) / seconds,
    );
}

/// What one pull takes where nothing was pulled before: an allocator keeps what it had, and would show no peak again.
async fn in_a_process_of_its_own(path: &str, erp: String) -> f64 {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--exact", &format!("{path}::speed"), "--ignored", "--nocapture"]).env(ERP, erp);
    // The ERP answers on this thread meanwhile.
    let output = tokio::task::spawn_blocking(move || process.output()).await.unwrap().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let kilobytes =
        said.lines().find_map(|line| line.strip_prefix(ABOVE)).unwrap_or_else(|| panic!("{said}"));
    kilobytes.parse::<f64>().unwrap() / 1024.0
}

/// Stands before what a process measured, in KB.
const ABOVE: &str = "above: ";

async fn measure_memory<S: Subject>(origin: &str) {
    let before = kilobytes("VmRSS");
    pull::<S>(origin).await;
    // The harness prints the test's name on the same line.
    println!("\n{ABOVE}{}", kilobytes("VmHWM").saturating_sub(before));
}

/// Reads and maps every record, and counts the pages that hold some.
async fn pull<S: Subject>(origin: &str) -> usize {
    let connector = S::connector(origin, &settings(), true);
    let pull =
        Pull { data_type: S::PULLED, page_size: RECORDS.min(S::LARGEST_PAGE), resume: None, since: None };
    let mut pages = connector.pull(pull).await.unwrap();
    let mut mapper = Mapper::new(S::PULLED, &S::mapping(), &[]);
    let (mut full, mut mapped, mut canonical) = (0, 0, Vec::new());
    while let Some(page) = pages.next().await.unwrap() {
        canonical.clear();
        for item in &page.items {
            let Item::Record(range) = item else { panic!("{item:?}") };
            mapper.map(&Opened::parse(&page.body[range.clone()]).unwrap(), &mut canonical).unwrap();
        }
        full += usize::from(!page.items.is_empty());
        mapped += page.items.len();
    }
    assert_eq!(mapped, RECORDS as usize);
    full
}

/// A figure of this process, as the kernel tells it.
fn kilobytes(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_ascii_whitespace().nth(1).unwrap().parse().unwrap()
}
