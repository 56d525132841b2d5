//! What is asked for, and how long and how often.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method};
use url::Url;

use super::{Auth, RetryPolicy};

/// The most an answer may hold once it is decompressed, in bytes.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// A request to an ERP.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// The method. Others than idempotent ones are tried again only if the server surely did nothing.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// Headers besides authentication.
    pub headers: HeaderMap,
    /// What is sent; nothing if empty. Its type stands in `headers`.
    pub body: Bytes,
    /// Whether the server takes a repetition for what it repeats although the method does not promise it, as by an
    /// idempotency key.
    pub repeatable: bool,
    /// Whether the server is told the trace that the request belongs to, in the header `traceparent`.
    pub tells_trace: bool,
    /// The credentials. They are sent to this host only.
    pub auth: Auth,
    /// How long one try may take, body included.
    pub timeout: Duration,
    /// What happens when a try fails.
    pub retry: RetryPolicy,
    /// The most the answer may hold once it is decompressed, in bytes; 64 MiB unless set.
    pub body_limit: usize,
}

impl HttpRequest {
    /// Asks for an address without credentials, once, for at most 30 seconds.
    #[must_use]
    pub fn get(url: Url) -> Self {
        Self {
            method: Method::GET,
            url,
            headers: HeaderMap::new(),
            body: Bytes::new(),
            repeatable: false,
            tells_trace: false,
            auth: Auth::none(),
            timeout: Duration::from_secs(30),
            retry: RetryPolicy::NONE,
            body_limit: BODY_LIMIT,
        }
    }

    /// Whether sending it twice does no more than sending it once.
    pub(super) fn can_be_repeated(&self) -> bool {
        self.repeatable || self.method.is_idempotent()
    }
}

/// An address as it may be shown and logged: without user, password, query and fragment, any of which may hold a
/// secret.
#[must_use]
pub fn place(url: &Url) -> String {
    let origin = url.origin().ascii_serialization();
    let path = url.path();
    if path == "/" { origin } else { format!("{origin}{path}") }
}
