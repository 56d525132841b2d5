//! A secret that AWS Secrets Manager keeps.

use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::error::DisplayErrorContext;
use aws_types::SdkConfig;
use secrecy::SecretString;

use crate::SecretsError;

/// A secret that AWS Secrets Manager keeps, read when it is needed.
#[derive(Debug, Clone)]
pub struct KeptSecret {
    config: SdkConfig,
    id: String,
}

impl KeptSecret {
    /// The secret of this name or ARN. Nothing is asked for yet.
    #[must_use]
    pub fn new(config: SdkConfig, id: impl Into<String>) -> Self {
        Self { config, id: id.into() }
    }

    /// Reads it.
    ///
    /// # Errors
    /// [`SecretsError::Unavailable`] if it cannot be read or is no text.
    pub async fn read(&self) -> Result<SecretString, SecretsError> {
        let asked = Client::new(&self.config).get_secret_value().secret_id(&self.id).send().await;
        let kept = asked.map_err(|error| self.failed(DisplayErrorContext(&error)))?;
        kept.secret_string.map(SecretString::from).ok_or_else(|| self.failed("it is no text"))
    }

    fn failed(&self, reason: impl std::fmt::Display) -> SecretsError {
        SecretsError::Unavailable(format!("Secrets Manager did not give {}: {reason}", self.id).into())
    }
}
