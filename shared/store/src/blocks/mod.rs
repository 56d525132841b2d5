//! Records in blocks: one item holds a run of neighbouring records in key order, compressed.
//!
//! A [`Collection`](crate::Collection) is spread over eight shards by the key's hash. Within a shard the blocks
//! are sorted by the key they begin at, and DynamoDB's own order is the index: a record is in the last block that
//! begins at or before its key. The first block of a shard begins before every key.
//!
//! A block says where it ends, so that whoever has read it knows which records belong there, whatever becomes of its
//! neighbours: a write on condition of its version is right. It ends where the next one begins; only while new blocks
//! are put behind it, one after the other, the next may be missing. Whoever finds it missing and has records for it
//! makes it, and the other finds it made: nobody waits, and nothing is lost if the first one died.

mod codec;
mod compare;
mod load;
mod merge;
mod outline;
mod pack;
mod permit;
mod survey;
mod touched;
mod writer;

pub(crate) use codec::decode;
pub use compare::Compared;
pub(crate) use load::{Block, read_block};
pub use merge::{Outcome, Upsert, Written};
pub use permit::Permit;
pub use survey::{BlockRef, Vanished};

use std::sync::Arc;

use bytes::Bytes;
use bytes_utils::Str;
use domain::ids::RunId;

use crate::key::SHARDS;

/// Which write of which run an entry comes from. A record that is written again, because its worker died or a write was
/// lost, finds the mark of the earlier try and is counted as it would have been counted then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    /// The run.
    pub(crate) run: RunId,
    /// How many records the run had read with the last of the batch. While the run counts fewer, the write was lost
    /// before it was counted, however the records are cut into batches the next time.
    pub(crate) reached: u32,
    /// Tells one try from another.
    pub(crate) try_id: u32,
}

/// One try at a batch.
#[derive(Debug, Clone)]
pub(crate) struct Try {
    pub(crate) mark: Arc<Mark>,
    /// How many records the run counts before the batch.
    pub(crate) counted: u32,
}

impl Try {
    /// Whether an entry was written by the same run in a batch that was counted before this one.
    pub(crate) fn follows(&self, entry: &Entry) -> bool {
        let Mark { run, reached, .. } = &*entry.mark;
        *run == self.mark.run && *reached <= self.counted
    }

    /// Whether an entry was written by an earlier try of the same run that was not counted.
    pub(crate) fn repeats(&self, entry: &Entry) -> bool {
        let Mark { run, reached, try_id } = &*entry.mark;
        *run == self.mark.run && *reached > self.counted && *try_id != self.mark.try_id
    }
}

/// One record as it lies in a block. Key and data share the buffer they were read from, and the mark is one for all
/// entries of a write: a block of hundreds is read without as many allocations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) key: Str,
    /// The canonical record, JSON.
    pub(crate) data: Bytes,
    /// Milliseconds since 1970.
    pub(crate) created_ms: i64,
    /// Milliseconds since 1970.
    pub(crate) updated_ms: i64,
    /// Gone at the ERP.
    pub(crate) deleted: bool,
    /// The write it comes from, and whether that write created it.
    pub(crate) mark: Arc<Mark>,
    pub(crate) created_by_mark: bool,
}

/// The shard of a key. Stock levels of one SKU share a shard whatever their location, so that they are neighbours.
pub(crate) fn shard_of(key: &str) -> u8 {
    let head = key.split_once('|').map_or(key, |(head, _)| head);
    let hash = xxhash_rust::xxh3::xxh3_64(head.as_bytes());
    u8::try_from(hash % u64::from(SHARDS)).unwrap_or_default()
}
