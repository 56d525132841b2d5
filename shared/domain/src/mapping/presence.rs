//! Which of our fields an ERP's records fill: what every record had and suddenly none has is a mistake more often than
//! not, and must not wipe what is here.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::records::EXTRA;

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
pub struct Presence(BTreeMap<String, Occurrence>);

/// How often a field was filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Occurrence {
    /// How many records came before the first that had it; the greatest number where that says nothing of the next pull.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub first: u64,
    /// How many records had it, up to a hundred.
    pub times: u64,
    /// Whether every record had it.
    pub always: bool,
    /// Whether its values are held because no record has it any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub held: bool,
}

/// Stands for a place that cannot be compared: a field is missed only once everything is read.
const NEVER_FIRST: u64 = u64::MAX;

/// Up to this number it is counted how many records had a field.
pub(super) const MAX_TIMES: u64 = 100;

/// Of a field that one record had, nobody knows whether all should.
const MIN_TIMES: u64 = 2;

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it so")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// How a pull compares with those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Records it has read.
    pub read: u64,
    /// Whether it is to bring all that earlier pulls did, in much the same order.
    pub is_full: bool,
    /// Whether it has read everything.
    pub ended: bool,
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
    pub fn add(&mut self, field: String, more: Occurrence) {
        if let Some(known) = self.0.get_mut(&field) {
            known.first = known.first.min(more.first);
            known.times = known.times.max(more.times);
            known.always |= more.always;
        } else if self.0.len() < MAX_FIELDS {
            self.0.insert(field, more);
        }
    }

    /// What this and `later` records had together. `before` is how many records this is of.
    #[must_use]
    pub fn then(mut self, later: &Self, before: u64) -> Self {
        self.join_known(later);
        for (field, more) in later.new_to(&self) {
            self.add(
                field,
                Occurrence { first: before + more.first, always: more.always && before == 0, ..more },
            );
        }
        self
    }

    /// What two parts of a pull had together, in no order.
    pub fn join(&mut self, other: &Self) {
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        self.join_known(other);
        for (field, more) in other.new_to(self) {
            self.add(field, Occurrence { first: NEVER_FIRST, always: false, ..more });
        }
    }

    fn join_known(&mut self, other: &Self) {
        for (field, known) in &mut self.0 {
            let more = other.0.get(field);
            known.always &= more.is_some_and(|more| more.always);
            known.times = (known.times + more.map_or(0, |more| more.times)).min(MAX_TIMES);
        }
    }

    fn new_to(&self, known: &Self) -> Vec<(String, Occurrence)> {
        let new = self.0.iter().filter(|(field, _)| !known.has(field));
        new.map(|(field, seen)| (field.clone(), *seen)).collect()
    }

    /// Leaves out what only some records had. Under another mapping, or other filters, others may have it.
    pub fn retain_certain(&mut self) {
        self.0.retain(|_, known| known.is_certain());
    }

    /// Whether a field is held since an earlier pull.
    #[must_use]
    pub fn holds(&self, field: &str) -> bool {
        self.0.get(field).is_some_and(|known| known.held)
    }

    /// The fields that earlier records had and none of a pull has so far, though it should; with each whether that is
    /// certain before everything is read.
    pub fn vanished<'a>(&'a self, now: &'a Self, pull: Progress) -> impl Iterator<Item = (&'a str, bool)> {
        let vanished = move |(field, known): (&'a String, &'a Occurrence)| {
            // What stands in an object or a list is looked for where there is such a thing.
            let inside = field.split_once('.').filter(|(outer, _)| *outer != EXTRA);
            let (is_looked_for, is_due) = match inside {
                Some((outer, _)) => (now.has_inside(outer), pull.ended),
                None => (true, pull.ended || pull.read > known.first),
            };
            let is_due = known.is_certain() || pull.is_full && is_due;
            let is_missed = pull.read > 0 && is_looked_for && is_due && !now.has(field);
            is_missed.then_some((field.as_str(), known.is_certain()))
        };
        self.0.iter().filter_map(vanished)
    }

    fn has_inside(&self, outer: &str) -> bool {
        let begin = format!("{outer}.");
        self.0.range(begin.clone()..).next().is_some_and(|(field, _)| field.starts_with(&begin))
    }

    /// What to hold the next pull against, after one that had `now`. A `complete` one tells all there is; but what was
    /// held back stays known, and a field that came late once may do so again.
    #[must_use]
    pub fn after(&self, now: &Self, complete: bool, fate: impl Fn(&str) -> MissingFieldOutcome) -> Self {
        if now.is_empty() {
            return self.clone();
        }
        let mut after = Self::default();
        for (field, known) in &self.0 {
            let next = match (now.0.get(field), fate(field)) {
                (Some(seen), _) if complete => {
                    Some(Occurrence { first: known.first.max(seen.first), ..*seen })
                }
                // A field that was held and came again with one document alone was not for every record.
                (Some(seen), _) => Some(Occurrence {
                    always: seen.always && if known.held { seen.times >= MIN_TIMES } else { known.always },
                    times: (known.times + seen.times).min(MAX_TIMES),
                    held: false,
                    ..*known
                }),
                (None, MissingFieldOutcome::Kept) => Some(Occurrence { held: true, ..*known }),
                (None, MissingFieldOutcome::Emptied) => None,
                (None, MissingFieldOutcome::NotMissing) => {
                    (!complete).then_some(Occurrence { always: false, ..*known })
                }
            };
            if let Some(next) = next {
                after.add(field.clone(), next);
            }
        }
        for (field, seen) in now.new_to(self) {
            let known_before = !self.is_empty() && !complete;
            let first = if complete { seen.first } else { NEVER_FIRST };
            after.add(field, Occurrence { first, always: seen.always && !known_before, ..seen });
        }
        after
    }
}

impl Occurrence {
    /// Whether a record without it is out of the ordinary.
    const fn is_certain(&self) -> bool {
        self.held || self.always && self.times >= MIN_TIMES
    }
}

/// What became of a field that earlier records had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MissingFieldOutcome {
    /// Nothing out of the ordinary.
    NotMissing,
    /// Its values were kept.
    Kept,
    /// Its values were emptied.
    Emptied,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(fields: &[(&str, u64, bool)]) -> Presence {
        let mut presence = Presence::default();
        for (field, first, always) in fields {
            let seen = Occurrence { first: *first, times: 9, always: *always, held: false };
            presence.add((*field).to_owned(), seen);
        }
        presence
    }

    fn vanished(before: &Presence, now: &Presence, read: u64, is_full: bool, ended: bool) -> Vec<String> {
        let found = before.vanished(now, Progress { read, is_full, ended });
        found.map(|(field, _)| field.to_owned()).collect()
    }

    #[test]
    fn what_every_record_had_is_missed_at_once_and_the_rest_where_it_used_to_come() {
        let before = of(&[("price", 0, true), ("salePrice", 40, false)]);
        let none = Presence::default();
        assert_eq!(vanished(&before, &none, 1, false, true), ["price"]);
        assert_eq!(vanished(&before, &none, 40, true, false), ["price"]);
        assert_eq!(vanished(&before, &none, 41, true, false), ["price", "salePrice"]);
        assert_eq!(vanished(&before, &none, 5, true, true), ["price", "salePrice"]);
        assert_eq!(vanished(&before, &none, 0, true, true), [""; 0], "no record says nothing");
        assert_eq!(vanished(&before, &of(&[("price", 9, false)]), 100, false, false), [""; 0]);
        let mut once = Presence::default();
        once.add("note".to_owned(), Occurrence { first: 0, times: 1, always: true, held: false });
        assert_eq!(vanished(&once, &none, 9, false, true), [""; 0], "one record is no rule");
    }

    #[test]
    fn a_field_of_lines_is_missed_where_lines_come() {
        let before = of(&[("lines", 0, true), ("lines.sku", 0, true), ("lines.note", 3, false)]);
        let lines = of(&[("lines", 0, true), ("lines.quantity", 0, true)]);
        assert_eq!(vanished(&before, &lines, 9, true, false), ["lines.sku"]);
        assert_eq!(vanished(&before, &lines, 9, true, true), ["lines.note", "lines.sku"]);
        assert_eq!(vanished(&before, &of(&[("lines", 0, true)]), 9, true, true), [""; 0], "no line came");
        assert_eq!(vanished(&before, &of(&[("name", 0, true)]), 9, true, true), ["lines"]);
    }

    #[test]
    fn records_in_a_row_count_together() {
        let first = of(&[("a", 0, true), ("b", 2, false)]);
        let both = first.then(&of(&[("a", 0, true), ("c", 1, false)]), 10);
        assert_eq!(both.0["a"], Occurrence { first: 0, times: 18, always: true, held: false });
        assert_eq!((both.0["b"].first, both.0["c"].first, both.0["c"].always), (2, 11, false));
        assert_eq!(Presence::default().then(&both, 0), both);
        let mut parts = of(&[("a", 0, true)]);
        parts.join(&of(&[("b", 3, true)]));
        assert_eq!(
            (parts.0["a"].always, parts.0["b"].always, parts.0["b"].first),
            (false, false, NEVER_FIRST)
        );
    }

    #[test]
    fn a_complete_pull_tells_all_there_is_but_what_it_held_back_stays_known_and_is_missed_at_once() {
        let before = of(&[("price", 4, false), ("brand", 5, false), ("name", 9, true)]);
        let now = of(&[("name", 2, true), ("new", 0, true)]);
        let fate = |field: &str| {
            if field == "price" { MissingFieldOutcome::Kept } else { MissingFieldOutcome::NotMissing }
        };
        let after = before.after(&now, true, fate);
        assert_eq!((after.has("brand"), after.0["name"].first, after.0["new"].always), (false, 9, true));
        assert!(after.holds("price"));
        assert_eq!(vanished(&after, &now, 1, false, false), ["price"], "in a pull of changes too");

        let some = after.after(&now, false, |_| MissingFieldOutcome::NotMissing);
        assert!(some.has("price") && some.0["new"].always, "a pull of changes forgets nothing");
        let again = after.after(&of(&[("price", 0, true)]), false, |_| MissingFieldOutcome::NotMissing);
        assert!(!again.0["price"].held && again.0["price"].always, "it is in every record again");
        let mut once = Presence::default();
        once.add("price".to_owned(), Occurrence { first: 0, times: 1, always: true, held: false });
        let again = after.after(&once, false, |_| MissingFieldOutcome::NotMissing);
        assert!(!again.0["price"].held && !again.0["price"].always, "one document is no rule");
        assert!(!after.after(&now, false, |_| MissingFieldOutcome::Emptied).has("price"));
        assert_eq!(
            after.after(&Presence::default(), true, |_| MissingFieldOutcome::NotMissing),
            after,
            "nothing came"
        );
    }

    #[test]
    fn what_some_documents_lack_is_no_rule_from_then_on() {
        let first =
            Presence::default().after(&of(&[("note", 0, true)]), false, |_| MissingFieldOutcome::NotMissing);
        assert!(first.0["note"].always);
        let second = first.after(&of(&[("name", 0, true)]), false, |_| MissingFieldOutcome::NotMissing);
        assert!(!second.0["note"].always && !second.0["name"].always);
        assert_eq!(vanished(&second, &of(&[("name", 0, true)]), 5, false, true), [""; 0]);
    }
}
