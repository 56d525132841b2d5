//! Parts of a run, read side by side: made in one transaction, each closed together with what it adds to its run, so
//! that the last one to close is known to be the last, and nothing counts twice.

use domain::ids::RunId;
use domain::run::Run;

use crate::item::{Item, Range, string};
use crate::{Listing, Store, StoreError, cursor, key};

/// Tries to close a part while others are closed.
const TRIES: usize = 100;

impl Store {
    /// Writes a run that is split, and its parts. `run.version` must be one more than in the table.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if another worker has moved it on.
    pub async fn split_run(&self, run: &Run, parts: &[Run]) -> Result<(), StoreError> {
        let mut writes = vec![self.checkpoint_write(run)?];
        for part in parts {
            writes.push(self.put_new(key::run(&part.id).with(part)?)?);
        }
        self.transact(writes).await
    }

    /// The parts of a run.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn parts(&self, run: &Run) -> Result<Vec<Run>, StoreError> {
        let ids: &[RunId] = run.parts.as_ref().map_or(&[], |parts| &parts.ids);
        let keys: Vec<Item> = ids.iter().map(|id| key::run(id).to_item()).collect();
        self.get_many(&keys).await
    }

    /// Reads a run to be shown: what its parts did so far is among its counts.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn run_so_far(&self, id: &RunId) -> Result<Option<Run>, StoreError> {
        let Some(mut run) = self.run(id).await? else { return Ok(None) };
        if run.open_parts() > 0 {
            let parts = self.parts(&run).await?;
            parts.iter().filter(|part| part.is_open()).for_each(|part| run.counts.add(&part.counts));
        }
        Ok(Some(run))
    }

    /// Lists what lies under a run and then under each of its parts, as it is.
    pub(crate) async fn list_over_parts(
        &self,
        run: &RunId,
        prefix: &str,
        limit: u32,
        cursor: Option<&str>,
    ) -> Result<Listing<Item>, StoreError> {
        let list = format!("{run}/{prefix}");
        let position = cursor::decode(&list, cursor)?;
        let position = position.as_deref().and_then(|position| position.split_once('/'));
        let (skipped, mut after) = match position {
            Some((place, after)) => (place.parse().map_err(|_| StoreError::InvalidCursor)?, Some(after)),
            None => (0, None),
        };
        let parts = self.run(run).await?.and_then(|run| run.parts).map_or_else(Vec::new, |parts| parts.ids);
        let mut items: Vec<Item> = Vec::new();
        let mut last = None;
        for (place, id) in std::iter::once(run).chain(&parts).enumerate().skip(skipped) {
            let range = Range { prefix, descending: false };
            let wanted = limit.saturating_sub(u32::try_from(items.len()).unwrap_or(u32::MAX));
            let mut found = self.query(None, &key::run(id).pk, &range, wanted, after.take()).await?;
            let more = found.len() > wanted as usize;
            found.truncate(wanted as usize);
            if let Some(item) = found.last() {
                last = Some(format!("{place}/{}", string(item, "sk")?));
            }
            items.append(&mut found);
            if more {
                return Ok(Listing { items, next: last.map(|last| cursor::encode(&list, &last)) });
            }
        }
        Ok(Listing { items, next: None })
    }

    /// Closes a part, and adds what it did to its run, all or nothing. A run that is closed already is left as it is.
    pub(crate) async fn close_part(&self, part: &Run, of: &RunId) -> Result<(), StoreError> {
        for _ in 0..TRIES {
            let run = self.run(of).await?.filter(Run::is_open);
            let Some(mut run) = run else { return self.transact(vec![self.checkpoint_write(part)?]).await };
            run.absorb(part);
            run.version += 1;
            match self.transact(vec![self.checkpoint_write(part)?, self.checkpoint_write(&run)?]).await {
                Ok(()) => return Ok(()),
                // Another part closed first, or the part itself was moved on.
                Err(StoreError::Changed) => match self.run(&part.id).await? {
                    Some(stored) if stored.version + 1 == part.version => {}
                    _ => return Err(StoreError::Changed),
                },
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::corrupt(format!("the part {} cannot be added to its run", part.id)))
    }
}
