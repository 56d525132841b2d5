//! The connection test of a DOI endpoint.

use std::time::Duration;

use async_trait::async_trait;
use domain::connection::{ConnectionSettings, Credentials};
use http::HeaderMap;
use http::header::{ACCEPT, HeaderValue};
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::json;
use transport::http::{Auth, HttpAnswer, HttpClient, HttpRequest, place};
use transport::{ErpError, Transport};
use url::Url;

use crate::{Connector, Pages, Pull, TestReport};

/// Speaks to one DOI endpoint.
#[derive(Debug)]
pub(crate) struct DoiConnector {
    http: HttpClient,
    request: HttpRequest,
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
    ) -> Result<Self, ErpError> {
        let misconfigured = |sentence: &str| ErpError::Misconfigured(format!("the connection's {sentence}"));
        let endpoint = credentials.doi_endpoint.as_deref().and_then(|address| Url::parse(address).ok());
        let url = endpoint.ok_or_else(|| misconfigured("doiEndpoint must be an http or https address"))?;
        let (Some(user), Some(password)) = (credentials.doi_username, credentials.doi_password) else {
            return Err(misconfigured("doiUsername and doiPassword are both needed"));
        };
        let request = HttpRequest {
            auth: Auth::basic(user.into(), password, "doiUsername and doiPassword"),
            headers: HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static("application/xml, text/xml"))]),
            timeout: Duration::from_millis(settings.timeout.into()),
            ..HttpRequest::get(url)
        };
        Ok(Self { http: transport.http()?, request })
    }
}

#[async_trait]
impl Connector for DoiConnector {
    async fn test(&self) -> Result<TestReport, ErpError> {
        let answer = self.http.send(&self.request).await?;
        let place = place(&answer.url);
        let root = root_element(&answer.body).map_err(|reason| {
            ErpError::Malformed(format!(
                "{place} must answer XML, but {}: {reason}",
                what_came(&answer, &self.request)
            ))
        })?;
        Ok(TestReport {
            message: format!("{place} answered {} with XML (<{root}>)", answer.status),
            details: json!({
                "url": place,
                "status": answer.status.as_u16(),
                "server": answer.header("server"),
                "contentType": answer.header("content-type"),
                "rootElement": root,
            }),
        })
    }

    async fn pull(&self, _pull: Pull) -> Result<Box<dyn Pages>, ErpError> {
        Err(ErpError::Misconfigured(
            "reading over DOI comes with order documents, which are not there yet: use an api or sftp connection"
                .to_owned(),
        ))
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
    let mut reader = Reader::from_reader(body);
    let (mut root, mut open) = (None, 0_u32);
    loop {
        let event = reader.read_event().map_err(|error| format!("it is not well-formed ({error})"))?;
        match event {
            Event::Start(element) => {
                root = root.or_else(|| Some(name_of(&element)));
                open += 1;
            }
            Event::Empty(element) => root = root.or_else(|| Some(name_of(&element))),
            Event::End(_) => open = open.saturating_sub(1),
            Event::Eof => break,
            _ => {}
        }
    }
    match root {
        Some(root) if root.eq_ignore_ascii_case("html") => Err("it is a web page".to_owned()),
        Some(_) if open > 0 => Err("it is cut off".to_owned()),
        Some(root) => Ok(root),
        None => Err("it has no element".to_owned()),
    }
}

fn name_of(element: &BytesStart<'_>) -> String {
    element.name().as_ref().to_owned()
}
