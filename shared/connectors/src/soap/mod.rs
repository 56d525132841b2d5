//! Any service that speaks SOAP 1.1 or 1.2, with HTTP Basic or a WS-Security UsernameToken. What it can do is told by
//! the connection's settings: for each operation a template of the Body, and where the answer has what.
//!
//! Specifications: <https://www.w3.org/TR/2000/NOTE-SOAP-20000508/> (1.1), <https://www.w3.org/TR/soap12-part1/> (1.2),
//! <https://docs.oasis-open.org/wss-m/wss/v1.1.1/os/wss-UsernameTokenProfile-v1.1.1-os.html> (UsernameToken).

mod client;
mod config;
mod envelope;
mod fault;
mod orders;
mod path;
mod pull;
mod reply;
mod security;
#[cfg(test)]
mod tests;

pub(crate) use client::Soap;
