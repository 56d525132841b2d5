//! Code that speaks one ERP's dialect over a transport: tests a connection, yields its records page
//! by page, and sends ours.

mod connector;
mod doi;
mod files;
mod http;
mod push;
mod registry;

#[cfg(fuzzing)]
pub use files::fuzzing;

pub use connector::{Connector, Item, Page, Pages, Pull, TestReport};
pub use push::{Found, Lookup, Push, PushError, Pushed};
pub use registry::connector_for;
