//! Access tokens: JWTs signed with Ed25519, whose issuer, audience, expiry, algorithm and key are all checked.
//!
//! The keys lie in the table. To check a token the public halves are enough, which each process keeps for some minutes;
//! only signing in opens a private one.

mod keys;
mod remembered;

use std::fmt;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use domain::ids::{SigningKeyId, UserId};
use domain::signing_key::SigningKey;
use domain::user::{Role, User};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, Header, Validation};
use secrets::Vault;
use serde::{Deserialize, Serialize};
use store::{Store, StoreError};

use crate::ApiError;
use keys::Keys;

/// How long a token is good for.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

const ISSUER: &str = "causeway";
const AUDIENCE: &str = "causeway-api";

/// What every token of ours must hold to.
static RULES: LazyLock<Validation> = LazyLock::new(|| {
    let mut rules = Validation::new(Algorithm::EdDSA);
    rules.leeway = 0;
    rules.set_issuer(&[ISSUER]);
    rules.set_audience(&[AUDIENCE]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules
});

/// Issues tokens and checks them. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Tokens(Arc<Keys>);

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    /// The user.
    pub(crate) sub: UserId,
    /// What the user may do.
    pub(crate) role: Role,
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
}

/// A token that was issued.
#[derive(Debug)]
pub(crate) struct Issued {
    /// The token itself.
    pub(crate) token: String,
    /// How long it is good for, in seconds.
    pub(crate) expires_in_s: i64,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(..)")
    }
}

impl Tokens {
    /// Tokens under the keys of this table, whose private halves this vault opens. Reads nothing yet.
    pub(crate) fn new(store: Store, vault: Vault) -> Self {
        Self(Arc::new(Keys::new(store, vault)))
    }

    /// Issues a token for `user`.
    ///
    /// # Errors
    /// When there is no key to sign with and none can be made.
    pub(crate) async fn issue(&self, user: &User, now: Timestamp) -> Result<Issued, ApiError> {
        let signer = self.0.signer(now).await?;
        let claims = Claims {
            sub: user.id.clone(),
            role: user.role,
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now.as_second(),
            exp: now.as_second() + LIFETIME.as_secs(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(signer.id.to_string());
        let token = jsonwebtoken::encode(&header, &claims, &signer.private).map_err(ApiError::internal)?;
        Ok(Issued { token, expires_in_s: LIFETIME.as_secs() })
    }

    /// What a token says, if it is good.
    ///
    /// # Errors
    /// If the keys cannot be read.
    pub(crate) async fn check(&self, token: &str, now: Timestamp) -> Result<Option<Claims>, StoreError> {
        let header = jsonwebtoken::decode_header(token).ok();
        let Some(id) = header.and_then(|header| header.kid?.parse::<SigningKeyId>().ok()) else {
            return Ok(None);
        };
        let Some(key) = self.0.find(&id, now).await? else { return Ok(None) };
        Ok(jsonwebtoken::decode(token, &key, &RULES).ok().map(|good| good.claims))
    }

    /// The keys whose tokens are good at `now`, newest first, as the table had them at most `age` ago.
    ///
    /// # Errors
    /// If the keys cannot be read.
    pub(crate) async fn keys(&self, now: Timestamp, age: Duration) -> Result<Vec<SigningKey>, StoreError> {
        let mut keys = self.0.known(age).await?.public().to_vec();
        keys.retain(|key| key.checks_tokens(now));
        Ok(keys)
    }

    /// Makes a key that takes over in a minute. Those before it check tokens until their last has expired.
    ///
    /// # Errors
    /// 409 if somebody else makes one at the same moment.
    pub(crate) async fn renew_keys(&self, now: Timestamp) -> Result<SigningKey, ApiError> {
        self.0.renew(now).await
    }

    /// Forgets a key, and with it every token it signed; says whether it was there. Other processes believe it for
    /// some minutes more.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub(crate) async fn revoke_key(&self, id: &SigningKeyId) -> Result<bool, StoreError> {
        self.0.revoke(id).await
    }
}
