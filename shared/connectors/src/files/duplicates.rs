//! Files whose content came before: each is held against the connection's ledger before it is read, and noted there once
//! it is stored, before it is moved away. Who dies in between leaves a claimed file that is noted: the next only moves it.

use std::sync::Arc;

use domain::DataType;
use domain::connection::FileDuplicates;
use domain::stored_file::StoredFile;
use jiff::Timestamp;
use transport::ErpError;
use transport::sftp::{Entry, shown};

use super::claim;
use super::directory::Directory;
use super::sums::Content;
use crate::Ledger;

/// What is to be done with a file, and what to tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Its content is new.
    Read,
    /// Its content came before, and is read once more.
    ReadAgain(String),
    /// It is archived unread.
    PassOver(String),
}

/// What one pull knows of the files that came before.
pub(super) struct Duplicates {
    ledger: Arc<dyn Ledger>,
    data_type: DataType,
    wanted: FileDuplicates,
    /// Read to their end in this pull, and not noted yet.
    unnoted: Vec<StoredFile>,
}

impl Duplicates {
    pub(super) fn new(ledger: Arc<dyn Ledger>, data_type: DataType, wanted: FileDuplicates) -> Self {
        Self { ledger, data_type, wanted, unnoted: Vec::new() }
    }

    /// What is to be done with a file that is ours; `listed` is what it was before.
    pub(super) async fn judge(
        &self,
        directory: &Directory,
        listed: &Entry,
        claimed: &str,
    ) -> Result<Verdict, ErpError> {
        // Where the size is not told, the file is read: it tells it then.
        let Some(size) = listed.size else { return Ok(Verdict::Read) };
        let Some(earlier) = self.earlier(directory, size, claimed).await? else {
            return Ok(Verdict::Read);
        };
        let name = claim::original_name(claimed);
        let stored_at = earlier.stored_at;
        let is_itself = earlier.is_itself(name, listed.modified);
        if is_itself && claim::is_claimed(&listed.name) {
            return Ok(Verdict::PassOver(format!(
                "{} was stored already, at {stored_at:.0}: it is archived and not read again",
                shown(name)
            )));
        }
        let told = format!(
            "{} has the same content as {}, which was stored at {stored_at:.0}",
            shown(name),
            shown(&earlier.name)
        );
        match self.wanted {
            FileDuplicates::Skip => Ok(Verdict::PassOver(format!("{told}: it is archived unread"))),
            FileDuplicates::Read => {
                if is_itself {
                    // A copy with the time of the first. If its reader dies, the next must not take it for the first.
                    self.ledger.note(self.data_type, &StoredFile { modified: 0, ..earlier }).await?;
                }
                Ok(Verdict::ReadAgain(format!("{told}: it is read again")))
            }
        }
    }

    /// The last file of the same content, in this pull or before. Only where one of the same size is known is the file
    /// summed up, which is to read it once more.
    async fn earlier(
        &self,
        directory: &Directory,
        size: u64,
        claimed: &str,
    ) -> Result<Option<StoredFile>, ErpError> {
        let in_this_pull = self.unnoted.iter().any(|file| file.size == size);
        if !in_this_pull && !self.ledger.has_size(self.data_type, size).await? {
            return Ok(None);
        }
        let Some(sha256) = directory.sha256(claimed).await? else { return Ok(None) };
        match self.unnoted.iter().find(|file| file.sha256 == sha256) {
            Some(file) => Ok(Some(file.clone())),
            None => self.ledger.find(self.data_type, size, &sha256).await,
        }
    }

    /// A file was read to its end, and is to be noted once it is stored.
    pub(super) fn was_read(&mut self, claimed: &str, modified: u32, content: Content) {
        let Content { size, sha256 } = content;
        let name = claim::original_name(claimed).to_owned();
        self.unnoted.push(StoredFile { name, size, modified, sha256, stored_at: Timestamp::now() });
    }

    /// Forgets a file that was read in this pull and is not stored.
    pub(super) fn forget(&mut self, claimed: &str) {
        let name = claim::original_name(claimed);
        self.unnoted.retain(|file| file.name != name);
    }

    /// Whether a file was read and is not noted.
    pub(super) fn is_unnoted(&self, claimed: &str) -> bool {
        self.unnoted.iter().any(|file| file.name == claim::original_name(claimed))
    }

    /// Notes a file that was read in this pull and is stored now.
    pub(super) async fn note(&mut self, claimed: &str) -> Result<(), ErpError> {
        let name = claim::original_name(claimed);
        let Some(at) = self.unnoted.iter().position(|file| file.name == name) else { return Ok(()) };
        self.unnoted[at].stored_at = Timestamp::now();
        self.ledger.note(self.data_type, &self.unnoted[at]).await?;
        self.unnoted.swap_remove(at);
        Ok(())
    }

    /// Notes a file that an earlier worker read, stored and left where it was.
    pub(super) async fn note_left(&self, directory: &Directory, left: &Entry) -> Result<(), ErpError> {
        let Some(sha256) = directory.sha256(&left.name).await? else { return Ok(()) };
        let name = claim::original_name(&left.name).to_owned();
        let Entry { size, modified, .. } = *left;
        let Some(size) = size else { return Ok(()) };
        let file = StoredFile { name, size, modified, sha256, stored_at: Timestamp::now() };
        self.ledger.note(self.data_type, &file).await
    }
}
