//! The table: every item Causeway keeps, one file per kind. The only crate that names DynamoDB.
//!
//! [`Store`] is concrete; on a laptop it talks to an embedded DynamoDB through the same client as in the cloud.
//! [`key`] spells every key; nothing scans.

mod access_tokens;
mod assignments;
mod audit_events;
mod blocks;
mod changes;
mod collection;
mod conflicts;
mod connections;
mod cursor;
mod data_key;
mod dead_letters;
mod error;
mod health;
mod idempotency;
mod inbox;
mod indexes;
mod item;
mod key;
mod links;
mod mapping_templates;
mod overlay;
mod packed;
mod parts;
mod planned;
mod profiles;
mod rate_limits;
mod records;
mod runs;
mod scopes;
mod seen;
mod set_aside;
mod sign_ins;
mod signing_keys;
mod statistics;
mod stored_files;
mod sync_configs;
mod sync_states;
mod table;
mod users;
mod work_errors;

pub use access_tokens::{KeptToken, TokenState};
pub use assignments::AssignmentRef;
pub use audit_events::AuditFilter;
pub use blocks::{BlockRef, Compared, Outcome, Permit, Upsert, Vanished, Written};
pub use changes::{ChangeFilter, ChangeWrite, Stepped};
pub use collection::Collection;
pub use conflicts::ConflictFilter;
pub use cursor::Listing;
pub use dead_letters::Redriven;
pub use error::StoreError;
pub use idempotency::Idempotent;
pub use overlay::Current;
pub use runs::{RunFilter, SlotTaken, Started};
pub use set_aside::SetAsideFilter;
pub use work_errors::WorkErrors;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_types::SdkConfig;

/// How long a call of the table may take, its retries included. A worker stops writing when two thirds of its lease of 15
/// seconds are over; what it sent before must have arrived, or never arrive, when the lease ends.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(5);

/// How long it may take to connect.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// The table and the client that reaches it. Cheap to clone; one client serves the whole process.
#[derive(Debug, Clone)]
pub struct Store {
    client: Client,
    table: std::sync::Arc<str>,
}

impl Store {
    /// Uses `table` through `client`.
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into().into() }
    }

    /// Uses `table` where `config` leads, as in the cloud.
    pub fn connect(config: &SdkConfig, table: impl Into<String>) -> Self {
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_timeout(CALL_TIMEOUT);
        let config = aws_sdk_dynamodb::config::Builder::from(config).timeout_config(timeouts.build());
        Self::new(Client::from_conf(config.build()), table)
    }
}
