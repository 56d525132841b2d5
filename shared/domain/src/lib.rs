//! The words of Causeway as types: connections, sync configs, runs, assignments, records, mapping and schedules.
//!
//! Nothing here does I/O, reads a clock or draws a random number on its own account, except [`ids`], which mints ids.

pub mod assignment;
pub mod audit;
pub mod census;
pub mod change;
pub mod conflict;
pub mod connection;
pub mod data_type;
pub mod dead_letter;
pub mod difference;
pub mod health;
pub mod ids;
pub mod json;
pub mod mapping;
pub mod mapping_template;
pub mod notation;
pub mod number;
pub mod planned;
pub mod records;
pub mod run;
pub mod schedule;
pub mod set_aside;
pub mod signing_key;
pub mod stored_file;
pub mod sync_config;
pub mod sync_state;
pub mod template;
pub mod user;
pub mod validation;

pub use data_type::{DataType, Direction};
pub use validation::{FieldError, Invalid};
