//! Pulls and tests against real servers on loopback.

mod bad_answers;
mod connection;
mod paging_styles;
mod server;
