//! The key that everything is sealed under.

use aws_lc_rs::aead::{AES_256_GCM, RandomizedNonceKey};
use tokio::sync::OnceCell;

use crate::SecretsError;
use crate::kms::Kms;

/// Length of a data key, in bytes.
pub(crate) const KEY_LEN: usize = 32;

/// A data key: known from the start, or unwrapped when it is first needed and kept from then on.
pub(crate) struct DataKey {
    opened: OnceCell<RandomizedNonceKey>,
    wrapped: Option<Kms>,
}

impl DataKey {
    pub(crate) fn known(key: &[u8; KEY_LEN]) -> Self {
        Self { opened: OnceCell::new_with(Some(usable(key))), wrapped: None }
    }

    pub(crate) fn wrapped(by: Kms) -> Self {
        Self { opened: OnceCell::new(), wrapped: Some(by) }
    }

    /// The key itself. Whoever asks while it is being unwrapped waits for that.
    pub(crate) async fn get(&self) -> Result<&RandomizedNonceKey, SecretsError> {
        self.opened
            .get_or_try_init(async || match &self.wrapped {
                Some(kms) => Ok(usable(&kms.data_key().await?)),
                None => Err(SecretsError::Unsealable),
            })
            .await
    }
}

impl DataKey {
    /// Whether whoever holds the key hands it out, asked anew; also if it was never needed yet.
    pub(crate) async fn check(&self) -> Result<(), SecretsError> {
        match &self.wrapped {
            Some(kms) => kms.check().await,
            None => Ok(()),
        }
    }
}

fn usable(key: &[u8; KEY_LEN]) -> RandomizedNonceKey {
    #[expect(clippy::expect_used, reason = "any 32 bytes are a key of AES-256")]
    RandomizedNonceKey::new(&AES_256_GCM, key).expect("a key of the right length")
}
