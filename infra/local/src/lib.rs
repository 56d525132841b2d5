//! Causeway on one machine: the same routes, workers and scheduler as in the cloud, in one process, over an embedded
//! DynamoDB and SQS that are reached through the same AWS clients.
//!
//! What AWS does around our code stands here and nowhere else: serving, handing messages to workers, ticking, and
//! expiring old items.

mod clients;
mod data_dir;
mod embedded;
mod event_source;
mod first_admin;
mod process;
mod scheduler;
mod services;
mod settings;

pub use crate::settings::{Settings, Storage};
pub use ::settings::{InvalidSettings, LogFilter, LogFormat};
pub use api::RateLimits;
pub use embedded::serve as serve_aws;
pub use event_source::EventSource;
pub use first_admin::FirstAdmin;
pub use process::LocalProcess;
pub use services::Services;
