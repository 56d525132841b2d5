//! What we do with files on the server: list, read, move, write a small one.

use std::borrow::Cow;
use std::pin::Pin;
use std::task::{Context, Poll};

use russh_sftp::client::error::Error as ProtocolError;
use russh_sftp::client::fs::File;
use russh_sftp::octets;
use russh_sftp::protocol::{FileAttributes, StatusCode};
use tokio::io::{AsyncRead, AsyncWriteExt, ReadBuf};

use super::{SftpSession, fault};
use crate::ErpError;

/// A file or directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name, without a directory, by which the server knows it; [`shown`] is for people. Names with `/` are never listed.
    pub name: String,
    /// Its size in bytes, if the server tells.
    pub size: Option<u64>,
    /// When it was last changed, in seconds since 1970; 0 if the server does not tell.
    pub modified: u32,
    /// Whether it is a directory.
    pub is_directory: bool,
    /// Whether it is a link, of which the others tell nothing.
    pub is_link: bool,
}

/// A name or path as people can read it: bytes that are no UTF-8 as the letters of Latin-1, what cannot be seen escaped.
#[must_use]
pub fn shown(name: &str) -> Cow<'_, str> {
    if !name.chars().any(|letter| letter.is_control() || octets::byte_of(letter).is_some()) {
        return Cow::Borrowed(name);
    }
    let mut out = String::with_capacity(name.len());
    for letter in name.chars() {
        let letter = octets::byte_of(letter).map_or(letter, char::from);
        if letter.is_control() {
            out.extend(letter.escape_default());
        } else {
            out.push(letter);
        }
    }
    Cow::Owned(out)
}

impl Entry {
    fn new(name: String, attributes: &FileAttributes) -> Self {
        Self {
            name,
            size: attributes.size,
            modified: attributes.mtime.unwrap_or_default(),
            is_directory: attributes.is_dir(),
            is_link: attributes.is_symlink(),
        }
    }
}

/// What became of a move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renamed {
    /// It is moved.
    Done,
    /// There is nothing of the old name; somebody else was faster.
    Gone,
    /// Something of the new name is there already.
    Taken,
    /// The login may not change this directory.
    Denied,
}

/// A file opened for reading. Several requests are under way at once, so that distance costs little.
pub struct RemoteFile(File);

impl AsyncRead for RemoteFile {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, buffer)
    }
}

/// `result`, with "no such file" as `None`.
fn if_there<T>(result: Result<T, ProtocolError>) -> Result<Option<T>, ProtocolError> {
    match result {
        Ok(found) => Ok(Some(found)),
        Err(error) if fault::status(&error) == Some(StatusCode::NoSuchFile) => Ok(None),
        Err(error) => Err(error),
    }
}

impl SftpSession {
    fn cannot<'a>(&'a self, doing: &'a str, path: &'a str) -> impl Fn(ProtocolError) -> ErpError + 'a {
        move |error| fault::on_path(&self.server, doing, path, &error)
    }

    /// What is in a directory, sorted by name.
    ///
    /// # Errors
    /// When it is missing or may not be read.
    pub async fn list(&self, directory: &str) -> Result<Vec<Entry>, ErpError> {
        let listed = self.protocol.read_dir(directory).await.map_err(self.cannot("list", directory))?;
        let harmless = |name: &str| !name.contains('/') && name != "." && name != "..";
        let mut entries: Vec<Entry> = listed
            .map(|entry| Entry::new(entry.file_name(), &entry.metadata()))
            .filter(|entry| harmless(&entry.name))
            .collect();
        entries.sort_by(|a, b| a.name.cmp(&b.name));
        // A directory that changed a moment ago may name an entry twice: file systems only promise the rest.
        entries.dedup_by(|a, b| a.name == b.name);
        Ok(entries)
    }

    /// What is known of a file or directory; `None` if there is none.
    ///
    /// # Errors
    /// When the server does not tell.
    pub async fn stat(&self, path: &str) -> Result<Option<Entry>, ErpError> {
        let found = if_there(self.protocol.metadata(path).await).map_err(self.cannot("look at", path))?;
        let name = path.rsplit('/').next().unwrap_or(path);
        Ok(found.map(|attributes| Entry::new(name.to_owned(), &attributes)))
    }

    /// Opens a file for reading; `None` if there is none.
    ///
    /// # Errors
    /// When it may not be read.
    pub async fn open(&self, path: &str) -> Result<Option<RemoteFile>, ErpError> {
        let opened = if_there(self.protocol.open(path).await).map_err(self.cannot("read", path))?;
        Ok(opened.map(RemoteFile))
    }

    /// Moves a file, and never over another.
    ///
    /// # Errors
    /// When the connection breaks, or the server refuses for a reason it does not tell.
    pub async fn rename(&self, from: &str, to: &str) -> Result<Renamed, ErpError> {
        let Err(error) = self.protocol.rename(from, to).await else { return Ok(Renamed::Done) };
        match fault::status(&error) {
            Some(StatusCode::NoSuchFile) => Ok(Renamed::Gone),
            Some(StatusCode::PermissionDenied) => Ok(Renamed::Denied),
            // SFTP 3 has no status of its own for "there is one already".
            Some(StatusCode::Failure) if self.stat(to).await?.is_some() => Ok(Renamed::Taken),
            _ => Err(fault::on_path(&self.server, "move", from, &error)),
        }
    }

    /// Makes a directory unless it is there; the one above must be.
    ///
    /// # Errors
    /// When it may not be made.
    pub async fn make_directory(&self, path: &str) -> Result<(), ErpError> {
        if self.stat(path).await?.is_some() {
            return Ok(());
        }
        match self.protocol.create_dir(path).await {
            Ok(()) => Ok(()),
            Err(_) if self.stat(path).await?.is_some_and(|entry| entry.is_directory) => Ok(()),
            Err(error) => Err(fault::on_path(&self.server, "make the directory", path, &error)),
        }
    }

    /// Writes a small file, over what was there.
    ///
    /// # Errors
    /// When it may not be written.
    pub async fn write(&self, path: &str, content: &[u8]) -> Result<(), ErpError> {
        let mut file = self.protocol.create(path).await.map_err(self.cannot("write", path))?;
        let broken = |error: std::io::Error| {
            ErpError::Unavailable(format!("writing {path} on {} broke off: {error}", self.server))
        };
        file.write_all(content).await.map_err(broken)?;
        file.close().await.map_err(broken)
    }

    /// Removes a file. It is no error if there is none.
    ///
    /// # Errors
    /// When it may not be removed.
    pub async fn remove(&self, path: &str) -> Result<(), ErpError> {
        if_there(self.protocol.remove_file(path).await).map_err(self.cannot("remove", path)).map(drop)
    }
}
