//! What a seed decides before anything starts.

use std::time::Duration;

use fastrand::Rng;
use sync::Pace;

use crate::dice::{Actor, Dice, Weather};

/// How the ERP lets its clients page.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Paging {
    Page,
    Offset,
    Cursor,
    NextUrl,
}

/// What a seed decides.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    /// Runs while things go wrong; one more follows when it is calm.
    pub(crate) runs: u32,
    /// Records the ERP has to begin with.
    pub(crate) records: u32,
    /// Bytes of text in a record at most, of the kind that does not compress.
    pub(crate) text: usize,
    /// Records that cannot be read, and such as the config leaves out, in percent.
    pub(crate) broken: u32,
    pub(crate) filtered: u32,
    /// Orders that are placed before each run, and whether those of the ERP are pulled too.
    pub(crate) orders: u32,
    pub(crate) pulls_orders: bool,
    /// Whether the ERP heeds idempotency keys; else it finds orders by our reference.
    pub(crate) idempotent: bool,
    /// Records on a page.
    pub(crate) page: u32,
    pub(crate) paging: Paging,
    /// Whether an answer tells how many records there are.
    pub(crate) tells_total: bool,
    /// Whether the ERP can be asked for what changed only, and is.
    pub(crate) incremental: bool,
    /// Whether somebody cancels a run now and then.
    pub(crate) cancels: bool,
    /// In how many parts a pull may be read side by side.
    pub(crate) parts: u32,
    /// Whether records change while they are read.
    pub(crate) restless: bool,
    pub(crate) pace: Pace,
    /// How long a worker may take.
    pub(crate) work_time: Duration,
    /// Workers side by side.
    pub(crate) workers: usize,
    /// Whether a new run is started while workers of the last may still be about.
    pub(crate) overlapping: bool,
    /// How often something goes wrong, of a thousand calls: at the table, at the queue, at the ERP.
    pub(crate) table_faults: u32,
    pub(crate) queue_faults: u32,
    pub(crate) erp_faults: u32,
    /// How often something goes wrong at most.
    pub(crate) faults: u32,
    /// How long a message stays out of sight once it was handed over.
    pub(crate) visibility: Duration,
    /// How often the scheduler ticks.
    pub(crate) tick: Duration,
    /// How long a run may take: far more than any does, even on a busy machine.
    pub(crate) patience: Duration,
}

impl Plan {
    /// Times are told in calls to the table, of which each takes `call`: a busy machine must not look like a fault.
    pub(crate) fn of(seed: u64, call: Duration) -> Self {
        Dice::of(seed, Actor::Plan, &Weather::new(0)).throw(|rng| Self::draw(seed, call, rng))
    }

    fn draw(seed: u64, call: Duration, rng: &mut Rng) -> Self {
        let calls = |calls: u32| call * calls;
        let small = rng.u32(..10) < 8;
        let hasty = rng.u32(..4) == 0;
        let incremental = rng.u32(..3) == 0;
        let lease = if hasty { rng.u32(25..60) } else { rng.u32(100..200) };
        Self {
            seed,
            runs: rng.u32(1..4),
            records: if small { rng.u32(10..60) } else { rng.u32(80..250) },
            text: pick(rng, &[10, 200, 900]),
            broken: pick(rng, &[0, 0, 5, 15]),
            filtered: pick(rng, &[0, 0, 10]),
            orders: pick(rng, &[0, 0, 1, 6, 15]),
            pulls_orders: rng.bool(),
            idempotent: rng.bool(),
            page: rng.u32(5..=30),
            paging: pick(rng, &[Paging::Page, Paging::Offset, Paging::Cursor, Paging::NextUrl]),
            tells_total: rng.bool(),
            incremental,
            cancels: rng.u32(..6) == 0,
            parts: pick(rng, &[1, 1, 3]),
            // A list of changes that grows while it is paged through repeats records, and they count twice.
            restless: !incremental && rng.bool(),
            pace: Pace {
                lease: calls(lease),
                // In time; with hasty leases also too late, or never.
                renew_every: calls(if hasty {
                    pick(rng, &[lease / 4, lease * 3 / 2, 1_000_000])
                } else {
                    lease / 4
                }),
                batch_records: rng.usize(7..=40),
                write_after: calls(pick(rng, &[1, 5, 20, 10_000])),
                slice: calls(rng.u32(10..200)),
            },
            work_time: calls(pick(rng, &[60, 150, 400, 5_000])),
            workers: rng.usize(1..=3),
            overlapping: rng.u32(..4) == 0,
            table_faults: pick(rng, &[0, 5, 15, 40]),
            queue_faults: pick(rng, &[0, 100, 400]),
            erp_faults: pick(rng, &[0, 20, 80, 200]),
            faults: rng.u32(5..60),
            visibility: calls(rng.u32(10..60)),
            patience: ms(40_000) + calls(5_000),
            tick: calls(rng.u32(30..150)),
        }
    }
}

fn pick<T: Copy>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(..from.len())]
}

pub(crate) const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}
