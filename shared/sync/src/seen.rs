//! The keys a full pull met: what of ours is not among them is gone at the ERP.
//!
//! A mark is 32 bits of a key's hash, salted by the run. Two keys with the same mark hide one another in this run; in the
//! next, under another salt, they do not. So a record that is gone may be noticed late, and one that is there is never
//! taken for gone.

use domain::run::Run;
use store::StoreError;
use xxhash_rust::xxh3::xxh3_64;

use crate::engine::{Engine, now};

/// The hash of a key, as census and marks use it.
pub(crate) fn hash(key: &str) -> u64 {
    xxh3_64(key.as_bytes())
}

/// The marks of the keys that were met.
pub(crate) struct Seen {
    salt: u64,
    /// As they were added; sorted once they are looked up.
    marks: Vec<Vec<u32>>,
    /// How many of `marks` lie in the table.
    kept: usize,
    /// Whether every key is among them that the run's checkpoints count.
    complete: bool,
}

impl Seen {
    /// Goes on with what an earlier worker kept. Nothing is remembered where no record was known before.
    pub(crate) async fn load(engine: &Engine, run: &Run) -> Result<Self, StoreError> {
        let census = run.census.unwrap_or_default();
        let complete = (census.known > 0 || census.unsure) && census.marked_batches == run.batch;
        let whole = run.part.as_ref().map_or(&run.id, |part| &part.of);
        let mut seen = Self { salt: hash(whole.as_str()), marks: Vec::new(), kept: 0, complete };
        if complete {
            seen.marks = engine.store.seen(&run.id, census.segments).await?;
        }
        for part in engine.store.parts(run).await? {
            let census = part.census.unwrap_or_default();
            seen.complete &= census.marked_batches == part.batch;
            if seen.complete {
                seen.marks.append(&mut engine.store.seen(&part.id, census.segments).await?);
            }
        }
        seen.kept = seen.marks.len();
        Ok(seen)
    }

    /// Adds the keys of a batch by their hashes.
    pub(crate) fn add(&mut self, hashes: &[u64]) {
        if self.complete {
            self.marks.push(hashes.iter().map(|hash| mark(*hash, self.salt)).collect());
        }
    }

    /// Whether it knows every key the run met.
    pub(crate) const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Keeps what the table does not hold yet, and notes it in the run, which is to be written next.
    pub(crate) async fn keep(&mut self, engine: &Engine, run: &mut Run) -> Result<(), StoreError> {
        let Some(census) = run.census.as_mut().filter(|_| self.complete) else { return Ok(()) };
        let fresh = self.marks.get(self.kept..).unwrap_or_default().concat();
        census.segments = engine.store.keep_seen(&run.id, census.segments, &fresh, now()).await?;
        census.marked_batches = run.batch;
        self.kept = self.marks.len();
        Ok(())
    }

    /// Ready to be asked.
    pub(crate) fn into_lookup(self) -> Lookup {
        let mut marks = self.marks.concat();
        marks.sort_unstable();
        marks.dedup();
        Lookup { salt: self.salt, marks }
    }
}

/// The marks, sorted.
pub(crate) struct Lookup {
    salt: u64,
    marks: Vec<u32>,
}

impl Lookup {
    /// Whether the ERP sent a record with this key.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.marks.binary_search(&mark(hash(key), self.salt)).is_ok()
    }
}

/// The upper half of a product that every bit of the hash and of the salt goes into.
const fn mark(hash: u64, salt: u64) -> u32 {
    let mixed = (hash ^ salt).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    (mixed >> 32) as u32
}
