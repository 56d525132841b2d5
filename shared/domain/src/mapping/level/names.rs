//! Which of a level's slots a member's name stands for.

use std::collections::HashMap;

use crate::records::{Field, fold};

/// Most member names that are remembered; an ERP that invents names for each record must not fill the memory.
const MAX_NAMES: usize = 4096;

/// A place that a member can fill, and how telling its name is for it: the lower the better.
#[derive(Debug, Clone, Copy)]
pub(super) struct Match {
    pub(super) slot: usize,
    pub(super) rank: usize,
}

/// The usual names of fields, folded, and the names that this ERP has sent so far.
#[derive(Debug, Default)]
pub(super) struct Names {
    usual: HashMap<String, Match>,
    /// Names as this ERP spells them, with what `usual` says of them.
    seen: HashMap<String, Option<Match>>,
    /// The names of the object before, position by position: the next one mostly has the same.
    last: Vec<(String, Option<Match>)>,
}

impl Names {
    /// Adds the usual names of fields whose slots begin at `slot`. A name that is taken stays taken.
    pub(super) fn add(&mut self, fields: &'static [Field], prefix: &str, slot: usize) {
        for (offset, field) in fields.iter().enumerate() {
            for (rank, name) in field.usual_names.iter().enumerate() {
                let found = Match { slot: slot + offset, rank };
                self.usual.entry(format!("{prefix}{name}")).or_insert(found);
            }
        }
    }

    /// What the name of the member at `position` stands for.
    pub(super) fn find(&mut self, position: usize, name: &str) -> Option<Match> {
        if let Some((last, known)) = self.last.get(position)
            && last == name
        {
            return *known;
        }
        let found = self.look_up(name);
        if position < MAX_NAMES {
            self.last.resize_with(self.last.len().max(position + 1), Default::default);
            self.last[position] = (name.to_owned(), found);
        }
        found
    }

    fn look_up(&mut self, name: &str) -> Option<Match> {
        if let Some(known) = self.seen.get(name) {
            return *known;
        }
        let found = self.usual.get(&fold(name)).copied();
        if self.seen.len() < MAX_NAMES {
            self.seen.insert(name.to_owned(), found);
        }
        found
    }
}
