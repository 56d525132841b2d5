//! A block as bytes: one version byte, then its entries column by column, compressed with zstd.
//!
//! Columns of like values compress better than whole entries one after the other.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::Bytes;
use bytes_utils::Str;
use domain::ids::RunId;
use serde::{Deserialize, Serialize};
use zstd::bulk::{Compressor, Decompressor};

use super::{Entry, Mark};
use crate::StoreError;

/// The layout below.
const VERSION: u8 = 2;

/// zstd's level; 1 costs a third of the time of 3 and is some 5% larger on catalogue data.
const LEVEL: i32 = 1;

/// Largest block that is read back; a bound against a damaged length.
const MAX_DECODED_BYTES: usize = 64 << 20;

#[derive(Serialize, Deserialize)]
struct Columns<'b> {
    #[serde(borrow)]
    keys: Vec<&'b str>,
    created_ms: Vec<i64>,
    /// Since creation: mostly zero.
    updated_after_ms: Vec<i64>,
    flags: Vec<u8>,
    /// The distinct marks, and which of them each entry has.
    #[serde(borrow)]
    marks: Vec<(&'b str, u32, u32)>,
    mark_of: Vec<u32>,
    data_lengths: Vec<u32>,
    #[serde(borrow, with = "serde_bytes")]
    data: &'b [u8],
}

const DELETED: u8 = 1;
const CREATED_BY_MARK: u8 = 2;

/// What [`encode`] compresses with.
pub(super) fn compressor() -> Result<Compressor<'static>, StoreError> {
    Compressor::new(LEVEL).map_err(StoreError::corrupt)
}

/// Packs entries.
pub(super) fn encode(entries: &[Entry], compressor: &mut Compressor<'_>) -> Result<Vec<u8>, StoreError> {
    let mut marks: Vec<&Mark> = Vec::new();
    let mut mark_of = Vec::with_capacity(entries.len());
    for entry in entries {
        let known = marks.iter().rposition(|mark| **mark == *entry.mark);
        let position = known.unwrap_or_else(|| {
            marks.push(&entry.mark);
            marks.len() - 1
        });
        mark_of.push(u32::try_from(position).map_err(StoreError::corrupt)?);
    }
    let data = entries.iter().map(|entry| &*entry.data).collect::<Vec<_>>().concat();
    let lengths = entries.iter().map(|entry| u32::try_from(entry.data.len()).map_err(StoreError::corrupt));
    let columns = Columns {
        keys: entries.iter().map(|entry| &*entry.key).collect(),
        created_ms: entries.iter().map(|entry| entry.created_ms).collect(),
        updated_after_ms: entries.iter().map(|entry| entry.updated_ms - entry.created_ms).collect(),
        flags: entries.iter().map(flags).collect(),
        marks: marks.iter().map(|mark| (mark.run.as_str(), mark.reached, mark.try_id)).collect(),
        mark_of,
        data_lengths: lengths.collect::<Result<_, _>>()?,
        data: &data,
    };
    let plain = postcard::to_stdvec(&columns).map_err(StoreError::corrupt)?;
    let mut packed = vec![VERSION];
    packed.extend(compressor.compress(&plain).map_err(StoreError::corrupt)?);
    Ok(packed)
}

fn flags(entry: &Entry) -> u8 {
    u8::from(entry.deleted) * DELETED + u8::from(entry.created_by_mark) * CREATED_BY_MARK
}

/// Unpacks entries.
///
/// # Errors
/// [`StoreError::Corrupt`] if the bytes are not what [`encode`] makes.
pub(crate) fn decode(packed: &[u8]) -> Result<Vec<Entry>, StoreError> {
    let Some((&VERSION, packed)) = packed.split_first() else {
        return Err(StoreError::corrupt("a block of records has an unknown layout"));
    };
    let plain = Bytes::from(unpack(packed)?);
    let columns: Columns<'_> = postcard::from_bytes(&plain).map_err(StoreError::corrupt)?;
    let marks = columns.marks.iter().map(|(run, reached, try_id)| {
        let run: RunId = run.parse().map_err(StoreError::corrupt)?;
        Ok(Arc::new(Mark { run, reached: *reached, try_id: *try_id }))
    });
    let marks: Vec<Arc<Mark>> = marks.collect::<Result<_, StoreError>>()?;
    let mut data = columns.data;
    let entries = (0..columns.keys.len()).map(|i| entry(&plain, &columns, &marks, i, &mut data));
    entries
        .collect::<Option<_>>()
        .ok_or_else(|| StoreError::corrupt("the columns of a block have unlike lengths"))
}

thread_local! {
    /// Setting one up costs more than unpacking a block.
    static DECOMPRESSOR: RefCell<Option<Decompressor<'static>>> = const { RefCell::new(None) };
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let size = Decompressor::upper_bound(packed).unwrap_or(MAX_DECODED_BYTES).min(MAX_DECODED_BYTES);
    DECOMPRESSOR.with_borrow_mut(|kept| {
        let mut decompressor = kept.take().map_or_else(Decompressor::new, Ok).map_err(StoreError::corrupt)?;
        let plain = decompressor.decompress(packed, size).map_err(StoreError::corrupt);
        *kept = Some(decompressor);
        plain
    })
}

fn entry(
    plain: &Bytes,
    columns: &Columns<'_>,
    marks: &[Arc<Mark>],
    i: usize,
    data: &mut &[u8],
) -> Option<Entry> {
    let (own, rest) = data.split_at_checked(*columns.data_lengths.get(i)? as usize)?;
    *data = rest;
    let created_ms = *columns.created_ms.get(i)?;
    let flags = *columns.flags.get(i)?;
    Some(Entry {
        key: Str::from_inner(plain.slice_ref(columns.keys.get(i)?.as_bytes())).ok()?,
        data: plain.slice_ref(own),
        created_ms,
        updated_ms: created_ms + columns.updated_after_ms.get(i)?,
        deleted: flags & DELETED != 0,
        created_by_mark: flags & CREATED_BY_MARK != 0,
        mark: marks.get(*columns.mark_of.get(i)? as usize)?.clone(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(key: &str, batch: u32) -> Entry {
        Entry {
            key: key.into(),
            data: format!(r#"{{"sku":"{key}"}}"#).into(),
            created_ms: 1_800_000_000_000,
            updated_ms: 1_800_000_000_500,
            deleted: batch == 2,
            mark: Arc::new(Mark { run: RunId::generate(), reached: batch, try_id: 1 }),
            created_by_mark: batch == 1,
        }
    }

    #[test]
    fn a_block_comes_back_as_it_was() {
        let entries = vec![entry("a", 1), entry("b ü", 2), entry("c", 3)];
        let mut compressor = compressor().unwrap();
        assert_eq!(decode(&encode(&entries, &mut compressor).unwrap()).unwrap(), entries);
        assert_eq!(decode(&encode(&[], &mut compressor).unwrap()).unwrap(), []);
    }

    #[test]
    fn damaged_bytes_are_refused() {
        let mut packed = encode(&[entry("a", 1)], &mut compressor().unwrap()).unwrap();
        assert!(decode(&packed[..packed.len() - 3]).is_err());
        packed[0] = 9;
        assert!(decode(&packed).is_err());
        assert!(decode(&[]).is_err());
    }
}
