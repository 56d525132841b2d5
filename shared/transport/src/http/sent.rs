//! Knowing whether a request may have reached the server when no answer came: what was surely not sent can be sent
//! again, what may have been taken must first be asked for.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use thiserror::Error;

use crate::ErpError;

/// No answer came.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unanswered {
    /// The server surely did nothing: the request did not leave us.
    #[error(transparent)]
    NotSent(ErpError),
    /// The server may have done what was asked.
    #[error(transparent)]
    Unknown(ErpError),
}

impl Unanswered {
    /// What happened.
    #[must_use]
    pub const fn error(&self) -> &ErpError {
        match self {
            Self::NotSent(error) | Self::Unknown(error) => error,
        }
    }
}

impl From<Unanswered> for ErpError {
    fn from(unanswered: Unanswered) -> Self {
        match unanswered {
            Unanswered::NotSent(error) | Unanswered::Unknown(error) => error,
        }
    }
}

/// Remembers whether the first byte of a body was handed to a connection. A server that misses the body its headers
/// announce cannot have acted on the request.
#[derive(Debug, Clone, Default)]
pub(super) struct Departure(Arc<AtomicBool>);

impl Departure {
    pub(super) fn has_begun(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// A body that tells when it leaves.
    pub(super) fn watch(&self, bytes: Bytes) -> reqwest::Body {
        reqwest::Body::wrap(Watched { bytes: Some(bytes), departure: self.clone() })
    }
}

struct Watched {
    bytes: Option<Bytes>,
    departure: Departure,
}

impl Body for Watched {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.departure.0.store(true, Ordering::Release);
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
