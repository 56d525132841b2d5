//! Access tokens that we sign ourselves: the server knows our certificate, and no token endpoint is asked.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{AccessToken, Grant, SigningKey};
use crate::ErpError;
use crate::http::{Auth, HttpClient};

/// How long a token lives, in seconds.
const LIFE_SECONDS: i64 = 600;

/// How far back a token begins: clocks differ.
const SKEW_SECONDS: i64 = 60;

/// Signs JSON Web Tokens that a server takes as they are, for one of its users.
#[derive(Debug, Clone)]
pub struct SelfSigned {
    /// What signs.
    pub key: SigningKey,
    /// Under which name the server trusts us.
    pub issuer: String,
    /// The user who acts; told as `sub`, and as `prn` as Oracle wants it.
    pub user: String,
    /// The fields of the connection to check when the server refuses.
    pub fields: &'static str,
}

#[async_trait]
impl Grant for SelfSigned {
    fn name(&self) -> &'static str {
        "self_signed"
    }

    async fn fetch(&self, _: &HttpClient) -> Result<AccessToken, ErpError> {
        let now = Timestamp::now();
        let claims = json!({
            "iss": self.issuer,
            "sub": self.user,
            "prn": self.user,
            "iat": now.as_second() - SKEW_SECONDS,
            "exp": now.as_second() + LIFE_SECONDS,
        });
        let token = self.key.sign(&claims)?;
        Ok(AccessToken::given(token, now, SignedDuration::from_secs(LIFE_SECONDS)))
    }

    fn auth(&self, token: &AccessToken) -> Auth {
        Auth::bearer(token.secret.clone(), self.fields)
    }
}
