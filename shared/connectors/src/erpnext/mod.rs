//! ERPNext 13 and later, by the REST API of the Frappe framework it stands on.
//!
//! Vendor's pages: <https://docs.frappe.io/framework/user/en/api/rest> (calls and sign-in),
//! <https://docs.frappe.io/erpnext/user/manual/en/sales-order> (orders); where they are silent, the sources
//! `frappe/api/v1.py`, `frappe/client.py` and `erpnext/selling/doctype/sales_order/sales_order.py` on GitHub.

mod client;
mod clock;
mod config;
mod mapping;
mod orders;
mod pull;
mod question;
mod related;
mod row;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use client::ErpNext;
pub(crate) use mapping::OFFERS;
