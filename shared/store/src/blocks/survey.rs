//! Goes over a whole collection: which records are live, and which blocks hold some that vanished.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::RunId;
use futures::future::try_join_all;
use jiff::Timestamp;

use super::load::{Block, read_block};
use super::pack::Packer;
use super::permit::Permit;
use super::{Entry, Mark, shard_of};
use crate::item::{Item, text};
use crate::key::{self, SHARDS, block_sort};
use crate::{Collection, Store, StoreError};

/// Tries at a block that is changed under us.
const TRIES: usize = 8;

/// A block of a collection that holds a record that vanished.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockRef {
    shard: u8,
    lower: String,
}

/// Which records of a collection vanished, seen by the run that looks for them.
pub struct Vanished<'v> {
    /// The run.
    pub run: &'v RunId,
    /// How many records the run counts before these. What an earlier try deleted and did not count counts again.
    pub counted: u32,
    /// Whether the ERP still has the record with this key.
    pub is_seen: &'v (dyn Fn(&str) -> bool + Sync),
}

impl Vanished<'_> {
    fn includes(&self, entry: &Entry) -> bool {
        if entry.deleted {
            return entry.mark.run == *self.run && entry.mark.reached > self.counted;
        }
        !(self.is_seen)(&entry.key)
    }
}

impl Store {
    /// Tells `live` every record that is here and not gone, by its key and whether it vanished, and answers the blocks
    /// that hold one that did.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn survey(
        &self,
        collection: &Collection,
        vanished: &Vanished<'_>,
        mut live: impl FnMut(&str, bool),
    ) -> Result<Vec<BlockRef>, StoreError> {
        let mut found = Vec::new();
        for shard in 0..SHARDS {
            let mut see = |block: Block| {
                let mut any = false;
                for entry in &block.entries {
                    let gone = vanished.includes(entry);
                    any |= gone;
                    if gone || !entry.deleted {
                        live(&entry.key, gone);
                    }
                }
                if any {
                    found.push(BlockRef { shard, lower: block.lower });
                }
            };
            let pk = key::shard(collection, shard);
            let mut from = None;
            loop {
                let (items, next) = self.page_of_blocks(&pk, from).await?;
                for item in &items {
                    see(read_block(item)?);
                }
                from = next;
                if from.is_none() {
                    break;
                }
            }
        }
        Ok(found)
    }

    async fn page_of_blocks(
        &self,
        pk: &str,
        from: Option<Item>,
    ) -> Result<(Vec<Item>, Option<Item>), StoreError> {
        let request = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(pk))
            .consistent_read(true)
            .set_exclusive_start_key(from);
        let answer = request.send().await?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key))
    }

    /// Marks the records of `blocks` that vanished as gone; tells each by its key, also when an earlier try at the same
    /// records did it.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if the permit ends or somebody else keeps writing; some may be marked then.
    pub async fn delete_vanished(
        &self,
        collection: &Collection,
        blocks: &[BlockRef],
        vanished: &Vanished<'_>,
        permit: &Permit,
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let each = blocks.iter().map(|block| self.delete_from(collection, block, vanished, permit, now));
        Ok(try_join_all(each).await?.into_iter().flatten().collect())
    }

    /// Marks one record as gone, because the ERP deleted it for us; says whether it was there, also when an earlier try
    /// at it did it.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if the permit ends or somebody else keeps writing.
    pub async fn delete_record(
        &self,
        collection: &Collection,
        key: &str,
        run: &RunId,
        counted: u32,
        permit: &Permit,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let shard = shard_of(key);
        let pk = key::shard(collection, shard);
        let Some(block) = self.block_at(&pk, key).await? else { return Ok(false) };
        let block = BlockRef { shard, lower: block.lower };
        let is_seen = |other: &str| other != key;
        let vanished = Vanished { run, counted, is_seen: &is_seen };
        let deleted = self.delete_vanished(collection, &[block], &vanished, permit, now).await?;
        Ok(deleted.iter().any(|deleted| deleted == key))
    }

    async fn delete_from(
        &self,
        collection: &Collection,
        block: &BlockRef,
        vanished: &Vanished<'_>,
        permit: &Permit,
        now: Timestamp,
    ) -> Result<Vec<String>, StoreError> {
        let pk = key::shard(collection, block.shard);
        let reached = vanished.counted.saturating_add(1);
        let mark = Arc::new(Mark { run: vanished.run.clone(), reached, try_id: 0 });
        for _ in 0..TRIES {
            let at = Item::from([
                ("pk".to_owned(), text(&*pk)),
                ("sk".to_owned(), AttributeValue::S(block_sort(&block.lower))),
            ]);
            let request = self.client.get_item().table_name(&*self.table).set_key(Some(at));
            let Some(item) = request.consistent_read(true).send().await?.item else { break };
            let mut block = read_block(&item)?;
            let mut entries = std::mem::take(&mut block.entries);
            let mut gone = Vec::new();
            let mut changed = false;
            for entry in entries.iter_mut().filter(|entry| vanished.includes(entry)) {
                gone.push(entry.key.to_string());
                if !entry.deleted {
                    changed = true;
                    entry.deleted = true;
                    entry.created_by_mark = false;
                    entry.updated_ms = now.as_millisecond();
                    entry.mark = Arc::clone(&mark);
                }
            }
            if !changed {
                return Ok(gone);
            }
            let packed = Packer::new()?.pack(&entries, entries.len())?;
            let mut written = Ok(());
            for put in self.puts(&pk, &block, packed)? {
                written = self.put_apart(put, permit).await;
            }
            match written {
                Ok(()) => return Ok(gone),
                Err(StoreError::Changed) => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Changed)
    }
}
