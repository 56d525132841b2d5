//! The ground that connectors for HTTP APIs stand on: a client that speaks for one connection, answers read as JSON,
//! the walk through the pages of a pull, and what an answer says of the fate of a record that was sent.
//!
//! A vendor's connector adds what is particular: where its records are, how it filters and pages, how it words its
//! refusals, and the form in which it takes orders.

mod answer;
mod client;
mod fate;
mod lines;
mod link;
mod outgoing;
mod progress;
mod records;
mod walk;

pub(crate) use answer::{JsonAnswer, charset, is_web_page, normalize, read, tells_failure};
pub(crate) use client::Client;
pub(crate) use fate::{Fate, fate};
pub(crate) use lines::changes_lines;
pub(crate) use link::{LONGEST_STEP, same_host, set};
pub(crate) use outgoing::{body, filled, is_whole, outgoing, request_of};
pub(crate) use progress::{Mark, Progress, Step};
pub(crate) use records::{Records, WRAPPERS, find_records, to_items, write_keyed};
pub(crate) use walk::{Batch, Source, Walk};
