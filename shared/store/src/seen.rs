//! The marks of the keys a run's pull met, kept where a worker hands the run over: the next one goes on with them.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use domain::ids::RunId;
use jiff::{SignedDuration, Timestamp};

use crate::item::{Item, number};
use crate::key::TTL;
use crate::{Store, StoreError, key};

/// How long marks are kept: longer than any run.
const KEPT: SignedDuration = SignedDuration::from_hours(72);

/// Marks in one item: 4 bytes each, and an item holds 400 KB.
const MARKS: usize = 90_000;

impl Store {
    /// Keeps marks, from segment `first` on; answers how many segments there are then.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn keep_seen(
        &self,
        run: &RunId,
        first: u32,
        marks: &[u32],
        now: Timestamp,
    ) -> Result<u32, StoreError> {
        let mut segment = first;
        for part in marks.chunks(MARKS) {
            let bytes: Vec<u8> = part.iter().flat_map(|mark| mark.to_le_bytes()).collect();
            let mut item: Item = key::seen_segment(run, segment).to_item();
            item.insert("marks".to_owned(), AttributeValue::B(Blob::new(bytes)));
            item.insert(TTL.to_owned(), number((now + KEPT).as_second()));
            self.client.put_item().table_name(&*self.table).set_item(Some(item)).send().await?;
            segment += 1;
        }
        Ok(segment)
    }

    /// Reads the marks of the first `segments` segments, each as it was kept.
    ///
    /// # Errors
    /// If the table cannot be read, or a segment is gone.
    pub async fn seen(&self, run: &RunId, segments: u32) -> Result<Vec<Vec<u32>>, StoreError> {
        let mut all = Vec::new();
        for segment in 0..segments {
            let item = self.get_item(&key::seen_segment(run, segment)).await?;
            let marks = item.as_ref().and_then(|item| item.get("marks")?.as_b().ok());
            let marks = marks.ok_or_else(|| StoreError::corrupt("marks of a run are missing"))?.as_ref();
            all.push(marks.as_chunks().0.iter().map(|bytes| u32::from_le_bytes(*bytes)).collect());
        }
        Ok(all)
    }

    /// Lets the marks of a closed run go.
    ///
    /// # Errors
    /// If the table cannot be reached; then they expire by themselves.
    pub async fn forget_seen(&self, run: &RunId, segments: u32) -> Result<(), StoreError> {
        let keys: Vec<Item> =
            (0..segments).map(|segment| key::seen_segment(run, segment).to_item()).collect();
        self.delete_many(&keys).await
    }
}
