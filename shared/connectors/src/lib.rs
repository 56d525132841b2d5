//! Code that speaks one ERP's dialect over a transport: tests a connection, and yields its records page by page.

mod connector;
mod doi;
mod files;
mod http;
mod registry;

pub use connector::{Connector, Item, Page, Pages, Pull, TestReport};
pub use registry::connector_for;
