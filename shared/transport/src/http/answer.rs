//! What a server answered, read whole up to a bound.

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use url::Url;

use super::{Auth, HttpRequest, failure, place};
use crate::ErpError;

/// An answer, decompressed.
#[derive(Debug, Clone)]
pub struct HttpAnswer {
    /// The address that answered, after redirects.
    pub url: Url,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
    /// What it was asked with, so that a refusal names the right fields and shows no secret.
    auth: Auth,
}

impl HttpAnswer {
    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The media type without its parameters, in lower case; empty if there is none.
    #[must_use]
    pub fn media_type(&self) -> String {
        let content_type = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// What an answer that is no success means, in words: who answered, with what status, what it said, what to do.
    #[must_use]
    pub fn failure(&self, request: &HttpRequest) -> ErpError {
        failure::refused(self, request)
    }

    /// What it was asked with.
    pub(super) const fn auth(&self) -> &Auth {
        &self.auth
    }

    /// Words of the server's that were found in its answer, on one line of at most 300 characters, without our secrets.
    #[must_use]
    pub fn shown(&self, said: &str) -> String {
        failure::shown(said, &self.auth)
    }

    /// What the server said, on one line of at most 300 characters, without markup and without our secrets.
    #[must_use]
    pub fn excerpt(&self, request: &HttpRequest) -> String {
        failure::excerpt(&self.body, &self.auth, request.words)
    }
}

pub(super) async fn read(
    mut response: reqwest::Response,
    url: Url,
    request: &HttpRequest,
) -> Result<HttpAnswer, ErpError> {
    let limit = request.body_limit;
    let mut body = BytesMut::new();
    let broken = |error| failure::broken_off(&url, &error, request.timeout);
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > limit {
            return Err(too_large(&url, limit));
        }
        body.extend_from_slice(&chunk);
    }
    let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
    Ok(HttpAnswer { url, status, headers, body: body.freeze(), auth: request.auth.clone() })
}

fn too_large(url: &Url, limit: usize) -> ErpError {
    let limit =
        if limit >= 1024 * 1024 { format!("{} MiB", limit / 1024 / 1024) } else { format!("{limit} bytes") };
    ErpError::Malformed(format!(
        "{} sent more than {limit} in one answer: ask for fewer records at a time with settings.batchSize",
        place(url)
    ))
}
