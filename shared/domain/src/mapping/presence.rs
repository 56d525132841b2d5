//! Which of our fields an ERP's records fill: what every record had and suddenly none has is a mistake more often than
//! not, and must not wipe what is here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most fields that are told: a user may name hundreds of their own, and all of them must fit into one item of the table.
const MAX_FIELDS: usize = 1_000;

/// What becomes of a field that earlier records filled and no record fills any more, as when it was renamed at the ERP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MissingFieldPolicy {
    /// Its values are kept as they were; all else is stored. The run says so.
    #[default]
    Keep,
    /// The run ends in error before anything is stored.
    Stop,
    /// Its values are emptied. The run says so.
    Null,
}

/// The fields that records filled, by our names: `price`, `shippingAddress.city`, `lines.sku`, `extra.colour`. A value of
/// null counts as one: the ERP says that there is none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Presence(BTreeMap<String, Sightings>);

/// How often a field was filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sightings {
    /// How many records came before the first that had it.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub first: u64,
    /// Whether every record had it.
    pub always: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Presence {
    /// Whether nothing was filled, or nothing seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any record filled a field.
    #[must_use]
    pub fn has(&self, field: &str) -> bool {
        self.0.contains_key(field)
    }

    /// Adds what is known of a field; of the same field found in two ways, what holds for both.
    pub fn add(&mut self, field: String, more: Sightings) {
        if let Some(known) = self.0.get_mut(&field) {
            known.first = known.first.min(more.first);
            known.always |= more.always;
        } else if self.0.len() < MAX_FIELDS {
            self.0.insert(field, more);
        }
    }

    /// What this and `later` records had together. `before` is how many records this is of.
    #[must_use]
    pub fn then(mut self, later: &Self, before: u64) -> Self {
        for (field, known) in &mut self.0 {
            known.always &= later.0.get(field).is_some_and(|later| later.always);
        }
        for (field, more) in &later.0 {
            if !self.has(field) {
                let seen = Sightings { first: before + more.first, always: more.always && before == 0 };
                self.add(field.clone(), seen);
            }
        }
        self
    }

    /// What two pulls of different records had together.
    pub fn join(&mut self, other: &Self) {
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        for (field, known) in &mut self.0 {
            known.always &= other.0.get(field).is_some_and(|other| other.always);
        }
        for (field, more) in &other.0 {
            if !self.has(field) {
                self.add(field.clone(), Sightings { always: false, ..*more });
            }
        }
    }

    /// The fields that earlier records had and none of a pull has so far, though it should: it has read `read` records,
    /// and is to bring what earlier pulls did, in much the same order, if `is_full`; all of it, once it has `ended`.
    pub fn vanished<'a>(
        &'a self,
        now: &'a Self,
        read: u64,
        is_full: bool,
        ended: bool,
    ) -> impl Iterator<Item = &'a str> {
        let vanished = move |(field, known): (&'a String, &'a Sightings)| {
            // What stands in an object or a list is looked for where there is such a thing.
            let inside = field.split_once('.').filter(|(outer, _)| *outer != crate::records::EXTRA);
            let due = match inside {
                Some((outer, _)) => now.has(outer) && known.always,
                None => known.always || is_full && (ended || read > known.first),
            };
            (read > 0 && due && !now.has(field)).then_some(field.as_str())
        };
        self.0.iter().filter_map(vanished)
    }

    /// What to hold the next pull against, after one that had `now`. A `full` one tells all there is; but what it held
    /// back (`held`) stays known, and a field that comes late once may do so again.
    #[must_use]
    pub fn after(&self, now: &Self, is_full: bool, is_held: impl Fn(&str) -> bool) -> Self {
        if self.is_empty() {
            return now.clone();
        }
        let mut after = Self::default();
        for (field, known) in &self.0 {
            match now.0.get(field) {
                Some(seen) if is_full => {
                    after.add(field.clone(), Sightings { first: known.first.max(seen.first), ..*seen });
                }
                Some(seen) => {
                    after.add(field.clone(), Sightings { always: known.always && seen.always, ..*known })
                }
                None if !is_full || is_held(field) => after.add(field.clone(), *known),
                None => {}
            }
        }
        for (field, seen) in now.0.iter().filter(|(field, _)| !self.has(field)) {
            after.add(field.clone(), Sightings { always: seen.always && is_full, ..*seen });
        }
        after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &[(&str, u64, bool)]) -> Presence {
        let mut presence = Presence::default();
        for (field, first, always) in fields {
            presence.add((*field).to_owned(), Sightings { first: *first, always: *always });
        }
        presence
    }

    fn vanished(before: &Presence, now: &Presence, read: u64, is_full: bool, ended: bool) -> Vec<String> {
        before.vanished(now, read, is_full, ended).map(str::to_owned).collect()
    }

    #[test]
    fn what_every_record_had_is_missed_at_once_and_the_rest_where_it_used_to_come() {
        let before = of(&[("price", 0, true), ("salePrice", 40, false)]);
        let none = Presence::default();
        assert_eq!(vanished(&before, &none, 1, false, false), ["price"]);
        assert_eq!(vanished(&before, &none, 40, true, false), ["price"]);
        assert_eq!(vanished(&before, &none, 41, true, false), ["price", "salePrice"]);
        assert_eq!(vanished(&before, &none, 5, true, true), ["price", "salePrice"]);
        assert_eq!(vanished(&before, &none, 0, true, true), [""; 0], "no record says nothing");
        assert_eq!(vanished(&before, &of(&[("price", 9, false)]), 100, false, false), [""; 0]);
    }

    #[test]
    fn a_field_of_lines_is_missed_where_lines_come() {
        let before = of(&[("lines", 0, true), ("lines.sku", 0, true), ("lines.note", 3, false)]);
        assert_eq!(vanished(&before, &of(&[("lines", 0, true)]), 9, true, true), ["lines.sku"]);
        assert_eq!(vanished(&before, &Presence::default(), 9, true, true), ["lines"]);
    }

    #[test]
    fn records_in_a_row_count_together() {
        let first = of(&[("a", 0, true), ("b", 2, false)]);
        let both = first.then(&of(&[("a", 0, true), ("c", 1, false)]), 10);
        assert_eq!(both, of(&[("a", 0, true), ("b", 2, false), ("c", 11, false)]));
        assert_eq!(Presence::default().then(&both, 0), both);
    }

    #[test]
    fn a_full_pull_tells_all_there_is_but_what_it_held_back_stays_known() {
        let before = of(&[("price", 0, true), ("brand", 5, false), ("name", 9, true)]);
        let now = of(&[("name", 2, true), ("new", 0, true)]);
        let full = before.after(&now, true, |field| field == "price");
        assert_eq!(full, of(&[("price", 0, true), ("name", 9, true), ("new", 0, true)]));
        let some = before.after(&now, false, |_| false);
        assert_eq!(
            some,
            of(&[("price", 0, true), ("brand", 5, false), ("name", 9, true), ("new", 0, false)])
        );
    }
}
