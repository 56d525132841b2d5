//! KMS in memory, by `rustack`: wraps the data key of a table that lives as long.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use local::serve_aws;
use rustack_kms_core::config::KmsConfig;
use rustack_kms_core::handler::RustackKmsHandler;
use rustack_kms_core::provider::RustackKms;
use rustack_kms_http::service::{KmsHttpConfig, KmsHttpService};
use tokio::net::TcpListener;

/// A running KMS with one key.
pub(crate) struct Kms {
    address: SocketAddr,
    key_id: String,
}

impl Kms {
    /// Serves it on a free port, as long as the process lives, and makes the key.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.context("cannot listen for the embedded KMS")?;
        let address = listener.local_addr()?;
        let provider = Arc::new(RustackKms::new(KmsConfig::default()));
        let made = provider.create_key(Default::default()).context("cannot make a key")?;
        let handler = Arc::new(RustackKmsHandler::new(provider));
        tokio::spawn(serve_aws(listener, KmsHttpService::new(handler, KmsHttpConfig::default())));
        let key = made.key_metadata.context("the embedded KMS made no key")?;
        Ok(Self { address, key_id: key.key_id })
    }

    /// What a function needs in its environment to use it.
    pub(crate) fn environment(&self) -> [(&'static str, String); 2] {
        [
            ("AWS_ENDPOINT_URL_KMS", format!("http://{}", self.address)),
            ("CAUSEWAY_KMS_KEY_ID", self.key_id.clone()),
        ]
    }
}
