//! The calls: testing a connection, walking through the pages of a pull, and sending records.

use std::sync::Arc;

use async_trait::async_trait;
use domain::DataType;
use domain::connection::{ConnectionSettings, Credentials, PushMethod};
use http::StatusCode;
use serde_json::json;
use transport::http::{HttpAnswer, HttpRequest, place};
use transport::session::{AccessTokens, Session};
use transport::{ErpError, Transport};
use url::Url;

use super::config::HttpConfig;
use super::hints::{self, Hints};
use super::paging::{Pager, Verdict};
use super::push;
use super::sign_in;
use crate::rest::{self, Mark, Progress, Records, find_records};
use crate::{Connector, Found, Lookup, Page, Pages, Pull, Push, PushError, Pushed, TestReport};

/// Speaks to any HTTP API that answers in JSON.
#[derive(Debug)]
pub(crate) struct HttpConnector {
    config: Arc<HttpConfig>,
    session: Arc<Session>,
}

impl HttpConnector {
    /// Makes the connector of one connection.
    ///
    /// # Errors
    /// `Misconfigured`, naming the field that does not fit.
    pub(crate) fn new(
        settings: &ConnectionSettings,
        credentials: Credentials,
        transport: &Transport,
        tokens: Arc<dyn AccessTokens>,
    ) -> Result<Self, ErpError> {
        let config = Arc::new(HttpConfig::new(settings, &credentials)?);
        let session = sign_in::session(settings, credentials, transport, tokens)?;
        Ok(Self { config, session: Arc::new(session) })
    }

    /// Asks for one record of a data type: what to do when the address itself answers nothing.
    async fn test_data(&self, data_type: DataType) -> Result<HttpAnswer, ErpError> {
        let mut url = self.config.data_url(data_type);
        let limit = self.config.api.paging.limit_param.as_deref().unwrap_or("limit");
        url.query_pairs_mut().append_pair(limit, "1");
        self.session.send(&self.config.request_once(url)).await
    }
}

#[async_trait]
impl Connector for HttpConnector {
    async fn test(&self) -> Result<TestReport, ErpError> {
        let request = self.config.request_once(self.config.test_url());
        let answer = self.session.exchange(&request).await?;
        let nothing_here = matches!(answer.status.as_u16(), 404 | 405) && self.config.api.test_path.is_none();
        match self.config.first_enabled {
            _ if answer.status.is_success() => Ok(report(&answer)),
            Some(data_type) if nothing_here => self.test_data(data_type).await.map(|answer| report(&answer)),
            _ => Err(answer.failure(&request)),
        }
    }

    async fn pull(&self, pull: Pull) -> Result<Box<dyn Pages>, ErpError> {
        let progress = Progress::from_resume(pull.resume.as_deref())?;
        let paging = self.config.api.paging.clone();
        let mut base = self.config.data_url(pull.data_type);
        let filter = pull.since.zip(self.config.api.changes_of(pull.data_type));
        if let Some((since, changes)) = filter {
            rest::set(&mut base, &changes.param, &changes.format.write(since));
        }
        Ok(Box::new(HttpPages {
            total: None,
            session: Arc::clone(&self.session),
            base,
            only_changes: filter.is_some(),
            config: Arc::clone(&self.config),
            data_type: pull.data_type,
            pager: Pager::new(paging, pull.page_size.into(), progress),
        }))
    }

    fn pulls_changes(&self, data_type: DataType) -> bool {
        self.config.api.changes_of(data_type).is_some()
    }

    async fn push(&self, push: &Push<'_>) -> Result<Pushed, PushError> {
        push::send(&self.session, &self.config, push).await
    }

    async fn find(&self, lookup: &Lookup<'_>) -> Result<Option<Found>, ErpError> {
        push::find(&self.session, &self.config, lookup).await
    }

    fn can_find(&self, data_type: DataType) -> bool {
        self.config.push_settings(data_type).lookup.is_some()
    }

    fn repeats_safely(&self, data_type: DataType) -> bool {
        let push = self.config.push_settings(data_type);
        push.idempotent || push.create.method == Some(PushMethod::Put)
    }
}

fn report(answer: &HttpAnswer) -> TestReport {
    let place = place(&answer.url);
    let page = if rest::is_web_page(answer, &answer.body) { " with a web page" } else { "" };
    TestReport {
        message: format!("{place} answered {}{page}", answer.status),
        details: json!({
            "url": place,
            "status": answer.status.as_u16(),
            "server": answer.header("server"),
            "contentType": answer.header("content-type"),
        }),
    }
}

struct HttpPages {
    /// How many records there are, as last told.
    total: Option<u64>,
    session: Arc<Session>,
    config: Arc<HttpConfig>,
    base: Url,
    only_changes: bool,
    data_type: DataType,
    pager: Pager,
}

#[async_trait]
impl Pages for HttpPages {
    async fn next(&mut self) -> Result<Option<Page>, ErpError> {
        while let Some(url) = self.pager.url(&self.base)? {
            let request = self.config.request(url);
            let mut answer = self.session.exchange(&request).await?;
            if answer.status.is_success() {
                let is_first = self.pager.progress.pages == 0;
                let mut page = self.read_patiently(&mut answer, &request).await?;
                if self.pager.is_counting_unsure() {
                    self.find_counting().await?;
                    page.resume = self.pager.progress.to_resume()?;
                }
                // The end that only showed by asking once more is no page of its own.
                let tells = is_first || !page.items.is_empty() || !page.warnings.is_empty();
                if tells || self.pager.progress.next.is_some() {
                    return Ok(Some(page));
                }
            } else if self.pager.is_past_the_end(answer.status, &answer.body) {
                self.pager.progress.next = None;
            } else if !self.pager.ask_plainly(answer.status) {
                return Err(answer.failure(&request));
            }
        }
        Ok(None)
    }

    fn complete(&self) -> bool {
        self.pager.has_all() && !self.only_changes
    }

    fn split(&self, parts: usize) -> Vec<String> {
        let stretches = self.pager.progress.split(parts as u64, self.total.unwrap_or_default());
        stretches.iter().filter_map(|stretch| serde_json::to_string(stretch).ok()).collect()
    }
}

impl HttpPages {
    /// Reads an answer; one that was cut off is asked for again, as often as the settings say.
    async fn read_patiently(
        &mut self,
        answer: &mut HttpAnswer,
        request: &HttpRequest,
    ) -> Result<Page, ErpError> {
        for attempt in 1..=self.config.retry_attempts {
            match self.read(answer, request) {
                Err(error @ ErpError::Unavailable(_)) => {
                    tracing::info!(attempt, %error, "a page is asked for again");
                    tokio::time::sleep(self.config.retry_delay * attempt).await;
                    *answer = self.session.send(request).await?;
                }
                read => return read,
            }
        }
        self.read(answer, request)
    }

    /// Asks for the page numbered 1, to see whether that is the second or the first again. Whatever else is answered, the
    /// pull goes on and meets it.
    async fn find_counting(&mut self) -> Result<(), ErpError> {
        let Some(url) = self.pager.url(&self.base)? else { return Ok(()) };
        let request = self.config.request(url);
        let mut answer = self.session.exchange(&request).await?;
        rest::normalize(&mut answer);
        if answer.status.is_success()
            && let Ok(Some(json)) = rest::read(&answer, &request)
            && let Ok(records) = find_records(&json, self.data_type, self.config.api.records_path.as_deref())
        {
            self.pager.settle_counting(&Mark::of(&records.values()));
        }
        Ok(())
    }

    fn read(&mut self, answer: &mut HttpAnswer, request: &HttpRequest) -> Result<Page, ErpError> {
        let mut warnings: Vec<String> = rest::normalize(answer).into_iter().collect();
        let answer = &*answer;
        let api = &self.config.api;
        // Past the end some servers answer with nothing at all.
        let is_end =
            answer.body.trim_ascii().is_empty() && self.pager.is_past_the_end(StatusCode::NOT_FOUND, &[]);
        let answered = if is_end { None } else { rest::read(answer, request)? };
        let (records, mark, hints) = match answered {
            None => (None, Mark::of(&[]), Hints::default()),
            Some(json) => {
                let failed = rest::tells_failure(&json);
                let found = find_records(&json, self.data_type, api.records_path.as_deref());
                let values = found.as_ref().map(Records::values).unwrap_or_default();
                if failed && values.is_empty() {
                    return Err(failure(answer, request));
                }
                if failed {
                    warnings
                        .push(format!("beside records the ERP told a failure: {}", answer.excerpt(request)));
                    self.pager.progress.doubtful = true;
                }
                let records = found.map_err(|reason| unreadable(answer, request, &reason))?;
                let mark = Mark::of(&values);
                let total_path = api.total_path.as_deref();
                let hints = hints::gather(&json, &answer.headers, mark.count, &api.paging, total_path);
                (Some(records), mark, hints)
            }
        };
        let (body, mut items) = match records {
            Some(records) => records.into_items(answer.body.clone()),
            None => (answer.body.clone(), vec![]),
        };
        match self.pager.accept(mark, &hints, &answer.url)? {
            Verdict::Keep => warnings.extend(self.pager.shortfall(hints.total)),
            Verdict::Again(doubt) => {
                items.clear();
                warnings.extend(doubt);
            }
        }
        let resume = self.pager.progress.to_resume()?;
        self.total = hints.total.or(self.total);
        Ok(Page { body: body.into(), items, resume, total: hints.total, warnings, ..Page::default() })
    }
}

/// An answer that is called a success and tells a failure.
fn failure(answer: &HttpAnswer, request: &HttpRequest) -> ErpError {
    let said = answer.excerpt(request);
    ErpError::Malformed(format!(
        "{} answered {} and told a failure: {said}",
        place(&answer.url),
        answer.status
    ))
}

fn unreadable(answer: &HttpAnswer, request: &HttpRequest, reason: &str) -> ErpError {
    let said = answer.excerpt(request);
    ErpError::Malformed(format!("{} answered without records: {reason}. It said: {said}", place(&answer.url)))
}
