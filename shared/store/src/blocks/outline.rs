//! What the index knows of a block: enough to tell that records are unchanged without reading them.
//!
//! The outline of a block is a fifth of its size. It lies in an attribute of the block, so that one write keeps both,
//! and the index carries a copy, which may be read consistently.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::RunId;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::load::bounds;
use super::{Entry, Upsert};
use crate::StoreError;
use crate::item::Item;
use crate::key::OUTLINE;

/// Bytes of a fingerprint.
const PRINT_BYTES: usize = 8;

/// The packed form.
#[derive(Serialize, Deserialize)]
struct Packed<'b> {
    /// The runs that its entries come from, by a hash.
    runs: Vec<u32>,
    /// The fingerprints of the entries that are not gone, in the order of their keys.
    #[serde(borrow, with = "serde_bytes")]
    prints: &'b [u8],
}

/// A block as the index knows it.
#[derive(Debug)]
pub(super) struct Outline {
    /// The key it begins at; empty for the first of a shard.
    pub(super) lower: String,
    /// The key before which it ends; `None` for the last of a shard.
    pub(super) upper: Option<String>,
    runs: Vec<u32>,
    prints: Vec<u8>,
}

/// Packs the outline of entries.
pub(super) fn encode(entries: &[Entry]) -> Result<Vec<u8>, StoreError> {
    let mut runs: Vec<u32> = Vec::new();
    let mut last_mark = None;
    let mut prints = Vec::with_capacity(entries.len() * PRINT_BYTES);
    for entry in entries {
        if last_mark != Some(&entry.mark) {
            last_mark = Some(&entry.mark);
            let run = short(&entry.mark.run);
            if !runs.contains(&run) {
                runs.push(run);
            }
        }
        if !entry.deleted {
            prints.extend(fingerprint(&entry.key, &entry.data));
        }
    }
    postcard::to_stdvec(&Packed { runs, prints: &prints }).map_err(StoreError::corrupt)
}

/// Reads an outline from its item.
pub(super) fn read(item: &Item) -> Result<Outline, StoreError> {
    let (lower, upper) = bounds(item)?;
    let packed = item.get(OUTLINE).and_then(|value| value.as_b().ok()).map(Blob::as_ref);
    let packed = packed.ok_or_else(|| StoreError::corrupt("a block of records lacks its outline"))?;
    let Packed { runs, prints } = postcard::from_bytes(packed).map_err(StoreError::corrupt)?;
    Ok(Outline { lower, upper, runs, prints: prints.to_vec() })
}

/// The attribute that holds an outline.
pub(super) fn attribute(packed: Vec<u8>) -> (String, AttributeValue) {
    (OUTLINE.to_owned(), AttributeValue::B(Blob::new(packed)))
}

impl Outline {
    /// Whether the block holds each of `upserts`, sorted by key, as it is, and nothing that `run` has written: what its
    /// earlier tries wrote may have to be counted again.
    pub(super) fn knows_all(&self, upserts: &[Upsert], run: Option<&RunId>) -> bool {
        if run.is_some_and(|run| self.runs.contains(&short(run))) {
            return false;
        }
        let (prints, _) = self.prints.as_chunks::<PRINT_BYTES>();
        let mut prints = prints.iter();
        let mut last = None;
        upserts.iter().all(|upsert| {
            if upsert.is_deletion() {
                return false; // only the block tells whether it is there
            }
            let wanted = fingerprint(&upsert.key, &upsert.data);
            let known = last == Some(wanted) || prints.any(|print| *print == wanted);
            last = Some(wanted);
            known
        })
    }
}

/// Tells a record from every other, and from what it was before. The key is in it, because two records may have the same
/// content.
fn fingerprint(key: &str, data: &[u8]) -> [u8; PRINT_BYTES] {
    xxh3_64_with_seed(data, xxh3_64(key.as_bytes())).to_le_bytes()
}

/// A hash of a run's id. Two runs that share one cost a block that is read in vain.
fn short(run: &RunId) -> u32 {
    let [a, b, c, d, ..] = xxh3_64(run.as_str().as_bytes()).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::Mark;
    use super::*;
    use crate::item::text;

    fn outline(entries: &[Entry]) -> Outline {
        let (name, packed) = attribute(encode(entries).unwrap());
        read(&Item::from([("sk".to_owned(), text(":")), (name, packed)])).unwrap()
    }

    fn entry(key: &str, data: &str, run: &RunId) -> Entry {
        Entry {
            key: key.into(),
            data: data.to_owned().into(),
            created_ms: 1,
            updated_ms: 2,
            deleted: false,
            mark: Arc::new(Mark { run: run.clone(), reached: 1, try_id: 1 }),
            created_by_mark: true,
        }
    }

    fn upserts(of: &[(&'static str, &'static str)]) -> Vec<Upsert> {
        of.iter().map(|(key, data)| Upsert { key: (*key).into(), data: data.as_bytes().into() }).collect()
    }

    #[test]
    fn what_is_there_as_it_is_is_known_and_nothing_else() {
        let run = RunId::generate();
        let known = outline(&[entry("a", "1", &run), entry("b", "2", &run), entry("c", "2", &run)]);
        let other = RunId::generate();
        let knows = |of: &[(&'static str, &'static str)]| known.knows_all(&upserts(of), Some(&other));
        assert!(knows(&[("a", "1"), ("b", "2"), ("c", "2")]));
        assert!(knows(&[("b", "2"), ("b", "2")]), "it may come twice");
        assert!(!knows(&[("b", "2"), ("b", "1")]), "but not otherwise the second time");
        assert!(!knows(&[("a", "2")]));
        assert!(!knows(&[("d", "2")]), "the content of another key is not its own");
    }

    #[test]
    fn what_is_gone_is_not_known() {
        let run = RunId::generate();
        let known = outline(&[Entry { deleted: true, ..entry("a", "1", &run) }]);
        assert!(!known.knows_all(&upserts(&[("a", "1")]), None));
    }

    #[test]
    fn a_run_does_not_trust_the_outline_of_what_it_wrote_itself() {
        let (one, two) = (RunId::generate(), RunId::generate());
        let known = outline(&[entry("a", "1", &one), entry("b", "1", &two), entry("c", "1", &one)]);
        let wanted = upserts(&[("a", "1")]);
        assert!(!known.knows_all(&wanted, Some(&one)) && !known.knows_all(&wanted, Some(&two)));
        assert!(known.knows_all(&wanted, Some(&RunId::generate())) && known.knows_all(&wanted, None));
    }
}
