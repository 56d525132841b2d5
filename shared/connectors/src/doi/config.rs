//! What a connection's settings and credentials come to. Pure.

use bytes::Bytes;
use domain::connection::{ConnectionSettings, Credentials, DoiDialect, DoiSettings};
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use transport::ErpError;
use transport::http::{Auth, HttpRequest, RetryPolicy};
use url::Url;

use crate::patience::{retry, timeout};

/// The most of an ERP's own words that is passed on, in characters.
const LONGEST_WORDS: usize = 300;

/// One DOI endpoint, and how it is spoken to.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) doi: DoiSettings,
    pub(super) shared_secret: Option<SecretString>,
    /// Taken out of what the ERP says, for some repeat what they were sent.
    secrets: Vec<SecretString>,
    /// As the connection's settings say.
    pattern: HttpRequest,
}

impl Config {
    /// Reads them.
    ///
    /// # Errors
    /// `Misconfigured`, naming the field that does not fit.
    pub(super) fn new(settings: &ConnectionSettings, credentials: Credentials) -> Result<Self, ErpError> {
        let misconfigured = |sentence: &str| ErpError::Misconfigured(format!("the connection's {sentence}"));
        let endpoint = credentials.doi_endpoint.as_deref().and_then(|address| Url::parse(address).ok());
        let url = endpoint.ok_or_else(|| misconfigured("doiEndpoint must be an http or https address"))?;
        let (Some(user), Some(password)) = (credentials.doi_username, credentials.doi_password) else {
            return Err(misconfigured("doiUsername and doiPassword are both needed"));
        };
        let fields = match credentials.doi_shared_secret {
            Some(_) => "doiUsername, doiPassword and doiSharedSecret",
            None => "doiUsername and doiPassword",
        };
        let secrets =
            [Some(&password), credentials.doi_shared_secret.as_ref()].into_iter().flatten().cloned();
        let accept = HeaderValue::from_static("application/xml, text/xml");
        let pattern = HttpRequest {
            headers: HeaderMap::from_iter([(ACCEPT, accept)]),
            timeout: timeout(settings),
            retry: retry(settings),
            ..HttpRequest::get(url)
        };
        Ok(Self {
            doi: settings.doi.clone(),
            secrets: secrets.collect(),
            shared_secret: credentials.doi_shared_secret,
            pattern: HttpRequest { auth: Auth::basic(user.into(), password, fields), ..pattern },
        })
    }

    /// A look at the endpoint, once: whoever tests a connection waits for the answer.
    pub(super) fn look(&self) -> HttpRequest {
        HttpRequest { retry: RetryPolicy::NONE, ..self.pattern.clone() }
    }

    /// Sends a document. `repeatable`: the ERP takes one that comes twice for one.
    pub(super) fn post(&self, document: String, repeatable: bool) -> HttpRequest {
        let mut request = HttpRequest {
            method: Method::POST,
            body: Bytes::from(document),
            repeatable,
            ..self.pattern.clone()
        };
        let content_type = match self.doi.dialect {
            Some(DoiDialect::Cxml) => "text/xml; charset=UTF-8",
            _ => "application/xml; charset=utf-8",
        };
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        request
    }

    /// Whether a document that comes twice is taken for one: by its payloadID or UUID, or as the template says.
    pub(super) fn repeats_safely(&self) -> bool {
        match self.doi.dialect {
            Some(DoiDialect::Cxml | DoiDialect::Ubl) => true,
            Some(DoiDialect::Template) => self.doi.template.idempotent,
            None => false,
        }
    }

    /// What the ERP said, fit to be shown: on one line, not too long, without our secrets.
    pub(super) fn words(&self, said: &str) -> String {
        let one_line =
            said.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
        let mut text = one_line.collect::<Vec<_>>().join(" ");
        for secret in self.secrets.iter().map(ExposeSecret::expose_secret).filter(|secret| !secret.is_empty())
        {
            text = text.replace(secret, "•••");
        }
        match text.char_indices().nth(LONGEST_WORDS) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }
}
