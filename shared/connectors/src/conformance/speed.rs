//! How fast a connector reads and maps, measured by `make bench-connectors` on one core: the ERP's answers were made
//! beforehand and are served again from memory by the same thread, so that what is left is the connector's.

use std::fs;
use std::time::{Duration, Instant};

use domain::json::Opened;
use domain::mapping::Mapper;

use super::{Server, Subject, settings};
use crate::{Item, Pull};

/// Records the ERP has, and a page is asked to have.
const RECORDS: u32 = 5_000;

/// How long is measured, at least.
const MEASURED: Duration = Duration::from_secs(3);

/// Measures, and prints a line of a table: connector, records a page, records/s, pages/s, MB above what lay in memory.
pub(crate) async fn measure<S: Subject>() {
    let erp = Server::replaying(S::with_records(RECORDS as usize)).await;
    let per_page = RECORDS as usize / pull(&erp).await;
    let before = kilobytes("VmRSS");
    // What the kernel remembers as the peak begins anew (proc(5), clear_refs).
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let begun = Instant::now();
    let (mut pages, mut pulls) = (0, 0);
    while begun.elapsed() < MEASURED {
        pages += pull(&erp).await;
        pulls += 1;
    }
    let seconds = begun.elapsed().as_secs_f64();
    let above_mb = kilobytes("VmHWM").saturating_sub(before) / 1024;
    let (_, name) = std::any::type_name::<S>().split_once("::").unwrap();
    println!(
        "| {} | {per_page} | {:.0} | {:.1} | {above_mb} |",
        name.replace("tests::", ""),
        f64::from(pulls * RECORDS) / seconds,
        f64::from(u32::try_from(pages).unwrap()) / seconds,
    );
}

/// Reads and maps every record, and counts the pages that hold some.
async fn pull<S: Subject>(erp: &Server<S>) -> usize {
    let connector = S::connector(&erp.origin, &settings(), true);
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
