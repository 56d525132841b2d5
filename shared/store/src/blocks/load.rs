//! Finds and reads blocks: the one a key falls into, or all that a sorted batch of keys touches.

use aws_sdk_dynamodb::types::AttributeValue;

use super::{Entry, Upsert, decode};
use crate::item::{Item, string, text};
use crate::key::block_sort;
use crate::{Store, StoreError};

/// A block that was read.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// The key it begins at; empty for the first of a shard.
    pub(crate) lower: String,
    /// 0 if there is no such item yet.
    pub(crate) version: u64,
    pub(crate) entries: Vec<Entry>,
}

/// A block with the upserts that fall into it.
pub(super) struct Touched {
    pub(super) block: Block,
    pub(super) upserts: Vec<Upsert>,
}

/// Blocks read ahead at most; some 0.5 MB.
const MAX_AHEAD: usize = 64;

/// Reads a block from its item.
pub(crate) fn read_block(item: &Item) -> Result<Block, StoreError> {
    let lower = string(item, "sk")?.get(1..).unwrap_or_default().to_owned();
    let version = item.get("version").and_then(|v| v.as_n().ok()).and_then(|v| v.parse().ok());
    let data = item.get("data").and_then(|v| v.as_b().ok());
    match (version, data) {
        (Some(version), Some(data)) => Ok(Block { lower, version, entries: decode(data.as_ref())? }),
        _ => Err(StoreError::corrupt("a block of records lacks its version or data")),
    }
}

impl Block {
    /// The first block of a shard that has none yet.
    pub(super) const fn first() -> Self {
        Self { lower: String::new(), version: 0, entries: Vec::new() }
    }
}

impl Store {
    /// The last block of a shard that begins at or before `key`.
    pub(crate) async fn block_at(&self, shard: &str, key: &str) -> Result<Option<Block>, StoreError> {
        let found = self.query_blocks(shard, "#sk <= :key", &[(":key", block_sort(key))], false, 1).await?;
        found.first().map(read_block).transpose()
    }

    /// Up to a page of blocks of a shard that begin after `lower` and at or before `upper`, in order.
    pub(crate) async fn blocks_between(
        &self,
        shard: &str,
        lower: &str,
        upper: &str,
        limit: usize,
    ) -> Result<Vec<Block>, StoreError> {
        let after = format!("{}\u{0}", block_sort(lower));
        let bounds = [(":after", after), (":upper", block_sort(upper))];
        let found = self.query_blocks(shard, "#sk BETWEEN :after AND :upper", &bounds, true, limit).await?;
        found.iter().map(read_block).collect()
    }

    async fn query_blocks(
        &self,
        shard: &str,
        condition: &str,
        bounds: &[(&str, String)],
        ascending: bool,
        limit: usize,
    ) -> Result<Vec<Item>, StoreError> {
        let mut request = self
            .client
            .query()
            .table_name(&*self.table)
            .key_condition_expression(format!("pk = :pk AND {condition}"))
            .expression_attribute_names("#sk", "sk")
            .expression_attribute_values(":pk", text(shard))
            .scan_index_forward(ascending)
            .consistent_read(true)
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        for (name, bound) in bounds {
            request = request.expression_attribute_values(*name, AttributeValue::S(bound.clone()));
        }
        Ok(request.send().await?.items.unwrap_or_default())
    }

    /// The blocks that sorted `upserts` fall into, each with its own.
    ///
    /// From the block of the next key it reads ahead, the farther the more of what it read was needed: a dense batch
    /// reads its blocks in few requests and each once, a sparse one leaps from key to key.
    pub(super) async fn touched_blocks(
        &self,
        shard: &str,
        upserts: Vec<Upsert>,
    ) -> Result<Vec<Touched>, StoreError> {
        let Some(last_key) = upserts.last().map(|upsert| upsert.key.clone()) else { return Ok(Vec::new()) };
        let mut upserts = upserts.into_iter().peekable();
        let mut touched = Vec::new();
        let mut ahead = 4;
        let mut reached: Option<Block> = None;
        while let Some(next) = upserts.peek() {
            let first = match reached.take() {
                Some(block) => block,
                None => self.block_at(shard, &next.key).await?.unwrap_or_else(Block::first),
            };
            let mut window = vec![first];
            window.extend(self.blocks_between(shard, &window[0].lower, &last_key, ahead).await?);
            let reaches_last_key = window.len() <= ahead;
            let read = window.len();
            let mut needed = 0;
            let mut window = window.into_iter().peekable();
            while let Some(block) = window.next() {
                let upper = window.peek().map(|next| next.lower.clone());
                if upper.is_none() && !reaches_last_key {
                    reached = Some(block); // where it ends is not known yet: it is the first of the next window
                    break;
                }
                let falls_in = |upsert: &Upsert| upper.as_ref().is_none_or(|upper| *upsert.key < **upper);
                let own: Vec<_> = std::iter::from_fn(|| upserts.next_if(falls_in)).collect();
                if !own.is_empty() {
                    needed += 1;
                    touched.push(Touched { block, upserts: own });
                }
            }
            if needed * 2 >= read {
                ahead = (ahead * 4).min(MAX_AHEAD);
            } else {
                (ahead, reached) = (2, None);
            }
        }
        Ok(touched)
    }
}
