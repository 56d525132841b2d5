//! Proof by fault: whole runs against an ERP, a table and a queue that fail in every way we know of, while workers
//! are killed wherever they touch the outside. After each run the table is held against what happened.
//!
//! Everything random comes from one seed. `FAULT_SEED` replays one seed, `FAULT_RUNS` says how many are run.
#![cfg(test)]

mod dice;
mod erp;
mod lab;
mod nudges;
mod orders;
mod outlived;
mod plan;
mod proof;
mod seed;
mod seeds;
mod table;
mod wire;
mod workers;
