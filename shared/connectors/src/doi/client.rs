//! The connector of a DOI endpoint, and its connection test.

use std::sync::Arc;

use async_trait::async_trait;
use domain::DataType;
use domain::connection::{ConnectionSettings, Credentials, DoiDialect, FileAfterRead};
use jiff::Timestamp;
use serde_json::json;
use transport::http::{HttpAnswer, HttpClient, HttpRequest, RetryPolicy, place};
use transport::{ErpError, Transport};

use super::config::Config;
use super::pull::Documents;
use super::{answer, cxml, orders, xml};
use crate::inbox::Inbox;
use crate::{Connector, Pages, Pull, Push, PushError, Pushed, TestReport};

/// Speaks to one DOI endpoint.
#[derive(Debug)]
pub(crate) struct DoiConnector {
    http: HttpClient,
    config: Config,
    inbox: Arc<dyn Inbox>,
    /// Whether documents stay in the inbox, for somebody who only looks.
    keeps: bool,
}

impl DoiConnector {
    /// Makes the connector of one connection.
    ///
    /// # Errors
    /// `Misconfigured`, naming the field that does not fit.
    pub(crate) fn new(
        settings: &ConnectionSettings,
        credentials: Credentials,
        transport: &Transport,
        inbox: Arc<dyn Inbox>,
    ) -> Result<Self, ErpError> {
        let keeps = settings.files.after_read == FileAfterRead::Keep;
        Ok(Self { config: Config::new(settings, credentials)?, http: transport.http()?, inbox, keeps })
    }

    /// Asks for the endpoint, which shows that somebody is there who knows the user.
    async fn look(&self) -> Result<TestReport, ErpError> {
        let request = self.config.look();
        let answer = self.http.send(&request).await?;
        let place = place(&answer.url);
        let root = root_element(&answer.body).map_err(|reason| {
            ErpError::Malformed(format!(
                "{place} must answer XML, but {}: {reason}",
                what_came(&answer, &request)
            ))
        })?;
        let message = format!("{place} answered {} with XML (<{root}>)", answer.status);
        Ok(report(&answer, message, &root))
    }

    /// Asks for its profile, which shows that it knows both the user and the shared secret.
    async fn ask_for_profile(&self) -> Result<TestReport, ErpError> {
        let now = Timestamp::now();
        let id = format!("test-{}", now.as_nanosecond());
        let document = cxml::profile_request(&self.config, &id, now);
        let request = HttpRequest { retry: RetryPolicy::NONE, ..self.config.post(document, false) };
        let answer = self.http.exchange(&request).await?;
        let words = answer::profile(&self.config, &answer, &request)?;
        let message = format!("{} answered a cXML ProfileRequest: {words}", place(&answer.url));
        Ok(report(&answer, message, "cXML"))
    }
}

#[async_trait]
impl Connector for DoiConnector {
    async fn test(&self) -> Result<TestReport, ErpError> {
        match self.config.doi.dialect {
            Some(DoiDialect::Cxml) => self.ask_for_profile().await,
            Some(DoiDialect::Ubl | DoiDialect::Template) | None => self.look().await,
        }
    }

    async fn pull(&self, pull: Pull) -> Result<Box<dyn Pages>, ErpError> {
        let inbox = Arc::clone(&self.inbox);
        let documents = Documents::open(inbox, pull.data_type, self.keeps, pull.resume.as_deref());
        Ok(Box::new(documents.await?))
    }

    async fn push(&self, push: &Push<'_>) -> Result<Pushed, PushError> {
        orders::push(&self.http, &self.config, push).await
    }

    fn repeats_safely(&self, data_type: DataType) -> bool {
        data_type == DataType::Orders && self.config.repeats_safely()
    }
}

fn report(answer: &HttpAnswer, message: String, root: &str) -> TestReport {
    TestReport {
        message,
        details: json!({
            "url": place(&answer.url),
            "status": answer.status.as_u16(),
            "server": answer.header("server"),
            "contentType": answer.header("content-type"),
            "rootElement": root,
        }),
    }
}

fn what_came(answer: &HttpAnswer, request: &HttpRequest) -> String {
    if answer.body.trim_ascii().is_empty() {
        return "nothing came".to_owned();
    }
    let kind = match answer.media_type() {
        none if none.is_empty() => "something without a content type".to_owned(),
        kind => kind,
    };
    format!("{kind} came (\"{}\")", answer.excerpt(request))
}

/// The name of the outermost element of well-formed XML.
fn root_element(body: &[u8]) -> Result<String, String> {
    match xml::parse(body)?.name {
        page if page.eq_ignore_ascii_case("html") => Err("it is a web page".to_owned()),
        root => Ok(root),
    }
}
