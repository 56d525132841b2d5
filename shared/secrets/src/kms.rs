//! The data key of the cloud: made by KMS, kept in the table in wrapped form, unwrapped by KMS.
//!
//! The only module that names KMS. Who reads the table without the right to use the KMS key learns nothing, and each
//! use of the key is in the account's trail.

use aws_sdk_kms::Client;
use aws_sdk_kms::error::DisplayErrorContext;
use aws_sdk_kms::primitives::Blob;
use aws_sdk_kms::types::DataKeySpec;
use aws_types::SdkConfig;
use store::{Store, StoreError};

use crate::SecretsError;
use crate::data_key::KEY_LEN;

/// What KMS writes into its trail beside each use of the key, and insists on when it unwraps.
const CONTEXT: (&str, &str) = ("causeway", "data_key");

/// Makes and unwraps the data key.
pub(crate) struct Kms {
    config: SdkConfig,
    key_id: String,
    store: Store,
}

impl Kms {
    pub(crate) const fn new(config: SdkConfig, key_id: String, store: Store) -> Self {
        Self { config, key_id, store }
    }

    /// The data key in clear. The first to ask makes it; of two that make one at once, both take what the table kept.
    pub(crate) async fn data_key(&self) -> Result<[u8; KEY_LEN], SecretsError> {
        // Made here and not before: most functions of the cloud never get here.
        let client = Client::new(&self.config);
        if let Some(wrapped) = self.store.wrapped_data_key().await? {
            return self.unwrap(&client, wrapped).await;
        }
        let (key, wrapped) = self.generate(&client).await?;
        match self.store.keep_wrapped_data_key(wrapped).await {
            Ok(()) => Ok(key),
            Err(StoreError::Exists) => {
                let theirs = self.store.wrapped_data_key().await?;
                self.unwrap(&client, theirs.ok_or(SecretsError::Unsealable)?).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Unwraps the data key, if there is one, and forgets it.
    pub(crate) async fn check(&self) -> Result<(), SecretsError> {
        let Some(wrapped) = self.store.wrapped_data_key().await? else { return Ok(()) };
        self.unwrap(&Client::new(&self.config), wrapped).await.map(drop)
    }

    async fn generate(&self, client: &Client) -> Result<([u8; KEY_LEN], Vec<u8>), SecretsError> {
        let asked = client.generate_data_key().key_id(&self.key_id).key_spec(DataKeySpec::Aes256);
        let made = asked.encryption_context(CONTEXT.0, CONTEXT.1).send().await;
        let made = made.map_err(|error| failed(DisplayErrorContext(&error), "make"))?;
        let wrapped = made.ciphertext_blob.map(Blob::into_inner);
        Ok((whole(made.plaintext)?, wrapped.ok_or_else(|| failed("it sent no wrapped key", "make"))?))
    }

    async fn unwrap(&self, client: &Client, wrapped: Vec<u8>) -> Result<[u8; KEY_LEN], SecretsError> {
        let asked = client.decrypt().key_id(&self.key_id).ciphertext_blob(Blob::new(wrapped));
        let opened = asked.encryption_context(CONTEXT.0, CONTEXT.1).send().await;
        whole(opened.map_err(|error| failed(DisplayErrorContext(&error), "unwrap"))?.plaintext)
    }
}

fn whole(key: Option<Blob>) -> Result<[u8; KEY_LEN], SecretsError> {
    let key = key.and_then(|key| <[u8; KEY_LEN]>::try_from(key.into_inner()).ok());
    key.ok_or_else(|| failed("it sent no key of 256 bits", "open"))
}

fn failed(reason: impl std::fmt::Display, verb: &str) -> SecretsError {
    SecretsError::Unavailable(format!("KMS did not {verb} the data key: {reason}").into())
}
