//! What went wrong at an ERP, in the kinds the engine acts on. Nobody reads the sentence to decide.

use std::time::Duration;

use thiserror::Error;

/// A failure while talking to an ERP. The sentence is for a person to act on: it names the server and what to do, and
/// never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ErpError {
    /// The credentials were refused.
    #[error("{0}")]
    Unauthorized(String),
    /// Too many requests; retries are used up.
    #[error("{message}")]
    RateLimited {
        /// What happened.
        message: String,
        /// When the ERP wants to be asked again, if it told.
        retry_after: Option<Duration>,
    },
    /// It could not be reached, timed out or failed by itself; retries are used up. Worth another try later.
    #[error("{0}")]
    Unavailable(String),
    /// It understood and refused; trying again changes nothing.
    #[error("{0}")]
    Rejected(String),
    /// It answered with something that cannot be read.
    #[error("{0}")]
    Malformed(String),
    /// We refused to connect: the address is not allowed, or the server is not the one we knew.
    #[error("{0}")]
    Forbidden(String),
    /// The connection's settings or credentials do not fit; a person must change them.
    #[error("{0}")]
    Misconfigured(String),
}

impl ErpError {
    /// Whether the same request may succeed later without anybody changing anything.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::RateLimited { .. } | Self::Unavailable(_))
    }
}
