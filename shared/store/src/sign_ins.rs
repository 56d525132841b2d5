//! Failed sign-ins, counted per account and per address, forgotten after a while.

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::item::number;
use crate::key::{self, TTL};
use crate::{Store, StoreError};

#[derive(Deserialize)]
struct Failed {
    failures: u32,
    expires_at: i64,
}

impl Store {
    /// Counts one more failed sign-in of `subject` and answers how many there were within `window` of the first.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn count_failed_sign_in(
        &self,
        subject: &str,
        now: Timestamp,
        window: SignedDuration,
    ) -> Result<u32, StoreError> {
        let key = key::failed_sign_ins(subject);
        let end = now.as_second() + window.as_secs();
        let again = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key.to_item()))
            .update_expression("ADD failures :one")
            .condition_expression("#ttl > :now")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":now", number(now.as_second()))
            .return_values(ReturnValue::AllNew)
            .send()
            .await
            .map_err(StoreError::from);
        match again {
            Ok(counted) => {
                let failed: Failed = serde_dynamo::from_item(counted.attributes.unwrap_or_default())?;
                Ok(failed.failures)
            }
            Err(StoreError::Changed) => {
                let mut first = key.to_item();
                first.insert("failures".to_owned(), number(1));
                first.insert(TTL.to_owned(), number(end));
                self.put_many(vec![first]).await?;
                Ok(1)
            }
            Err(error) => Err(error),
        }
    }

    /// How many failed sign-ins of `subject` count at `now`, and when they are forgotten.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn failed_sign_ins(
        &self,
        subject: &str,
        now: Timestamp,
    ) -> Result<(u32, Timestamp), StoreError> {
        let failed: Option<Failed> = self.get(&key::failed_sign_ins(subject)).await?;
        let counts = failed.filter(|failed| failed.expires_at > now.as_second());
        Ok(counts.map_or((0, now), |failed| {
            (failed.failures, Timestamp::from_second(failed.expires_at).unwrap_or(now))
        }))
    }

    /// Forgets the failed sign-ins of `subject`, after one that succeeded.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn clear_failed_sign_ins(&self, subject: &str) -> Result<(), StoreError> {
        self.delete(&key::failed_sign_ins(subject)).await.map(|_| ())
    }
}
