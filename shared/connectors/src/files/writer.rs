//! Where the format readers put what they find: pages, cut by number and by size, handed to the puller through a
//! channel that makes a fast reader wait.

use std::io;
use std::sync::Arc;

use domain::notation::Notations;
use thiserror::Error;
use tokio::sync::mpsc::Sender;

use super::sums::Content;
use crate::{Item, Page};

/// A page is cut when its text reaches this size.
const PAGE_BYTES: usize = 4 * 1024 * 1024;

/// How much of something broken is kept to show.
const SHOWN_BYTES: usize = 4096;

/// Why a file cannot be read to its end.
#[derive(Debug, Error)]
pub(super) enum Fault {
    /// Nobody wants the pages any more.
    #[error("the reader was stopped")]
    Stopped,
    /// The bytes stopped coming.
    #[error(transparent)]
    Source(#[from] io::Error),
    /// The file itself is at fault.
    #[error("{0}")]
    File(String),
}

/// A page, and what the file held in all if it ends with it.
#[derive(Debug)]
pub(super) struct Chunk {
    pub page: Page,
    pub end: Option<Content>,
}

/// Gathers records into pages.
#[derive(Debug)]
pub(super) struct PageWriter {
    page: Page,
    page_size: usize,
    skip: u64,
    /// How the records write their numbers.
    notations: Arc<Notations>,
    sender: Sender<Result<Chunk, Fault>>,
}

impl PageWriter {
    /// Leaves out the first `skip` items: they are stored already.
    pub(super) fn new(page_size: u32, skip: u64, sender: Sender<Result<Chunk, Fault>>) -> Self {
        let (page, notations) = (Page::default(), Arc::default());
        Self { page, page_size: page_size.max(1) as usize, skip, notations, sender }
    }

    /// Adds a record; `write` appends its JSON text. Tells whether it is new, not left out.
    pub(super) fn record(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Result<bool, Fault> {
        if self.left_out() {
            return Ok(false);
        }
        let start = self.page.body.len();
        write(&mut self.page.body);
        self.page.items.push(Item::Record(start..self.page.body.len()));
        self.cut().map(|()| true)
    }

    /// Adds something that is no record, and why.
    pub(super) fn broken(&mut self, raw: &[u8], reason: String) -> Result<(), Fault> {
        if self.left_out() {
            return Ok(());
        }
        let start = self.page.body.len();
        let shown = String::from_utf8_lossy(&raw[..raw.len().min(SHOWN_BYTES)]);
        self.page.body.extend_from_slice(shown.as_bytes());
        self.page.items.push(Item::Broken(start..self.page.body.len(), reason));
        self.cut()
    }

    /// Tells how the records that follow write their numbers.
    pub(super) fn set_notations(&mut self, notations: Arc<Notations>) {
        self.notations = notations;
    }

    /// Adds a warning to the page that is being gathered.
    pub(super) fn warn(&mut self, warning: String) {
        self.page.warnings.push(warning);
    }

    /// Sends what is gathered as the file's last page, or the reason why there is none.
    pub(super) fn finish(mut self, read: Result<Content, Fault>) {
        let end = match read {
            Ok(content) => self.send(Some(content)),
            Err(fault) => self.send(None).and(Err(fault)),
        };
        if let Err(fault) = end
            && !matches!(fault, Fault::Stopped)
            && self.sender.blocking_send(Err(fault)).is_err()
        {
            tracing::debug!("a file's fault came after its reader was stopped");
        }
    }

    fn left_out(&mut self) -> bool {
        let left_out = self.skip > 0;
        self.skip = self.skip.saturating_sub(1);
        left_out
    }

    fn cut(&mut self) -> Result<(), Fault> {
        let full = self.page.items.len() >= self.page_size || self.page.body.len() >= PAGE_BYTES;
        if full { self.send(None) } else { Ok(()) }
    }

    fn send(&mut self, end: Option<Content>) -> Result<(), Fault> {
        if end.is_none() && self.page.items.is_empty() {
            return Ok(());
        }
        let mut page = std::mem::take(&mut self.page);
        page.notations = Arc::clone(&self.notations);
        self.sender.blocking_send(Ok(Chunk { page, end })).map_err(|_| Fault::Stopped)
    }
}
