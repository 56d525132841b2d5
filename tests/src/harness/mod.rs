//! What every test needs: a Causeway to itself, a client that is signed in, and an ERP to sync from.

mod causeway;
mod client;
mod deployment;
mod desk;
mod erp;
mod issuer;
mod listener;
pub(crate) mod northwind;

pub(crate) use causeway::{ADMIN, Causeway, PASSWORD};
pub(crate) use client::{Answer, Client};
pub(crate) use deployment::{Deployment, left_out_in_the_cloud};
pub(crate) use desk::{Desk, Mood};
pub(crate) use erp::Erp;
pub(crate) use issuer::{Issuer, IssuerKey};
