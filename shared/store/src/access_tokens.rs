//! Access tokens that a connection's ERP gave us, sealed, and who is getting the next one. An item vanishes with its
//! token.

use domain::ids::ConnectionId;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::item::{number, text};
use crate::key::{self, TTL};
use crate::{Store, StoreError};

/// How long an item stays after its token is of no more use, so that who reads it late finds an old token and not none.
const KEPT_LONGER: SignedDuration = SignedDuration::from_hours(1);

/// An access token as it lies in the table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptToken {
    /// The token, sealed.
    pub sealed: String,
    /// Until when it is used.
    pub use_until: Timestamp,
    /// The version of the connection whose credentials got it.
    pub connection_version: u64,
}

/// What is known of an access token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct TokenState {
    /// The token, if one was kept.
    pub kept: Option<KeptToken>,
    /// Counts the tokens that were kept.
    #[serde(default)]
    pub generation: u64,
    /// Until when somebody is getting another, in milliseconds since 1970.
    pub fetching_until: Option<i64>,
}

impl Store {
    /// Reads what is known of the access token that `grant` gets for a connection.
    ///
    /// # Errors
    /// If the table cannot be read.
    pub async fn access_token(
        &self,
        connection: &ConnectionId,
        grant: &str,
    ) -> Result<TokenState, StoreError> {
        Ok(self.get(&key::access_token(connection, grant)).await?.unwrap_or_default())
    }

    /// Takes it upon `worker` to get another token than that of `generation`, until `until`. `false` if somebody else
    /// is at it, or has done it already.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn claim_access_token(
        &self,
        connection: &ConnectionId,
        grant: &str,
        generation: u64,
        worker: &str,
        now: Timestamp,
        until: Timestamp,
    ) -> Result<bool, StoreError> {
        let forgotten = until.as_second() + KEPT_LONGER.as_secs();
        let claimed = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::access_token(connection, grant).to_item()))
            .update_expression(
                "SET fetcher = :worker, fetching_until = :until, generation = :generation, \
                 #ttl = if_not_exists(#ttl, :forgotten)",
            )
            .condition_expression(
                "(attribute_not_exists(generation) OR generation = :generation) AND \
                 (attribute_not_exists(fetching_until) OR fetching_until <= :now)",
            )
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":worker", text(worker))
            .expression_attribute_values(":until", number(until.as_millisecond()))
            .expression_attribute_values(":now", number(now.as_millisecond()))
            .expression_attribute_values(":generation", number(generation))
            .expression_attribute_values(":forgotten", number(forgotten))
            .send()
            .await
            .map_err(StoreError::from);
        match claimed {
            Ok(_) => Ok(true),
            Err(StoreError::Changed) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Keeps the token that `worker` got, for all others. One whose claim has run out keeps nothing.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn keep_access_token(
        &self,
        connection: &ConnectionId,
        grant: &str,
        worker: &str,
        token: &KeptToken,
    ) -> Result<(), StoreError> {
        let forgotten = token.use_until.as_second().saturating_add(KEPT_LONGER.as_secs());
        let kept = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::access_token(connection, grant).to_item()))
            .update_expression(
                "SET kept = :kept, #ttl = :forgotten REMOVE fetcher, fetching_until ADD generation :one",
            )
            .condition_expression("fetcher = :worker")
            .expression_attribute_names("#ttl", TTL)
            .expression_attribute_values(":kept", crate::item::value(token)?)
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":forgotten", number(forgotten))
            .expression_attribute_values(":worker", text(worker))
            .send()
            .await
            .map_err(StoreError::from);
        match kept {
            Ok(_) | Err(StoreError::Changed) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Gives the claim of `worker` back, who got no token.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub async fn release_access_token(
        &self,
        connection: &ConnectionId,
        grant: &str,
        worker: &str,
    ) -> Result<(), StoreError> {
        let released = self
            .client
            .update_item()
            .table_name(&*self.table)
            .set_key(Some(key::access_token(connection, grant).to_item()))
            .update_expression("REMOVE fetcher, fetching_until")
            .condition_expression("fetcher = :worker")
            .expression_attribute_values(":worker", text(worker))
            .send()
            .await
            .map_err(StoreError::from);
        match released {
            Ok(_) | Err(StoreError::Changed) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
