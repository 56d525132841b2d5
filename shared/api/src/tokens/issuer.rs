//! Tokens of a trusted outside issuer: its keys are fetched, and what the token says is checked against them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use transport::http::HttpRequest;
use transport::{ErpError, Transport};
use url::Url;

use super::remembered::Remembered;
use super::trusted::{TrustedIssuer, is_safe};
use crate::ApiError;
use crate::caller::{Admin, Identity};

/// How long its keys are taken for all there are.
const KNOWN_FOR: Duration = Duration::from_secs(300);

/// How often a token with an unknown key, or keys that could not be had, make us ask again, at most.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(10);

/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// How far its clock and ours may be apart, in seconds.
const LEEWAY_S: u64 = 30;

/// The most its answers may hold, in bytes.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Longest name of a caller that is kept, in characters.
const MAX_SUBJECT: usize = 255;

/// An issuer and the keys it was last found to have.
pub(super) struct Issuer {
    trusted: TrustedIssuer,
    transport: Transport,
    known: Remembered<KnownKeys>,
}

#[derive(Default, Clone)]
struct KnownKeys {
    keys: HashMap<String, Key>,
    /// Whether they were to be had when we last asked; if not they are those of before.
    reached: bool,
}

#[derive(Clone)]
struct Key {
    algorithm: Algorithm,
    decoding: Arc<DecodingKey>,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: Url,
}

/// Each key is read by itself: one of a kind we do not know must not hide the others.
#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Value>,
}

impl Issuer {
    pub(super) fn new(trusted: TrustedIssuer, transport: Transport) -> Self {
        Self { trusted, transport, known: Remembered::default() }
    }

    /// What tokens of it say in `iss`.
    pub(super) fn name(&self) -> &str {
        &self.trusted.issuer
    }

    /// Who shows this token.
    ///
    /// # Errors
    /// 401 if it is not good, 403 if it gives no role, 503 if the issuer's keys are not to be had.
    pub(super) async fn check(&self, token: &str) -> Result<Admin, ApiError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| ApiError::bad_token())?;
        let key = self.key(&header.kid.ok_or_else(ApiError::bad_token)?).await?;
        let mut rules = Validation::new(key.algorithm);
        rules.leeway = LEEWAY_S;
        rules.validate_nbf = true;
        rules.set_issuer(&[&self.trusted.issuer]);
        rules.set_audience(&[&self.trusted.audience]);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        let claims = jsonwebtoken::decode::<Value>(token, &key.decoding, &rules);
        let claims = claims.map_err(|_| ApiError::bad_token())?.claims;
        let subject = claims.get("sub").and_then(Value::as_str).filter(|sub| is_a_name(sub));
        let subject = subject.ok_or_else(ApiError::bad_token)?.to_owned();
        let role = self.trusted.role(&claims).ok_or_else(|| ApiError::no_role(self.name()))?;
        Ok(Admin::new(Identity::Outsider { issuer: self.trusted.issuer.clone(), subject }, role))
    }

    async fn key(&self, id: &str) -> Result<Key, ApiError> {
        let mut known = self.known_at_most(KNOWN_FOR).await;
        if !known.reached || !known.keys.contains_key(id) {
            known = self.known_at_most(ASK_AGAIN_AFTER).await;
        }
        match known.keys.get(id) {
            Some(key) => Ok(key.clone()),
            None if known.reached => Err(ApiError::bad_token()),
            None => Err(ApiError::unavailable()),
        }
    }

    async fn known_at_most(&self, age: Duration) -> Arc<KnownKeys> {
        let read = async {
            Ok::<_, std::convert::Infallible>(match self.fetch().await {
                Ok(keys) => KnownKeys { keys, reached: true },
                Err(error) => {
                    tracing::warn!(%error, issuer = self.name(), "the keys of a trusted issuer are not to be had");
                    let before = self.known.last().map(|known| known.keys.clone());
                    KnownKeys { keys: before.unwrap_or_default(), reached: false }
                }
            })
        };
        match self.known.no_older_than(age, read).await {
            Ok(known) => known,
            Err(never) => match never {},
        }
    }

    async fn fetch(&self) -> Result<HashMap<String, Key>, ErpError> {
        let uri = match &self.trusted.jwks_uri {
            Some(uri) => uri.clone(),
            None => self.discover().await?,
        };
        let set: KeySet = self.get(&uri).await?;
        Ok(set.keys.into_iter().filter_map(usable).collect())
    }

    /// OpenID Connect Discovery 1.0, section 4.
    async fn discover(&self) -> Result<Url, ErpError> {
        let place = format!("{}/.well-known/openid-configuration", self.name().trim_end_matches('/'));
        let malformed = |what: &str| ErpError::Malformed(format!("{place} {what}"));
        let url = Url::parse(&place).map_err(|_| malformed("is no address"))?;
        let found: Discovery = self.get(&url).await?;
        if found.issuer != self.trusted.issuer {
            return Err(malformed("names another issuer"));
        }
        if !is_safe(&found.jwks_uri) {
            return Err(malformed("names keys at an address that is not https"));
        }
        Ok(found.jwks_uri)
    }

    async fn get<T: DeserializeOwned>(&self, url: &Url) -> Result<T, ErpError> {
        let request = HttpRequest::get(url.clone());
        let request = HttpRequest { timeout: PATIENCE, body_limit: MAX_ANSWER_BYTES, ..request };
        let answer = self.transport.http()?.send(&request).await?;
        serde_json::from_slice(&answer.body)
            .map_err(|error| ErpError::Malformed(format!("{url} did not answer with keys: {error}")))
    }
}

/// A key that may check tokens: of one of three kinds, meant for signatures, with an id. What kind it is decides the
/// algorithm, never the token.
fn usable(key: Value) -> Option<(String, Key)> {
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    let (algorithm, named) = match &jwk.algorithm {
        AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
        AlgorithmParameters::EllipticCurve(ec) if ec.curve == EllipticCurve::P256 => {
            (Algorithm::ES256, KeyAlgorithm::ES256)
        }
        AlgorithmParameters::OctetKeyPair(okp) if okp.curve == EllipticCurve::Ed25519 => {
            (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
        }
        _ => return None,
    };
    let common = &jwk.common;
    let signs = matches!(common.public_key_use, None | Some(PublicKeyUse::Signature));
    let fits = common.key_algorithm.is_none_or(|told| told == named);
    let decoding = Arc::new(DecodingKey::from_jwk(&jwk).ok()?);
    Some((jwk.common.key_id?, Key { algorithm, decoding })).filter(|_| signs && fits)
}

fn is_a_name(subject: &str) -> bool {
    (1..=MAX_SUBJECT).contains(&subject.chars().count()) && !subject.chars().any(char::is_control)
}
