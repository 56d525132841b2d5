//! Tells what storing a batch would do, and does nothing.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures::future::try_join_all;

use super::touched::Touched;
use super::{Outcome, Upsert, shard_of};
use crate::{Collection, Store, StoreError, key};

/// What would become of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// What would become of it.
    pub outcome: Outcome,
    /// Its canonical JSON as it is now, where it would be updated.
    pub before: Option<Bytes>,
}

impl Store {
    /// What [`Store::upsert_records`] would do with each record, in order.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn compare_records(
        &self,
        collection: &Collection,
        upserts: &[Upsert],
    ) -> Result<Vec<Compared>, StoreError> {
        let mut shards: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        for (position, upsert) in upserts.iter().enumerate() {
            shards.entry(shard_of(&upsert.key)).or_default().push(position);
        }
        let compared = shards.into_iter().map(|(shard, mut positions)| async move {
            positions.sort_by(|a, b| upserts[*a].key.cmp(&upserts[*b].key));
            let shard = key::shard(collection, shard);
            let sorted: Vec<_> = positions.iter().map(|position| upserts[*position].clone()).collect();
            let mut found = Vec::new();
            for touched in self.touched_blocks(&shard, &sorted, None).await? {
                let own = touched.records.clone();
                found.extend(own.map(|place| (positions[place], compare(&touched, &sorted[place]))));
            }
            Ok::<_, StoreError>(found)
        });
        let mut all = vec![Compared { outcome: Outcome::Unchanged, before: None }; upserts.len()];
        for (position, compared) in try_join_all(compared).await?.into_iter().flatten() {
            all[position] = compared;
        }
        Ok(all)
    }
}

fn compare(Touched { block, .. }: &Touched, upsert: &Upsert) -> Compared {
    let known = block.entries.binary_search_by(|entry| entry.key.cmp(&upsert.key)).ok();
    let entry = known.and_then(|at| block.entries.get(at)).filter(|entry| !entry.deleted);
    match entry {
        None if upsert.is_deletion() => Compared { outcome: Outcome::Absent, before: None },
        Some(_) if upsert.is_deletion() => Compared { outcome: Outcome::Deleted, before: None },
        None => Compared { outcome: Outcome::Created, before: None },
        Some(entry) if entry.data == upsert.data => Compared { outcome: Outcome::Unchanged, before: None },
        Some(entry) => Compared { outcome: Outcome::Updated, before: Some(entry.data.clone()) },
    }
}
