//! SFTP: signing in at a server, and the few things we do with its files. Built on `russh`; every failure is told in a
//! sentence that names the server and the path.

mod auth;
mod fault;
mod files;
mod host_key;
mod login;
#[cfg(test)]
mod tests;

pub use files::{Entry, RemoteFile, Renamed, shown};

use std::fmt;

use russh::client::Handle;
use russh_sftp::client::SftpSession as Protocol;

use host_key::HostKeyCheck;

/// The name of a server in messages: `files.example.com:22`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Server {
    host: String,
    port: u16,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A session signed in at an SFTP server. It ends when it is dropped, and with it every file opened through it.
pub struct SftpSession {
    server: Server,
    host_key: String,
    protocol: Protocol,
    /// Keeps the SSH connection under `protocol` alive.
    _connection: Handle<HostKeyCheck>,
}

impl SftpSession {
    /// The fingerprint of the server's host key, `SHA256:…`.
    #[must_use]
    pub fn host_key(&self) -> &str {
        &self.host_key
    }

    /// The server's name and port, as used in messages.
    #[must_use]
    pub fn server(&self) -> String {
        self.server.to_string()
    }
}
