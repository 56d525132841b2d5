//! What an answer says of the fate of a record that was sent.

use domain::change::Operation;
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, is_turned_away};

use crate::PushError;

/// What became of a record that the ERP did not refuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It was done as asked.
    Done,
    /// It was to be deleted, and was not there any more.
    WasGone,
}

/// Judges by the status. `idempotent`: the ERP heeds our idempotency key, so that a conflict over a new record means
/// that it is still at work on it.
///
/// # Errors
/// With what is known of the record's fate.
pub(crate) fn fate(
    answer: &HttpAnswer,
    request: &HttpRequest,
    operation: Operation,
    idempotent: bool,
) -> Result<Fate, PushError> {
    let failure = || answer.failure(request);
    match (answer.status.as_u16(), operation) {
        (200..=299, _) => Ok(Fate::Done),
        (404 | 410, Operation::Delete) => Ok(Fate::WasGone),
        (401, _) => Err(PushError::NotSent(failure())),
        _ if is_turned_away(answer.status) => Err(PushError::NotSent(failure())),
        (409, Operation::Create) if idempotent => Err(PushError::Unknown(ErpError::Unavailable(format!(
            "{}: the ERP is still at work on an earlier request with the same Idempotency-Key",
            failure()
        )))),
        (408, _) => Err(PushError::Unknown(failure())),
        (400..=499, _) => Err(PushError::Rejected(failure())),
        _ => Err(PushError::Unknown(failure())),
    }
}
