//! Orders as files. A server cannot tell whether a file that is no longer there was taken or never came, so each is
//! noted before it gets its name:
//!
//! 1. the order is written as `.NAME.part`;
//! 2. an empty file `.causeway/NAME` notes that it is whole;
//! 3. `.NAME.part` is renamed to `NAME`, never over another;
//! 4. its checksum and its marker are written, if they are wanted.
//!
//! Noted and no longer a part: it was sent, whoever has taken it since. Anything else: it was not.

mod content;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use domain::DataType;
use domain::change::Operation;
use domain::connection::OutgoingFiles;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use transport::ErpError;
use transport::sftp::{Renamed, SftpSession};

use super::{claim, sums};
use crate::{Found, Lookup, Push, PushError, Pushed};

/// Where it is noted what was written.
const NOTES: &str = ".causeway";

/// What is written otherwise in a file's name.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');

/// Writes orders to a directory.
pub(super) struct Outbox {
    session: Arc<SftpSession>,
    directory: String,
    settings: OutgoingFiles,
}

impl Outbox {
    /// Writes into the directory for orders below `path`.
    pub(super) fn new(session: Arc<SftpSession>, path: &str, settings: &OutgoingFiles) -> Self {
        let directory = claim::join(path, &settings.directory);
        Self { session, directory, settings: settings.clone() }
    }

    /// Writes an order.
    ///
    /// # Errors
    /// With what is known of its fate.
    pub(super) async fn push(&self, push: &Push<'_>) -> Result<Pushed, PushError> {
        if push.data_type != DataType::Orders {
            return Err(PushError::Rejected(ErpError::Rejected(format!(
                "files are written of orders only: let the sync config of {} pull",
                push.data_type
            ))));
        }
        let content = content::of(push, &self.settings)?;
        let name = self.name_of(push);
        self.make_directories().await.map_err(PushError::NotSent)?;
        if !self.is_sent(&name).await.map_err(PushError::NotSent)? {
            self.write(&name, &content).await?;
        }
        self.finish(&name).await.map_err(PushError::Unknown)?;
        let message = format!("written to {} as {}", self.session.server(), self.path_of(&name));
        Ok(Pushed { erp_key: None, message })
    }

    /// Looks whether a new order was written, and writes what may be missing beside it.
    ///
    /// # Errors
    /// If the server does not tell.
    pub(super) async fn find(&self, lookup: &Lookup<'_>) -> Result<Option<Found>, ErpError> {
        let name = self.settings.name.replace("{reference}", &escaped(lookup.reference));
        if !self.is_sent(&name).await? {
            return Ok(None);
        }
        self.finish(&name).await?;
        Ok(Some(Found { erp_key: None }))
    }

    async fn is_sent(&self, name: &str) -> Result<bool, ErpError> {
        let is_noted = self.session.stat(&self.note_of(name)).await?.is_some();
        Ok(is_noted && self.session.stat(&self.part_of(name)).await?.is_none())
    }

    async fn write(&self, name: &str, content: &str) -> Result<(), PushError> {
        let (part, path) = (self.part_of(name), self.path_of(name));
        self.session.write(&part, content.as_bytes()).await.map_err(PushError::NotSent)?;
        self.session.write(&self.note_of(name), b"").await.map_err(PushError::NotSent)?;
        match self.session.rename(&part, &path).await.map_err(PushError::Unknown)? {
            Renamed::Done => Ok(()),
            Renamed::Gone => Err(PushError::NotSent(ErpError::Unavailable(format!(
                "{part} was taken away while it was being written: nobody but Causeway may touch names that begin with a dot"
            )))),
            Renamed::Taken => {
                self.session.remove(&part).await.map_err(PushError::NotSent)?;
                self.session.remove(&self.note_of(name)).await.map_err(PushError::NotSent)?;
                Err(PushError::Rejected(ErpError::Rejected(format!(
                    "{path} is there already and is not from here: take it away, then retry the order"
                ))))
            }
            Renamed::Denied => Err(PushError::NotSent(ErpError::Misconfigured(format!(
                "{part} cannot be renamed: grant the login write access to {}",
                self.directory
            )))),
        }
    }

    /// Writes checksum and marker, the marker last. Whoever has taken the file needs neither.
    async fn finish(&self, name: &str) -> Result<(), ErpError> {
        let path = self.path_of(name);
        if let Some(checksum) = self.settings.checksum {
            let Some(sum) = sums::sum(&self.session, &path, checksum).await? else { return Ok(()) };
            let beside = self.path_of(&claim::sum_of(checksum, name));
            self.session.write(&beside, format!("{sum}  {name}\n").as_bytes()).await?;
        }
        if let Some(marker) = &self.settings.done_marker
            && self.session.stat(&path).await?.is_some()
        {
            self.session.write(&self.path_of(&claim::told_by(marker, name)), b"").await?;
        }
        Ok(())
    }

    async fn make_directories(&self) -> Result<(), ErpError> {
        self.session.make_directory(&self.directory).await?;
        self.session.make_directory(&self.path_of(NOTES)).await
    }

    /// The name of an order's file: the same each time for the same content, and for a new order told by its reference.
    fn name_of(&self, push: &Push<'_>) -> String {
        let name = self.settings.name.replace("{reference}", &escaped(push.reference));
        let what = match push.operation {
            Operation::Create => return name,
            Operation::Update => "update",
            Operation::Delete => "delete",
        };
        let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
        let dot = if ending.is_empty() { "" } else { "." };
        format!("{stem}_{what}_{}{dot}{ending}", escaped(push.idempotency_key))
    }

    fn path_of(&self, name: &str) -> String {
        claim::join(&self.directory, name)
    }

    fn part_of(&self, name: &str) -> String {
        self.path_of(&format!(".{name}.part"))
    }

    fn note_of(&self, name: &str) -> String {
        self.path_of(&format!("{NOTES}/{name}"))
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}
