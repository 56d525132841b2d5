//! Walking through the pages of a pull by number, offset or cursor.
//!
//! A server may give fewer records than it was asked for, so a short first page proves nothing: without a total the next
//! is asked for until one is empty or shorter than the first.

use async_trait::async_trait;
use domain::connection::providers::soap::{SoapPagingStyle, SoapRead, SoapSettings};
use domain::template::{Query, XmlTemplate, XmlValues};
use transport::ErpError;
use transport::http::place;

use super::client::Client;
use super::config::{self, misconfigured};
use super::path::{opened, records, to_json, value};
use super::reply::Reply;
use crate::rest::{LONGEST_STEP, Mark, Progress, Step, to_items};
use crate::{Page, Pages, Pull};

/// The pages of one pull.
#[derive(Debug)]
pub(super) struct SoapPages {
    client: Client,
    read: SoapRead,
    body: XmlTemplate,
    company: Option<String>,
    page_size: u64,
    /// What changed since then, as the service wants it written.
    since: Option<String>,
    progress: Progress,
    /// How many records there are, as last told.
    total: Option<u64>,
}

impl SoapPages {
    pub(super) fn new(
        client: Client,
        settings: &SoapSettings,
        company: Option<String>,
        pull: &Pull,
    ) -> Result<Self, ErpError> {
        let body = config::read_template(settings, pull.data_type)?;
        let read = settings.read.get(&pull.data_type).cloned();
        let read = read.ok_or_else(|| misconfigured("settings.soap.read lacks the data type"))?;
        let since = pull.since.filter(|_| body.asks_for("since")).map(|since| read.since_format.write(since));
        let progress = Progress::from_resume(pull.resume.as_deref())?;
        Ok(Self {
            client,
            read,
            body,
            company,
            page_size: pull.page_size.into(),
            since,
            progress,
            total: None,
        })
    }

    /// The element that asks for a step.
    fn body(&self, step: &Step) -> Result<String, ErpError> {
        let query = Query {
            since: self.since.as_deref(),
            page: match step {
                Step::First => Some(self.first_page()),
                Step::Page(page) => Some(*page),
                _ => None,
            },
            offset: match step {
                Step::First => Some(0),
                Step::Offset(_, offset) => Some(*offset),
                _ => None,
            },
            cursor: match step {
                Step::Cursor(_, cursor) => Some(cursor.as_str()),
                _ => None,
            },
            page_size: self.page_size,
        };
        let body = self.body.render(XmlValues::Query(&query), self.company.as_deref());
        body.map_err(|reason| misconfigured(&format!("settings.soap.read: {reason}")))
    }

    fn first_page(&self) -> u64 {
        self.read.paging.first_page.unwrap_or(1).into()
    }

    /// What follows a page of so many records.
    fn step_after(&self, step: &Step, count: u64, cursor: Option<String>) -> Option<Step> {
        let is_short = self.progress.pages > 0 && count < self.progress.first_page;
        let is_last = match self.total {
            Some(total) => self.progress.records + count >= total,
            None => is_short,
        };
        match (self.read.paging.style, step) {
            (SoapPagingStyle::None, _) => None,
            (SoapPagingStyle::Cursor, _) => cursor.map(|cursor| Step::Cursor(String::new(), cursor)),
            _ if count == 0 || is_last => None,
            (SoapPagingStyle::Page, Step::Page(page)) => Some(Step::Page(page + 1)),
            (SoapPagingStyle::Page, _) => Some(Step::Page(self.first_page() + 1)),
            (SoapPagingStyle::Offset, Step::Offset(name, offset)) => {
                Some(Step::Offset(name.clone(), offset + count))
            }
            (SoapPagingStyle::Offset, _) => Some(Step::Offset(String::new(), count)),
        }
    }

    /// Takes note of a page.
    fn accept(&mut self, page: Mark, next: Option<Step>) -> Result<(), ErpError> {
        let pages = self.progress.pages;
        if self.progress.is_repeat(&page) {
            return Err(endless(&format!("the same {} records came again", page.count), pages));
        }
        if let Some(next) = &next {
            if self.progress.is_circle(next) {
                return Err(endless("the next page is one that was there before", pages));
            }
            if next.len() > LONGEST_STEP {
                let sentence = format!("the service gave a cursor of more than {LONGEST_STEP} bytes");
                return Err(ErpError::Malformed(sentence));
            }
        }
        self.progress.advance(page, next);
        Ok(())
    }

    /// What a person should know when the service told of more records than it gave.
    fn shortfall(&self) -> Option<String> {
        let is_end = self.progress.next.is_none() && self.progress.left.is_none();
        let missing = self.total.filter(|total| is_end && *total > self.progress.records)?;
        Some(format!(
            "the service tells of {missing} records but gave {}: if some are missing, check settings.soap.read, its \
             paging and totalPath",
            self.progress.records
        ))
    }

    /// The numbers an answer tells beside its records: the total, and the cursor of what follows.
    fn hints(&mut self, reply: &Reply) -> Result<Option<String>, ErpError> {
        let body = reply.body()?;
        let paging = &self.read.paging;
        let told = |path: &Option<String>| path.as_deref().and_then(|path| value(body, path));
        if let Some(total) = told(&paging.total_path).filter(|total| !total.is_empty()) {
            self.total = Some(total.parse().map_err(|_| {
                ErpError::Malformed(format!(
                    "{} tells a total that is no number: check the totalPath of settings.soap.read",
                    place(&reply.answer.url)
                ))
            })?);
        }
        Ok(told(&paging.cursor_path).filter(|cursor| !cursor.is_empty()))
    }
}

#[async_trait]
impl Pages for SoapPages {
    async fn next(&mut self) -> Result<Option<Page>, ErpError> {
        let Some(step) = self.progress.next.clone() else { return Ok(None) };
        let reply = self.client.ask(&self.read.soap_action, self.body(&step)?).await?;
        if let Some(refusal) = reply.refused(self.read.refusal.as_ref()) {
            return Err(refusal);
        }
        let found = records(reply.body()?, &self.read.record_path);
        let body = to_json(&found.map_err(|reason| {
            ErpError::Malformed(format!("{} answered without records: {reason}", place(&reply.answer.url)))
        })?);
        let cursor = self.hints(&reply)?;
        let (items, mark) = {
            let records = opened(&body)?.items;
            (to_items(&body, &records), Mark::of(&records))
        };
        let next = self.step_after(&step, mark.count, cursor);
        self.accept(mark, next)?;
        let doubt = self.shortfall();
        self.progress.doubtful |= doubt.is_some();
        let resume = self.progress.to_resume()?;
        let warnings = doubt.into_iter().collect();
        Ok(Some(Page { body, items, resume, total: self.total, warnings, ..Page::default() }))
    }

    fn complete(&self) -> bool {
        self.progress.next.is_none() && !self.progress.doubtful && self.since.is_none()
    }

    fn split(&self, parts: usize) -> Vec<String> {
        let stretches = self.progress.split(parts as u64, self.total.unwrap_or_default());
        stretches.iter().filter_map(|stretch| stretch.to_resume().ok()).collect()
    }
}

fn endless(what: &str, pages: u64) -> ErpError {
    ErpError::Malformed(format!(
        "endless page loop: after {pages} pages {what}; check the paging of settings.soap.read"
    ))
}
