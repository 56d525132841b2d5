//! The pages of one pull: file after file, each claimed, read, and cleared away once it is stored.

use std::collections::VecDeque;

use async_trait::async_trait;
use domain::run::Files;
use jiff::Timestamp;
use tokio::sync::mpsc::Receiver;
use transport::ErpError;
use transport::sftp::{Entry, shown};

use super::claim::{self, Pattern};
use super::directory::{Claim, Directory, Waiting};
use super::duplicates::{Duplicates, Verdict};
use super::reading::Reading;
use super::resume::{OpenFile, Position};
use super::sums::Content;
use super::writer::{Chunk, Fault};
use crate::{Item, Page, Pages};

/// Seconds after which a file and its checksum have both been written, if they ever will.
const SETTLED_S: i64 = 300;

/// What became of the wish to read a file.
enum Started {
    Reading,
    /// It is not ours to read now.
    Missed,
    /// It cannot be read, which this page tells.
    Faulty(Page),
}

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
    /// Files that an earlier worker read and did not clear away.
    left: Vec<Entry>,
    /// The page that tells of a file that could not be gone on with.
    faulty: Option<Page>,
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
        let (chunks, modified, left, faulty) = (None, 0, Vec::new(), None);
        let mut pages = Self {
            directory,
            reading,
            duplicates,
            waiting,
            position,
            chunks,
            modified,
            notices,
            left,
            faulty,
        };
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

    /// Leaves out what was read before, which is cleared away when that is told to be stored, and opens the file that was being
    /// read.
    async fn go_on(&mut self) -> Result<(), ErpError> {
        for finished in self.position.finished.clone() {
            let left = self.take_waiting(&finished);
            self.left.extend(left);
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
                shown(&self.directory.path_of(original)),
                open.size.unwrap_or_default(),
                file.size.unwrap_or_default()
            )));
        }
        if let Started::Faulty(page) = self.start(&file, open.items).await? {
            self.faulty = Some(page);
        }
        Ok(())
    }

    fn take_waiting(&mut self, name: &str) -> Option<Entry> {
        let position = self.waiting.iter().position(|file| file.name == name)?;
        self.waiting.remove(position)
    }

    /// Claims and opens a file. One that cannot be read stops none of the others.
    async fn start(&mut self, file: &Entry, skip: u64) -> Result<Started, ErpError> {
        let name = match self.directory.claim(&file.name).await {
            Ok(Claim::Ours(name)) => name,
            Ok(Claim::Gone) => {
                let notice =
                    format!("{} was taken by somebody else before it could be read", shown(&file.name));
                return Ok(self.miss(notice));
            }
            Ok(Claim::Waits) => {
                return Ok(self.miss(format!(
                    "{} waits for the next run: an earlier file of that name is not cleared away yet",
                    shown(&file.name)
                )));
            }
            Err(ErpError::Rejected(reason)) => return Ok(self.miss(reason)),
            Err(error) => return Err(error),
        };
        self.position.file = Some(OpenFile { name: name.clone(), size: file.size, items: skip });
        if file.size == Some(0) {
            return self.at_fault(Fault::File("it is empty (0 bytes)".to_owned())).await.map(Started::Faulty);
        }
        if skip == 0
            && let Some(fault) = self.directory.fault_of_sum(&name).await?
        {
            return self.sum_differs(file, fault).await;
        }
        if skip == 0 && self.passes_over(file, &name).await? {
            return Ok(Started::Missed);
        }
        let opened = self.directory.session().open(&self.directory.path_of(&name)).await;
        let stream = match opened {
            Ok(Some(stream)) => stream,
            Ok(None) => return self.give_up(&name, "it is gone, or a link that leads nowhere").await,
            Err(error) if error.is_transient() => return Err(error),
            Err(error) => return self.give_up(&name, &error.to_string()).await,
        };
        self.modified = file.modified;
        self.chunks = Some(self.reading.start(stream, &shown(claim::original_name(&name)), skip));
        Ok(Started::Reading)
    }

    /// Tells that a file was not read.
    fn miss(&mut self, notice: String) -> Started {
        self.position.any_missed = true;
        self.notices.push(notice);
        Started::Missed
    }

    /// Gives back a file that cannot be opened, and tells why.
    async fn give_up(&mut self, name: &str, reason: &str) -> Result<Started, ErpError> {
        self.position.file = None;
        self.directory.give_back(name).await?;
        let original = shown(claim::original_name(name)).into_owned();
        Ok(self.miss(format!("{original} could not be read and waits for the next run: {reason}")))
    }

    /// Whether the file that was read to its end is whole: as large as its server says now. A file whose writer had not
    /// finished is given back; what was read of it is stored, and it is read again.
    async fn is_whole(&mut self, read: u64) -> Result<bool, ErpError> {
        let Some(open) = &self.position.file else { return Ok(true) };
        let name = open.name.clone();
        let found = self.directory.session().stat(&self.directory.path_of(&name)).await?;
        let now = found.and_then(|found| found.size).unwrap_or(read);
        if now == read {
            return Ok(true);
        }
        self.give_up(
            &name,
            &format!("it had {read} bytes when it was read and has {now} now, so it is still being written"),
        )
        .await?;
        Ok(false)
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
    async fn sum_differs(&mut self, file: &Entry, fault: String) -> Result<Started, ErpError> {
        let age_s = Timestamp::now().as_second() - i64::from(file.modified);
        if age_s > SETTLED_S {
            return self.at_fault(Fault::File(fault)).await.map(Started::Faulty);
        }
        if let Some(open) = self.position.file.take() {
            self.directory.give_back(&open.name).await?;
        }
        let name = shown(claim::original_name(&file.name)).into_owned();
        Ok(self.miss(format!("{name} waits for the next run: {fault}")))
    }

    fn vanished(&self, name: &str) -> ErpError {
        let path = self.directory.path_of(name);
        ErpError::Unavailable(format!("{} vanished while it was being read", shown(&path)))
    }

    /// Notes how far we are, and makes the page that tells it.
    async fn page(&mut self, chunk: Chunk) -> Result<Page, ErpError> {
        let Chunk { mut page, end } = chunk;
        if let Some(file) = &mut self.position.file {
            file.items += page.items.len() as u64;
            page.file = Some(shown(claim::original_name(&file.name)).into());
        }
        if let Some(content) = end {
            self.chunks = None;
            if self.is_whole(content.size).await? {
                self.finish(content);
            }
        }
        Ok(self.told(page))
    }

    /// A file was read to its end.
    fn finish(&mut self, content: Content) {
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

    /// The page, with what is to be told and where to go on.
    fn told(&mut self, mut page: Page) -> Page {
        page.warnings.append(&mut self.notices);
        page.resume = self.position.to_resume();
        page
    }

    /// Puts a file that cannot be read out of the way, and makes the page that tells it: one record that failed, for the
    /// whole of the file.
    async fn at_fault(&mut self, fault: Fault) -> Result<Page, ErpError> {
        self.chunks = None;
        let name = self.position.file.as_ref().map(|file| file.name.clone()).unwrap_or_default();
        let original = shown(claim::original_name(&name)).into_owned();
        let path = shown(&self.directory.path_of(claim::original_name(&name))).into_owned();
        let reason = match fault {
            Fault::File(reason) => reason,
            broken @ (Fault::Source(_) | Fault::Stopped) => {
                let server = self.directory.session().server();
                return Err(ErpError::Unavailable(format!(
                    "reading {path} from {server} broke off: {broken}"
                )));
            }
        };
        let mut sentence = format!("{path} cannot be read: {reason}");
        self.position.any_missed = true;
        if self.directory.keeps() {
            self.position.after = Some(name);
        } else {
            match self.directory.set_aside(&name, &reason, Timestamp::now()).await {
                Ok(moved) => sentence.push_str(&format!("; it was moved to {}", shown(&moved))),
                Err(error) => {
                    return Err(ErpError::Malformed(format!(
                        "{sentence}; nor could it be set aside: {error}"
                    )));
                }
            }
        }
        self.position.file = None;
        let body = original.clone().into_bytes();
        let items = vec![Item::Broken(0..body.len(), sentence)];
        let page = Page { body, items, file: Some(original.into()), ..Page::default() };
        Ok(self.told(page))
    }

    /// Clears away a file that is stored: to the archive, or aside where none of its records came in.
    async fn clear_away(&mut self, name: &str, files: &Files) -> Result<(), ErpError> {
        let told = files.get(&shown(claim::original_name(name)));
        if let Some(file) = told.filter(|file| file.is_rejected()) {
            let reason = file.reason.as_deref().unwrap_or("each of its records was set aside");
            let reason = format!("none of its {} records came in; the first: {reason}", file.read);
            self.duplicates.forget(name);
            return self.directory.set_aside(name, &reason, Timestamp::now()).await.map(drop);
        }
        match self.left.iter().position(|left| left.name == name) {
            Some(at) => self.duplicates.note_left(&self.directory, &self.left.swap_remove(at)).await?,
            None => self.duplicates.note(name).await?,
        }
        self.directory.archive(name, Timestamp::now()).await
    }
}

#[async_trait]
impl Pages for FilePages {
    async fn next(&mut self) -> Result<Option<Page>, ErpError> {
        if let Some(page) = self.faulty.take() {
            return Ok(Some(page));
        }
        loop {
            let Some(chunks) = &mut self.chunks else {
                match self.waiting.pop_front() {
                    None if self.notices.is_empty() => return Ok(None),
                    None => {}
                    Some(file) => match self.start(&file, 0).await? {
                        Started::Reading => continue,
                        Started::Faulty(page) => return Ok(Some(page)),
                        // At once, also if there are more: of a thousand files that are not read, each is progress.
                        Started::Missed => {}
                    },
                }
                return Ok(Some(self.told(Page::default())));
            };
            return match chunks.recv().await {
                Some(Ok(chunk)) => self.page(chunk).await.map(Some),
                Some(Err(fault)) => self.at_fault(fault).await.map(Some),
                None => self.at_fault(Fault::Stopped).await.map(Some),
            };
        }
    }

    fn complete(&self) -> bool {
        let Position { any_read, any_missed, .. } = self.position;
        self.directory.holds_everything() && any_read && !any_missed
    }

    async fn stored(&mut self, resume: &str, files: &Files) -> Result<(), ErpError> {
        for stored in Position::parse(resume)?.finished {
            if self.position.finished.contains(&stored) {
                self.clear_away(&stored, files).await?;
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
