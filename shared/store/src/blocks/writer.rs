//! Writes a batch of records into the blocks of a collection.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use domain::ids::RunId;
use futures::StreamExt;
use futures::future::try_join_all;
use futures::stream::TryStreamExt;
use jiff::Timestamp;

use super::load::Block;
use super::merge::{Outcome, Upsert, Written, merge};
use super::pack::{Packed, Packer};
use super::permit::Permit;
use super::touched::Touched;
use super::{Mark, Try, outline, shard_of};
use crate::item::{Item, number, text};
use crate::key::{self, block_sort};
use crate::{Collection, Store, StoreError};

/// Writes under way at once in one shard.
const CONCURRENCY: usize = 4;

/// Tries at a shard whose blocks are changed under it. Each that fails does because somebody else got on.
const TRIES: usize = 32;

/// What has to be written for one block.
enum Write {
    /// The block itself and then, one after the other, blocks that hold only new entries: each by itself.
    Apart(Vec<Put>),
    /// Entries move from one block to another: all or nothing.
    Together(Vec<Put>),
}

impl Store {
    /// Keeps a batch of records and tells what became of each, in order. Where a key comes twice, the later counts.
    ///
    /// `read` are the records of the run that the batch holds: those behind the ones it counts already. Safe to call
    /// again while they are not counted, also cut otherwise and with other records: what was written before is told as
    /// it was then.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if the permit ends or somebody else keeps writing the same blocks, or if the table cannot
    /// be reached. Some of the records may be written then.
    pub async fn upsert_records(
        &self,
        collection: &Collection,
        run: &RunId,
        read: Range<u32>,
        upserts: &[Upsert],
        permit: &Permit,
        now: Timestamp,
    ) -> Result<Written, StoreError> {
        let mut shards: BTreeMap<u8, Vec<usize>> = BTreeMap::new();
        for (position, upsert) in upserts.iter().enumerate() {
            shards.entry(shard_of(&upsert.key)).or_default().push(position);
        }
        let read = &read;
        let stored = shards.into_iter().map(|(shard, mut positions)| async move {
            positions.sort_by(|a, b| upserts[*a].key.cmp(&upserts[*b].key));
            let shard = key::shard(collection, shard);
            let mut tries = 0;
            loop {
                let mark = Mark { run: run.clone(), reached: read.end, try_id: try_id() };
                let this = Try { mark: Arc::new(mark), counted: read.start };
                let sorted: Vec<_> = positions.iter().map(|position| upserts[*position].clone()).collect();
                match self.try_shard(&shard, &sorted, &this, permit, now.as_millisecond()).await {
                    Err(StoreError::Changed) if tries < TRIES && permit.check().is_ok() => tries += 1,
                    other => return Ok::<_, StoreError>((positions, other?)),
                }
            }
        });
        let mut written = Written { outcomes: vec![Outcome::Unchanged; upserts.len()], repeated: Vec::new() };
        for (positions, told) in try_join_all(stored).await? {
            let twice = positions.windows(2).filter(|pair| upserts[pair[0]].key == upserts[pair[1]].key);
            written.repeated.extend(twice.map(|pair| pair[1]));
            written.repeated.extend(told.repeated.into_iter().map(|place| positions[place]));
            positions.iter().zip(told.outcomes).for_each(|(at, outcome)| written.outcomes[*at] = outcome);
        }
        written.repeated.sort_unstable();
        written.repeated.dedup();
        Ok(written)
    }

    async fn try_shard(
        &self,
        shard: &str,
        sorted: &[Upsert],
        this: &Try,
        permit: &Permit,
        now_ms: i64,
    ) -> Result<Written, StoreError> {
        let (written, writes) = self.merge_shard(shard, sorted, this, now_ms).await?;
        self.write_blocks(writes, permit).await?;
        Ok(written)
    }

    async fn merge_shard(
        &self,
        shard: &str,
        sorted: &[Upsert],
        this: &Try,
        now_ms: i64,
    ) -> Result<(Written, Vec<Write>), StoreError> {
        let mut written = Written { outcomes: vec![Outcome::Unchanged; sorted.len()], repeated: Vec::new() };
        let mut writes = Vec::new();
        let mut packer = Packer::new()?;
        for Touched { mut block, records } in self.touched_blocks(shard, sorted, Some(&this.mark.run)).await?
        {
            let entries = std::mem::take(&mut block.entries);
            let old = entries.len();
            let merged = merge(entries, sorted[records.clone()].to_vec(), this, now_ms);
            written.repeated.extend(merged.repeated.iter().map(|place| records.start + place));
            written.outcomes[records].copy_from_slice(&merged.outcomes);
            if merged.changed {
                let only_appended = merged.old_in_front == old;
                let keep = if only_appended { old } else { 0 };
                let puts = self.puts(shard, &block, packer.pack(&merged.entries, keep)?)?;
                let apart = puts.len() == 1 || only_appended && self.may_grow(shard, &block).await?;
                writes.push(if apart { Write::Apart(puts) } else { Write::Together(puts) });
            }
        }
        Ok((written, writes))
    }

    /// Whether blocks may be put behind `block` one by one: not while the next one is missing, or two that are missing
    /// could be made with one lying in the other.
    async fn may_grow(&self, shard: &str, block: &Block) -> Result<bool, StoreError> {
        match &block.upper {
            Some(upper) => self.has_block(shard, upper).await,
            None => Ok(true),
        }
    }

    /// The items for the place of `block`, and for those it is cut into.
    pub(super) fn puts(
        &self,
        shard: &str,
        block: &Block,
        packed: Vec<Packed<'_>>,
    ) -> Result<Vec<Put>, StoreError> {
        let mut puts = Vec::with_capacity(packed.len());
        let (mut lower, mut version) = (block.lower.clone(), block.version);
        let mut packed = packed.into_iter().peekable();
        while let Some(part) = packed.next() {
            let next = packed.peek().and_then(|next| next.entries.first()).map(|first| first.key.to_string());
            let upper = next.clone().or_else(|| block.upper.clone());
            puts.push(self.put_block(shard, &Block { lower, upper, version, entries: Vec::new() }, part)?);
            (lower, version) = (next.unwrap_or_default(), 0);
        }
        Ok(puts)
    }

    fn put_block(&self, shard: &str, place: &Block, packed: Packed<'_>) -> Result<Put, StoreError> {
        let changed_ms = packed.entries.iter().map(|entry| entry.updated_ms).max().unwrap_or_default();
        let changed_at = Timestamp::from_millisecond(changed_ms).map_err(StoreError::corrupt)?;
        let sort = text(block_sort(&place.lower));
        let mut item = Item::from([
            ("pk".to_owned(), text(shard)),
            ("sk".to_owned(), sort.clone()),
            (key::BY_BLOCK.sk.to_owned(), sort),
            ("version".to_owned(), number(place.version + 1)),
            (key::BY_CHANGE.sk.to_owned(), text(key::moment(changed_at))),
            ("data".to_owned(), AttributeValue::B(Blob::new(packed.bytes))),
            outline::attribute(packed.outline),
        ]);
        if let Some(upper) = &place.upper {
            item.insert(key::ENDS.to_owned(), text(upper));
        }
        let put = Put::builder().table_name(&*self.table).set_item(Some(item));
        let put = if place.version == 0 {
            put.condition_expression("attribute_not_exists(pk)")
        } else {
            put.condition_expression("version = :before")
                .expression_attribute_values(":before", number(place.version))
        };
        put.build().map_err(StoreError::corrupt)
    }

    async fn write_blocks(&self, writes: Vec<Write>, permit: &Permit) -> Result<(), StoreError> {
        let (apart, together): (Vec<_>, Vec<_>) =
            writes.into_iter().partition(|w| matches!(w, Write::Apart(_)));
        futures::stream::iter(apart)
            .map(|(Write::Apart(puts) | Write::Together(puts))| self.put_in_turn(puts, permit))
            .buffer_unordered(CONCURRENCY)
            .try_collect::<Vec<()>>()
            .await?;
        for write in together {
            let (Write::Apart(puts) | Write::Together(puts)) = write;
            self.put_together(puts, permit).await?;
        }
        Ok(())
    }

    async fn put_in_turn(&self, puts: Vec<Put>, permit: &Permit) -> Result<(), StoreError> {
        for put in puts {
            self.put_apart(put, permit).await?;
        }
        Ok(())
    }

    pub(super) async fn put_apart(&self, put: Put, permit: &Permit) -> Result<(), StoreError> {
        permit.check()?;
        let request = self
            .client
            .put_item()
            .table_name(put.table_name)
            .set_item(Some(put.item))
            .set_condition_expression(put.condition_expression)
            .set_expression_attribute_values(put.expression_attribute_values);
        request.send().await?;
        Ok(())
    }

    async fn put_together(&self, puts: Vec<Put>, permit: &Permit) -> Result<(), StoreError> {
        permit.check()?;
        let writes = puts.into_iter().map(|put| TransactWriteItem::builder().put(put).build()).collect();
        self.transact(writes).await
    }
}

/// Distinct between two tries at the same records; that is all it needs.
fn try_id() -> u32 {
    let id = RunId::generate();
    let hash = xxhash_rust::xxh3::xxh3_64(id.as_str().as_bytes());
    u32::try_from(hash & u64::from(u32::MAX)).unwrap_or_default()
}
