//! Direct Order Integration: order XML over HTTP with Basic authentication, in three dialects: cXML 1.2, UBL 2.1 and a
//! template of the user's own.
//!
//! The standards: <http://cxml.org> (cXML Reference Guide and DTDs) and
//! <https://docs.oasis-open.org/ubl/os-UBL-2.1/UBL-2.1.html>.

mod answer;
mod client;
mod config;
mod cxml;
pub mod incoming;
mod order;
mod orders;
mod pull;
mod records;
#[cfg(test)]
mod tests;
mod ubl;
mod xml;

pub(crate) use client::DoiConnector;

use domain::DataType;
use domain::Direction;

use crate::Offer;
use crate::offer::PULLED;

/// What can be synced by order XML, in any dialect: orders go out; what comes in by itself is read.
pub(crate) const OFFERS: &[Offer] = &[
    Offer { directions: &[Direction::Push], ..read(DataType::Orders) },
    read(DataType::OrderStatus),
    read(DataType::Invoices),
    read(DataType::Products),
];

const fn read(data_type: DataType) -> Offer {
    Offer { data_type, directions: PULLED, pulls_changes: false, mapping: &[] }
}
