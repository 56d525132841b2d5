//! The generic connector for HTTP APIs that answer in JSON: it finds the records and the way to the next page by
//! itself, or is told by `settings.api`, and sends records in the usual way or as `settings.api.push` says.

mod answer;
mod client;
mod config;
mod hints;
mod paging;
mod progress;
mod push;
mod records;
#[cfg(test)]
mod tests;

pub(crate) use client::HttpConnector;
