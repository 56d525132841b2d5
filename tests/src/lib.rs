//! End-to-end tests: a whole Causeway in this process, real servers on the other side, one module per thing a user does.
#![cfg(test)]

mod assignments;
mod audit;
mod bad_erps;
mod bad_input;
mod connection_changes;
mod connection_deletion;
mod connection_health;
mod connection_tests;
mod connections;
mod dead_letters;
mod deletions;
mod dry_runs;
mod errors;
mod fairness;
mod first_sync;
mod guard;
mod harness;
mod health;
mod incremental;
mod legacy_batch;
mod mapping;
mod mapping_templates;
mod northwind;
mod outbox;
mod overrides;
mod parts;
mod preview;
mod run_control;
mod runs;
mod schedules;
mod secrets;
mod set_aside;
mod sign_in;
mod sync_configs;
mod use_cases;
