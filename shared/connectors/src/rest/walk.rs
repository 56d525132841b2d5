//! The walk through the pages of a pull: what comes next is the vendor's to say; that nothing is lost, repeated for
//! ever or forgotten between two workers is seen to here.

use async_trait::async_trait;
use domain::json::{Json, Opened};
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, place};

use super::{JsonAnswer, LONGEST_STEP, Mark, Progress, Step, read, to_items};
use crate::{Item, Page, Pages, Pull};

/// Where the pages of one pull come from.
#[async_trait]
pub(crate) trait Source: Send + Sync {
    /// The records at a step. The first is asked for by [`Step::First`], the others as the batch before said.
    ///
    /// # Errors
    /// With why the pull cannot go on.
    async fn batch(&self, step: &Step) -> Result<Batch, ErpError>;

    /// Whether the last batch has come only when everything the ERP has did, so that what did not come is gone. Not so
    /// where only changes are asked for.
    fn is_whole(&self) -> bool;
}

/// The records of one step.
#[derive(Debug)]
pub(crate) struct Batch {
    body: Vec<u8>,
    items: Vec<Item>,
    mark: Mark,
    next: Option<Step>,
}

impl Batch {
    /// The records at `path` of an answer, or the answer itself if the path is empty; `next` says what follows them.
    ///
    /// # Errors
    /// `Malformed` if there is no list of records, or whatever `next` finds wrong.
    pub(crate) fn of(
        answer: HttpAnswer,
        request: &HttpRequest,
        path: &str,
        next: impl FnOnce(&JsonAnswer<'_>, &[Json<'_>]) -> Result<Option<Step>, ErpError>,
    ) -> Result<Self, ErpError> {
        let (items, mark, next) = {
            let Some(json) = read(&answer, request)? else { return Ok(Self::empty()) };
            let list = if path.is_empty() { Some(json.0.json) } else { json.at(path) };
            let records = list.filter(|list| list.kind() == domain::json::Kind::Array).map(Json::items);
            let Some(records) = records else { return Err(without_records(&answer, request, path)) };
            let next = next(&json, &records)?;
            (to_items(&answer.body, &records), Mark::of(&records), next)
        };
        Ok(Self { body: answer.body.into(), items, mark, next })
    }

    /// Records that were put together of several answers, as a JSON list.
    ///
    /// # Errors
    /// `Malformed` if they are none.
    pub(crate) fn written(list: String, next: Option<Step>) -> Result<Self, ErpError> {
        let (items, mark) = {
            let list = Opened::parse(list.as_bytes()).map_err(|error| {
                ErpError::Malformed(format!("what the ERP sent cannot be put together: {error}"))
            })?;
            (to_items(list.json.text().as_bytes(), &list.items), Mark::of(&list.items))
        };
        Ok(Self { body: list.into_bytes(), items, mark, next })
    }

    /// No records, and none to come.
    pub(crate) fn empty() -> Self {
        Self { body: Vec::new(), items: Vec::new(), mark: Mark::of(&[]), next: None }
    }

    /// The records.
    pub(crate) fn records(&self) -> Vec<Json<'_>> {
        let record = |item: &Item| match item {
            Item::Record(range) => std::str::from_utf8(self.body.get(range.clone())?).ok().map(Json::written),
            Item::Broken(..) => None,
        };
        self.items.iter().filter_map(record).collect()
    }

    /// The same step with these records, each a JSON text, in the place of its own. What is no record stays.
    pub(crate) fn with_records(self, records: &[String]) -> Self {
        let Self { body: before, items, mark, next } = self;
        let mut body = Vec::with_capacity(before.len());
        let mut add = |text: &[u8]| {
            let start = body.len();
            body.extend_from_slice(text);
            start..body.len()
        };
        let mut all: Vec<_> = records.iter().map(|text| Item::Record(add(text.as_bytes()))).collect();
        for item in items {
            if let Item::Broken(range, why) = item {
                all.push(Item::Broken(add(before.get(range).unwrap_or_default()), why));
            }
        }
        Self { body, items: all, mark, next }
    }

    /// Whether these are the last.
    pub(crate) const fn is_last(&self) -> bool {
        self.next.is_none()
    }

    /// The same, with other texts in the place of some records, by position: what a vendor gave in part is completed so.
    pub(crate) fn completed(mut self, records: Vec<(usize, String)>) -> Self {
        for (position, text) in records {
            if let Some(item) = self.items.get_mut(position) {
                let start = self.body.len();
                self.body.extend_from_slice(text.as_bytes());
                *item = Item::Record(start..self.body.len());
            }
        }
        self
    }

    /// The same, followed by something else.
    pub(crate) fn followed_by(mut self, next: Step) -> Self {
        self.next = Some(next);
        self
    }
}

fn without_records(answer: &HttpAnswer, request: &HttpRequest, path: &str) -> ErpError {
    let at = if path.is_empty() { "" } else { " at " };
    ErpError::Malformed(format!(
        "{} answered without a list of records{at}{path}. It said: {}",
        place(&answer.url),
        answer.excerpt(request)
    ))
}

/// The pages of one pull.
#[derive(Debug)]
pub(crate) struct Walk<S> {
    source: S,
    progress: Progress,
}

impl<S: Source> Walk<S> {
    /// Begins at the beginning, or where an earlier worker stopped.
    ///
    /// # Errors
    /// `Misconfigured`, if the checkpoint is not one of this connector's.
    pub(crate) fn new(source: S, pull: &Pull) -> Result<Self, ErpError> {
        Ok(Self { source, progress: Progress::from_resume(pull.resume.as_deref())? })
    }
}

#[async_trait]
impl<S: Source> Pages for Walk<S> {
    async fn next(&mut self) -> Result<Option<Page>, ErpError> {
        let Some(step) = self.progress.next.clone() else { return Ok(None) };
        let Batch { body, items, mark, next } = self.source.batch(&step).await?;
        if self.progress.is_repeat(&mark) {
            return Err(endless(&format!("the same {} records came again", mark.count), self.progress.pages));
        }
        if let Some(next) = &next {
            if self.progress.is_circle(next) {
                return Err(endless("the next page is one that was there before", self.progress.pages));
            }
            if next.len() > LONGEST_STEP {
                return Err(ErpError::Malformed(format!(
                    "the ERP names a next page by more than {LONGEST_STEP} bytes"
                )));
            }
        }
        self.progress.advance(mark, next);
        let resume = self.progress.to_resume()?;
        Ok(Some(Page { body, items, resume, ..Page::default() }))
    }

    fn complete(&self) -> bool {
        self.progress.next.is_none() && self.source.is_whole()
    }
}

fn endless(what: &str, pages: u64) -> ErpError {
    ErpError::Malformed(format!("endless page loop: after {pages} pages {what}"))
}
