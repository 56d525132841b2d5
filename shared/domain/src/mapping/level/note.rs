//! What is wrong with a record, and what a person should know of it though it is taken.

use crate::validation::FieldError;

/// Most notes that are kept of one record.
const MAX_NOTES: usize = 20;

/// Something about a record that a person should know, though it is taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// Our field.
    pub field: String,
    /// What became of it.
    pub what: NoteKind,
    /// Why.
    pub message: String,
}

/// What became of a field that did not come through as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoteKind {
    /// It could not be read: the record is without it.
    LeftOut,
    /// It is a time later than can be kept: the last one that can.
    Clamped,
}

/// What is wrong with a record, and what is to be told of it.
#[derive(Debug, Default)]
pub(in crate::mapping) struct Log {
    pub(in crate::mapping) errors: Vec<FieldError>,
    pub(in crate::mapping) notes: Vec<Note>,
}

impl Log {
    pub(super) fn note(&mut self, field: String, what: NoteKind, message: String) {
        if self.notes.len() < MAX_NOTES {
            self.notes.push(Note { field, what, message });
        }
    }
}
