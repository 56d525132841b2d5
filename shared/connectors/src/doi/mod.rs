//! Direct Order Integration: order XML over HTTP with Basic authentication, in three dialects: cXML 1.2, UBL 2.1 and a
//! template of the user's own.
//!
//! The standards: <http://cxml.org> (cXML Reference Guide and DTDs) and
//! <https://docs.oasis-open.org/ubl/os-UBL-2.1/UBL-2.1.html>.

mod answer;
mod client;
mod config;
mod cxml;
mod order;
mod orders;
#[cfg(test)]
mod tests;
mod ubl;
mod xml;

pub(crate) use client::DoiConnector;

use domain::DataType;
use domain::Direction;

use crate::Offer;

/// What can be synced by order XML, in any dialect.
pub(crate) const OFFERS: &[Offer] = &[Offer {
    data_type: DataType::Orders,
    directions: &[Direction::Push],
    pulls_changes: false,
    mapping: &[],
}];
