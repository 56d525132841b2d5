//! The keys that sign access tokens. The private halves come sealed; the public ones are all that checking needs.

use aws_sdk_dynamodb::types::{Put, TransactWriteItem, Update};
use domain::signing_key::SigningKey;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::item::{Item, Range, number, value};
use crate::key::{self, Key, TTL};
use crate::{Store, StoreError};

/// More keys than there can be: each but the last goes after two hours.
const MAX_KEYS: u32 = 100;

#[derive(Serialize, Deserialize)]
struct Private {
    sealed: String,
}

impl Store {
    /// The public halves of all keys, newest first. Keys whose time is over may still be among them.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>, StoreError> {
        let range = Range { prefix: "", descending: true };
        Ok(self.list(key::SIGNING_KEYS, range, MAX_KEYS, None).await?.items)
    }

    /// The private half of a key, sealed.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn private_signing_key(&self, of: &SigningKey) -> Result<Option<String>, StoreError> {
        let private: Option<Private> = self.get(&key::private_signing_key(of.generation)).await?;
        Ok(private.map(|private| private.sealed))
    }

    /// Adds a key with its sealed private half. The one before it is `retired`: it goes when its time is over.
    ///
    /// # Errors
    /// [`StoreError::Changed`] if somebody else was quicker.
    pub async fn add_signing_key(
        &self,
        key: &SigningKey,
        sealed: String,
        retired: Option<&SigningKey>,
    ) -> Result<(), StoreError> {
        let private = key::private_signing_key(key.generation).with(Private { sealed })?;
        let mut writes =
            vec![self.put_new(key::signing_key(key.generation).with(key)?)?, self.put_private_half(private)?];
        if let Some((retired, until)) = retired.and_then(|key| Some((key, key.good_until?))) {
            writes.push(self.retirement(&key::signing_key(retired.generation), until)?);
            writes.push(self.retirement(&key::private_signing_key(retired.generation), until)?);
        }
        self.transact(writes).await
    }

    /// A private half whose public one is gone may lie there still.
    fn put_private_half(&self, private: Item) -> Result<TransactWriteItem, StoreError> {
        let put = Put::builder().table_name(&*self.table).set_item(Some(private)).build();
        Ok(TransactWriteItem::builder().put(put.map_err(StoreError::corrupt)?).build())
    }

    fn retirement(&self, half: &Key, until: Timestamp) -> Result<TransactWriteItem, StoreError> {
        let update = Update::builder()
            .table_name(&*self.table)
            .set_key(Some(half.to_item()))
            .update_expression("SET goodUntil = :until, #ttl = :ttl")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":until", value(until)?)
            .expression_attribute_values(":ttl", number(until.as_second()));
        Ok(TransactWriteItem::builder().update(update.build().map_err(StoreError::corrupt)?).build())
    }

    /// Deletes a key, both halves.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn delete_signing_key(&self, key: &SigningKey) -> Result<(), StoreError> {
        let halves = [key::signing_key(key.generation), key::private_signing_key(key.generation)];
        self.delete_many(&halves.map(|half| half.to_item())).await
    }
}
