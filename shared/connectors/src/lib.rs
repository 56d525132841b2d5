//! Code that speaks one ERP's dialect over a transport: tests a connection, yields its records page
//! by page, and sends ours.

mod business_central;
#[cfg(test)]
mod conformance;
mod connector;
mod doi;
mod encoding;
mod erpnext;
mod files;
mod http;
mod inbox;
mod ledger;
mod netsuite;
mod odoo;
mod offer;
mod oracle;
mod patience;
mod push;
mod registry;
mod rest;
mod sap;
mod soap;
mod tryton;
mod xml;

#[cfg(fuzzing)]
pub use files::fuzzing;

pub use connector::{Connector, Item, Page, Pages, Pull, TestReport};
pub use doi::incoming;
pub use inbox::{Inbox, Waiting};
pub use ledger::Ledger;
pub use offer::{Offer, default_mapping, offers};
pub use push::{Found, Lookup, Push, PushError, Pushed};
pub use registry::connector_for;

pub(crate) use offer::offers_changes;
