//! Deciding what to ask for next. Pure: answers come in as hints, addresses go out.
//!
//! What the server tells counts first. Where it tells nothing, the next page is asked for until one is empty, shorter
//! than the first, or the same again: a server may give fewer records than it was asked for, so a short first page
//! proves nothing, and nothing may silently be missing.

use domain::connection::{Paging, PagingStyle};
use http::StatusCode;
use transport::ErpError;
use transport::http::place;
use url::Url;

use super::hints::{Hints, Next};
use crate::rest::{LONGEST_STEP, Mark, Progress, Step, same_host, set};

/// Turns hints into steps and steps into addresses.
#[derive(Debug)]
pub(super) struct Pager {
    paging: Paging,
    limit: u64,
    /// How far the pull has come.
    pub(super) progress: Progress,
}

/// What is to be done with a page.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Keep its records.
    Keep,
    /// It is a page that was there before: the server ignores paging, and there are no more records. Inside, a warning
    /// if that is not certain.
    Again(Option<String>),
}

/// Words by which a refusal tells that it is not for the number of the page.
const OTHER_REASONS: [&str; 8] =
    ["token", "unauthor", "forbidden", "rate limit", "too many", "quota", "api key", "apikey"];

impl Pager {
    /// Begins at `progress`, asking for `limit` records at a time.
    pub(super) const fn new(paging: Paging, limit: u64, progress: Progress) -> Self {
        Self { paging, limit, progress }
    }

    /// The address of the next page; nothing after the last.
    ///
    /// # Errors
    /// `Forbidden` when it is at another host than `base`.
    pub(super) fn url(&self, base: &Url) -> Result<Option<Url>, ErpError> {
        use PagingStyle::{Auto, Cursor, Link, NextUrl, None as Whole, Offset, Page};
        let Some(step) = &self.progress.next else { return Ok(None) };
        let mut url = base.clone();
        let limited = !self.progress.plain && self.paging.style != Whole;
        match (step, self.paging.style) {
            (Step::Address(address), _) => return same_host(base, address).map(Some),
            // Nobody knows yet from which number the server counts: without one it gives its first page.
            (Step::First, Auto) if limited && self.paging.first_page.is_none() => {}
            (Step::First, Auto | Page) if limited => {
                set(&mut url, self.page_param(), &self.first_page().to_string())
            }
            (Step::First, Offset) => set(&mut url, self.offset_param("offset"), "0"),
            (Step::First, Auto | Page | Cursor | Link | NextUrl | Whole) => {}
            (Step::Page(page), _) => set(&mut url, self.page_param(), &page.to_string()),
            (Step::Offset(param, offset), _) => set(&mut url, self.offset_param(param), &offset.to_string()),
            (Step::Cursor(param, cursor), _) => set(&mut url, self.cursor_param(param), cursor),
        }
        let limit_param = self.paging.limit_param.as_deref().unwrap_or("limit");
        // A limit in the configured path stays: whoever wrote it there knows the server.
        if limited && !url.query_pairs().any(|(name, _)| name == limit_param) {
            set(&mut url, limit_param, &self.limit.to_string());
        }
        Ok(Some(url))
    }

    /// Takes note of a page, and decides what follows it.
    ///
    /// # Errors
    /// `Malformed` when the pages go in circles.
    pub(super) fn accept(&mut self, page: Mark, hints: &Hints, at: &Url) -> Result<Verdict, ErpError> {
        let repeat = self.progress.is_repeat(&page);
        let is_guess = matches!(self.progress.next, Some(Step::Page(_) | Step::Offset(..)));
        if repeat && is_guess && self.paging.style == PagingStyle::Auto {
            self.progress.next = None;
            self.progress.doubtful |= self.is_doubtful(page.count, hints);
            return Ok(Verdict::Again(Some(self.repeated(page.count))));
        }
        if repeat {
            let same = format!("the same {} records came again", page.count);
            return Err(endless(at, &same, self.progress.pages));
        }
        let mut next = self.step_after(page.count, hints, at)?;
        // An empty page that leads to itself is the end.
        next = next.filter(|next| page.count > 0 || !self.progress.is_circle(next));
        if let Some(next) = &next
            && self.progress.is_circle(next)
        {
            return Err(endless(at, "the next page is one that was there before", self.progress.pages));
        }
        // Without paging parameters a server may give no more than a first page, and not tell.
        let told = hints.total.is_some() || hints.more.is_some() || hints.said_last;
        self.progress.doubtful |= self.progress.plain && next.is_none() && !told;
        self.progress.advance(page, next);
        self.progress.doubtful |= self.shortfall(hints.total).is_some();
        Ok(Verdict::Keep)
    }

    /// Whether the last page has come, and nothing says that records are missing.
    pub(super) const fn has_all(&self) -> bool {
        self.progress.next.is_none() && !self.progress.doubtful
    }

    /// After an answer that is no success: whether the same page is worth asking for without paging parameters, which
    /// some servers refuse. If so, the next [`Self::url`] has none.
    pub(super) fn ask_plainly(&mut self, status: StatusCode) -> bool {
        let can = self.paging.style == PagingStyle::Auto
            && self.progress.next == Some(Step::First)
            && !self.progress.plain
            && matches!(status.as_u16(), 400 | 422);
        self.progress.plain |= can;
        can
    }

    /// Whether an answer that is no success means that the page before was the last: many servers refuse page numbers
    /// past the end. `said` is its body, which may name another reason.
    pub(super) fn is_past_the_end(&self, status: StatusCode, said: &[u8]) -> bool {
        let guessed = matches!(self.progress.next, Some(Step::Page(_) | Step::Offset(..)));
        let said = String::from_utf8_lossy(&said[..said.len().min(4096)]).to_lowercase();
        let another_reason = || OTHER_REASONS.iter().any(|reason| said.contains(reason));
        match status.as_u16() {
            404 | 416 => guessed,
            400 | 422 => guessed && !another_reason(),
            _ => false,
        }
    }

    /// Whether the next page is asked for by a number that the server may not count from: the page numbered 1 is either the
    /// second or the first again.
    pub(super) fn is_counting_unsure(&self) -> bool {
        self.paging.style == PagingStyle::Auto
            && self.paging.first_page.is_none()
            && self.progress.pages == 1
            && self.progress.next == Some(Step::Page(1))
    }

    /// Takes note that the page numbered 1 came, in place of the next: is it the first again, pages are counted from 1.
    pub(super) fn settle_counting(&mut self, page: &Mark) {
        if self.progress.is_repeat(page) {
            self.progress.next = Some(Step::Page(2));
        }
    }

    /// What a person should know when the server told of more records than it gave.
    pub(super) fn shortfall(&self, total: Option<u64>) -> Option<String> {
        if self.progress.left.is_some() {
            return None;
        }
        let missing = total.filter(|total| self.progress.next.is_none() && *total > self.progress.records)?;
        Some(format!(
            "the server tells of {missing} records but gave {}: if some are missing, set settings.api.paging",
            self.progress.records
        ))
    }

    fn step_after(&self, count: u64, hints: &Hints, at: &Url) -> Result<Option<Step>, ErpError> {
        let link = || hints.link.clone().map(Next::Address);
        let told = match self.paging.style {
            PagingStyle::None => return Ok(None),
            PagingStyle::Page | PagingStyle::Offset => None,
            PagingStyle::Link => link(),
            PagingStyle::NextUrl => hints.next.clone().filter(|next| matches!(next, Next::Address(_))),
            PagingStyle::Cursor => hints.next.clone(),
            PagingStyle::Auto => link().or_else(|| hints.next.clone()),
        };
        match told {
            Some(_) if hints.more == Some(false) => Ok(None),
            Some(next) => told_step(next, at).map(Some),
            None => Ok(self.counted_step(count, hints)),
        }
    }

    /// The next page by counting, unless it is known or likely that there is none.
    fn counted_step(&self, count: u64, hints: &Hints) -> Option<Step> {
        let counts = matches!(self.paging.style, PagingStyle::Auto | PagingStyle::Page | PagingStyle::Offset);
        let so_far = self.progress.records + count;
        let is_short = self.progress.pages > 0 && count < self.progress.first_page;
        // A total that equals the first page may be the size of each page.
        let total = hints.total.filter(|total| self.progress.pages > 0 || *total > count);
        let is_last_by_pages = hints.pages.zip(hints.page).is_some_and(|(pages, page)| page >= pages);
        let is_last = match (hints.more, total) {
            (Some(more), _) => !more,
            (None, Some(total)) => {
                so_far >= total && !(self.progress.pages > 0 && total == count && so_far > total)
            }
            (None, None) => {
                is_short
                    || is_last_by_pages
                    || hints.pages.is_some_and(|pages| pages <= 1)
                    || (hints.said_last && self.paging.style == PagingStyle::Auto)
            }
        };
        if !counts || count == 0 || is_last || self.progress.plain {
            return None;
        }
        let by_offset = match (self.paging.style, &self.progress.next) {
            (PagingStyle::Offset, _) => {
                Some(("offset", hints.offset.map_or(self.progress.records, |(_, at)| at)))
            }
            (PagingStyle::Auto, Some(Step::First | Step::Offset(..))) => hints.offset,
            _ => None,
        };
        Some(match (by_offset, &self.progress.next) {
            (_, Some(Step::Offset(param, at))) => Step::Offset(param.clone(), at + count),
            (Some((param, at)), _) => Step::Offset(param.to_owned(), at + count),
            (None, Some(Step::Page(page))) => Step::Page(page + 1),
            (None, _) => Step::Page(self.second_page(hints)),
        })
    }

    /// The number of the second page: one more than the first says it has, else 1, which shows from where the server
    /// counts.
    fn second_page(&self, hints: &Hints) -> u64 {
        match (self.paging.style, self.paging.first_page, hints.page) {
            (PagingStyle::Auto, None, Some(page)) => page + 1,
            (PagingStyle::Auto, None, None) => 1,
            _ => self.first_page() + 1,
        }
    }

    /// Whether records may be missing, when the second page is the first again: the server told of more, or gave as many as
    /// it was asked for, or as many as servers like to give at a time.
    fn is_doubtful(&self, count: u64, hints: &Hints) -> bool {
        let told_more = hints.total.or(hints.larger).is_some_and(|more| more > self.progress.records);
        let is_round = count >= 10 && (count.is_multiple_of(50) || [10, 20, 25, 30, 40].contains(&count));
        told_more || is_round || count >= self.limit
    }

    /// What is told when the second page is the first again.
    fn repeated(&self, count: u64) -> String {
        format!(
            "page {} was the same {count} records again, so the server ignores paging: if records are missing, set \
             settings.api.paging to what it heeds; if it gives everything at once, set settings.api.paging.style to none",
            self.progress.pages + 1
        )
    }

    fn first_page(&self) -> u64 {
        self.paging.first_page.unwrap_or(1).into()
    }

    fn page_param(&self) -> &str {
        self.paging.page_param.as_deref().unwrap_or("page")
    }

    fn offset_param<'a>(&'a self, usual: &'a str) -> &'a str {
        self.paging.offset_param.as_deref().unwrap_or(usual)
    }

    fn cursor_param<'a>(&'a self, usual: &'a str) -> &'a str {
        self.paging.cursor_param.as_deref().unwrap_or(usual)
    }
}

fn told_step(next: Next, at: &Url) -> Result<Step, ErpError> {
    let step = match next {
        Next::Address(address) => Step::Address(same_host(at, &address)?.into()),
        Next::Cursor(param, cursor) => Step::Cursor(param.to_owned(), cursor),
        Next::Page(page) => Step::Page(page),
    };
    match &step {
        Step::Address(text) | Step::Cursor(_, text) if text.len() > LONGEST_STEP => {
            Err(ErpError::Malformed(format!(
                "{} names a next page of {} bytes; at most {LONGEST_STEP} are accepted",
                place(at),
                text.len()
            )))
        }
        _ => Ok(step),
    }
}

fn endless(at: &Url, what: &str, pages: u64) -> ErpError {
    ErpError::Malformed(format!(
        "endless page loop at {}: after {pages} pages {what}; check settings.api.paging",
        place(at)
    ))
}
