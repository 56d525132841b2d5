//! The store against the embedded DynamoDB: the same engine and the same client as on a laptop.

#![cfg(test)]

mod assignments;
mod audit_events;
mod changes;
mod connections;
mod embedded;
mod operations;
mod parts;
mod profiles;
mod rate_limits;
mod records;
mod runs;
mod scopes;
mod signing_keys;
mod stored_files;
mod sync_configs;
mod table;
mod vanished;
