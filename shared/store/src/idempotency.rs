//! Answers kept under an `Idempotency-Key`, so that a request sent twice is done once.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::item::number;
use crate::key::TTL;
use crate::{Store, StoreError, key};

/// How long an answer is kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);

/// How long a request that gave no answer blocks its key: longer than any request may take.
const GIVEN_UP: SignedDuration = SignedDuration::from_secs(120);

/// What is known of a request under its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Idempotent {
    /// Nothing: do it, then tell the answer.
    First,
    /// It was done, with this answer.
    Replay {
        /// HTTP status.
        status: u16,
        /// The body.
        body: String,
        /// The `Location` header.
        location: Option<String>,
    },
    /// It is being done.
    InProgress,
    /// The key was used for another request.
    Mismatch,
}

#[derive(Serialize, Deserialize)]
struct Kept {
    fingerprint: String,
    begun_at: Timestamp,
    status: Option<u16>,
    body: Option<String>,
    location: Option<String>,
    expires_at: i64,
}

impl Store {
    /// Claims `name` for a request with this `fingerprint`, or tells what is known of it.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn begin_idempotent(
        &self,
        name: &str,
        fingerprint: u64,
        now: Timestamp,
    ) -> Result<Idempotent, StoreError> {
        let key = key::idempotency(name);
        let fresh = Kept {
            fingerprint: format!("{fingerprint:016x}"),
            begun_at: now,
            status: None,
            body: None,
            location: None,
            expires_at: (now + KEPT).as_second(),
        };
        if let Some(kept) = self.get::<Kept>(&key).await? {
            let expired = kept.expires_at <= now.as_second();
            let given_up = kept.status.is_none() && kept.begun_at + GIVEN_UP < now;
            if !expired && !given_up {
                return Ok(known(kept, &fresh.fingerprint));
            }
            self.delete(&key).await?;
        }
        match self.insert(key.with(&fresh)?).await {
            Ok(()) => Ok(Idempotent::First),
            Err(StoreError::Exists) => Ok(Idempotent::InProgress),
            Err(error) => Err(error),
        }
    }

    /// Keeps the answer of a request that was done.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn finish_idempotent(
        &self,
        name: &str,
        status: u16,
        body: &str,
        location: Option<&str>,
    ) -> Result<(), StoreError> {
        let update = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::idempotency(name).to_item()))
            .update_expression("SET #status = :status, body = :body, #location = :location")
            .condition_expression("attribute_exists(#ttl)")
            .expression_attribute_names("#status", "status")
            .expression_attribute_names("#location", "location")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":status", number(status))
            .expression_attribute_values(":body", crate::item::text(body))
            .expression_attribute_values(":location", crate::item::value(location)?);
        update.send().await?;
        Ok(())
    }

    /// Frees the key of a request that was not done.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn abandon_idempotent(&self, name: &str) -> Result<(), StoreError> {
        self.delete(&key::idempotency(name)).await.map(|_| ())
    }
}

fn known(kept: Kept, fingerprint: &str) -> Idempotent {
    match kept.status {
        _ if kept.fingerprint != fingerprint => Idempotent::Mismatch,
        None => Idempotent::InProgress,
        Some(status) => {
            Idempotent::Replay { status, body: kept.body.unwrap_or_default(), location: kept.location }
        }
    }
}
