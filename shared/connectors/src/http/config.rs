//! From a connection's settings and credentials to requests. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::time::Duration;

use domain::DataType;
use domain::connection::{ApiSettings, ConnectionSettings, Credentials, PushSettings};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderName, HeaderValue};
use transport::ErpError;
use transport::http::{HttpRequest, RetryPolicy};
use url::Url;

use crate::patience::{retry, timeout};

/// Everything a request needs besides its address.
#[derive(Debug)]
pub(super) struct HttpConfig {
    /// Where the API's paths begin.
    pub(super) base: Url,
    /// How to find records and pages.
    pub(super) api: ApiSettings,
    /// A data type that may be synced, for the connection test.
    pub(super) first_enabled: Option<DataType>,
    headers: HeaderMap,
    timeout: Duration,
    retry: RetryPolicy,
    /// How often a page that was cut off is asked for again, and after what pause.
    pub(super) retry_attempts: u32,
    pub(super) retry_delay: Duration,
}

impl HttpConfig {
    /// Puts together what a connection says.
    ///
    /// # Errors
    /// `Misconfigured`, naming the field.
    pub(super) fn new(settings: &ConnectionSettings, credentials: &Credentials) -> Result<Self, ErpError> {
        let address = credentials.api_url.as_deref().unwrap_or_default();
        let base =
            Url::parse(address).map_err(|_| misconfigured("apiUrl must be an http or https address"))?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(misconfigured("apiUrl must begin with http:// or https://"));
        }
        Ok(Self {
            base,
            api: settings.api.clone(),
            first_enabled: DataType::ALL.into_iter().find(|data_type| settings.enables(*data_type)),
            headers: headers(&settings.api.headers)?,
            timeout: timeout(settings),
            retry: retry(settings),
            retry_attempts: settings.retry_attempts,
            retry_delay: Duration::from_millis(settings.retry_delay.into()),
        })
    }

    /// Asks for an address as a run does, trying again as the settings say.
    pub(super) fn request(&self, url: Url) -> HttpRequest {
        HttpRequest { retry: self.retry, ..self.request_once(url) }
    }

    /// Asks for an address once: whoever tests a connection waits for the answer.
    pub(super) fn request_once(&self, url: Url) -> HttpRequest {
        HttpRequest {
            headers: self.headers.clone(),
            timeout: self.timeout,
            tells_trace: self.api.send_traceparent,
            ..HttpRequest::get(url)
        }
    }

    /// Where the records of a data type are.
    pub(super) fn data_url(&self, data_type: DataType) -> Url {
        match self.api.paths.get(&data_type) {
            Some(path) => self.under_base(path),
            None => self.under_base(&format!("/{data_type}")),
        }
    }

    /// How records of a type are sent.
    pub(super) fn push_settings(&self, data_type: DataType) -> Cow<'_, PushSettings> {
        self.api.push.get(&data_type).map_or_else(Cow::default, Cow::Borrowed)
    }

    /// What the connection test calls.
    pub(super) fn test_url(&self) -> Url {
        self.api.test_path.as_deref().map_or_else(|| self.base.clone(), |path| self.under_base(path))
    }

    /// Appends a path, with its query if it has one; a query of `apiUrl` itself stays.
    pub(super) fn under_base(&self, path: &str) -> Url {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        let queries: Vec<&str> = self.base.query().into_iter().chain(query).collect();
        url.set_query((!queries.is_empty()).then(|| queries.join("&")).as_deref());
        url
    }
}

pub(super) fn misconfigured(sentence: &str) -> ErpError {
    ErpError::Misconfigured(format!("the connection's {sentence}"))
}

fn headers(more: &BTreeMap<String, String>) -> Result<HeaderMap, ErpError> {
    let mut headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/json"))]);
    add_headers(&mut headers, more)?;
    Ok(headers)
}

/// Adds configured headers, each in the place of one of its name.
pub(super) fn add_headers(headers: &mut HeaderMap, more: &BTreeMap<String, String>) -> Result<(), ErpError> {
    for (name, value) in more {
        let invalid = |_| misconfigured(&format!("header {name} cannot be sent"));
        let value = HeaderValue::from_str(value).map_err(|_| invalid(()))?;
        headers.insert(name.parse::<HeaderName>().map_err(|_| invalid(()))?, value);
    }
    Ok(())
}
