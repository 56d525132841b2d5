//! Reads blocks: the one a key falls into, or those between two keys.

use aws_sdk_dynamodb::types::AttributeValue;

use super::outline::{self, Outline};
use super::{Entry, decode};
use crate::item::{Item, string, text};
use crate::key::{self, BY_BLOCK, ENDS, block_sort};
use crate::{Store, StoreError};

/// A block that was read.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    /// The key it begins at; empty for the first of a shard.
    pub(crate) lower: String,
    /// The key before which it ends; `None` for the last of a shard.
    pub(crate) upper: Option<String>,
    /// 0 if there is no such item yet.
    pub(crate) version: u64,
    pub(crate) entries: Vec<Entry>,
}

/// Reads a block from its item.
pub(crate) fn read_block(item: &Item) -> Result<Block, StoreError> {
    let (lower, upper) = bounds(item)?;
    let version = item.get("version").and_then(|v| v.as_n().ok()).and_then(|v| v.parse().ok());
    let data = item.get("data").and_then(|v| v.as_b().ok());
    match (version, data) {
        (Some(version), Some(data)) => Ok(Block { lower, upper, version, entries: decode(data.as_ref())? }),
        _ => Err(StoreError::corrupt("a block of records lacks its version or data")),
    }
}

/// Where a block begins and ends.
pub(super) fn bounds(item: &Item) -> Result<(String, Option<String>), StoreError> {
    let lower = string(item, "sk")?.get(1..).unwrap_or_default().to_owned();
    let upper = item.get(ENDS).map(|_| string(item, ENDS).map(str::to_owned)).transpose()?;
    Ok((lower, upper))
}

/// Some of the blocks of a shard, whole or as the index knows them.
struct Stretch<'q> {
    /// Ask the index.
    outlines: bool,
    /// What their sort keys, `#sk`, have to be.
    condition: &'q str,
    bounds: &'q [(&'q str, String)],
    ascending: bool,
    limit: usize,
}

impl Store {
    /// The last block of a shard that begins at or before `key`.
    pub(crate) async fn block_at(&self, shard: &str, key: &str) -> Result<Option<Block>, StoreError> {
        let found = self.query_blocks(shard, &Stretch::at(false, &[(":key", block_sort(key))])).await?;
        found.first().map(read_block).transpose()
    }

    /// The first block of each of these shards, where there is one: all by one request, for their keys are known.
    pub(crate) async fn first_blocks(&self, shards: &[String]) -> Result<Vec<Option<Block>>, StoreError> {
        let keys: Vec<Item> = shards.iter().map(|shard| key::first_block(shard).to_item()).collect();
        let found = self.get_many_items(&keys).await?;
        let of = |shard: &String| found.iter().find(|item| string(item, "pk").is_ok_and(|pk| pk == shard));
        shards.iter().map(|shard| of(shard).map(read_block).transpose()).collect()
    }

    /// The same as [`Self::block_at`], as the index knows it.
    pub(super) async fn outline_at(&self, shard: &str, key: &str) -> Result<Option<Outline>, StoreError> {
        let found = self.query_blocks(shard, &Stretch::at(true, &[(":key", block_sort(key))])).await?;
        found.first().map(outline::read).transpose()
    }

    /// Up to `limit` blocks of a shard that begin after `lower` and at or before `upper`, in order.
    pub(crate) async fn blocks_after(
        &self,
        shard: &str,
        lower: &str,
        upper: &str,
        limit: usize,
    ) -> Result<Vec<Block>, StoreError> {
        let bounds = after(lower, upper);
        let found = self.query_blocks(shard, &Stretch::between(false, &bounds, limit)).await?;
        found.iter().map(read_block).collect()
    }

    /// The same, as the index knows them.
    pub(super) async fn outlines_after(
        &self,
        shard: &str,
        lower: &str,
        upper: &str,
        limit: usize,
    ) -> Result<Vec<Outline>, StoreError> {
        let bounds = after(lower, upper);
        let found = self.query_blocks(shard, &Stretch::between(true, &bounds, limit)).await?;
        found.iter().map(outline::read).collect()
    }

    /// All blocks of a shard from the one that begins at `first` to the one that begins at `last`, in order.
    pub(super) async fn blocks_from_to(
        &self,
        shard: &str,
        first: &str,
        last: &str,
    ) -> Result<Vec<Block>, StoreError> {
        let bounds = [(":from", block_sort(first)), (":to", block_sort(last))];
        let found = self.query_blocks(shard, &Stretch::between(false, &bounds, usize::MAX)).await?;
        found.iter().map(read_block).collect()
    }

    async fn query_blocks(&self, shard: &str, stretch: &Stretch<'_>) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::new();
        let mut from = None;
        while found.len() < stretch.limit {
            let limit = i32::try_from(stretch.limit - found.len()).ok();
            let mut request = self
                .client
                .query()
                .table_name(&*self.table)
                .set_index_name(stretch.outlines.then(|| BY_BLOCK.name.to_owned()))
                .key_condition_expression(format!("pk = :pk AND {}", stretch.condition))
                .expression_attribute_names("#sk", if stretch.outlines { BY_BLOCK.sk } else { "sk" })
                .expression_attribute_values(":pk", text(shard))
                .scan_index_forward(stretch.ascending)
                .consistent_read(true)
                .set_limit(limit)
                .set_exclusive_start_key(from);
            for (name, bound) in stretch.bounds {
                request = request.expression_attribute_values(*name, AttributeValue::S(bound.clone()));
            }
            let answer = request.send().await?;
            found.extend(answer.items.unwrap_or_default());
            from = answer.last_evaluated_key;
            if from.is_none() {
                break;
            }
        }
        Ok(found)
    }
}

/// Bounds of the blocks that begin after `lower` and at or before `upper`.
fn after(lower: &str, upper: &str) -> [(&'static str, String); 2] {
    [(":from", format!("{}\u{0}", block_sort(lower))), (":to", block_sort(upper))]
}

impl<'q> Stretch<'q> {
    const fn at(outlines: bool, bounds: &'q [(&'q str, String)]) -> Self {
        Self { outlines, condition: "#sk <= :key", bounds, ascending: false, limit: 1 }
    }

    const fn between(outlines: bool, bounds: &'q [(&'q str, String)], limit: usize) -> Self {
        Self { outlines, condition: "#sk BETWEEN :from AND :to", bounds, ascending: true, limit }
    }
}
