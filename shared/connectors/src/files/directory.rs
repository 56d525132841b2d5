//! The directory on the server: which files wait in it, and moving them through claim, archive and error.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use domain::connection::{Checksum, FileAfterRead, FileContent, FileSettings};
use jiff::Timestamp;
use serde::Serialize;
use transport::ErpError;
use transport::sftp::{Entry, Renamed, SftpSession, shown};

use super::claim::{self, Pattern};
use super::sums;

/// How old a file has to be, in seconds by our clock, to be taken for one that nobody writes any more. A server whose clock
/// is behind is noticed at the end of the file.
const YOUNG_S: i64 = 60;

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

/// The files that wait to be read.
pub(super) struct Waiting {
    /// In the order in which they are read.
    pub(super) files: VecDeque<Entry>,
    /// Why others are left alone.
    pub(super) notices: Vec<String>,
}

/// What is noted of a file in its acknowledgement.
#[derive(Debug, Serialize)]
struct Acknowledgement<'a> {
    file: &'a str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
    at: Timestamp,
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

    /// The files that `pattern` takes, by name; those that an earlier run claimed come first. A file whose marker or
    /// checksum is not there yet is left alone, and so is one that is still being written.
    pub(super) async fn waiting(&self, pattern: &Pattern) -> Result<Waiting, ErpError> {
        let mut waiting = self.found(pattern).await?;
        let rest = i64::from(self.settings.rest_seconds);
        let young = Timestamp::now().as_second() - rest.max(YOUNG_S);
        let is_young = |file: &Entry| file.modified == 0 || i64::from(file.modified) > young;
        if rest == 0 || !waiting.files.iter().any(is_young) {
            return Ok(waiting);
        }
        tokio::time::sleep(Duration::from_secs(self.settings.rest_seconds.into())).await;
        let later = self.found(pattern).await?.files;
        waiting.files.retain(|file| {
            let now = later.iter().find(|later| later.name == file.name);
            let rests = now.is_none_or(|now| (now.size, now.modified) == (file.size, file.modified));
            if !rests {
                waiting
                    .notices
                    .push(format!("{} is still being written and waits for the next run", shown(&file.name)));
            }
            rests
        });
        Ok(waiting)
    }

    async fn found(&self, pattern: &Pattern) -> Result<Waiting, ErpError> {
        let mut files = self.session.list(&self.path).await?;
        let names: BTreeSet<String> = files.iter().map(|file| file.name.clone()).collect();
        let marker = self.settings.done_marker.as_deref();
        let markers: BTreeSet<String> = names
            .iter()
            .filter_map(|name| Some(claim::told_by(marker?, claim::original_name(name))))
            .collect();
        let ours = |name: &str| {
            pattern.takes(name) && !markers.contains(name) && !(self.keeps() && claim::is_claimed(name))
        };
        files.retain(|file| !file.is_directory && ours(&file.name));
        files.sort_by_key(|file| !claim::is_claimed(&file.name));
        let mut notices = Vec::new();
        let mut told = Vec::with_capacity(files.len());
        for file in files {
            told.extend(self.followed(file, &mut notices).await?);
        }
        let mut files = told;
        files.retain(|file| {
            let told = self.told_by(&file.name);
            let missing = told.iter().find(|name| !names.contains(*name));
            let lacks = missing.filter(|_| !claim::is_claimed(&file.name));
            notices
                .extend(lacks.map(|missing| format!("{} waits for {}", shown(&file.name), shown(missing))));
            lacks.is_none()
        });
        Ok(Waiting { files: files.into(), notices })
    }

    /// What a link leads to, under its own name; any other file as it is. A link that leads to no file is told.
    async fn followed(&self, file: Entry, notices: &mut Vec<String>) -> Result<Option<Entry>, ErpError> {
        if !file.is_link {
            return Ok(Some(file));
        }
        match self.session.stat(&self.path_of(&file.name)).await {
            Ok(Some(found)) if !found.is_directory => Ok(Some(Entry { name: file.name, ..found })),
            Ok(Some(_)) => {
                notices.push(format!("{} is a link to a directory and was passed over", shown(&file.name)));
                Ok(None)
            }
            Ok(None) => {
                notices
                    .push(format!("{} is a link that leads nowhere and was passed over", shown(&file.name)));
                Ok(None)
            }
            Err(error) if error.is_transient() => Err(error),
            Err(error) => {
                notices.push(error.to_string());
                Ok(None)
            }
        }
    }

    /// The names of the files that tell of a file: its marker and its checksum.
    fn told_by(&self, name: &str) -> Vec<String> {
        let original = claim::original_name(name);
        let marker = self.settings.done_marker.as_deref().map(|pattern| claim::told_by(pattern, original));
        marker.into_iter().chain(self.settings.checksum.map(|sum| claim::sum_of(sum, original))).collect()
    }

    /// What the checksum beside a file says of it; `None` if it is as it should be.
    pub(super) async fn fault_of_sum(&self, name: &str) -> Result<Option<String>, ErpError> {
        let Some(checksum) = self.settings.checksum else { return Ok(None) };
        let beside = claim::sum_of(checksum, claim::original_name(name));
        let noted = sums::noted_sum(&self.session, &self.path_of(&beside)).await?;
        let found = sums::sum(&self.session, &self.path_of(name), checksum).await?;
        Ok(match (noted, found) {
            (None, _) => Some(format!("{beside} holds no checksum")),
            (Some(noted), Some(found)) if noted != found => {
                Some(format!("{beside} says {noted}, but the file sums up to {found}"))
            }
            (Some(_), _) => None,
        })
    }

    /// The SHA-256 of a file; `None` if it is not there.
    pub(super) async fn sha256(&self, name: &str) -> Result<Option<String>, ErpError> {
        sums::sum(&self.session, &self.path_of(name), Checksum::Sha256).await
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
        self.acknowledge(original, None, now).await?;
        self.remove_what_tells_of(original).await?;
        self.move_to(claimed, target).await.map(drop)
    }

    /// Takes away the marker and the checksum of a file that is done with: the next of its name has its own.
    async fn remove_what_tells_of(&self, original: &str) -> Result<(), ErpError> {
        for name in self.told_by(original) {
            self.session.remove(&self.path_of(&name)).await?;
        }
        Ok(())
    }

    /// Writes what became of a file to where the ERP looks for it, if it is wanted.
    async fn acknowledge(
        &self,
        original: &str,
        reason: Option<&str>,
        now: Timestamp,
    ) -> Result<(), ErpError> {
        let Some(pattern) = &self.settings.acknowledgement else { return Ok(()) };
        let directory = self.path_of(&self.settings.push.directory);
        self.session.make_directory(&directory).await?;
        let status = if reason.is_none() { "stored" } else { "refused" };
        let text = serde_json::to_vec(&Acknowledgement { file: &shown(original), status, reason, at: now });
        let text = text.map_err(|error| ErpError::Malformed(error.to_string()))?;
        self.session.write(&claim::join(&directory, &claim::told_by(pattern, original)), &text).await
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
        let note = format!("{}: {reason}\nSet aside at {now}.\n", shown(original));
        self.session.write(&format!("{moved}.err.txt"), note.as_bytes()).await?;
        self.acknowledge(original, Some(reason), now).await?;
        self.remove_what_tells_of(original).await?;
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
            shown(&self.path_of(name)),
            shown(&self.path_of(&target(1)))
        )))
    }

    fn not_writable(&self, name: &str) -> ErpError {
        ErpError::Misconfigured(format!(
            "{} on {} may be read but not moved: grant the login write access to {}, or set settings.files.afterRead \
             to keep",
            shown(&self.path_of(name)),
            self.session.server(),
            self.path
        ))
    }
}
