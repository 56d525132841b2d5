//! What the SSH and SFTP libraries report, in words a person can act on.

use russh_sftp::client::error::Error as ProtocolError;
use russh_sftp::protocol::StatusCode;

use super::{Server, shown};
use crate::ErpError;

/// Before anybody signed in.
pub(super) fn greeting(server: &Server, error: &russh::Error) -> ErpError {
    match error {
        russh::Error::Version | russh::Error::PacketSize(_) => ErpError::Misconfigured(format!(
            "{server} does not answer like an SSH server: check sftpHost and sftpPort"
        )),
        // Also what a busy SSH server does, so it may be worth another try.
        russh::Error::Disconnect | russh::Error::HUP | russh::Error::IO(_) => ErpError::Unavailable(format!(
            "{server} closed the connection before the login: check that sftpHost and sftpPort lead to an SSH server, \
             and that it lets us in"
        )),
        russh::Error::NoCommonAlgo { kind, theirs, .. } => ErpError::Rejected(format!(
            "{server} offers no {kind:?} algorithm that is still considered safe, only {}: have its SSH software updated, \
             or set settings.files.legacyAlgorithms until it is",
            theirs.join(", ")
        )),
        other => lost(server, other),
    }
}

/// When the connection broke.
pub(super) fn lost(server: &Server, error: &russh::Error) -> ErpError {
    ErpError::Unavailable(format!("the SSH connection to {server} was lost: {error}"))
}

/// The status the server answered with, if it answered.
pub(super) fn status(error: &ProtocolError) -> Option<StatusCode> {
    match error {
        ProtocolError::Status(status) => Some(status.status_code),
        _ => None,
    }
}

/// When something could not be done with `path`; `doing` is what, as in "list" or "move".
pub(super) fn on_path(server: &Server, doing: &str, path: &str, error: &ProtocolError) -> ErpError {
    let what = format!("cannot {doing} {} on {server}", shown(path));
    match error {
        ProtocolError::Status(status) => match status.status_code {
            StatusCode::NoSuchFile => {
                ErpError::Misconfigured(format!("{what}: there is no such file or directory"))
            }
            StatusCode::PermissionDenied => ErpError::Misconfigured(format!("{what}: permission denied")),
            StatusCode::NoConnection | StatusCode::ConnectionLost => {
                ErpError::Unavailable(format!("{what}: {error}"))
            }
            _ => ErpError::Rejected(format!("{what}: {}", status.error_message)),
        },
        ProtocolError::Timeout => ErpError::Unavailable(format!("{what}: it did not answer in time")),
        other => ErpError::Unavailable(format!("{what}: {other}")),
    }
}
