//! Merges records into the entries of a block: pure, so that a property test can hold it against a plain map.

use std::sync::Arc;

use bytes::Bytes;
use bytes_utils::Str;

use super::{Entry, Mark, Try};

/// A record to be kept. Cheap to clone: key and data are parts of shared buffers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upsert {
    /// Its key.
    pub key: Str,
    /// Its canonical JSON.
    pub data: Bytes,
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was not known, or was gone.
    Created,
    /// It was known with another content.
    Updated,
    /// It was known like this.
    Unchanged,
}

/// The result of a merge.
pub(super) struct Merged {
    /// The entries of the block from now on, in key order.
    pub(super) entries: Vec<Entry>,
    /// What became of each upsert, in order.
    pub(super) outcomes: Vec<Outcome>,
    /// Whether anything has to be written.
    pub(super) changed: bool,
    /// How many entries at the front were there before; more may follow behind the first new one.
    pub(super) old_in_front: usize,
}

/// Merges `upserts`, sorted by key (equal keys in the order they came), into `entries`, sorted by key.
pub(super) fn merge(entries: Vec<Entry>, upserts: Vec<Upsert>, this: &Try, now_ms: i64) -> Merged {
    let mut merged = Merged {
        entries: Vec::with_capacity(entries.len() + upserts.len()),
        outcomes: Vec::with_capacity(upserts.len()),
        changed: false,
        old_in_front: entries.len(),
    };
    let mut old = entries.into_iter().peekable();
    for upsert in upserts {
        while let Some(entry) = old.next_if(|entry| entry.key <= upsert.key) {
            merged.entries.push(entry);
        }
        let known = merged.entries.last_mut().filter(|entry| entry.key == upsert.key);
        let outcome = match known {
            Some(entry) => apply(entry, upsert, this, now_ms, &mut merged.changed),
            None => {
                merged.changed = true;
                merged.old_in_front = merged.old_in_front.min(merged.entries.len());
                merged.entries.push(created(upsert, &this.mark, now_ms));
                Outcome::Created
            }
        };
        merged.outcomes.push(outcome);
    }
    merged.entries.extend(old);
    merged
}

fn created(upsert: Upsert, mark: &Arc<Mark>, now_ms: i64) -> Entry {
    Entry {
        key: upsert.key,
        data: upsert.data,
        created_ms: now_ms,
        updated_ms: now_ms,
        deleted: false,
        mark: Arc::clone(mark),
        created_by_mark: true,
    }
}

fn apply(entry: &mut Entry, upsert: Upsert, this: &Try, now_ms: i64, changed: &mut bool) -> Outcome {
    let same = !entry.deleted && entry.data == upsert.data;
    let redone = this.repeats(entry);
    if same && !redone {
        return Outcome::Unchanged;
    }
    *changed = true;
    let created = if redone { entry.created_by_mark } else { entry.deleted };
    if !same {
        entry.data = upsert.data;
        entry.updated_ms = now_ms;
    }
    entry.deleted = false;
    entry.mark = Arc::clone(&this.mark);
    entry.created_by_mark = created;
    if created { Outcome::Created } else { Outcome::Updated }
}
