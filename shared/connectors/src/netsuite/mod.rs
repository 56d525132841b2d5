//! NetSuite, SuiteTalk REST: SuiteQL for all that is read, records for orders that are sent.
//!
//! Vendor's pages, below <https://docs.oracle.com/en/cloud/saas/netsuite/ns-online-help/>: section_157909186990 (SuiteQL),
//! section_156335203191 (upsert), section_1545297048 (replacing lines), section_162790605110 and section_162755359851
//! (OAuth 2.0), section_1534941088 (token-based authentication), subsect_1559222360 (how many requests at a time).

mod assembly;
mod client;
mod config;
mod ids;
mod mapping;
mod orders;
mod pull;
mod query;
mod suiteql;
mod tables;
#[cfg(test)]
mod tests;

pub(crate) use client::NetSuite;
pub(crate) use mapping::OFFERS;
