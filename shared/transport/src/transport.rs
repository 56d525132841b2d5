//! The one owner of clients and of the egress guard.

use std::sync::{Arc, OnceLock};

use domain::connection::Provider;

use crate::http::HttpClient;
use crate::{Egress, ErpError};

/// Everything needed to reach an ERP. Make one per process; clones share its pool of connections.
#[derive(Debug, Clone)]
pub struct Transport {
    egress: Egress,
    /// Made when it is first needed: it reads the machine's certificates, and most functions of the cloud need none.
    http: Arc<OnceLock<HttpClient>>,
    /// Whom calls are counted for.
    provider: Option<Provider>,
}

impl Transport {
    /// All clients will be behind this guard.
    #[must_use]
    pub fn new(egress: Egress) -> Self {
        Self { http: Arc::default(), egress, provider: None }
    }

    /// The same, for calls that are counted as such to this kind of ERP.
    #[must_use]
    pub fn calling(&self, provider: Provider) -> Self {
        Self { provider: Some(provider), ..self.clone() }
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
    pub fn http(&self) -> Result<HttpClient, ErpError> {
        if let Some(made) = self.http.get() {
            return Ok(made.calling(self.provider));
        }
        let made = HttpClient::new(self.egress.clone())?;
        Ok(self.http.get_or_init(|| made).calling(self.provider))
    }
}
