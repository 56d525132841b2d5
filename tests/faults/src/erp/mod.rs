//! The ERP: a catalogue that changes, and a server that misbehaves.

mod catalogue;
mod desk;
mod server;

pub(crate) use catalogue::{Catalogue, Content, LEFT_OUT, Size};
pub(crate) use desk::Desk;
pub(crate) use server::{Shop, serve};
