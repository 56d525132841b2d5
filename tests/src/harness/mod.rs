//! What every test needs: a Causeway of its own, a client that is signed in, and an ERP to sync from.

mod causeway;
mod client;
mod desk;
mod erp;
pub(crate) mod northwind;

pub(crate) use causeway::{ADMIN, Causeway, PASSWORD};
pub(crate) use client::{Answer, Client};
pub(crate) use desk::{Desk, Mood};
pub(crate) use erp::Erp;
