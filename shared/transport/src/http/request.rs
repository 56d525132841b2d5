//! What is asked for, and how long and how often.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use domain::json::Json;
use http::{HeaderMap, Method};
use url::Url;

use super::{Auth, HttpAnswer, RetryPolicy};
use crate::ErpError;

/// The most an answer may hold once it is decompressed, in bytes.
const BODY_LIMIT: usize = 64 * 1024 * 1024;

/// Finds the sentence in a refusal where a vendor has a place of its own for it; `None` to look at the usual places.
pub type Words = fn(Json<'_>) -> Option<String>;

/// Says whether an answer tells of a state that passes by itself, where a protocol tells more than the status does;
/// `None` leaves it to the status.
pub type Passing = fn(&HttpAnswer) -> Option<bool>;

/// Writes a body anew for each try, where it holds what counts once only: a nonce, or the time it was sent at.
pub trait FreshBody: Debug + Send + Sync {
    /// The body of the next try.
    ///
    /// # Errors
    /// If it cannot be written. Nothing is sent then.
    fn write(&self) -> Result<Bytes, ErpError>;
}

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
    /// Writes the body of each try, in the place of `body`.
    pub fresh_body: Option<Arc<dyn FreshBody>>,
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
    /// How the vendor words a refusal, if not in a usual way.
    pub words: Option<Words>,
    /// Whether trying again may help, if not the status alone tells.
    pub passing: Option<Passing>,
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
            fresh_body: None,
            repeatable: false,
            tells_trace: false,
            auth: Auth::none(),
            timeout: Duration::from_secs(30),
            retry: RetryPolicy::NONE,
            body_limit: BODY_LIMIT,
            words: None,
            passing: None,
        }
    }

    /// What the next try sends.
    pub(super) fn next_body(&self) -> Result<Bytes, ErpError> {
        self.fresh_body.as_ref().map_or_else(|| Ok(self.body.clone()), |fresh| fresh.write())
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
