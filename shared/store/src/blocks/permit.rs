//! The right to write what a run read, for a while.
//!
//! A worker's lease ends by the clock, and another may take its run up then. A write that is sent after that could
//! still succeed where the block is as it was, so it must not be sent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::StoreError;

/// The right to write what a run read until some moment. Clones share it.
#[derive(Debug, Clone)]
pub struct Permit(Arc<Mutex<Option<Instant>>>);

impl Permit {
    /// Lets writes be sent until `until`.
    #[must_use]
    pub fn until(until: Instant) -> Self {
        Self(Arc::new(Mutex::new(Some(until))))
    }

    /// For writes that belong to no run.
    #[must_use]
    pub fn unlimited() -> Self {
        Self(Arc::default())
    }

    /// Moves the end.
    pub fn extend(&self, until: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(until);
    }

    /// Refuses once the end has come.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        let until = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_none_or(|until| Instant::now() < until) { Ok(()) } else { Err(StoreError::Changed) }
    }
}
