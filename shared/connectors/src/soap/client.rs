//! The calls: the connection test, and the way to pulls and pushes.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use domain::DataType;
use domain::connection::providers::soap::{SoapSettings, SoapVersion};
use domain::connection::{ConnectionSettings, Credentials};
use http::header::ACCEPT;
use http::{HeaderMap, HeaderValue, Method};
use serde_json::json;
use transport::http::{HttpRequest, RetryPolicy, Unanswered, place};
use transport::session::Session;
use transport::{ErpError, Transport};

use super::config::{self, misconfigured};
use super::envelope::{Envelope, announce};
use super::orders;
use super::pull::SoapPages;
use super::reply::{self, Reply};
use super::security::UsernameToken;
use crate::patience::{retry, timeout};
use crate::{Connector, Found, Lookup, Pages, Pull, Push, PushError, Pushed, TestReport};

/// The most an answer may hold, in bytes: it is read whole before its records are found.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// A reference that no record has.
const NOBODYS_REFERENCE: &str = "causeway-connection-test";

/// Speaks to one SOAP service.
#[derive(Debug)]
pub(crate) struct Soap {
    client: Client,
    settings: SoapSettings,
    company: Option<String>,
    /// What the connection test asks for.
    tested: Option<DataType>,
}

impl Soap {
    /// Makes the connector of one connection.
    ///
    /// # Errors
    /// `Misconfigured`, naming the field that does not fit.
    pub(crate) fn new(
        settings: &ConnectionSettings,
        credentials: &Credentials,
        transport: &Transport,
    ) -> Result<Self, ErpError> {
        let (auth, token) = config::sign_in(settings, credentials)?;
        let headers =
            HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("text/xml, application/soap+xml"))]);
        let pattern = HttpRequest {
            method: Method::POST,
            headers,
            timeout: timeout(settings),
            retry: retry(settings),
            passing: Some(reply::passes),
            body_limit: BODY_LIMIT,
            ..HttpRequest::get(config::address(credentials)?)
        };
        let session = Arc::new(Session::new(transport.http()?, auth));
        let client = Client { session, pattern, version: settings.soap.version, token: token.map(Arc::new) };
        let mut read = settings.soap.read.keys();
        Ok(Self {
            client,
            company: credentials.company.clone(),
            tested: read.find(|data_type| settings.enables(**data_type)).copied(),
            settings: settings.soap.clone(),
        })
    }

    pub(super) const fn client(&self) -> &Client {
        &self.client
    }

    pub(super) const fn settings(&self) -> &SoapSettings {
        &self.settings
    }

    pub(super) fn company(&self) -> Option<&str> {
        self.company.as_deref()
    }

    fn pages(&self, client: Client, pull: &Pull) -> Result<SoapPages, ErpError> {
        SoapPages::new(client, &self.settings, self.company.clone(), pull)
    }

    async fn test_reading(&self, data_type: DataType) -> Result<TestReport, ErpError> {
        let pull = Pull { data_type, page_size: 1, resume: None, since: None };
        let page = self.pages(self.client.clone().impatient(), &pull)?.next().await?;
        let records = page.map_or(0, |page| page.items.len());
        Ok(self.report(&format!("with {records} of its {data_type}")))
    }

    async fn test_finding(&self) -> Result<TestReport, ErpError> {
        let mut push = self.settings.push.iter();
        let found = push.find_map(|(data_type, push)| Some((*data_type, push.find.as_ref()?)));
        let Some((data_type, find)) = found else {
            return Err(misconfigured(
                "nothing can be asked for a test: set settings.soap.read or settings.soap.push.orders.find",
            ));
        };
        let client = self.client.clone().impatient();
        orders::look(&client, find, data_type, NOBODYS_REFERENCE, self.company()).await?;
        Ok(self.report(&format!("when asked for {data_type} by a reference")))
    }

    fn report(&self, how: &str) -> TestReport {
        let place = place(&self.client.pattern.url);
        let version = json!(self.settings.version);
        TestReport {
            message: format!("{place} answered {how}"),
            details: json!({"url": place, "version": version}),
        }
    }
}

/// Sends messages to one service. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Client {
    session: Arc<Session>,
    pattern: HttpRequest,
    version: SoapVersion,
    token: Option<Arc<UsernameToken>>,
}

impl Client {
    /// The same client, asking once: whoever tests a connection waits for the answer.
    fn impatient(mut self) -> Self {
        self.pattern.retry = RetryPolicy::NONE;
        self
    }

    /// Asks for something; again if that may help.
    ///
    /// # Errors
    /// When no answer came, or nothing could be sent.
    pub(super) async fn ask(&self, action: &str, body: String) -> Result<Reply, ErpError> {
        let request = HttpRequest { repeatable: true, ..self.request(action, body)? };
        Ok(Reply::new(self.session.exchange(&request).await?, request))
    }

    /// Sends something that changes something.
    ///
    /// # Errors
    /// When no answer came, with what is known of its fate.
    pub(super) async fn deliver(&self, action: &str, body: String) -> Result<Reply, Unanswered> {
        let request = self.request(action, body).map_err(Unanswered::NotSent)?;
        Ok(Reply::new(self.session.deliver(&request).await?, request))
    }

    fn request(&self, action: &str, body: String) -> Result<HttpRequest, ErpError> {
        let mut request = self.pattern.clone();
        announce(self.version, action, &mut request.headers)?;
        let envelope = Envelope { version: self.version, token: self.token.clone(), body };
        Ok(HttpRequest { body: Bytes::new(), fresh_body: Some(Arc::new(envelope)), ..request })
    }
}

#[async_trait]
impl Connector for Soap {
    async fn test(&self) -> Result<TestReport, ErpError> {
        match self.tested {
            Some(data_type) => self.test_reading(data_type).await,
            None => self.test_finding().await,
        }
    }

    async fn pull(&self, pull: Pull) -> Result<Box<dyn Pages>, ErpError> {
        Ok(Box::new(self.pages(self.client.clone(), &pull)?))
    }

    fn pulls_changes(&self, data_type: DataType) -> bool {
        config::read_template(&self.settings, data_type).is_ok_and(|body| body.asks_for("since"))
    }

    async fn push(&self, push: &Push<'_>) -> Result<Pushed, PushError> {
        orders::push(self, push).await
    }

    async fn find(&self, lookup: &Lookup<'_>) -> Result<Option<Found>, ErpError> {
        orders::find(self, lookup.data_type, lookup.reference).await
    }

    fn can_find(&self, data_type: DataType) -> bool {
        self.settings.push.get(&data_type).is_some_and(|push| push.find.is_some())
    }
}
