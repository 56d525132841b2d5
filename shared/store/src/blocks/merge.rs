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
    /// Its canonical JSON; empty where the ERP says that the record is deleted.
    pub data: Bytes,
}

impl Upsert {
    /// A record of which the ERP says that it is deleted.
    #[must_use]
    pub fn deletion(key: Str) -> Self {
        Self { key, data: Bytes::new() }
    }

    /// Whether the ERP says that it is deleted.
    #[must_use]
    pub fn is_deletion(&self) -> bool {
        self.data.is_empty()
    }
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
    /// It was known, and is deleted now.
    Deleted,
    /// It is deleted, and was not known, or known to be.
    Absent,
}

/// What became of a batch of records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// Of each record, in order.
    pub outcomes: Vec<Outcome>,
    /// The positions of those whose key came before in the same run, as far as the batch or the table shows it.
    pub repeated: Vec<usize>,
}

/// The result of a merge.
pub(super) struct Merged {
    /// The entries of the block from now on, in key order.
    pub(super) entries: Vec<Entry>,
    /// What became of each upsert, in order.
    pub(super) outcomes: Vec<Outcome>,
    /// Which of the upserts are of records that an earlier batch of the run wrote.
    pub(super) repeated: Vec<usize>,
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
        repeated: Vec::new(),
        changed: false,
        old_in_front: entries.len(),
    };
    let mut old = entries.into_iter().peekable();
    for upsert in upserts {
        while let Some(entry) = old.next_if(|entry| entry.key <= upsert.key) {
            merged.entries.push(entry);
        }
        let known = merged.entries.last_mut().filter(|entry| entry.key == upsert.key);
        if known.as_ref().is_some_and(|entry| this.follows(entry)) {
            merged.repeated.push(merged.outcomes.len());
        }
        let outcome = match known {
            None if upsert.is_deletion() => Outcome::Absent,
            Some(entry) if upsert.is_deletion() => delete(entry, this, now_ms, &mut merged.changed),
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

fn delete(entry: &mut Entry, this: &Try, now_ms: i64, changed: &mut bool) -> Outcome {
    let redone = this.repeats(entry);
    if entry.deleted && !redone {
        return Outcome::Absent;
    }
    *changed = true;
    // Made by this very batch, or an earlier try at it: that has to be found should it be done again.
    let created = entry.created_by_mark && (redone || entry.mark == this.mark);
    if !entry.deleted {
        entry.deleted = true;
        entry.updated_ms = now_ms;
    }
    entry.mark = Arc::clone(&this.mark);
    entry.created_by_mark = created;
    Outcome::Deleted
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
