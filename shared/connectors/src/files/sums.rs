//! Checksums of files on the server.

use std::io::{self, Read};

use aws_lc_rs::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use domain::connection::Checksum;
use md5::{Digest as _, Md5};
use tokio::io::{AsyncRead, AsyncReadExt};
use transport::ErpError;
use transport::sftp::SftpSession;

/// How much is read at once.
const CHUNK_BYTES: usize = 64 << 10;

/// The most that is read of a file that holds a sum: some name the file in it.
const MAX_SUM_FILE_BYTES: u64 = 4096;

/// The sum of a file, in hexadecimal digits; `None` if it is not there.
///
/// # Errors
/// When it cannot be read to its end.
pub(super) async fn sum(
    session: &SftpSession,
    path: &str,
    checksum: Checksum,
) -> Result<Option<String>, ErpError> {
    let Some(mut file) = session.open(path).await? else { return Ok(None) };
    let mut sum = Sum::new(checksum);
    let mut chunk = vec![0; CHUNK_BYTES];
    loop {
        match file.read(&mut chunk).await.map_err(|error| broke_off(path, &error))? {
            0 => return Ok(Some(sum.finish())),
            length => sum.add(&chunk[..length]),
        }
    }
}

/// The sum that a file holds, alone or before a name; `None` if the file is not there or holds no sum yet.
///
/// # Errors
/// When it cannot be read.
pub(super) async fn noted_sum(session: &SftpSession, path: &str) -> Result<Option<String>, ErpError> {
    let Some(file) = session.open(path).await? else { return Ok(None) };
    let mut text = Vec::new();
    read_start(file, &mut text).await.map_err(|error| broke_off(path, &error))?;
    let text = String::from_utf8_lossy(&text).to_ascii_lowercase();
    let first = text.split_ascii_whitespace().next().map(|sum| sum.trim_start_matches('\\'));
    let is_sum = |sum: &&str| sum.len() >= 32 && sum.bytes().all(|byte| byte.is_ascii_hexdigit());
    Ok(first.filter(is_sum).map(str::to_owned))
}

async fn read_start(file: impl AsyncRead + Unpin, text: &mut Vec<u8>) -> io::Result<usize> {
    file.take(MAX_SUM_FILE_BYTES).read_to_end(text).await
}

/// A sum in the making.
enum Sum {
    Md5(Md5),
    Sha(Context),
}

impl Sum {
    fn new(checksum: Checksum) -> Self {
        match checksum {
            Checksum::Md5 => Self::Md5(Md5::new()),
            Checksum::Sha1 => Self::Sha(Context::new(&SHA1_FOR_LEGACY_USE_ONLY)),
            Checksum::Sha256 => Self::Sha(Context::new(&SHA256)),
        }
    }

    fn add(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(md5) => md5.update(bytes),
            Self::Sha(sha) => sha.update(bytes),
        }
    }

    fn finish(self) -> String {
        match self {
            Self::Md5(md5) => hexadecimal(&md5.finalize()),
            Self::Sha(sha) => hexadecimal(sha.finish().as_ref()),
        }
    }
}

/// What a file held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Content {
    /// How many bytes.
    pub size: u64,
    /// Their SHA-256, in hexadecimal digits.
    pub sha256: String,
}

/// A source that is summed up as it is read.
pub(super) struct Summed<R> {
    source: R,
    sum: Sum,
    size: u64,
}

impl<R: Read> Summed<R> {
    pub(super) fn new(source: R) -> Self {
        Self { source, sum: Sum::new(Checksum::Sha256), size: 0 }
    }

    /// Reads what its reader left, and sums up the whole.
    ///
    /// # Errors
    /// When it cannot be read to its end.
    pub(super) fn finish(mut self) -> io::Result<Content> {
        io::copy(&mut self, &mut io::sink())?;
        Ok(Content { size: self.size, sha256: self.sum.finish() })
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.sum.add(&buffer[..length]);
        self.size += length as u64;
        Ok(length)
    }
}

fn broke_off(path: &str, error: &io::Error) -> ErpError {
    ErpError::Unavailable(format!("reading {path} broke off: {error}"))
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
