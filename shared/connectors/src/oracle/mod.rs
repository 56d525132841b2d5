//! Oracle Fusion Cloud: Supply Chain and Order Management, Receivables and HCM over their REST APIs.
//!
//! Vendor's pages: <https://docs.oracle.com/en/cloud/saas/supply-chain-and-manufacturing/26b/fasrp/> (orders, items,
//! stock), …/saas/financials/25d/farfa/ (receivables invoices), …/saas/human-resources/farws/ (workers),
//! …/saas/sales/faaps/Set_the_REST_Framework_Version.html (what `REST-Framework-Version` changes),
//! <https://docs.oracle.com/en-us/iaas/Content/Identity/api-getstarted/ClientAssertion.htm> (assertions). Limits are not
//! published; 429 and 503 are obeyed.

mod children;
mod client;
mod config;
mod mapping;
mod orders;
mod pull;
mod template;
#[cfg(test)]
mod tests;

pub(crate) use client::Oracle;
pub(crate) use mapping::OFFERS;
