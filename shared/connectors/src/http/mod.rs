//! The generic connector for HTTP APIs that answer in JSON: it finds the records and the way to the next page by
//! itself, or is told by `settings.api`, and sends records in the usual way or as `settings.api.push` says.

mod client;
mod config;
mod hints;
mod paging;
mod push;
mod sign_in;
#[cfg(test)]
mod tests;

pub(crate) use client::HttpConnector;
