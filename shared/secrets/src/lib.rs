//! Seals the secrets of connections before they reach the table, and opens them for the connector that uses them.
//!
//! Who holds the table or a backup of it, but not the key, learns nothing; who may write to the table cannot move a
//! secret to another connection or another field, because a sealed secret is bound to both.

mod data_key;
mod kept_secret;
pub mod key_file;
mod kms;
mod vault;

pub use kept_secret::KeptSecret;
pub use vault::Vault;

use std::path::PathBuf;

use store::StoreError;
use thiserror::Error;

/// Why a secret could not be sealed or opened. Never holds a secret.
#[derive(Debug, Error)]
pub enum SecretsError {
    /// The key file could not be read or made.
    #[error("cannot use the key file {}: {reason}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The mask was sent for a secret that is not set, so there is nothing to keep.
    #[error("{0} was sent as its mask, but no such secret is set: send the secret itself")]
    NothingToKeep(&'static str),
    /// A sealed secret does not fit the key, or what it is bound to.
    #[error("the stored {what} cannot be opened: it was sealed under another key or altered; set it anew")]
    Unopenable {
        /// The field and its connection, or the item.
        what: String,
    },
    /// A key or secret that something else keeps is not to be had at the moment.
    #[error("a key or secret is not to be had: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The crypto library refused to seal.
    #[error("a secret could not be sealed")]
    Unsealable,
}

impl From<StoreError> for SecretsError {
    fn from(error: StoreError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}
