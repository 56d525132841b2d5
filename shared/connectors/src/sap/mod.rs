//! SAP: S/4HANA by its released OData services in V2 and, where there is one, V4; employees by SuccessFactors.
//!
//! Vendor's pages: <https://api.sap.com/api/API_SALES_ORDER_SRV> and its neighbours (services and fields),
//! <https://help.sap.com/docs/SAP_S4HANA_CLOUD> (communication users, paging, errors), SAP notes 3048103 and 3339155
//! (CSRF tokens and their cookies), 3626726 (pages of 100 and at most 5000), 2931385 (retried orders become two);
//! <https://help.sap.com/docs/SAP_SUCCESSFACTORS_PLATFORM> (OData API, OAuth 2.0 by SAML assertion; notes 2736579,
//! 3308165 and 3159263).

mod client;
mod config;
mod csrf;
mod deliveries;
mod lists;
mod mapping;
mod orders;
mod pull;
mod shape;
mod stock;
mod templates;
#[cfg(test)]
mod tests;

pub(crate) use client::Sap;
pub(crate) use mapping::OFFERS;
