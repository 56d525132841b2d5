//! Packs the entries of a block, and cuts them into several blocks where they weigh too much.

use zstd::bulk::Compressor;

use super::codec::{compressor, encode};
use super::{Entry, outline};
use crate::StoreError;

/// What a block should weigh once it is cut, compressed and with its outline.
const TARGET_BYTES: usize = 8 << 10;

/// What a block may weigh before it is cut.
const MAX_BYTES: usize = 16 << 10;

/// What is left of 1000 bytes of catalogue data by experience; corrected by each block that is packed.
const EXPECTED_PER_MILLE: usize = 150;

/// Some entries, packed.
pub(super) struct Packed<'e> {
    pub(super) entries: &'e [Entry],
    pub(super) bytes: Vec<u8>,
    pub(super) outline: Vec<u8>,
}

impl Packed<'_> {
    const fn weight(&self) -> usize {
        self.bytes.len() + self.outline.len()
    }
}

/// Packs blocks. One packer serves many: setting up compression costs as much as compressing a small block.
pub(super) struct Packer {
    compressor: Compressor<'static>,
    per_mille: usize,
}

impl Packer {
    pub(super) fn new() -> Result<Self, StoreError> {
        Ok(Self { compressor: compressor()?, per_mille: EXPECTED_PER_MILLE })
    }

    /// Packs `entries` into one block, or into several where they weigh too much. The first holds at least `keep`.
    pub(super) fn pack<'e>(
        &mut self,
        entries: &'e [Entry],
        keep: usize,
    ) -> Result<Vec<Packed<'e>>, StoreError> {
        let mut packed = Vec::new();
        if self.expected(weigh(entries)) <= MAX_BYTES {
            let whole = self.encode(entries)?;
            if whole.weight() <= MAX_BYTES {
                packed.push(whole);
                return Ok(packed);
            }
        }
        let mut rest = entries;
        while !rest.is_empty() {
            let least = if packed.is_empty() { keep } else { 0 };
            let piece = self.next_piece(rest, least)?;
            rest = rest.get(piece.entries.len()..).unwrap_or_default();
            packed.push(piece);
        }
        Ok(packed)
    }

    /// As many entries from the front as should fill a block; fewer, if they turn out too heavy, and once more, if they
    /// turn out too light.
    fn next_piece<'e>(&mut self, entries: &'e [Entry], least: usize) -> Result<Packed<'e>, StoreError> {
        let mut may_grow = true;
        loop {
            let fitting = self.fitting(entries).max(least).max(1);
            let piece = self.encode(entries.get(..fitting).unwrap_or(entries))?;
            let too_heavy = piece.weight() > MAX_BYTES && fitting > least.max(1);
            let too_light = piece.weight() < TARGET_BYTES / 2 && fitting < entries.len();
            if !(too_heavy || too_light && may_grow) {
                return Ok(piece);
            }
            may_grow = false;
        }
    }

    /// How many entries from the front are expected to reach the target.
    fn fitting(&self, entries: &[Entry]) -> usize {
        let mut weight = 0;
        let reaches = |entry: &Entry| {
            weight += weigh(std::slice::from_ref(entry));
            self.expected(weight) > TARGET_BYTES
        };
        entries.iter().position(reaches).unwrap_or(entries.len())
    }

    const fn expected(&self, weight: usize) -> usize {
        weight * self.per_mille / 1_000
    }

    fn encode<'e>(&mut self, entries: &'e [Entry]) -> Result<Packed<'e>, StoreError> {
        let (bytes, outline) = (encode(entries, &mut self.compressor)?, outline::encode(entries)?);
        let packed = Packed { entries, bytes, outline };
        // Rounded up, so that entries that proved too heavy are always expected to be.
        self.per_mille = (packed.weight() * 1_000).div_ceil(weigh(entries).max(1)).max(1);
        Ok(packed)
    }
}

fn weigh(entries: &[Entry]) -> usize {
    entries.iter().map(|entry| entry.key.len() + entry.data.len() + 16).sum()
}
