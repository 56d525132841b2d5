//! The pages of one pull: file after file, each claimed, read, and cleared away once it is stored.

use std::collections::VecDeque;

use async_trait::async_trait;
use domain::run::Files;
use jiff::Timestamp;
use tokio::sync::mpsc::Receiver;
use transport::ErpError;
use transport::sftp::Entry;

use super::claim::{self, Pattern};
use super::directory::{Claim, Directory, Waiting};
use super::duplicates::{Duplicates, Verdict};
use super::reading::Reading;
use super::resume::{OpenFile, Position};
use super::writer::{Chunk, Fault};
use crate::{Page, Pages};

/// Seconds after which a file and its checksum have both been written, if they ever will.
const SETTLED_S: i64 = 300;

/// The pages of the files of one data type.
pub(super) struct FilePages {
    directory: Directory,
    reading: Reading,
    duplicates: Duplicates,
    waiting: VecDeque<Entry>,
    position: Position,
    /// The pages of the file that is being read.
    chunks: Option<Receiver<Result<Chunk, Fault>>>,
    /// When that file was last changed.
    modified: u32,
    /// What to tell with the next page.
    notices: Vec<String>,
}

impl FilePages {
    /// Looks which files there are, and goes on where an earlier worker stopped.
    pub(super) async fn open(
        directory: Directory,
        reading: Reading,
        duplicates: Duplicates,
        pattern: &Pattern,
        resume: Option<&str>,
    ) -> Result<Self, ErpError> {
        let position = resume.map(Position::parse).transpose()?.unwrap_or_default();
        let Waiting { files: waiting, notices } = directory.waiting(pattern).await?;
        let (chunks, modified) = (None, 0);
        let mut pages = Self { directory, reading, duplicates, waiting, position, chunks, modified, notices };
        pages.position.any_missed |= !pages.notices.is_empty();
        match resume {
            Some(_) => pages.go_on().await?,
            None if pages.waiting.is_empty() && pages.notices.is_empty() => {
                let notice = format!("no file matches {} in {}", pattern.as_str(), pages.directory.path());
                tracing::info!(server = pages.directory.session().server(), "{notice}");
                pages.notices.push(notice);
            }
            None => {}
        }
        Ok(pages)
    }

    /// Clears away what was read before, and opens the file that was being read.
    async fn go_on(&mut self) -> Result<(), ErpError> {
        for finished in std::mem::take(&mut self.position.finished) {
            if let Some(left) = self.take_waiting(&finished) {
                self.duplicates.note_left(&self.directory, &left).await?;
            }
            self.directory.archive(&finished, Timestamp::now()).await?;
        }
        if let Some(after) = self.position.after.clone() {
            self.waiting.retain(|file| file.name > after);
        }
        let Some(open) = self.position.file.take() else { return Ok(()) };
        // It has its own name again if the run was given up in between.
        let original = claim::original_name(&open.name);
        let Some(file) = self.take_waiting(&open.name).or_else(|| self.take_waiting(original)) else {
            return Err(self.vanished(original));
        };
        if file.size != open.size {
            return Err(ErpError::Malformed(format!(
                "{} had {} bytes when reading began and has {} now: let its writer finish under another name and \
                 rename it then",
                self.directory.path_of(original),
                open.size,
                file.size
            )));
        }
        self.start(&file, open.items).await.map(drop)
    }

    fn take_waiting(&mut self, name: &str) -> Option<Entry> {
        let position = self.waiting.iter().position(|file| file.name == name)?;
        self.waiting.remove(position)
    }

    /// Claims and opens a file; `false` if it is not ours to read now.
    async fn start(&mut self, file: &Entry, skip: u64) -> Result<bool, ErpError> {
        let name = match self.directory.claim(&file.name).await? {
            Claim::Ours(name) => name,
            Claim::Gone => {
                self.position.any_missed = true;
                self.notices
                    .push(format!("{} was taken by somebody else before it could be read", file.name));
                return Ok(false);
            }
            Claim::Waits => {
                self.position.any_missed = true;
                self.notices.push(format!(
                    "{} waits for the next run: an earlier file of that name is not cleared away yet",
                    file.name
                ));
                return Ok(false);
            }
        };
        self.position.file = Some(OpenFile { name: name.clone(), size: file.size, items: skip });
        if file.size == 0 {
            return Err(self.at_fault(Fault::File("it is empty (0 bytes)".to_owned())).await);
        }
        if skip == 0
            && let Some(fault) = self.directory.fault_of_sum(&name).await?
        {
            return self.sum_differs(file, fault).await;
        }
        if skip == 0 && self.passes_over(file, &name).await? {
            return Ok(false);
        }
        let Some(stream) = self.directory.session().open(&self.directory.path_of(&name)).await? else {
            return Err(self.vanished(&name));
        };
        self.modified = file.modified;
        self.chunks = Some(self.reading.start(stream, claim::original_name(&name), skip));
        Ok(true)
    }

    /// Whether a file that is ours is to be archived unread, because its content came before.
    async fn passes_over(&mut self, file: &Entry, name: &str) -> Result<bool, ErpError> {
        if self.directory.keeps() {
            return Ok(false);
        }
        match self.duplicates.judge(&self.directory, file, name).await? {
            Verdict::Read => Ok(false),
            Verdict::ReadAgain(notice) => {
                self.notices.push(notice);
                Ok(false)
            }
            Verdict::PassOver(notice) => {
                self.position.file = None;
                self.position.any_missed = true;
                self.position.finished.push(name.to_owned());
                self.notices.push(notice);
                Ok(true)
            }
        }
    }

    /// A file that came a moment ago may be another than its checksum is of, and waits; an older one is at fault.
    async fn sum_differs(&mut self, file: &Entry, fault: String) -> Result<bool, ErpError> {
        let age_s = Timestamp::now().as_second() - i64::from(file.modified);
        if age_s > SETTLED_S {
            return Err(self.at_fault(Fault::File(fault)).await);
        }
        if let Some(open) = self.position.file.take() {
            self.directory.give_back(&open.name).await?;
        }
        self.position.any_missed = true;
        self.notices.push(format!("{} waits for the next run: {fault}", claim::original_name(&file.name)));
        Ok(false)
    }

    fn vanished(&self, name: &str) -> ErpError {
        ErpError::Unavailable(format!("{} vanished while it was being read", self.directory.path_of(name)))
    }

    /// Notes how far we are, and makes the page that tells it.
    fn page(&mut self, chunk: Chunk) -> Page {
        let Chunk { mut page, end } = chunk;
        if let Some(file) = &mut self.position.file {
            file.items += page.items.len() as u64;
        }
        if let Some(content) = end {
            self.chunks = None;
            self.position.any_read = true;
            match self.position.file.take() {
                Some(file) if self.directory.keeps() => self.position.after = Some(file.name),
                Some(file) => {
                    self.duplicates.was_read(&file.name, self.modified, content);
                    self.position.finished.push(file.name);
                }
                None => {}
            }
        }
        page.warnings.append(&mut self.notices);
        page.resume = self.position.to_resume();
        page
    }

    /// Puts a file that cannot be read out of the way, and makes the error that tells it.
    async fn at_fault(&mut self, fault: Fault) -> ErpError {
        self.chunks = None;
        let name = self.position.file.as_ref().map(|file| file.name.clone()).unwrap_or_default();
        let path = self.directory.path_of(claim::original_name(&name));
        let reason = match fault {
            Fault::File(reason) => reason,
            broken @ (Fault::Source(_) | Fault::Stopped) => {
                let server = self.directory.session().server();
                return ErpError::Unavailable(format!("reading {path} from {server} broke off: {broken}"));
            }
        };
        if self.directory.keeps() {
            return ErpError::Malformed(format!("{path} cannot be read: {reason}"));
        }
        match self.directory.set_aside(&name, &reason, Timestamp::now()).await {
            Ok(moved) => {
                self.position.file = None;
                ErpError::Malformed(format!("{path} cannot be read: {reason}; it was moved to {moved}"))
            }
            Err(error) => ErpError::Malformed(format!(
                "{path} cannot be read: {reason}; nor could it be set aside: {error}"
            )),
        }
    }
}

#[async_trait]
impl Pages for FilePages {
    async fn next(&mut self) -> Result<Option<Page>, ErpError> {
        loop {
            let Some(chunks) = &mut self.chunks else {
                match self.waiting.pop_front() {
                    None if self.notices.is_empty() => return Ok(None),
                    Some(file) if self.start(&file, 0).await? => continue,
                    // At once, also if there are more: of a thousand files that are not read, each is progress.
                    None | Some(_) => {}
                }
                return Ok(Some(self.page(Chunk { page: Page::default(), end: None })));
            };
            return match chunks.recv().await {
                Some(Ok(chunk)) => Ok(Some(self.page(chunk))),
                Some(Err(fault)) => Err(self.at_fault(fault).await),
                None => Err(self.at_fault(Fault::Stopped).await),
            };
        }
    }

    fn complete(&self) -> bool {
        let Position { any_read, any_missed, .. } = self.position;
        self.directory.holds_everything() && any_read && !any_missed
    }

    async fn stored(&mut self, resume: &str, _files: &Files) -> Result<(), ErpError> {
        for stored in Position::parse(resume)?.finished {
            if self.position.finished.contains(&stored) {
                self.duplicates.note(&stored).await?;
                self.directory.archive(&stored, Timestamp::now()).await?;
                self.position.finished.retain(|finished| *finished != stored);
            }
        }
        Ok(())
    }

    async fn abandon(&mut self) -> Result<(), ErpError> {
        self.chunks = None;
        let open = self.position.file.take().map(|file| file.name);
        // What is noted already, or passed over, stays claimed: the next run moves it.
        let mut unstored = std::mem::take(&mut self.position.finished);
        unstored.retain(|name| self.duplicates.is_unnoted(name));
        for claimed in open.into_iter().chain(unstored) {
            self.directory.give_back(&claimed).await?;
        }
        Ok(())
    }
}
