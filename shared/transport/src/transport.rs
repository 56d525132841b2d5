//! The one owner of clients and of the egress guard.

use std::sync::{Arc, OnceLock};

use crate::http::HttpClient;
use crate::{Egress, ErpError};

/// Everything needed to reach an ERP. Make one per process; clones share its pool of connections.
#[derive(Debug, Clone)]
pub struct Transport {
    egress: Egress,
    /// Made when it is first needed: it reads the machine's certificates, and most functions of the cloud need none.
    http: Arc<OnceLock<HttpClient>>,
}

impl Transport {
    /// All clients will be behind this guard.
    #[must_use]
    pub fn new(egress: Egress) -> Self {
        Self { http: Arc::default(), egress }
    }

    /// The guard, for transports that open their own sockets.
    #[must_use]
    pub const fn egress(&self) -> &Egress {
        &self.egress
    }

    /// The HTTP client.
    ///
    /// # Errors
    /// `Misconfigured` when TLS cannot be set up, for instance because the machine has no root certificates.
    pub fn http(&self) -> Result<&HttpClient, ErpError> {
        if let Some(made) = self.http.get() {
            return Ok(made);
        }
        let made = HttpClient::new(self.egress.clone())?;
        Ok(self.http.get_or_init(|| made))
    }
}
