//! A bound on how much of a document may pass without a record coming out of it, so that a huge or malicious one
//! cannot fill the memory.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// How many bytes one record, and what stands before it, may take.
const MAX_RECORD_BYTES: usize = 16 * 1024 * 1024;

/// What is left; shared by the stream that spends and the parser that renews.
#[derive(Debug, Clone)]
pub(super) struct Budget(Rc<Cell<usize>>);

impl Budget {
    pub(super) fn new() -> Self {
        Self(Rc::new(Cell::new(MAX_RECORD_BYTES)))
    }

    /// A record came out.
    pub(super) fn renew(&self) {
        self.0.set(MAX_RECORD_BYTES);
    }

    /// `source`, which fails once the budget is spent.
    pub(super) fn bound<R: Read>(&self, source: R) -> Bounded<R> {
        Bounded { source, budget: self.clone() }
    }
}

/// A stream with a budget.
#[derive(Debug)]
pub(super) struct Bounded<R> {
    source: R,
    budget: Budget,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        let left = self.budget.0.get().checked_sub(length).ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidData, "a single record would take more than 16 MB")
        })?;
        self.budget.0.set(left);
        Ok(length)
    }
}
