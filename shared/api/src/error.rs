//! The one error of the API. Named constructors say what happened; `rendering` alone turns it into a body.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use domain::ids::RunId;
use domain::{FieldError, Invalid};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use secrets::SecretsError;
use store::StoreError;

/// Why a request cannot be answered as asked: what the client is told, and, kept apart from it, the cause for the log.
#[derive(Debug)]
pub struct ApiError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: Cow<'static, str>,
    pub(crate) details: Vec<FieldError>,
    pub(crate) cause: Option<Box<dyn Error + Send + Sync>>,
    hint: Option<Hint>,
}

/// What a header tells the client to do next.
#[derive(Debug, Clone, Copy)]
enum Hint {
    /// Wait this many seconds.
    RetryAfter(u32),
    /// Show a token.
    ShowToken,
}

impl ApiError {
    fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new(), cause: None, hint: None }
    }

    fn detail(mut self, field: impl Into<String>, message: impl Into<String>) -> Self {
        self.details.push(FieldError::new(field, message));
        self
    }

    pub(crate) fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    fn retry_after(mut self, seconds: u32) -> Self {
        self.hint = Some(Hint::RetryAfter(seconds));
        self
    }

    /// 400: the body is no JSON.
    pub fn malformed_json(reason: impl fmt::Display) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "MALFORMED_JSON", format!("The body is not valid JSON: {reason}."))
    }

    /// 400: a parameter of the path, the query or a header cannot be accepted.
    pub fn invalid_parameter(name: &str, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::new(StatusCode::BAD_REQUEST, "INVALID_PARAMETER", format!("{name} {message}."))
            .detail(name, message)
    }

    /// 422: fields of the body cannot be accepted.
    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let reasons = Invalid(errors.clone()).to_string();
        let sentence = format!("The request was not accepted: {}.", reasons.trim_end_matches('.'));
        let mut error = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "VALIDATION_ERROR", sentence);
        error.details = errors;
        error
    }

    /// 422: one field of the body cannot be accepted.
    pub fn invalid_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(vec![FieldError::new(field, message)])
    }

    /// 401: no token, or none that is good.
    pub fn unauthorized(message: &'static str) -> Self {
        let mut error = Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message);
        error.hint = Some(Hint::ShowToken);
        error
    }

    /// 401: a token that is not to be believed. Why not is for us to know.
    #[must_use]
    pub fn bad_token() -> Self {
        Self::unauthorized("The token is not good, or no longer: sign in again.")
    }

    /// 403: the token is good, but gives no role here.
    #[must_use]
    pub fn no_role(issuer: &str) -> Self {
        let message = format!(
            "{issuer} gives you no role here: ask whoever runs it for one that CAUSEWAY_TRUSTED_ISSUERS maps to ours."
        );
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    /// 404: there is no such thing.
    pub fn not_found(what: &str, id: impl fmt::Display) -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", format!("There is no {what} {id}."))
    }

    /// 404: no route has this path.
    #[must_use]
    pub fn no_such_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            "There is nothing at this address; see /docs for what there is.",
        )
    }

    /// 405: the path has no such method. Axum adds `Allow`.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        let message = "This address does not take that method; the Allow header names those it takes.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message)
    }

    /// 409: the state of things forbids it.
    pub fn conflict(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, "CONFLICT", message)
    }

    /// 409: something still uses it; `users` are named one by one.
    pub fn in_use(message: impl Into<Cow<'static, str>>, users: Vec<FieldError>) -> Self {
        let mut error = Self::conflict(message);
        error.details = users;
        error
    }

    /// 409: a run of the same connection and data type is at work.
    #[must_use]
    pub fn already_running(run: &RunId) -> Self {
        let message = format!("A sync of this data type over this connection is already running: {run}.");
        Self::new(StatusCode::CONFLICT, "ALREADY_RUNNING", message).detail("runId", run.to_string())
    }

    /// 409: a request with the same `Idempotency-Key` is not answered yet.
    #[must_use]
    pub fn still_in_progress() -> Self {
        let message =
            "A request with this Idempotency-Key is still being answered; send it again in a moment.";
        Self::new(StatusCode::CONFLICT, "STILL_IN_PROGRESS", message).retry_after(1)
    }

    /// 422: an `Idempotency-Key` was used for another request before.
    #[must_use]
    pub fn idempotency_key_reused() -> Self {
        let message = "This Idempotency-Key was used for another request; take a new key for each request.";
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "IDEMPOTENCY_KEY_REUSED", message)
    }

    /// 412: it is no longer as `If-Match` says.
    #[must_use]
    pub fn changed_meanwhile() -> Self {
        let message = "It was changed since you read it; read it again and repeat your change.";
        Self::new(StatusCode::PRECONDITION_FAILED, "PRECONDITION_FAILED", message)
    }

    /// 413: the body is too large.
    #[must_use]
    pub fn too_large(limit_bytes: usize) -> Self {
        let message = format!("The body is larger than {} KB.", limit_bytes / 1024);
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
    }

    /// 414: the address is too long.
    #[must_use]
    pub fn address_too_long(limit_bytes: usize) -> Self {
        let message = format!("The address is longer than {} KB.", limit_bytes / 1024);
        Self::new(StatusCode::URI_TOO_LONG, "URI_TOO_LONG", message)
    }

    /// 431: the headers are too large.
    #[must_use]
    pub fn headers_too_large(limit_bytes: usize) -> Self {
        let message = format!("The headers are larger than {} KB together.", limit_bytes / 1024);
        Self::new(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "HEADERS_TOO_LARGE", message)
    }

    /// 415: the body is of a type we do not read.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        let message = "The body must be JSON; send it with the header Content-Type: application/json.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", message)
    }

    /// 429: too many attempts to sign in.
    #[must_use]
    pub fn too_many_attempts(retry_after_s: u32) -> Self {
        let message = "Too many failed attempts to sign in; wait a quarter of an hour and try again.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_ATTEMPTS", message).retry_after(retry_after_s)
    }

    /// 429: too many requests within a minute.
    #[must_use]
    pub fn too_many_requests(per_minute: u32, retry_after_s: u32) -> Self {
        let message = format!(
            "You sent more than {per_minute} requests within a minute; go on in {retry_after_s} seconds."
        );
        Self::new(StatusCode::TOO_MANY_REQUESTS, "RATE_LIMITED", message).retry_after(retry_after_s)
    }

    /// 502: the ERP could not be asked, or refused. `sentence` tells a person what to do.
    pub fn erp(sentence: impl fmt::Display) -> Self {
        Self::new(StatusCode::BAD_GATEWAY, "ERP_ERROR", sentence.to_string())
    }

    /// 503: it took too long. What was begun may still be carried through.
    #[must_use]
    pub fn timed_out(seconds: u64) -> Self {
        let message = format!(
            "This took longer than {seconds} seconds. A change may still be made: look before you repeat it."
        );
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "TIMED_OUT", message)
    }

    /// 503: busy, or something we need is not there. Worth another try.
    #[must_use]
    pub fn unavailable() -> Self {
        let message = "Causeway cannot answer right now; try again in a moment.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message).retry_after(1)
    }

    /// 500: our fault. The cause is for the log alone.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let message = "Something went wrong on our side; the request id leads to the reason in the log.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL_ERROR", message).caused_by(cause)
    }
}

impl IntoResponse for ApiError {
    /// The status and headers; the body is written by `rendering`, which knows the request.
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        let headers = response.headers_mut();
        match self.hint {
            Some(Hint::RetryAfter(seconds)) => headers.insert(RETRY_AFTER, HeaderValue::from(seconds)),
            Some(Hint::ShowToken) => headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            None => None,
        };
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

impl From<Invalid> for ApiError {
    fn from(Invalid(errors): Invalid) -> Self {
        Self::invalid(errors)
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Changed => Self::conflict("Somebody else changed it at the same moment; try again."),
            StoreError::Exists => Self::conflict("There is one with this id already."),
            StoreError::InvalidCursor => {
                Self::invalid_parameter("cursor", "is not one we gave out; start again without it")
            }
            StoreError::Unavailable { .. } => Self::unavailable().caused_by(error),
            StoreError::TooLarge { bytes, limit } => Self::invalid_field(
                "record",
                format!("is too large to be kept with the record as it was: {bytes} bytes, {limit} at most"),
            ),
            StoreError::Corrupt(_) | StoreError::OldTable => Self::internal(error),
        }
    }
}

impl From<SecretsError> for ApiError {
    fn from(error: SecretsError) -> Self {
        match error {
            SecretsError::NothingToKeep(field) => {
                let message = "was sent as its mask, but no such secret is set: send the secret itself";
                Self::invalid_field(format!("credentials.{field}"), message)
            }
            SecretsError::Unavailable(_) => Self::unavailable().caused_by(error),
            other => Self::internal(other),
        }
    }
}
