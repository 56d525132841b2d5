//! Runs many seeds side by side and tells how to replay one that fails.

use std::env;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use crate::seed::{self, Story};

/// How many seeds are run unless `FAULT_RUNS` says otherwise.
const RUNS: u64 = 200;

/// Seeds at work at once: they mostly wait for leases to end.
const SIDE_BY_SIDE: usize = 12;

/// A seed's whole world is polled on one stack, in a build that keeps everything on it.
const STACK_BYTES: usize = 32 << 20;

#[test]
fn whatever_fails_and_whoever_dies_every_record_is_stored_once_and_counted_once() {
    let wanted = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().expect(name));
    let seeds = match wanted("FAULT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..wanted("FAULT_RUNS").unwrap_or(RUNS),
    };
    let next = AtomicU64::new(seeds.start);
    let (failures, stories) = (Mutex::new(Vec::new()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            let worker = thread::Builder::new().stack_size(STACK_BYTES);
            let spawned = worker.spawn_scoped(scope, || {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if !seeds.contains(&seed) {
                        break;
                    }
                    match run(seed) {
                        Ok(story) => stories.lock().unwrap().push(story),
                        Err(reason) => failures.lock().unwrap().push((seed, reason)),
                    }
                }
            });
            spawned.unwrap();
        }
    });
    let failures = failures.into_inner().unwrap();
    for (seed, reason) in &failures {
        println!("seed {seed}: {reason}\n  replay: FAULT_SEED={seed} cargo test -p faults\n");
    }
    let stories = stories.into_inner().unwrap();
    let total = total(&stories);
    println!("{} seeds: {total:?}", stories.len());
    // A suite in which every run is given up at once would prove nothing.
    assert!(stories.len() < 50 || total.succeeded * 2 > total.runs && total.takeovers > 0, "{total:?}");
    assert!(failures.is_empty(), "{} of {} seeds failed", failures.len(), seeds.end - seeds.start);
}

/// Each on a thread and a runtime of its own, so that one seed's timing depends little on the others.
fn run(seed: u64) -> Result<Story, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let ran = panic::catch_unwind(AssertUnwindSafe(|| runtime.block_on(seed::run(seed))));
    ran.unwrap_or_else(|_| Err("it panicked, see above".to_owned()))
}

fn total(stories: &[Story]) -> Story {
    let mut total = Story::default();
    for story in stories {
        total.runs += story.runs;
        total.succeeded += story.succeeded;
        total.takeovers += story.takeovers;
        total.faults += story.faults;
    }
    total
}
