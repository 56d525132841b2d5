//! Everything that opens a socket to the outside: HTTP and SFTP clients, the egress guard they share, retries, access tokens, and the
//! one error type that says what went wrong at an ERP. No other crate may open a socket or build a client.

mod egress;
mod error;
pub mod http;
pub mod session;
pub mod sftp;
mod transport;

pub use egress::{Egress, InvalidCidr};
pub use error::ErpError;
pub use transport::Transport;
