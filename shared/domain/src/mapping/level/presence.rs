//! Which fields of a level are filled, counted over all objects it was found in.

use super::{Found, Level, Plan, Source, path};
use crate::json::Members;
use crate::mapping::presence::{MAX_TIMES, Occurrence, Presence};
use crate::records::FieldKind;

/// How often each slot was filled.
#[derive(Debug, Default)]
pub(super) struct Count {
    /// Objects so far.
    objects: u64,
    slots: Vec<Filled>,
    /// Slots that the object at hand says are empty, by a null where they are taken from.
    pub(super) explicitly_empty: Vec<bool>,
}

/// How often a slot was filled.
#[derive(Debug, Clone, Copy, Default)]
struct Filled {
    times: u64,
    /// Objects before the first.
    first: u64,
}

impl Count {
    /// Gets ready for the next object of a level with this many slots.
    pub(super) fn begin(&mut self, slots: usize) {
        self.explicitly_empty.clear();
        self.explicitly_empty.resize(slots, false);
        self.slots.resize(slots, Filled::default());
    }

    fn add(&mut self, slot: usize) {
        let filled = &mut self.slots[slot];
        if filled.times == 0 {
            filled.first = self.objects;
        }
        filled.times += 1;
    }

    /// Forgets the last object, in which nothing was found.
    pub(super) const fn forget_empty(&mut self) {
        self.objects = self.objects.saturating_sub(1);
    }

    fn of(&self, slot: usize) -> Option<Occurrence> {
        let Filled { times, first } = self.slots.get(slot).copied()?;
        let always = times == self.objects;
        (times > 0).then_some(Occurrence { first, times: times.min(MAX_TIMES), always, held: false })
    }
}

impl Level {
    /// Counts what was found for an object.
    pub(super) fn count(&mut self, found: &Found<'_>, members: &Members<'_>) {
        let is_filled = |count: &Count, slot: usize, source: &Source| {
            found[slot].is_some()
                || count.explicitly_empty[slot]
                || matches!(source, Source::Path(path) if path.is_explicitly_empty(members))
        };
        for (slot, plan) in self.plans.iter().enumerate() {
            let mut filled = is_filled(&self.count, slot, &plan.source);
            for (offset, source) in plan.flat_sources.iter().enumerate() {
                if is_filled(&self.count, plan.flat + offset, source) {
                    self.count.add(plan.flat + offset);
                    filled = true;
                }
            }
            if filled {
                self.count.add(slot);
            }
        }
        self.count.objects += 1;
    }

    /// How many objects were counted.
    pub(in crate::mapping) const fn counted(&self) -> u64 {
        self.count.objects
    }

    /// Adds which of the level's fields were filled, under their paths from `at` on.
    pub(in crate::mapping) fn add_presence(&self, at: &str, presence: &mut Presence) {
        for (slot, plan) in self.plans.iter().enumerate() {
            let name = path(at, plan.field.name);
            let Some(seen) = self.count.of(slot) else { continue };
            presence.add(name.clone(), seen);
            plan.add_presence(&self.count, &name, presence);
        }
    }
}

impl Plan {
    fn add_presence(&self, count: &Count, at: &str, presence: &mut Presence) {
        if let Some(level) = &self.inner {
            level.add_presence(at, presence);
        }
        let FieldKind::Object(fields) = self.field.kind else { return };
        for (offset, field) in fields.iter().enumerate() {
            if let Some(seen) = count.of(self.flat + offset) {
                presence.add(path(at, field.name), seen);
            }
        }
    }
}
