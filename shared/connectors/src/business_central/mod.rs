//! Microsoft Dynamics 365 Business Central, API v2.0, in the cloud and on premises.
//!
//! Vendor's pages: <https://learn.microsoft.com/dynamics365/business-central/dev-itpro/api-reference/v2.0/> (entities),
//! …/administration/automation-apis-using-s2s-authentication (sign-in), …/administration/operational-limits-online
//! (limits: 6000 requests in 5 minutes and 5 at a time, then 429).

mod client;
mod config;
mod mapping;
mod orders;
mod pull;
#[cfg(test)]
mod tests;

pub(crate) use client::BusinessCentral;
pub(crate) use mapping::OFFERS;
