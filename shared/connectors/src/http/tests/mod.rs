//! Pulls and tests against real servers on loopback.

mod bad_answers;
mod changes;
mod conformance;
mod connection;
mod paging_styles;
mod push;
mod server;
