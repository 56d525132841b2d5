//! One ERP's HTTP API as a vendor's connector calls it: every request with the connection's credentials, patience and
//! the vendor's own headers, every refusal in the vendor's own words.

use std::sync::Arc;

use bytes::Bytes;
use domain::connection::ConnectionSettings;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, RetryPolicy, Unanswered, Words};
use transport::session::Session;
use url::Url;

use crate::patience::{retry, timeout};

/// Calls one ERP. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    session: Arc<Session>,
    base: Url,
    /// As the connection's settings say, with what the vendor wants in every request.
    pattern: HttpRequest,
}

impl Client {
    /// A client for the API whose paths begin at `base`.
    pub(crate) fn new(
        session: Session,
        base: Url,
        settings: &ConnectionSettings,
        words: Option<Words>,
    ) -> Self {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
        let pattern = HttpRequest {
            headers,
            timeout: timeout(settings),
            retry: retry(settings),
            words,
            tells_trace: settings.api.send_traceparent,
            ..HttpRequest::get(base.clone())
        };
        Self { session: Arc::new(session), base, pattern }
    }

    /// The same client, sending one more header each time.
    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.pattern.headers.insert(name, value);
        self
    }

    /// The same client, asking once: whoever tests a connection waits for the answer.
    pub(crate) fn impatient(mut self) -> Self {
        self.pattern.retry = RetryPolicy::NONE;
        self
    }

    /// An address below the base; path and query as they are to be sent, but for characters that no address may hold.
    pub(crate) fn url(&self, path: &str, query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// Asks for an address.
    pub(crate) fn get(&self, url: Url) -> HttpRequest {
        HttpRequest { url, ..self.pattern.clone() }
    }

    /// Sends JSON to an address; nothing if `json` is empty.
    pub(crate) fn write(&self, method: Method, url: Url, json: String) -> HttpRequest {
        let mut request = HttpRequest { method, url, ..self.pattern.clone() };
        if !json.is_empty() {
            request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
            request.body = Bytes::from(json);
        }
        request
    }

    /// See [`Session::exchange`].
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn exchange(&self, request: &HttpRequest) -> Result<HttpAnswer, ErpError> {
        self.session.exchange(request).await
    }

    /// See [`Session::send`].
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, ErpError> {
        self.session.send(request).await
    }

    /// See [`Session::deliver`].
    ///
    /// # Errors
    /// As there.
    pub(crate) async fn deliver(&self, request: &HttpRequest) -> Result<HttpAnswer, Unanswered> {
        self.session.deliver(request).await
    }
}
