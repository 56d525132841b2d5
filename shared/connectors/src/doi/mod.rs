//! Direct Order Integration: order XML over HTTP with Basic authentication. So far connections are tested; orders
//! travel once there are order documents.

mod client;
#[cfg(test)]
mod tests;

pub(crate) use client::DoiConnector;
