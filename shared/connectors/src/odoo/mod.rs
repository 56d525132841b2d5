//! Odoo, over its JSON-2 API (version 19 and later) or its JSON-RPC (those before).
//!
//! Vendor's pages: <https://www.odoo.com/documentation/19.0/developer/reference/external_api.html> (JSON-2),
//! <https://www.odoo.com/documentation/18.0/developer/reference/external_api.html> (JSON-RPC),
//! <https://www.odoo.com/documentation/19.0/developer/reference/backend/orm.html> (domains, values, commands).

mod beside;
mod call;
mod client;
mod config;
mod mapping;
mod orders;
mod protocol;
mod pull;
mod refusal;
mod resolve;
mod row;
mod template;
#[cfg(test)]
mod tests;
mod values;

pub(crate) use client::Odoo;
pub(crate) use mapping::OFFERS;
