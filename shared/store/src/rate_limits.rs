//! How much of their allowance callers have taken, one item per caller and window.

use aws_sdk_dynamodb::types::ReturnValue;
use jiff::Timestamp;
use serde::Deserialize;

use crate::item::number;
use crate::key::{self, TTL};
use crate::{Store, StoreError};

/// How long an item outlives its window, in seconds: clocks differ a little.
const KEPT_S: i64 = 60;

#[derive(Deserialize)]
struct Taken {
    taken: u32,
}

impl Store {
    /// Takes `count` requests from the allowance of `quota` that `subject` has until `end`. Answers how many are taken by
    /// then, or `None` if that would be more than there are.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn take_allowance(
        &self,
        subject: &str,
        end: Timestamp,
        count: u32,
        quota: u32,
    ) -> Result<Option<u32>, StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::rate_limit(subject, end).to_item()))
            .update_expression("ADD taken :count SET #ttl = :ttl")
            .condition_expression("attribute_not_exists(taken) OR taken <= :room")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":count", number(count))
            .expression_attribute_values(":room", number(i64::from(quota) - i64::from(count)))
            .expression_attribute_values(":ttl", number(end.as_second() + KEPT_S))
            .return_values(ReturnValue::AllNew);
        match update.send().await.map_err(StoreError::from) {
            Ok(updated) => {
                let Taken { taken } = serde_dynamo::from_item(updated.attributes.unwrap_or_default())?;
                Ok(Some(taken))
            }
            Err(StoreError::Changed) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
