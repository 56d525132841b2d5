//! The heart: starts runs, works them page by page, closes each exactly once.
//!
//! A run is a durable job. The run in the table is the truth; a message only nudges a worker. A worker takes a lease,
//! goes on from the last checkpoint, and writes each checkpoint under the run's version, so that two workers cannot
//! both move a run on. What a dead worker had written and not checkpointed is recognised when the batch is done again.

mod access_tokens;
mod backlog;
mod batch;
mod cancel;
mod connection_test;
mod course;
mod dead_letters;
mod deletions;
mod drift;
mod engine;
mod field_presence;
mod filling;
mod first_page;
mod health;
mod inbox;
mod lease;
mod ledger;
mod missing_fields;
mod observed;
mod parts;
mod plan;
mod preview;
mod pull;
mod push;
mod raw;
mod retry;
mod scopes;
mod seen;
mod seen_fields;
mod set_aside;
mod storing;
mod tick;
mod trigger;
mod work;

pub use backlog::Backlog;
pub use cancel::CancelError;
pub use connection_test::TestOutcome;
pub use dead_letters::{RedriveError, bury};
pub use engine::{Engine, Pace, now};
pub use preview::{Preview, PreviewOutcome, PreviewedRecord};
pub use retry::RetryError;
pub use seen_fields::{SeenField, SeenFields};
pub use set_aside::MendError;
pub use tick::{Tick, recover, tick};
pub use trigger::{TriggerError, TriggerRequest};
pub use work::work;
