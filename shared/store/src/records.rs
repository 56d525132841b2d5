//! Reading records: one by its key, or many in key order.

use domain::records::Record;
use futures::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;

use crate::blocks::{Block, Entry, read_block, shard_of};
use crate::cursor;
use crate::item::{Item, Range, string};
use crate::key::{self, BEYOND, BY_CHANGE, SHARDS};
use crate::{Collection, Listing, Store, StoreError};

/// Blocks read ahead of a shard.
const AHEAD: usize = 4;

impl Store {
    /// Reads one record, also one that is gone at the ERP.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn record(&self, of: &Collection, key: &str) -> Result<Option<Record>, StoreError> {
        let shard = key::shard(of, shard_of(key));
        let Some(block) = self.block_at(&shard, key).await? else { return Ok(None) };
        let found = block.entries.into_iter().find(|entry| *entry.key == *key);
        found.map(|entry| show(entry, of)).transpose()
    }

    /// The stock levels of one SKU in a collection of them, at all its locations.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn stock_levels(&self, of: &Collection, sku: &str) -> Result<Vec<Record>, StoreError> {
        let shard = key::shard(of, shard_of(sku));
        let of_sku = |entry: &Entry| {
            let location = entry.key.strip_prefix(sku);
            location.is_some_and(|rest| rest.is_empty() || rest.starts_with('|'))
        };
        let end = format!("{sku}|{BEYOND}");
        let block = self.block_at(&shard, sku).await?;
        let entries = self.entries_after(block, &shard, sku, true, &end, usize::MAX).await?;
        let levels = entries.into_iter().filter(|entry| of_sku(entry) && !entry.deleted);
        levels.map(|entry| show(entry, of)).collect()
    }

    /// Lists records in the order of their keys; with `updated_since`, only those changed here at or after it.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn list_records(
        &self,
        of: &Collection,
        updated_since: Option<Timestamp>,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<Record>, StoreError> {
        let list = list_name(of);
        let after = cursor::decode(&list, cursor)?;
        let wanted = limit as usize + 1;
        let shards: Vec<String> = (0..SHARDS).map(|shard| key::shard(of, shard)).collect();
        let from = after.as_deref().unwrap_or_default();
        let entries = match updated_since {
            Some(since) => {
                let after = after.as_deref();
                let each = shards.iter();
                try_join_all(each.map(|shard| self.entries_changed_since(shard, since, after, wanted)))
                    .await?
            }
            None => {
                let each = self.blocks_at(&shards, from).await?.into_iter().zip(&shards);
                try_join_all(
                    each.map(|(block, shard)| self.entries_after(block, shard, from, false, BEYOND, wanted)),
                )
                .await?
            }
        };
        let mut entries: Vec<Entry> = entries.into_iter().flatten().collect();
        entries.sort_by(|a, b| a.key.cmp(&b.key));
        let more = entries.len() > limit as usize;
        entries.truncate(limit as usize);
        let next = entries.last().filter(|_| more).map(|last| cursor::encode(&list, &last.key));
        let items = entries.into_iter().map(|entry| show(entry, of)).collect::<Result<_, _>>()?;
        Ok(Listing { items, next })
    }

    /// The block of each shard that `key` falls into.
    async fn blocks_at(&self, shards: &[String], key: &str) -> Result<Vec<Option<Block>>, StoreError> {
        if key.is_empty() {
            return self.first_blocks(shards).await;
        }
        try_join_all(shards.iter().map(|shard| self.block_at(shard, key))).await
    }

    /// Up to about `wanted` entries of a shard in key order, from `from` (itself only if `inclusive`), which falls into
    /// `block`, to `to`.
    async fn entries_after(
        &self,
        block: Option<Block>,
        shard: &str,
        from: &str,
        inclusive: bool,
        to: &str,
        wanted: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let fits =
            |entry: &Entry| (*entry.key > *from || inclusive && *entry.key == *from) && *entry.key <= *to;
        let mut found: Vec<Entry> = Vec::new();
        let mut blocks: Vec<_> = block.into_iter().collect();
        while let Some(last) = blocks.last() {
            let (lower, is_last) = (last.lower.clone(), last.upper.as_deref().is_none_or(|upper| upper > to));
            found.extend(blocks.into_iter().flat_map(|block| block.entries).filter(fits));
            if is_last || found.len() >= wanted {
                break;
            }
            blocks = self.blocks_after(shard, &lower, to, AHEAD).await?;
        }
        Ok(found)
    }

    /// Up to about `wanted` entries of a shard in key order behind `after` that changed at or after `since`: the index
    /// names the blocks that hold one, and only those are read.
    async fn entries_changed_since(
        &self,
        shard: &str,
        since: Timestamp,
        after: Option<&str>,
        wanted: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let range = Range { prefix: "", descending: false };
        let before = key::moment(since - SignedDuration::from_millis(1));
        let mut blocks = self.query(Some(BY_CHANGE), shard, &range, u32::MAX - 1, Some(&before)).await?;
        blocks.sort_by(|a, b| string(a, "sk").ok().cmp(&string(b, "sk").ok()));
        if let Some(after) = after {
            let reached = key::block_sort(after);
            let behind = blocks
                .iter()
                .filter(|block| string(block, "sk").is_ok_and(|sk| sk <= reached.as_str()))
                .count();
            blocks.drain(..behind.saturating_sub(1));
        }
        let fits = |entry: &Entry| {
            after.is_none_or(|after| *entry.key > *after) && entry.updated_ms >= since.as_millisecond()
        };
        let mut found = Vec::new();
        for keys in blocks.chunks(AHEAD) {
            for item in self.get_many_items(keys).await? {
                found.extend(read_block(&item)?.entries.into_iter().filter(fits));
            }
            if found.len() >= wanted {
                break;
            }
        }
        Ok(found)
    }

    /// Deletes every record of a collection, and what its syncs remember.
    pub(crate) async fn delete_collection(&self, of: &Collection) -> Result<(), StoreError> {
        try_join_all((0..SHARDS).map(|shard| self.delete_shard(key::shard(of, shard)))).await?;
        self.delete(&key::sync_state(of)).await?;
        self.delete(&key::profile(of)).await?;
        Ok(())
    }

    async fn delete_shard(&self, pk: String) -> Result<(), StoreError> {
        loop {
            let range = Range { prefix: "", descending: false };
            let blocks: Vec<Item> = self.query(None, &pk, &range, 100, None).await?;
            if blocks.is_empty() {
                return Ok(());
            }
            self.delete_many(&blocks).await?;
        }
    }
}

/// The name of the list that [`Store::list_records`] pages through, for its cursors.
pub(crate) fn list_name(of: &Collection) -> String {
    let whose = of.scope.as_ref().map(ToString::to_string).unwrap_or_default();
    format!("records:{}:{}:{whose}", of.connection, of.data_type)
}

fn show(entry: Entry, of: &Collection) -> Result<Record, StoreError> {
    let text = String::from_utf8(entry.data.into()).map_err(StoreError::corrupt)?;
    Ok(Record {
        id: entry.key.to_string(),
        erp_connection_id: of.connection.clone(),
        data_type: of.data_type,
        created_at: Timestamp::from_millisecond(entry.created_ms).map_err(StoreError::corrupt)?,
        updated_at: Timestamp::from_millisecond(entry.updated_ms).map_err(StoreError::corrupt)?,
        deleted: entry.deleted,
        pending: false,
        change_id: None,
        data: RawValue::from_string(text).map_err(StoreError::corrupt)?,
    })
}
