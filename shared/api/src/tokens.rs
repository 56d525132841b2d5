//! Access tokens: JWTs signed with Ed25519, whose issuer, audience, expiry, algorithm and key are all checked.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::UserId;
use domain::user::{Role, User};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrets::{SecretsError, key_file};
use serde::{Deserialize, Serialize};

/// How long a token is good for.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

const ISSUER: &str = "causeway";
const AUDIENCE: &str = "causeway-api";

/// Issues tokens and checks them. Cheap to clone.
#[derive(Clone)]
pub struct Tokens(Arc<Keys>);

struct Keys {
    id: String,
    signing: EncodingKey,
    checking: DecodingKey,
    rules: Validation,
}

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
        f.debug_tuple("Tokens").field(&self.0.id).finish()
    }
}

impl Tokens {
    /// Signs with the key in a file, which is made on first start.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds no Ed25519 key.
    pub fn from_key_file(path: &Path) -> Result<Self, SecretsError> {
        let document = key_file::load_or_make(path, || {
            let pair = Ed25519KeyPair::generate().and_then(|pair| pair.to_pkcs8v1());
            pair.map(|document| document.as_ref().to_vec())
                .map_err(|_| key_file::failed(path, "no signing key could be made"))
        })?;
        let pair = Ed25519KeyPair::from_pkcs8(&document)
            .map_err(|_| key_file::failed(path, "it holds no Ed25519 key in PKCS #8 form"))?;
        Ok(Self::new(&document, pair.public_key().as_ref()))
    }

    fn new(document: &[u8], public_key: &[u8]) -> Self {
        let mut rules = Validation::new(Algorithm::EdDSA);
        rules.leeway = 0;
        rules.set_issuer(&[ISSUER]);
        rules.set_audience(&[AUDIENCE]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        Self(Arc::new(Keys {
            id: URL_SAFE_NO_PAD.encode(digest(&SHA256, public_key)),
            signing: EncodingKey::from_ed_der(document),
            checking: DecodingKey::from_ed_der(public_key),
            rules,
        }))
    }

    /// Issues a token for `user`.
    pub(crate) fn issue(&self, user: &User, now: Timestamp) -> Result<Issued, jsonwebtoken::errors::Error> {
        let claims = Claims {
            sub: user.id.clone(),
            role: user.role,
            iss: ISSUER.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat: now.as_second(),
            exp: now.as_second() + LIFETIME.as_secs(),
        };
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(self.0.id.clone());
        let token = jsonwebtoken::encode(&header, &claims, &self.0.signing)?;
        Ok(Issued { token, expires_in_s: LIFETIME.as_secs() })
    }

    /// What a token says, if it is good.
    pub(crate) fn check(&self, token: &str) -> Option<Claims> {
        let good = jsonwebtoken::decode::<Claims>(token, &self.0.checking, &self.0.rules).ok()?;
        (good.header.kid.as_deref() == Some(&self.0.id)).then_some(good.claims)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::json;

    use super::*;

    pub(crate) fn tokens() -> Tokens {
        let directory = tempfile::tempdir().unwrap();
        Tokens::from_key_file(&directory.path().join("token.key")).unwrap()
    }

    pub(crate) fn admin() -> User {
        User {
            id: "usr_1".parse().unwrap(),
            email: "admin@causeway.local".to_owned(),
            role: Role::Admin,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn signed(tokens: &Tokens, kid: Option<&str>, claims: &serde_json::Value) -> String {
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = kid.map(str::to_owned);
        jsonwebtoken::encode(&header, claims, &tokens.0.signing).unwrap()
    }

    fn claims() -> serde_json::Value {
        let exp = Timestamp::now().as_second() + 60;
        json!({"sub": "usr_1", "role": "admin", "iss": ISSUER, "aud": AUDIENCE, "iat": 0, "exp": exp})
    }

    #[test]
    fn a_token_is_good_until_it_expires() {
        let tokens = tokens();
        let issued = tokens.issue(&admin(), Timestamp::now()).unwrap();
        assert_eq!(tokens.check(&issued.token).unwrap().sub.as_str(), "usr_1");
        let long_ago = Timestamp::now() - SignedDuration::from_secs(issued.expires_in_s + 1);
        let expired = tokens.issue(&admin(), long_ago).unwrap();
        assert!(tokens.check(&expired.token).is_none());
    }

    #[test]
    fn a_token_of_another_issuer_audience_or_key_is_refused() {
        let tokens = tokens();
        let kid = tokens.0.id.clone();
        assert!(tokens.check(&signed(&tokens, Some(&kid), &claims())).is_some());
        for (name, wrong) in
            [("iss", json!("else")), ("aud", json!("else")), ("exp", json!(1)), ("sub", json!(""))]
        {
            let mut claims = claims();
            claims[name] = wrong;
            assert!(tokens.check(&signed(&tokens, Some(&kid), &claims)).is_none(), "{name} is wrong");
            claims.as_object_mut().unwrap().remove(name);
            assert!(tokens.check(&signed(&tokens, Some(&kid), &claims)).is_none(), "{name} is missing");
        }
        for kid in [None, Some("another")] {
            assert!(tokens.check(&signed(&tokens, kid, &claims())).is_none(), "kid {kid:?}");
        }
        let others = super::tests::tokens().issue(&admin(), Timestamp::now()).unwrap();
        assert!(tokens.check(&others.token).is_none(), "signed by another key");
    }

    #[test]
    fn a_token_that_picks_its_own_algorithm_is_refused() {
        let tokens = tokens();
        let public_key = tokens.0.checking.try_get_as_bytes().unwrap();
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some(tokens.0.id.clone());
        let hmac = jsonwebtoken::encode(&header, &claims(), &EncodingKey::from_secret(public_key)).unwrap();
        assert!(tokens.check(&hmac).is_none(), "HS256 under the public key");
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let none = json!({"alg": "none", "typ": "JWT", "kid": tokens.0.id});
        assert!(tokens.check(&format!("{}.{}.", part(none), part(claims()))).is_none(), "no signature");
        for garbage in ["", "a.b.c", "garbage", "...."] {
            assert!(tokens.check(garbage).is_none(), "{garbage:?}");
        }
    }

    #[test]
    fn the_key_survives_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("token.key");
        let before = Tokens::from_key_file(&path).unwrap();
        let issued = before.issue(&admin(), Timestamp::now()).unwrap();
        assert!(Tokens::from_key_file(&path).unwrap().check(&issued.token).is_some());
        std::fs::write(&path, "not a key").unwrap();
        let error = Tokens::from_key_file(&path).unwrap_err().to_string();
        assert!(error.contains("token.key") && error.contains("Ed25519"), "{error}");
    }
}
