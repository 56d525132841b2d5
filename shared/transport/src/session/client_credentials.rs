//! OAuth 2.0 client credentials (RFC 6749, section 4.4), by a secret or by a signed assertion (RFC 7523). A crate for
//! OAuth would bring an HTTP client's interface, a clock and errors of its own for what is one request.

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::{AccessToken, Grant, SigningKey};
use crate::ErpError;
use crate::http::{Auth, HttpAnswer, HttpClient, HttpRequest, RetryPolicy, place};

/// How long a token is taken to live where the server does not say, in seconds.
const UNTOLD_LIFE_SECONDS: i64 = 300;

/// The longest life that is believed, in seconds.
const LONGEST_LIFE_SECONDS: i64 = 30 * 24 * 3600;

/// The most a token endpoint may answer, in bytes.
const BODY_LIMIT: usize = 256 * 1024;

/// Gets access tokens for an application of its own right.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// Where tokens are given out.
    pub token_url: Url,
    /// The application.
    pub client_id: String,
    /// What proves that we are that application.
    pub proof: ClientProof,
    /// What is asked for.
    pub scope: Option<String>,
    /// For whom the token is to be.
    pub audience: Option<String>,
    /// How long one try may take.
    pub timeout: Duration,
    /// How often a failed try is repeated.
    pub retry: RetryPolicy,
    /// The fields of the connection to check when the server refuses.
    pub fields: &'static str,
}

/// What proves that we are the application.
#[derive(Debug, Clone)]
pub enum ClientProof {
    /// The secret, in `Authorization: Basic`.
    Header(SecretString),
    /// The secret, in the body.
    Body(SecretString),
    /// An assertion signed by this key.
    Assertion(Box<SigningKey>),
}

impl ClientProof {
    /// Whether the scope stands in the proof itself.
    fn tells_scope(&self) -> bool {
        matches!(self, Self::Assertion(key) if key.tells_scope())
    }
}

#[derive(Deserialize)]
struct Given {
    access_token: SecretString,
    #[serde(default)]
    token_type: Option<String>,
    #[serde(default)]
    expires_in: Option<Seconds>,
}

/// Some servers write the number as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(i64),
    Text(String),
}

impl Seconds {
    fn get(&self) -> Option<i64> {
        match self {
            Self::Number(seconds) => Some(*seconds),
            Self::Text(text) => text.trim().parse().ok(),
        }
    }
}

#[async_trait]
impl Grant for ClientCredentials {
    fn name(&self) -> &'static str {
        "client_credentials"
    }

    async fn fetch(&self, http: &HttpClient) -> Result<AccessToken, ErpError> {
        let request = self.request()?;
        let asked_at = Timestamp::now();
        let answer = http.exchange(&request).await?;
        if !answer.status.is_success() {
            return Err(self.refusal(&answer, &request));
        }
        let given: Given = serde_json::from_slice(&answer.body).map_err(|_| {
            ErpError::Malformed(format!(
                "the token endpoint {} answered {} without an access token: check tokenUrl",
                place(&answer.url),
                answer.status
            ))
        })?;
        self.token(given, asked_at)
    }

    fn auth(&self, token: &AccessToken) -> Auth {
        Auth::bearer(token.secret.clone(), self.fields)
    }
}

impl ClientCredentials {
    fn request(&self) -> Result<HttpRequest, ErpError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        let auth = match &self.proof {
            // RFC 6749 has both form-encoded before they are joined.
            ClientProof::Header(secret) => {
                let encoded =
                    |text: &str| SecretString::from(byte_serialize(text.as_bytes()).collect::<String>());
                Auth::basic(encoded(&self.client_id), encoded(secret.expose_secret()), self.fields)
            }
            ClientProof::Body(secret) => {
                form.append_pair("client_id", &self.client_id);
                form.append_pair("client_secret", secret.expose_secret());
                Auth::in_body(vec![secret.clone()], self.fields)
            }
            ClientProof::Assertion(key) => {
                let assertion = key.assertion(&self.client_id, &self.token_url, self.scope.as_deref())?;
                if !key.tells_scope() {
                    form.append_pair("client_id", &self.client_id);
                }
                form.append_pair(
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                );
                form.append_pair("client_assertion", assertion.expose_secret());
                Auth::in_body(vec![assertion], self.fields)
            }
        };
        let scope = self.scope.as_ref().filter(|_| !self.proof.tells_scope());
        for (name, value) in [("scope", scope), ("audience", self.audience.as_ref())] {
            if let Some(value) = value {
                form.append_pair(name, value);
            }
        }
        let mut request = HttpRequest {
            method: Method::POST,
            body: Bytes::from(form.finish()),
            // A token that is given out twice does no harm.
            repeatable: true,
            auth,
            timeout: self.timeout,
            retry: self.retry,
            body_limit: BODY_LIMIT,
            ..HttpRequest::get(self.token_url.clone())
        };
        request.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers.insert(CONTENT_TYPE, form);
        Ok(request)
    }

    /// A token endpoint refuses a client with 400 as well as with 401 (RFC 6749, section 5.2).
    fn refusal(&self, answer: &HttpAnswer, request: &HttpRequest) -> ErpError {
        match answer.status.as_u16() {
            400 | 401 | 403 => {
                let said = answer.excerpt(request);
                ErpError::Unauthorized(format!(
                    "the token endpoint {} gave no access token ({}): {said} — check the connection's {}",
                    place(&answer.url),
                    answer.status,
                    self.fields
                ))
            }
            404 | 405 => ErpError::Rejected(format!(
                "there is no token endpoint at {} ({}): check the connection's tokenUrl",
                place(&answer.url),
                answer.status
            )),
            _ => answer.failure(request),
        }
    }

    fn token(&self, given: Given, asked_at: Timestamp) -> Result<AccessToken, ErpError> {
        let endpoint = place(&self.token_url);
        if given.access_token.expose_secret().trim().is_empty() {
            return Err(ErpError::Malformed(format!(
                "the token endpoint {endpoint} answered with an access token that is empty: check tokenUrl"
            )));
        }
        if given.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
            return Err(ErpError::Malformed(format!(
                "the token endpoint {endpoint} gives tokens of a type other than Bearer, which cannot be used"
            )));
        }
        let told = given.expires_in.as_ref().and_then(Seconds::get).filter(|seconds| *seconds > 0);
        let seconds = told.unwrap_or(UNTOLD_LIFE_SECONDS).min(LONGEST_LIFE_SECONDS);
        Ok(AccessToken::given(given.access_token, asked_at, SignedDuration::from_secs(seconds)))
    }
}
