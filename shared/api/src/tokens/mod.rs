//! Access tokens: JWTs signed with Ed25519, whose issuer, audience, expiry, algorithm and key are all checked.
//!
//! The keys lie in the table. To check a token the public halves are enough, which each process keeps for some minutes;
//! only signing in opens a private one. Beside our own, tokens of issuers that the settings name are accepted.

mod issuer;
mod keys;
mod remembered;
mod trusted;

pub use trusted::{InvalidIssuers, TrustedIssuers};

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
use transport::Transport;

use crate::ApiError;
use crate::caller::{Admin, Identity};
use issuer::Issuer;
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
pub(crate) struct Tokens(Arc<Known>);

struct Known {
    keys: Keys,
    issuers: Vec<Issuer>,
}

/// What a token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Claims {
    /// The user.
    sub: UserId,
    /// What the user may do.
    role: Role,
    iss: String,
    aud: String,
    iat: i64,
    exp: i64,
}

/// The claim that tells who is to check the rest.
#[derive(Deserialize)]
struct Unchecked {
    iss: String,
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
    /// Our tokens under the keys of this table, whose private halves this vault opens, and those of `trusted` issuers,
    /// whose keys are fetched by `transport`. Reads nothing yet.
    pub(crate) fn new(store: Store, vault: Vault, trusted: &TrustedIssuers, transport: &Transport) -> Self {
        let issuers = trusted.0.iter().map(|issuer| Issuer::new(issuer.clone(), transport.clone())).collect();
        Self(Arc::new(Known { keys: Keys::new(store, vault), issuers }))
    }

    /// Issues a token for `user`.
    ///
    /// # Errors
    /// When there is no key to sign with and none can be made.
    pub(crate) async fn issue(&self, user: &User, now: Timestamp) -> Result<Issued, ApiError> {
        let signer = self.0.keys.signer(now).await?;
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

    /// Who shows this token.
    ///
    /// # Errors
    /// 401 if it is not good, 403 if it gives no role, 503 if the keys to check it are not to be had.
    pub(crate) async fn check(&self, token: &str, now: Timestamp) -> Result<Admin, ApiError> {
        let unchecked = jsonwebtoken::dangerous::insecure_decode_claims::<Unchecked>(token);
        let iss = unchecked.map_err(|_| ApiError::bad_token())?.iss;
        if iss == ISSUER {
            return self.check_our_own(token, now).await;
        }
        let issuer = self.0.issuers.iter().find(|issuer| issuer.name() == iss);
        issuer.ok_or_else(ApiError::bad_token)?.check(token).await
    }

    async fn check_our_own(&self, token: &str, now: Timestamp) -> Result<Admin, ApiError> {
        let header = jsonwebtoken::decode_header(token).ok();
        let id = header.and_then(|header| header.kid?.parse::<SigningKeyId>().ok());
        let id = id.ok_or_else(ApiError::bad_token)?;
        let key = self.0.keys.find(&id, now).await?.ok_or_else(ApiError::bad_token)?;
        let good = jsonwebtoken::decode::<Claims>(token, &key, &RULES);
        let claims = good.map_err(|_| ApiError::bad_token())?.claims;
        Ok(Admin::new(Identity::User(claims.sub), claims.role))
    }

    /// The keys whose tokens are good at `now`, newest first, as the table had them at most `age` ago.
    ///
    /// # Errors
    /// If the keys cannot be read.
    pub(crate) async fn keys(&self, now: Timestamp, age: Duration) -> Result<Vec<SigningKey>, StoreError> {
        let mut keys = self.0.keys.known(age).await?.public().to_vec();
        keys.retain(|key| key.checks_tokens(now));
        Ok(keys)
    }

    /// Makes a key that takes over in a minute. Those before it check tokens until their last has expired.
    ///
    /// # Errors
    /// 409 if somebody else makes one at the same moment.
    pub(crate) async fn renew_keys(&self, now: Timestamp) -> Result<SigningKey, ApiError> {
        self.0.keys.renew(now).await
    }

    /// Forgets a key, and with it every token it signed; says whether it was there. Other processes believe it for
    /// some minutes more.
    ///
    /// # Errors
    /// If the table cannot be reached.
    pub(crate) async fn revoke_key(&self, id: &SigningKeyId) -> Result<bool, StoreError> {
        self.0.keys.revoke(id).await
    }
}
