//! The directory on the server: which files wait in it, and moving them through claim, archive and error.

use std::sync::Arc;

use domain::connection::{FileAfterRead, FileContent, FileSettings};
use jiff::Timestamp;
use transport::ErpError;
use transport::sftp::{Entry, Renamed, SftpSession};

use super::claim::{self, Pattern};

/// How many names are tried where one is taken.
const MAX_ATTEMPTS: u32 = 100;

/// What became of the wish to read a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Claim {
    /// It is ours, under this name.
    Ours(String),
    /// Somebody else took it.
    Gone,
    /// An earlier file of the same name is claimed and not yet cleared away.
    Waits,
}

/// The directory of a connection.
pub(super) struct Directory {
    session: Arc<SftpSession>,
    /// Its path, or `.` for the login's own.
    path: String,
    settings: FileSettings,
}

impl Directory {
    pub(super) fn new(session: Arc<SftpSession>, path: &str, settings: FileSettings) -> Self {
        Self { session, path: path.to_owned(), settings }
    }

    pub(super) fn session(&self) -> &SftpSession {
        &self.session
    }

    /// Its path, as it is shown to people.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Whether files stay where they are.
    pub(super) fn keeps(&self) -> bool {
        self.settings.after_read == FileAfterRead::Keep
    }

    /// Whether what is in the files together is everything there is.
    pub(super) fn holds_everything(&self) -> bool {
        self.settings.content == FileContent::Snapshot
    }

    pub(super) fn path_of(&self, name: &str) -> String {
        claim::join(&self.path, name)
    }

    /// The files that `pattern` takes, by name; those that an earlier run claimed come first.
    pub(super) async fn waiting(&self, pattern: &Pattern) -> Result<Vec<Entry>, ErpError> {
        let mut files = self.session.list(&self.path).await?;
        let ours = |name: &str| pattern.takes(name) && !(self.keeps() && claim::is_claimed(name));
        files.retain(|file| !file.is_directory && ours(&file.name));
        files.sort_by_key(|file| !claim::is_claimed(&file.name));
        Ok(files)
    }

    /// Takes a file for us, unless files stay where they are or it is ours already.
    pub(super) async fn claim(&self, name: &str) -> Result<Claim, ErpError> {
        if self.keeps() || claim::is_claimed(name) {
            return Ok(Claim::Ours(name.to_owned()));
        }
        let claimed = claim::claimed_name(name);
        match self.session.rename(&self.path_of(name), &self.path_of(&claimed)).await? {
            Renamed::Done => Ok(Claim::Ours(claimed)),
            Renamed::Gone => Ok(Claim::Gone),
            Renamed::Taken => Ok(Claim::Waits),
            Renamed::Denied => Err(self.not_writable(name)),
        }
    }

    /// Gives a claimed file its name back, unless a new file has it by now.
    pub(super) async fn give_back(&self, claimed: &str) -> Result<(), ErpError> {
        let original = claim::original_name(claimed);
        if self.keeps() || original == claimed {
            return Ok(());
        }
        match self.session.rename(&self.path_of(claimed), &self.path_of(original)).await? {
            Renamed::Done | Renamed::Gone => Ok(()),
            Renamed::Taken => {
                tracing::info!(
                    file = claimed,
                    "a new file has the name; the claimed one is read first next time"
                );
                Ok(())
            }
            Renamed::Denied => Err(self.not_writable(claimed)),
        }
    }

    /// Moves a file that was read to the archive. It is no error if that was done before.
    pub(super) async fn archive(&self, claimed: &str, now: Timestamp) -> Result<(), ErpError> {
        let directories = claim::archive_directories(&self.settings.archive_directory, now);
        for directory in &directories {
            self.session.make_directory(&self.path_of(directory)).await?;
        }
        let [.., innermost] = directories;
        let original = claim::original_name(claimed);
        let target = |attempt| claim::join(&innermost, &claim::stamped_name(original, now, attempt));
        self.move_to(claimed, target).await.map(drop)
    }

    /// Moves a file that cannot be read out of the way, with a note of the reason, and returns where it is now.
    pub(super) async fn set_aside(
        &self,
        claimed: &str,
        reason: &str,
        now: Timestamp,
    ) -> Result<String, ErpError> {
        let directory = &self.settings.error_directory;
        self.session.make_directory(&self.path_of(directory)).await?;
        let original = claim::original_name(claimed);
        let target = |attempt| match attempt {
            1 => claim::join(directory, original),
            _ => claim::join(directory, &claim::stamped_name(original, now, attempt - 1)),
        };
        let moved = self.move_to(claimed, target).await?;
        let note = format!("{original}: {reason}\nSet aside at {now}.\n");
        self.session.write(&format!("{moved}.err.txt"), note.as_bytes()).await?;
        Ok(moved)
    }

    /// Moves a file to the first name that is free, and returns its path.
    async fn move_to(&self, name: &str, target: impl Fn(u32) -> String) -> Result<String, ErpError> {
        for attempt in 1..=MAX_ATTEMPTS {
            let path = self.path_of(&target(attempt));
            match self.session.rename(&self.path_of(name), &path).await? {
                Renamed::Done | Renamed::Gone => return Ok(path),
                Renamed::Taken => {}
                Renamed::Denied => return Err(self.not_writable(name)),
            }
        }
        Err(ErpError::Rejected(format!(
            "{} cannot be moved to {}: that name and {MAX_ATTEMPTS} others are taken",
            self.path_of(name),
            self.path_of(&target(1))
        )))
    }

    fn not_writable(&self, name: &str) -> ErpError {
        ErpError::Misconfigured(format!(
            "{} on {} may be read but not moved: grant the login write access to {}, or set settings.files.afterRead \
             to keep",
            self.path_of(name),
            self.session.server(),
            self.path
        ))
    }
}
