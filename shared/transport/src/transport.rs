//! The one owner of clients and of the egress guard.

use crate::http::HttpClient;
use crate::{Egress, ErpError};

/// Everything needed to reach an ERP. Make one per process; clones share its pool of connections.
#[derive(Debug, Clone)]
pub struct Transport {
    egress: Egress,
    http: HttpClient,
}

impl Transport {
    /// Makes the clients, all behind this guard.
    ///
    /// # Errors
    /// `Misconfigured` when TLS cannot be set up, for instance because the machine has no root certificates.
    pub fn new(egress: Egress) -> Result<Self, ErpError> {
        Ok(Self { http: HttpClient::new(egress.clone())?, egress })
    }

    /// The guard, for transports that open their own sockets.
    #[must_use]
    pub const fn egress(&self) -> &Egress {
        &self.egress
    }

    /// The HTTP client.
    #[must_use]
    pub const fn http(&self) -> &HttpClient {
        &self.http
    }
}
