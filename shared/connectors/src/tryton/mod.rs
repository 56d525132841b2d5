//! Tryton 6.0 and later, over the JSON-RPC that its own clients speak.
//!
//! Vendor's documents: the server's documentation at <https://docs.tryton.org>, topics "RPC" (calls and sessions),
//! "Domain" (conditions) and "on_change of fields" (what clients fill in). What they leave open was read in the sources of
//! trytond (`trytond/protocols/dispatcher.py`, `jsonrpc.py`) and seen at servers of 6.0 and 8.2, which the tests can run
//! against: `scripts/erp-tryton`.

mod address;
mod client;
mod config;
mod mapping;
mod orders;
mod pull;
mod refusal;
mod rpc;
mod sale;
mod session;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use client::Tryton;
pub(crate) use mapping::OFFERS;
