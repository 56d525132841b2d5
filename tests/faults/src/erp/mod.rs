//! The ERP: a catalogue that changes, and a server that misbehaves.

mod catalogue;
mod server;

pub(crate) use catalogue::{Catalogue, Content, LEFT_OUT, Size};
pub(crate) use server::serve;
