//! Access tokens, kept sealed in the table for all workers. Whoever finds none that serves claims the fetching by a
//! conditional write and gets one; the others wait until it is there.

use std::time::Duration;

use async_trait::async_trait;
use domain::connection::Connection;
use domain::ids::ConnectionId;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use secrets::{SecretsError, Vault};
use store::{KeptToken, Store, StoreError};
use transport::ErpError;
use transport::http::HttpClient;
use transport::session::{AccessToken, AccessTokens, Grant};
use ulid::Ulid;

/// How long a worker may take to get a token before another tries: a dead one gives nothing back.
const CLAIM: SignedDuration = SignedDuration::from_secs(45);

/// How long a worker waits for the token that another is getting.
const PATIENCE: SignedDuration = SignedDuration::from_secs(50);

/// How often it looks.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The access tokens of one connection.
#[derive(Debug)]
pub(crate) struct KeptTokens {
    store: Store,
    vault: Vault,
    connection: ConnectionId,
    /// A token that other credentials got is of no use.
    connection_version: u64,
}

impl KeptTokens {
    pub(crate) fn new(store: Store, vault: Vault, connection: &Connection) -> Self {
        let (connection, connection_version) = (connection.id.clone(), connection.version);
        Self { store, vault, connection, connection_version }
    }

    /// What the vault binds a token to.
    fn bound_to(&self, grant: &dyn Grant) -> String {
        format!("access_token:{}:{}", self.connection, grant.name())
    }

    /// The token that was kept, if it serves.
    async fn serving(
        &self,
        grant: &dyn Grant,
        kept: Option<KeptToken>,
        refused: Option<&AccessToken>,
    ) -> Result<Option<AccessToken>, ErpError> {
        let now = Timestamp::now();
        let fits =
            |kept: &KeptToken| kept.connection_version == self.connection_version && now < kept.use_until;
        let Some(kept) = kept.filter(fits) else { return Ok(None) };
        let opened = match self.vault.open_bytes(&self.bound_to(grant), &kept.sealed).await {
            Ok(opened) => opened,
            Err(SecretsError::Unavailable(error)) => return Err(unavailable(&*error)),
            // Sealed under a key that is gone: as good as none.
            Err(_) => return Ok(None),
        };
        let Ok(secret) = String::from_utf8(opened.expose_secret().to_vec()) else { return Ok(None) };
        let token = AccessToken { secret: SecretString::from(secret), use_until: kept.use_until };
        Ok(token.serves(now, refused).then_some(token))
    }

    /// Gets a token, and keeps it for all.
    async fn fetch(
        &self,
        grant: &dyn Grant,
        http: &HttpClient,
        worker: &str,
    ) -> Result<AccessToken, ErpError> {
        let fetched = grant.fetch(http).await;
        let kept = match &fetched {
            Ok(token) => self.keep(grant, worker, token).await,
            Err(_) => self.store.release_access_token(&self.connection, grant.name(), worker).await,
        };
        if let Err(error) = kept {
            tracing::warn!(connection = %self.connection, %error, "an access token could not be kept");
        }
        fetched
    }

    async fn keep(&self, grant: &dyn Grant, worker: &str, token: &AccessToken) -> Result<(), StoreError> {
        let secret = token.secret.expose_secret().as_bytes();
        let sealed = match self.vault.seal_given(&self.bound_to(grant), secret).await {
            Ok(sealed) => sealed,
            Err(error) => {
                tracing::warn!(connection = %self.connection, %error, "an access token could not be sealed");
                return self.store.release_access_token(&self.connection, grant.name(), worker).await;
            }
        };
        let (use_until, connection_version) = (token.use_until, self.connection_version);
        let kept = KeptToken { sealed, use_until, connection_version };
        self.store.keep_access_token(&self.connection, grant.name(), worker, &kept).await
    }
}

#[async_trait]
impl AccessTokens for KeptTokens {
    async fn token(
        &self,
        grant: &dyn Grant,
        http: &HttpClient,
        refused: Option<&AccessToken>,
    ) -> Result<AccessToken, ErpError> {
        let worker = Ulid::generate().to_string();
        let begun = Timestamp::now();
        loop {
            let state = self.store.access_token(&self.connection, grant.name()).await;
            let state = state.map_err(|error| unavailable(&error))?;
            if let Some(token) = self.serving(grant, state.kept, refused).await? {
                return Ok(token);
            }
            let now = Timestamp::now();
            let (store, name) = (&self.store, grant.name());
            let claim = store.claim_access_token(
                &self.connection,
                name,
                state.generation,
                &worker,
                now,
                now.saturating_add(CLAIM).unwrap_or(now),
            );
            if claim.await.map_err(|error| unavailable(&error))? {
                return self.fetch(grant, http, &worker).await;
            }
            if now.duration_since(begun) > PATIENCE {
                return Err(ErpError::Unavailable(
                    "another worker has been getting an access token for too long: is the token endpoint up?"
                        .to_owned(),
                ));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }
}

fn unavailable(error: &dyn std::error::Error) -> ErpError {
    ErpError::Unavailable(format!("the access token that is kept is not to be had: {error}"))
}
