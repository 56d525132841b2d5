//! Answers with the headers that belong to them: `ETag` for what may be changed, `Location` for what was made.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::response::{IntoResponse, Response};
use http::header::{ETAG, IF_MATCH, LOCATION};
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::ApiError;

/// Something with a version: 200, and its `ETag`.
#[derive(Debug)]
pub(crate) struct Versioned<T>(pub(crate) u64, pub(crate) T);

/// Something that was made: 201, its `Location`, and its `ETag` if it has a version.
#[derive(Debug)]
pub(crate) struct Created<T> {
    pub(crate) location: String,
    pub(crate) version: Option<u64>,
    pub(crate) body: T,
}

impl<T: Serialize> IntoResponse for Versioned<T> {
    fn into_response(self) -> Response {
        ([(ETAG, etag(self.0))], Json(self.1)).into_response()
    }
}

impl<T: Serialize> IntoResponse for Created<T> {
    fn into_response(self) -> Response {
        let mut response =
            (StatusCode::CREATED, [(LOCATION, self.location)], Json(self.body)).into_response();
        if let Some(version) = self.version
            && let Ok(tag) = HeaderValue::from_str(&etag(version))
        {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

fn etag(version: u64) -> String {
    format!("\"{version}\"")
}

/// What `If-Match` says, if it is sent: change it only if it still is as I know it.
#[derive(Debug, Default)]
pub(crate) struct IfMatch(Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let Some(value) = parts.headers.get(IF_MATCH) else { return Ok(Self(None)) };
        let tags = value.to_str().map_err(|_| ApiError::invalid_parameter("If-Match", "must be an ETag"))?;
        Ok(Self(Some(tags.to_owned())))
    }
}

impl IfMatch {
    /// Checks that something with this version may be changed.
    ///
    /// # Errors
    /// 412 when `If-Match` names only other versions.
    pub(crate) fn check(&self, version: u64) -> Result<(), ApiError> {
        let Some(tags) = &self.0 else { return Ok(()) };
        let current = etag(version);
        let matches = tags.split(',').map(str::trim).any(|tag| tag == "*" || tag == current);
        if matches { Ok(()) } else { Err(ApiError::changed_meanwhile()) }
    }

    /// Whether the client insists on a version, so that a change by somebody else must not be papered over.
    pub(crate) const fn is_given(&self) -> bool {
        self.0.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn if_match_holds_for_its_version_alone() {
        let sent = |tags: &str| IfMatch(Some(tags.to_owned()));
        assert!(IfMatch(None).check(3).is_ok());
        for tags in ["\"3\"", "*", "\"2\", \"3\""] {
            assert!(sent(tags).check(3).is_ok(), "{tags}");
        }
        for tags in ["\"2\"", "3", "W/\"3\"", ""] {
            assert_eq!(sent(tags).check(3).unwrap_err().status.as_u16(), 412, "{tags}");
        }
    }
}
