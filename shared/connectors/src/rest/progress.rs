//! How far a pull has come: small enough to travel in a checkpoint, and enough to notice that pages go in circles.

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use domain::json::Json;
use transport::ErpError;

/// Pages that make a stretch worth a worker of its own.
const FEWEST_PAGES: u64 = 3;

/// What to ask for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Step {
    /// The first page.
    First,
    /// A page by number.
    Page(u64),
    /// What follows so many records; the query parameter, and their number.
    Offset(String, u64),
    /// What follows a cursor; the query parameter, and the cursor.
    Cursor(String, String),
    /// A whole address.
    Address(String),
}

impl Step {
    /// How many bytes it takes in a checkpoint, roughly.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::First | Self::Page(_) | Self::Offset(..) => 0,
            Self::Cursor(_, text) | Self::Address(text) => text.len(),
        }
    }

    fn hash(&self) -> u64 {
        xxh3_64(format!("{self:?}").as_bytes())
    }
}

/// By what a page is known again. Two hashes are enough: pages that share their number of records and their first and
/// last record are the same page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Mark {
    /// How many records it has.
    pub(crate) count: u64,
    first: u64,
    last: u64,
}

impl Mark {
    /// The mark of a page with these records.
    pub(crate) fn of(records: &[Json<'_>]) -> Self {
        let hash = |record: Option<&Json<'_>>| record.map_or(0, |record| xxh3_64(record.text().as_bytes()));
        Self { count: records.len() as u64, first: hash(records.first()), last: hash(records.last()) }
    }
}

/// The state of a pull between two pages, and the content of a page's `resume`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Progress {
    /// What to ask for next; nothing after the last page.
    pub(crate) next: Option<Step>,
    /// Pages so far.
    pub(crate) pages: u64,
    /// Records so far.
    pub(crate) records: u64,
    /// Records on the first page: what the server gives at a time.
    pub(crate) first_page: u64,
    /// The server refused paging parameters: they are left out.
    pub(crate) plain: bool,
    /// There may be records that did not come.
    #[serde(default)]
    pub(crate) doubtful: bool,
    /// How many pages are left to read, where others are read side by side.
    #[serde(default)]
    pub(crate) left: Option<u64>,
    /// The page before.
    pub(crate) last: Option<Mark>,
    /// A page further back, and how it was asked for. It moves on at every power of two, so that a circle of any
    /// length meets it again (Brent's algorithm).
    anchor: Option<(u64, Mark)>,
}

impl Default for Progress {
    fn default() -> Self {
        Self {
            next: Some(Step::First),
            pages: 0,
            records: 0,
            first_page: 0,
            plain: false,
            doubtful: false,
            left: None,
            last: None,
            anchor: None,
        }
    }
}

impl Progress {
    /// The state that a page's `resume` holds; the beginning if there is none.
    ///
    /// # Errors
    /// `Misconfigured`, if it was written by another connector.
    pub(crate) fn from_resume(resume: Option<&str>) -> Result<Self, ErpError> {
        let Some(resume) = resume else { return Ok(Self::default()) };
        serde_json::from_str(resume).map_err(|error| {
            ErpError::Misconfigured(format!(
                "the run cannot go on where it stopped ({error}): start a new one"
            ))
        })
    }

    /// The `resume` of the page that was read last.
    ///
    /// # Errors
    /// `Malformed`, if it cannot be written.
    pub(crate) fn to_resume(&self) -> Result<String, ErpError> {
        serde_json::to_string(self)
            .map_err(|error| ErpError::Malformed(format!("the checkpoint cannot be written: {error}")))
    }

    /// Whether a page was there before. An empty page repeats nothing; pages that share one end only are two that overlap,
    /// and none of their records may be left out.
    pub(crate) fn is_repeat(&self, page: &Mark) -> bool {
        let anchor = self.anchor.as_ref().map(|(_, mark)| mark);
        page.count > 0 && self.last.iter().chain(anchor).any(|seen| seen == page)
    }

    /// Whether a step leads back to where we have been: the present page or the anchor.
    pub(crate) fn is_circle(&self, next: &Step) -> bool {
        self.next.as_ref() == Some(next) || self.anchor.is_some_and(|(step, _)| step == next.hash())
    }

    /// Counts a page, and goes on to the next.
    pub(crate) fn advance(&mut self, page: Mark, next: Option<Step>) {
        self.pages += 1;
        self.records += page.count;
        if self.pages == 1 {
            self.first_page = page.count;
        }
        if let Some(step) = &self.next
            && self.pages.is_power_of_two()
        {
            self.anchor = Some((step.hash(), page));
        }
        self.last = Some(page);
        self.next = next;
        if let Some(left) = &mut self.left {
            *left = left.saturating_sub(1);
            if *left == 0 {
                self.next = None;
            }
        }
    }

    /// The pages after the first in up to `parts` stretches of like length, where it is known how many there are and
    /// each can be asked for by number. The last stretch has no end: records may be added meanwhile.
    pub(crate) fn split(&self, parts: u64, total: u64) -> Vec<Self> {
        let by_number = matches!(self.next, Some(Step::Page(_) | Step::Offset(..)));
        let pages = total.saturating_sub(self.records).div_ceil(self.first_page.max(1));
        let length = pages.div_ceil(parts.max(1));
        if self.pages != 1 || !by_number || parts < 2 || length < FEWEST_PAGES {
            return Vec::new();
        }
        let begin = |skipped: u64| {
            let next = match &self.next {
                Some(Step::Page(page)) => Some(Step::Page(page + skipped)),
                Some(Step::Offset(param, at)) => {
                    Some(Step::Offset(param.clone(), at + skipped * self.first_page))
                }
                other => other.clone(),
            };
            let left = (skipped + length < pages).then_some(length);
            let records = self.records + skipped * self.first_page;
            Self { next, records, left, last: None, anchor: None, ..self.clone() }
        };
        (0..pages).step_by(usize::try_from(length).unwrap_or(usize::MAX)).map(begin).collect()
    }
}
