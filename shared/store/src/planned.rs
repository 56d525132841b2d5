//! What a dry run would do, kept under its run.

use domain::ids::RunId;
use domain::planned::PlannedChange;
use serde_json::value::RawValue;

use crate::item::Item;
use crate::packed::{pack, unpack};
use crate::{Listing, Store, StoreError, key};

impl Store {
    /// Keeps what would be done, each with its place among what the run looked at. Keeping a place again keeps the last.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn keep_planned(
        &self,
        run: &RunId,
        planned: &[(u64, PlannedChange)],
    ) -> Result<(), StoreError> {
        let item = |(place, change): &(u64, PlannedChange)| {
            let mut item = key::planned(run, *place).to_item();
            match pack(change, &mut item) {
                Err(StoreError::TooLarge { .. }) => pack(&change.without_content(), &mut item)?,
                packed => packed?,
            }
            Ok(item)
        };
        self.put_many(planned.iter().map(item).collect::<Result<Vec<Item>, StoreError>>()?).await
    }

    /// Lists what a dry run would do, each a [`PlannedChange`] in JSON.
    ///
    /// # Errors
    /// [`StoreError::InvalidCursor`], or if the table cannot be read.
    pub async fn planned(
        &self,
        run: &RunId,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<Box<RawValue>>, StoreError> {
        let kept = self.list_over_parts(run, key::PLANNED, limit, cursor).await?;
        let items = kept.items.iter().map(unpack).collect::<Result<_, _>>()?;
        Ok(Listing { items, next: kept.next })
    }
}
