//! What every OAuth 2.0 grant has in common: one form to a token endpoint, and a token or a refusal in return.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method};
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::AccessToken;
use crate::ErpError;
use crate::http::{Auth, HttpAnswer, HttpClient, HttpRequest, RetryPolicy, place};

/// How long a token is taken to live where the server does not say, in seconds.
const UNTOLD_LIFE_SECONDS: i64 = 300;

/// The longest life that is believed, in seconds.
const LONGEST_LIFE_SECONDS: i64 = 30 * 24 * 3600;

/// The most a token endpoint may answer, in bytes.
const BODY_LIMIT: usize = 256 * 1024;

/// Where tokens are given out, and how it is asked.
#[derive(Debug, Clone, Copy)]
pub(super) struct TokenEndpoint<'g> {
    pub(super) url: &'g Url,
    pub(super) timeout: Duration,
    pub(super) retry: RetryPolicy,
    /// The fields of the connection to check when the server refuses.
    pub(super) fields: &'static str,
}

/// What a token endpoint answers (RFC 6749, section 5.1), and an error that some call a success.
#[derive(Deserialize)]
struct Given {
    #[serde(default, alias = "accessToken")]
    access_token: Option<SecretString>,
    #[serde(default, alias = "tokenType")]
    token_type: Option<String>,
    #[serde(default, alias = "expiresIn")]
    expires_in: Option<Seconds>,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

/// Some servers write the number as a text, or with decimals.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(f64),
    Text(String),
    /// Whatever it is, it tells nothing.
    Other(serde::de::IgnoredAny),
}

impl Seconds {
    /// Whole seconds of a life; `None` where it tells none.
    fn get(&self) -> Option<i64> {
        let seconds = match self {
            Self::Number(seconds) => *seconds,
            Self::Text(text) => text.trim().parse().ok()?,
            Self::Other(_) => return None,
        };
        #[expect(clippy::cast_possible_truncation, reason = "within the bounds that were checked")]
        let whole = (1.0..=1e15).contains(&seconds).then_some(seconds as i64);
        whole
    }
}

/// Types of tokens that are not sent as Bearer: they want a key for each request.
const OTHER_TYPES: [&str; 3] = ["mac", "dpop", "pop"];

impl TokenEndpoint<'_> {
    /// Sends a form that asks for a token.
    ///
    /// # Errors
    /// `Unauthorized` if the credentials are refused; else why no token is to be had.
    pub(super) async fn ask(
        &self,
        http: &HttpClient,
        form: String,
        auth: Auth,
    ) -> Result<AccessToken, ErpError> {
        let request = self.request(form, auth);
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
        // An error is a refusal whatever the status says.
        let is_error =
            given.error.as_ref().is_some_and(|error| !matches!(error.as_str(), Some("")) && !error.is_null());
        if given.access_token.is_none() && is_error {
            return Err(self.refused(&answer, &request));
        }
        let Some(access_token) = given.access_token else {
            return Err(ErpError::Malformed(format!(
                "the token endpoint {} answered {} without an access token: {}: check tokenUrl",
                place(&answer.url),
                answer.status,
                answer.excerpt(&request)
            )));
        };
        self.token(access_token, given.token_type.as_deref(), given.expires_in.as_ref(), asked_at)
    }

    fn request(&self, form: String, auth: Auth) -> HttpRequest {
        let mut request = HttpRequest {
            method: Method::POST,
            body: Bytes::from(form),
            // A token that is given out twice does no harm.
            repeatable: true,
            auth,
            timeout: self.timeout,
            retry: self.retry,
            body_limit: BODY_LIMIT,
            ..HttpRequest::get(self.url.clone())
        };
        request.headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        request.headers.insert(CONTENT_TYPE, form);
        request
    }

    /// A token endpoint refuses a client with 400 as well as with 401 (RFC 6749, section 5.2).
    fn refusal(&self, answer: &HttpAnswer, request: &HttpRequest) -> ErpError {
        match answer.status.as_u16() {
            400 | 401 | 403 => self.refused(answer, request),
            404 | 405 => ErpError::Rejected(format!(
                "there is no token endpoint at {} ({}): check the connection's tokenUrl",
                place(&answer.url),
                answer.status
            )),
            _ => answer.failure(request),
        }
    }

    fn refused(&self, answer: &HttpAnswer, request: &HttpRequest) -> ErpError {
        let said = answer.excerpt(request);
        ErpError::Unauthorized(format!(
            "the token endpoint {} gave no access token ({}): {said} — check the connection's {}",
            place(&answer.url),
            answer.status,
            self.fields
        ))
    }

    fn token(
        &self,
        access_token: SecretString,
        token_type: Option<&str>,
        expires_in: Option<&Seconds>,
        asked_at: Timestamp,
    ) -> Result<AccessToken, ErpError> {
        let endpoint = place(self.url);
        if access_token.expose_secret().trim().is_empty() {
            return Err(ErpError::Malformed(format!(
                "the token endpoint {endpoint} answered with an access token that is empty: check tokenUrl"
            )));
        }
        // Apigee calls its type BearerToken, others leave it out: only what is known to be sent otherwise is refused.
        if let Some(kind) =
            token_type.filter(|kind| OTHER_TYPES.iter().any(|other| kind.eq_ignore_ascii_case(other)))
        {
            return Err(ErpError::Malformed(format!(
                "the token endpoint {endpoint} gives tokens of the type {kind}, which cannot be used: have it give Bearer"
            )));
        }
        let seconds =
            expires_in.and_then(Seconds::get).unwrap_or(UNTOLD_LIFE_SECONDS).min(LONGEST_LIFE_SECONDS);
        Ok(AccessToken::given(access_token, asked_at, SignedDuration::from_secs(seconds)))
    }
}
