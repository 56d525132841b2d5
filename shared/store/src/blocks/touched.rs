//! Finds the blocks that a sorted batch of records has to be merged into: by the index, which tells of most that they
//! hold the records as they are, and only then whole.

use std::ops::Range;

use domain::ids::RunId;

use super::Upsert;
use super::load::Block;
use super::outline::Outline;
use crate::key::BEYOND;
use crate::{Store, StoreError};

/// A block with the records that fall into it.
pub(super) struct Touched {
    pub(super) block: Block,
    /// Which of the batch they are.
    pub(super) records: Range<usize>,
}

/// Outlines read ahead at first, and at most; some 0.5 MB.
const AHEAD: usize = 8;
const MAX_AHEAD: usize = 256;

/// Records of a sorted batch that are not all known as they are, and where they belong.
#[derive(Debug, PartialEq, Eq)]
struct Doubt {
    place: Place,
    records: Range<usize>,
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// The blocks from the one that begins at `first` to the one that begins at `last`.
    Blocks { first: String, last: String },
    /// A block that is not there yet; `upper` where it has to end, if that is not behind the batch.
    Missing { lower: String, upper: Option<String> },
}

impl Store {
    /// The blocks that `sorted` have to be merged into. What is missing among them is in the table as it is, and `run`
    /// has not written there before.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if somebody else splits a block meanwhile.
    pub(super) async fn touched_blocks(
        &self,
        shard: &str,
        sorted: &[Upsert],
        run: Option<&RunId>,
    ) -> Result<Vec<Touched>, StoreError> {
        let mut touched = Vec::new();
        for Doubt { place, records } in self.doubts(shard, sorted, run).await? {
            match place {
                Place::Missing { lower, upper } => {
                    let upper = match upper {
                        Some(upper) => Some(upper),
                        None => self.next_lower(shard, &lower).await?,
                    };
                    let block = Block { lower, upper, version: 0, entries: Vec::new() };
                    touched.push(Touched { block, records });
                }
                Place::Blocks { first, last } => {
                    let blocks = self.blocks_from_to(shard, &first, &last).await?;
                    hand_out(blocks, sorted, records, &mut touched)?;
                }
            }
        }
        Ok(touched)
    }

    /// From the block of the next key it reads ahead, the farther the more of what it read was needed: a dense batch
    /// reads the index in few requests, a sparse one leaps from key to key.
    async fn doubts(
        &self,
        shard: &str,
        sorted: &[Upsert],
        run: Option<&RunId>,
    ) -> Result<Vec<Doubt>, StoreError> {
        let mut search = Search { sorted, run, at: 0, doubts: Vec::new() };
        let mut ahead = AHEAD;
        while let (Some(next), Some(last)) = (sorted.get(search.at), sorted.last()) {
            let Some(first) = self.outline_at(shard, &next.key).await? else {
                // The first block of a shard begins before every key: there is none at all.
                search.miss(String::new(), None, sorted.len());
                break;
            };
            let mut window = vec![first];
            let mut complete = true;
            if window[0].upper.as_deref().is_some_and(|upper| *last.key >= *upper) {
                window.extend(self.outlines_after(shard, &window[0].lower, &last.key, ahead).await?);
                complete = window.len() <= ahead;
            }
            let needed = search.walk(&window, complete);
            ahead = if needed * 2 >= window.len() { (ahead * 4).min(MAX_AHEAD) } else { 2 };
        }
        Ok(search.doubts)
    }

    /// Where the first block begins that begins after `lower`.
    async fn next_lower(&self, shard: &str, lower: &str) -> Result<Option<String>, StoreError> {
        let next = self.outlines_after(shard, lower, BEYOND, 1).await?;
        Ok(next.into_iter().next().map(|next| next.lower))
    }

    /// Whether a block begins at `lower`.
    pub(super) async fn has_block(&self, shard: &str, lower: &str) -> Result<bool, StoreError> {
        Ok(self.outline_at(shard, lower).await?.is_some_and(|outline| outline.lower == lower))
    }
}

/// The way through a sorted batch beside the blocks of a shard.
struct Search<'s> {
    sorted: &'s [Upsert],
    run: Option<&'s RunId>,
    /// The next record.
    at: usize,
    doubts: Vec<Doubt>,
}

impl Search<'_> {
    /// Goes on as far as the neighbouring blocks of `window` tell; if they are `complete`, no later one concerns the batch.
    /// Answers how many of them were needed.
    fn walk(&mut self, window: &[Outline], complete: bool) -> usize {
        let mut needed = 0;
        let mut goes_on = false;
        for (place, outline) in window.iter().enumerate() {
            let own = self.at..self.end_before(outline.upper.as_deref());
            let doubtful = !own.is_empty() && !outline.knows_all(&self.sorted[own.clone()], self.run);
            needed += usize::from(!own.is_empty());
            self.at = own.end;
            if doubtful {
                self.doubt(outline, own, goes_on);
            }
            goes_on = doubtful;
            let next = window.get(place + 1).map(|next| next.lower.clone());
            if next.is_none() && !complete {
                break; // what lies behind it is not known
            }
            let end = self.end_before(next.as_deref());
            if let Some(upper) = &outline.upper
                && end > self.at
            {
                self.miss(upper.clone(), next, end);
                goes_on = false;
            }
        }
        needed
    }

    /// Where the records end that sort before `upper`.
    fn end_before(&self, upper: Option<&str>) -> usize {
        let rest = self.sorted.get(self.at..).unwrap_or_default();
        self.at + upper.map_or(rest.len(), |upper| rest.partition_point(|upsert| *upsert.key < *upper))
    }

    fn doubt(&mut self, outline: &Outline, records: Range<usize>, goes_on: bool) {
        match self.doubts.last_mut() {
            Some(Doubt { place: Place::Blocks { last, .. }, records: before }) if goes_on => {
                last.clone_from(&outline.lower);
                before.end = records.end;
            }
            _ => {
                let (first, last) = (outline.lower.clone(), outline.lower.clone());
                self.doubts.push(Doubt { place: Place::Blocks { first, last }, records });
            }
        }
    }

    fn miss(&mut self, lower: String, upper: Option<String>, end: usize) {
        self.doubts.push(Doubt { place: Place::Missing { lower, upper }, records: self.at..end });
        self.at = end;
    }
}

/// Hands `records` out to the blocks that they fall into now.
fn hand_out(
    blocks: Vec<Block>,
    sorted: &[Upsert],
    records: Range<usize>,
    touched: &mut Vec<Touched>,
) -> Result<(), StoreError> {
    let mut rest = records;
    for block in blocks {
        let open = &sorted[rest.clone()];
        if open.first().is_some_and(|next| *next.key < *block.lower) {
            return Err(StoreError::Changed);
        }
        let upper = block.upper.as_deref();
        let own = upper.map_or(open.len(), |upper| open.partition_point(|upsert| *upsert.key < *upper));
        if own > 0 {
            touched.push(Touched { block, records: rest.start..rest.start + own });
            rest.start += own;
        }
    }
    if rest.is_empty() { Ok(()) } else { Err(StoreError::Changed) }
}
