//! End-to-end tests: a whole Causeway in this process, real servers on the other side, one module per thing a user does.
#![cfg(test)]

mod bad_erps;
mod connections;
mod first_sync;
mod guard;
mod harness;
mod health;
mod legacy_batch;
mod northwind;
mod runs;
mod sign_in;
