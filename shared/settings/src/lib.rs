//! What a process of Causeway is told by its environment: read once, checked before anything starts, in the same words
//! on one machine and in the cloud.
//!
//! Each home lists the variables it knows; how the text of one is read stands in [`value`].

mod reader;
pub mod value;

pub use reader::{InvalidSettings, Reader};
pub use telemetry::LogFormat;
pub use tracing_subscriber::filter::Targets as LogFilter;
