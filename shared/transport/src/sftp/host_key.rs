//! Whether the server is the one we knew: its host key's fingerprint against the one that was pinned.

use std::sync::{Arc, OnceLock};

use russh::client::Handler;
use russh::keys::{HashAlg, PublicKeyOrCertificate};

use super::Server;
use crate::ErpError;

/// Notes the host key the server shows and accepts it when none, or the same, is pinned.
pub(super) struct HostKeyCheck {
    pinned: Option<String>,
    seen: Arc<OnceLock<String>>,
}

impl HostKeyCheck {
    /// A check against `pinned`, and where the fingerprint can be read after the key exchange.
    pub(super) fn new(pinned: Option<&str>) -> (Self, Arc<OnceLock<String>>) {
        let seen = Arc::new(OnceLock::new());
        (Self { pinned: pinned.map(str::to_owned), seen: Arc::clone(&seen) }, seen)
    }
}

impl Handler for HostKeyCheck {
    type Error = russh::Error;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, russh::Error> {
        let fingerprint = key.public_key().fingerprint(HashAlg::Sha256).to_string();
        // A second key exchange in the same session must show the same key too.
        let first = self.seen.get_or_init(|| fingerprint.clone());
        Ok(*first == fingerprint && self.pinned.as_ref().is_none_or(|pinned| *pinned == fingerprint))
    }
}

/// The error for a server that shows another key than the pinned one.
pub(super) fn changed(server: &Server, pinned: &str, seen: &str) -> ErpError {
    ErpError::Forbidden(format!(
        "the host key of {server} changed from {pinned} to {seen}: somebody may be in between, or the server was \
         rebuilt; if that is so, clear sftpHostKey and test again"
    ))
}
