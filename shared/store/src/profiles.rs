//! What records look like: of those that earlier runs brought, by collection, and of those that a run has
//! seen so far, for the worker that goes on.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use domain::ids::RunId;
use domain::mapping::drift::Profile;
use domain::run::Run;
use jiff::{SignedDuration, Timestamp};

use crate::item::{Item, number};
use crate::key::{Key, TTL};
use crate::packed::{pack, unpack};
use crate::runs::lost_conditions;
use crate::{Collection, Store, StoreError, key};

/// How long what a run saw is kept: longer than any run.
const KEPT: SignedDuration = SignedDuration::from_hours(72);

impl Store {
    /// What the records looked like that earlier runs brought; empty if none did.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn profile(&self, of: &Collection) -> Result<Profile, StoreError> {
        let item = self.get_item(&key::profile(of)).await?;
        item.as_ref().map_or_else(|| Ok(Profile::default()), unpack)
    }

    /// What a run and its parts saw up to their last checkpoints, the run's own first.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn profiles_seen(&self, run: &Run) -> Result<Vec<Profile>, StoreError> {
        let parts: &[RunId] = run.parts.as_ref().map_or(&[], |parts| &parts.ids);
        let runs = std::iter::once(&run.id).chain(parts);
        let keys: Vec<Item> = runs.map(|id| key::profile_seen(id).to_item()).collect();
        self.get_many_items(&keys).await?.iter().map(unpack).collect()
    }

    /// [`Self::checkpoint_run`] and all that the run saw so far, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if another worker has moved it on.
    pub async fn checkpoint_run_with_profile(
        &self,
        run: &Run,
        seen: &Profile,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut item = item(&key::profile_seen(&run.id), seen)?;
        item.insert(TTL.to_owned(), number((now + KEPT).as_second()));
        let writes = vec![self.checkpoint_write(run)?, self.put(item)?];
        let sent = self.client.transact_write_items().set_transact_items(Some(writes)).send().await;
        let Err(error) = sent else { return Ok(()) };
        match lost_conditions(error.as_service_error()).as_deref() {
            Some([true, ..]) => Err(StoreError::Changed),
            _ => Err(error.into()),
        }
    }

    /// The write that remembers a profile for the runs after this one.
    pub(crate) fn remember_profile(
        &self,
        run: &Run,
        profile: &Profile,
    ) -> Result<TransactWriteItem, StoreError> {
        self.put(item(&key::profile(&Collection::of(run)), profile)?)
    }

    fn put(&self, item: Item) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&*self.table).set_item(Some(item));
        Ok(TransactWriteItem::builder().put(put.build().map_err(StoreError::corrupt)?).build())
    }
}

fn item(key: &Key, profile: &Profile) -> Result<Item, StoreError> {
    let mut item = key.to_item();
    pack(profile, &mut item)?;
    Ok(item)
}
