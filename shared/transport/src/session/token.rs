//! What an access token is, who gets one, and who keeps it.

use std::fmt;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use crate::ErpError;
use crate::http::{Auth, HttpClient};

/// How long before its end a token is no longer used: a request takes its time, and clocks differ.
const MARGIN: SignedDuration = SignedDuration::from_secs(60);

/// Proof of having signed in, for a while.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The token itself.
    pub secret: SecretString,
    /// Until when it is used, which is shortly before it ends.
    pub use_until: Timestamp,
}

impl AccessToken {
    /// A token that was given out at `now` for so long. One that lives for less than ten minutes is used for nine
    /// tenths of its life.
    #[must_use]
    pub fn given(secret: SecretString, now: Timestamp, lives: SignedDuration) -> Self {
        let margin = MARGIN.min(lives / 10);
        let use_until = now.checked_add(lives - margin).unwrap_or(Timestamp::MAX);
        Self { secret, use_until }
    }

    /// Whether it is in force at `now`, and not the one that was refused.
    #[must_use]
    pub fn serves(&self, now: Timestamp, refused: Option<&Self>) -> bool {
        let is_refused =
            refused.is_some_and(|refused| refused.secret.expose_secret() == self.secret.expose_secret());
        now < self.use_until && !is_refused
    }
}

/// A way to get an access token, such as OAuth 2.0 client credentials or a login of the ERP's own.
#[async_trait]
pub trait Grant: fmt::Debug + Send + Sync {
    /// Tells the tokens of one connection apart by what they are for, such as `entra` or `session`.
    fn name(&self) -> &'static str;

    /// Signs in and gets a token.
    ///
    /// # Errors
    /// `Unauthorized` if the credentials are refused; else why no token is to be had.
    async fn fetch(&self, http: &HttpClient) -> Result<AccessToken, ErpError>;

    /// How a request carries the token.
    fn auth(&self, token: &AccessToken) -> Auth;
}

/// Keeps the access tokens of one connection, sealed, so that however many workers ask, one gets a token for all.
#[async_trait]
pub trait AccessTokens: fmt::Debug + Send + Sync {
    /// The token in force; a new one where there is none, it is about to end, or it is the one the ERP has `refused`.
    ///
    /// # Errors
    /// With why no token is to be had.
    async fn token(
        &self,
        grant: &dyn Grant,
        http: &HttpClient,
        refused: Option<&AccessToken>,
    ) -> Result<AccessToken, ErpError>;
}
