//! What is asked for, and how long and how often.

use std::time::Duration;

use http::{HeaderMap, Method};
use url::Url;

use super::{Auth, RetryPolicy};

/// The most an answer may hold once it is decompressed, in bytes.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// A request to an ERP.
#[derive(Debug, Clone)]
pub struct HttpRequest {
    /// The method. Only idempotent ones are tried again.
    pub method: Method,
    /// The address.
    pub url: Url,
    /// Headers besides authentication.
    pub headers: HeaderMap,
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
            auth: Auth::none(),
            timeout: Duration::from_secs(30),
            retry: RetryPolicy::NONE,
            body_limit: BODY_LIMIT,
        }
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
