//! Holds the records of a pull against the shape of earlier ones. Made for every record of a fast pull: what is known is
//! recognised without an allocation and, as records have their members in the same order, mostly by one comparison.

use std::borrow::Cow;
use std::collections::HashMap;

use super::shape::Known;
use super::{Drift, MAX_WATCHED_FIELDS, SchemaPolicy, Shape, ShapeChange, Types};
use crate::json::{Json, Kind};
use crate::validation::FieldError;

/// How deep fields are watched: the record's own, and those of objects directly in it.
const DEPTH: usize = 2;

/// Longest name of a field that is watched: what is known of all of them must fit into one item of the table.
const MAX_NAME_BYTES: usize = 200;

/// Watches the records of one pull.
#[derive(Debug)]
pub struct Watch {
    /// Whether there is nothing to hold records against: the first pull only learns.
    learning: bool,
    record: Level,
    fields: usize,
    /// Whether any record was seen.
    any: bool,
    /// Whether more was seen than [`Watch::grown`] told.
    grew: bool,
}

/// The fields of a record, or of an object in it.
#[derive(Debug, Default)]
struct Level {
    fields: Vec<Field>,
    index: HashMap<Box<str>, usize>,
    /// Which field stood at each place of the object before: the next one mostly has the same.
    last: Vec<usize>,
}

#[derive(Debug)]
struct Field {
    name: Box<str>,
    /// What earlier pulls saw in it, if they saw it.
    before: Option<Types>,
    /// What this pull saw in it, if it did.
    now: Option<Types>,
    inner: Level,
}

impl Watch {
    /// Holds records against `before`, the shape after the last pull.
    #[must_use]
    pub fn new(before: &Shape) -> Self {
        let record = Level::default();
        let mut watch = Self { learning: before.is_empty(), record, fields: 0, any: false, grew: false };
        watch.learn(before, |field, types| field.before = Some(types));
        watch
    }

    /// Goes on from what another worker of this pull saw, or another part of it.
    pub fn join(&mut self, seen: &Shape) {
        self.any |= !seen.is_empty();
        self.learn(seen, |field, types| field.now = Some(field.now.unwrap_or_default().and(types)));
    }

    fn learn(&mut self, shape: &Shape, note: impl Fn(&mut Field, Types)) {
        for (name, known) in shape.fields() {
            let Some(field) = self.record.get_or_add(name, &mut self.fields) else { return };
            note(field, known.types);
            for (name, types) in &known.fields {
                let Some(inner) = field.inner.get_or_add(name, &mut self.fields) else { return };
                note(inner, *types);
            }
        }
    }

    /// Looks at a record, given its members; says whether it departs from earlier pulls.
    pub fn look(&mut self, members: &[(Cow<'_, str>, Json<'_>)]) -> bool {
        self.any = true;
        let mut look =
            Look { departs: false, learning: self.learning, fields: &mut self.fields, grew: self.grew };
        for (position, (name, value)) in members.iter().enumerate() {
            look.at(&mut self.record, position, name, *value, DEPTH);
        }
        self.grew = look.grew;
        look.departs
    }

    /// In what a record that was looked at departs from earlier pulls, field by field.
    #[must_use]
    pub fn departures(&self, members: &[(Cow<'_, str>, Json<'_>)]) -> Vec<FieldError> {
        let mut errors = Vec::new();
        for (name, value) in members {
            self.departs(&self.record, "", name, *value, &mut errors);
        }
        errors
    }

    fn departs(&self, level: &Level, at: &str, name: &str, value: Json<'_>, errors: &mut Vec<FieldError>) {
        let Some(field) = level.index.get(name).map(|found| &level.fields[*found]) else { return };
        let types = Types::of(value.kind());
        if !self.learning && field.departs(types) {
            let message = match field.before {
                None => "is a field that earlier records do not have".to_owned(),
                Some(before) => format!("held {before} in earlier records, the ERP sent {}", value.kind()),
            };
            errors.push(FieldError::new(format!("{at}{name}"), message));
        } else if value.kind() == Kind::Object && at.is_empty() {
            let at = format!("{name}.");
            value.each_member(|name, value| self.departs(&field.inner, &at, name, value, errors));
        }
    }

    /// Returns the shape of the records that this pull has seen so far.
    #[must_use]
    pub fn seen(&self) -> Shape {
        self.shape(|field| field.now)
    }

    /// The same, to be kept for the worker that goes on; `None` if it is no more than was told before.
    pub fn grown(&mut self) -> Option<Shape> {
        std::mem::take(&mut self.grew).then(|| self.seen())
    }

    /// How the shape changed. That a field vanished is told only if the pull was `complete` and had records.
    #[must_use]
    pub fn drift(&self, complete: bool) -> Vec<Drift> {
        let mut drift = Vec::new();
        if !self.learning {
            self.record.drift("", complete && self.any, &mut drift);
        }
        drift
    }

    /// The shape to hold the next pull against. Under [`SchemaPolicy::Freeze`] it stays as it was once learnt, else what
    /// appeared is known from now on, and what vanished from a `complete` pull is forgotten.
    #[must_use]
    pub fn shape_after(&self, policy: SchemaPolicy, complete: bool) -> Shape {
        let forget = complete && self.any;
        let frozen = policy == SchemaPolicy::Freeze && !self.learning;
        self.shape(|field| match (field.before, field.now) {
            (Some(before), _) if frozen && !before.is_empty() => Some(before),
            (Some(before), Some(now)) => Some(before.and(now)),
            (Some(before), None) => (frozen || !forget).then_some(before),
            (None, now) => now.filter(|_| !frozen),
        })
    }

    fn shape(&self, types: impl Fn(&Field) -> Option<Types>) -> Shape {
        let mut shape = Shape::default();
        for field in &self.record.fields {
            let Some(own) = types(field) else { continue };
            let inner = field.inner.fields.iter();
            let fields = inner.filter_map(|inner| Some((inner.name.to_string(), types(inner)?))).collect();
            shape.add(&field.name, Known { types: own, fields });
        }
        shape
    }
}

/// The look at one record.
struct Look<'w> {
    departs: bool,
    learning: bool,
    fields: &'w mut usize,
    grew: bool,
}

impl Look<'_> {
    fn at(&mut self, level: &mut Level, position: usize, name: &str, value: Json<'_>, depth: usize) {
        let kind = value.kind();
        let found = match level.find(name, position) {
            Some(found) => Some(&mut level.fields[found]),
            None => level.get_or_add(name, self.fields),
        };
        let Some(field) = found else { return };
        let types = Types::of(kind);
        if field.now.is_none_or(|now| !now.contain(types)) {
            field.now = Some(field.now.unwrap_or_default().and(types));
            self.grew = true;
        }
        self.departs |= !self.learning && field.departs(types);
        if kind == Kind::Object && depth > 1 {
            let mut position = 0;
            value.each_member(|name, value| {
                self.at(&mut field.inner, position, name, value, depth - 1);
                position += 1;
            });
        }
    }
}

impl Level {
    /// Where the field is that stands at `position` of an object; most likely where the last one was that stood there.
    fn find(&mut self, name: &str, position: usize) -> Option<usize> {
        if let Some(last) = self.last.get(position)
            && *self.fields[*last].name == *name
        {
            return Some(*last);
        }
        let found = *self.index.get(name)?;
        if position < MAX_WATCHED_FIELDS {
            self.last.resize(self.last.len().max(position + 1), found);
            self.last[position] = found;
        }
        Some(found)
    }

    fn get_or_add(&mut self, name: &str, fields: &mut usize) -> Option<&mut Field> {
        let position = match self.index.get(name) {
            Some(position) => *position,
            None if *fields == MAX_WATCHED_FIELDS || name.len() > MAX_NAME_BYTES => return None,
            None => {
                *fields += 1;
                self.index.insert(name.into(), self.fields.len());
                self.fields.push(Field {
                    name: name.into(),
                    before: None,
                    now: None,
                    inner: Self::default(),
                });
                self.fields.len() - 1
            }
        };
        self.fields.get_mut(position)
    }

    fn drift(&self, at: &str, complete: bool, drift: &mut Vec<Drift>) {
        for field in &self.fields {
            let change = match (field.before, field.now) {
                (None, Some(now)) => Some(ShapeChange::Appeared(now)),
                (Some(_), None) => complete.then_some(ShapeChange::Vanished),
                (Some(from), Some(now)) if !from.is_empty() && !from.contain(now) => {
                    Some(ShapeChange::Retyped { from, to: now.without(from) })
                }
                _ => None,
            };
            let name = format!("{at}{}", field.name);
            let object =
                |types: Option<Types>| types.is_some_and(|types| types.contain(Types::of(Kind::Object)));
            // Of an object that comes or goes as a whole, its fields are not told one by one.
            if object(field.before) && object(field.now) {
                field.inner.drift(&format!("{name}."), complete, drift);
            }
            drift.extend(change.map(|change| Drift { field: name, change }));
        }
    }
}

impl Field {
    /// Whether earlier pulls did not see such a value in it. A field that was always null may hold anything.
    fn departs(&self, types: Types) -> bool {
        self.before.is_none_or(|before| !before.is_empty() && !before.contain(types))
    }
}
