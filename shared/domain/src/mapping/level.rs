//! One level of a canonical record: which of the ERP's members fill which of its fields, and the writing of it.

mod list;
mod names;
mod note;
mod presence;
mod source;
mod sources;

use std::borrow::Cow;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::coerce::{self, Fault, Style, Wrote};
use super::path::Path;
use super::program::Program;
use crate::json::{Json, Kind, Members};
use crate::records::{Field, FieldKind};
use crate::validation::FieldError;
use names::{Match, Names};
pub(super) use note::Log;
pub use note::{Note, NoteKind};
use presence::Count;
use source::Source;

/// What was found for each slot.
pub(super) type Found<'a> = Vec<Option<Json<'a>>>;

/// One field of the level. Slots count fields first, then the inner fields of objects found flat.
#[derive(Debug)]
struct Plan {
    field: &'static Field,
    source: Source,
    /// For objects and lists: how an object found whole is read.
    inner: Option<Level>,
    /// For objects: where the slots of flat inner fields begin, and what each is taken from.
    flat: usize,
    flat_sources: Vec<Source>,
}

/// The fields of one level.
#[derive(Debug)]
pub(super) struct Level {
    plans: Vec<Plan>,
    slots: usize,
    names: Names,
    /// What is done to single slots before they are written.
    programs: Vec<(usize, Program)>,
    count: Count,
}

impl Level {
    pub(super) fn new(fields: &'static [Field]) -> Self {
        let mut level = Self {
            plans: Vec::with_capacity(fields.len()),
            slots: fields.len(),
            names: Names::default(),
            programs: Vec::new(),
            count: Count::default(),
        };
        level.names.add(fields, "", 0);
        for field in fields {
            let plan = level.plan(field);
            level.plans.push(plan);
        }
        level
    }

    fn plan(&mut self, field: &'static Field) -> Plan {
        let flat = self.slots;
        let (inner, flat_sources) = match field.kind {
            FieldKind::Object(fields) => {
                for prefix in field.prefixes {
                    self.names.add(fields, prefix, flat);
                }
                self.slots += fields.len();
                (Some(Self::new(fields)), fields.iter().map(|_| Source::UsualNames).collect())
            }
            FieldKind::List(fields) => (Some(Self::new(fields)), Vec::new()),
            _ => (None, Vec::new()),
        };
        Plan { field, source: Source::UsualNames, inner, flat, flat_sources }
    }

    /// Takes a field from a path, or from nowhere.
    pub(super) fn take_from(&mut self, field: &'static Field, path: Option<Path>) {
        if let Some(plan) = self.plans.iter_mut().find(|plan| plan.field.name == field.name) {
            plan.source = path.map_or(Source::Nowhere, Source::Path);
        }
    }

    /// Takes a field inside an object field from a path, or from nowhere.
    pub(super) fn take_inner_from(
        &mut self,
        outer: &'static Field,
        inner: &'static Field,
        path: Option<Path>,
    ) {
        let FieldKind::Object(fields) = outer.kind else { return };
        let Some(plan) = self.plans.iter_mut().find(|plan| plan.field.name == outer.name) else { return };
        let position = fields.iter().position(|field| field.name == inner.name);
        if let Some(source) = position.and_then(|position| plan.flat_sources.get_mut(position)) {
            *source = path.map_or(Source::Nowhere, Source::Path);
        }
    }

    /// Puts `program` between a field and what is found for it. It also counts for `inner` fields of an object or a
    /// list, wherever they are found.
    pub(super) fn transform(&mut self, field: &Field, inner: Option<&Field>, program: &Program) {
        let Some(slot) = self.plans.iter().position(|plan| plan.field.name == field.name) else { return };
        let Some(inner) = inner else { return self.programs.push((slot, program.clone())) };
        let plan = &mut self.plans[slot];
        if let FieldKind::Object(fields) = field.kind
            && let Some(offset) = fields.iter().position(|field| field.name == inner.name)
        {
            self.programs.push((plan.flat + offset, program.clone()));
        }
        if let Some(level) = &mut plan.inner {
            level.transform(inner, None, program);
        }
    }

    /// Runs the programs over what was found; says what is new, slot by slot, as JSON.
    pub(super) fn transformed<'a>(
        &self,
        found: &Found<'a>,
        record: Json<'a>,
        members: &Members<'a>,
        style: &Style<'_>,
        at: &str,
        errors: &mut Vec<FieldError>,
    ) -> Vec<(usize, Option<String>)> {
        let mut changed = Vec::with_capacity(self.programs.len());
        for (slot, program) in &self.programs {
            let outcome = program.run(found[*slot], record, members, style);
            changed.push((
                *slot,
                outcome.unwrap_or_else(|message| {
                    errors.push(FieldError::new(path(at, &self.name_of(*slot)), message));
                    None
                }),
            ));
        }
        changed
    }

    /// The name of what a slot fills.
    fn name_of(&self, slot: usize) -> String {
        let name = |plan: &Plan| match plan.field.kind {
            FieldKind::Object(fields) => {
                let inner = slot.checked_sub(plan.flat).and_then(|offset| fields.get(offset))?;
                Some(path(plan.field.name, inner.name))
            }
            _ => None,
        };
        let own = self.plans.get(slot).map(|plan| plan.field.name.to_owned());
        own.or_else(|| self.plans.iter().find_map(name)).unwrap_or_default()
    }

    /// Finds what fills each slot, and counts it.
    pub(super) fn find<'a>(&mut self, record: Json<'a>, members: &Members<'a>) -> Found<'a> {
        let found = self.locate(record, members);
        self.count(&found, members);
        found
    }

    /// Finds what fills each slot.
    pub(super) fn locate<'a>(&mut self, record: Json<'a>, members: &Members<'a>) -> Found<'a> {
        let mut found: Found<'a> = vec![None; self.slots];
        let mut ranks = vec![usize::MAX; self.slots];
        self.count.begin(self.slots);
        for (position, (name, value)) in members.iter().enumerate() {
            let Some(Match { slot, rank }) = self.names.find(position, name) else { continue };
            if value.kind() == Kind::Null {
                self.count.explicitly_empty[slot] = true;
                continue;
            }
            // Of members of one name the last counts, as it does for most readers of JSON.
            if rank <= ranks[slot] {
                ranks[slot] = rank;
                found[slot] = Some(*value);
            }
        }
        for (slot, plan) in self.plans.iter().enumerate() {
            let explicitly_empty = &mut self.count.explicitly_empty;
            plan.source.overrule(&mut found[slot], &mut explicitly_empty[slot], record, members);
            for (offset, source) in plan.flat_sources.iter().enumerate() {
                let slot = plan.flat + offset;
                source.overrule(&mut found[slot], &mut explicitly_empty[slot], record, members);
            }
        }
        found
    }

    /// Writes the level as an object, noting what cannot be written; says whether any field is filled. `at` is the path of
    /// the level, for the errors.
    pub(super) fn write(
        &mut self,
        found: &Found<'_>,
        at: &str,
        style: &Style<'_>,
        out: &mut Vec<u8>,
        log: &mut Log,
    ) -> bool {
        out.push(b'{');
        let mut first = true;
        for (slot, plan) in self.plans.iter_mut().enumerate() {
            let before = out.len();
            if !first {
                out.push(b',');
            }
            out.push(b'"');
            out.extend_from_slice(plan.field.name.as_bytes());
            out.extend_from_slice(b"\":");
            let written = plan.write(found[slot], found, at, style, out, log);
            if written {
                first = false;
            } else {
                out.truncate(before);
            }
        }
        out.push(b'}');
        !first
    }

    /// The text of a field, if it has one.
    pub(super) fn text(&self, found: &Found<'_>, name: &str) -> Option<String> {
        let slot = self.plans.iter().position(|plan| plan.field.name == name)?;
        coerce::text(coerce::unwrapped(found[slot]?)).ok().flatten().map(Cow::into_owned)
    }

    /// The moment in a field, if it has one.
    pub(super) fn moment(&self, found: &Found<'_>, name: &str, zone: &TimeZone) -> Option<Timestamp> {
        let slot = self.plans.iter().position(|plan| plan.field.name == name)?;
        coerce::moment(found[slot]?, zone)
    }
}

impl Plan {
    /// Writes the field's value; says whether there was one.
    fn write(
        &mut self,
        value: Option<Json<'_>>,
        found: &Found<'_>,
        at: &str,
        style: &Style<'_>,
        out: &mut Vec<u8>,
        log: &mut Log,
    ) -> bool {
        let before = out.len();
        let written = match (self.field.kind, value) {
            (FieldKind::Object(_), Some(value)) if value.kind() == Kind::Object => {
                Ok(as_wrote(self.write_inner(value, &path(at, self.field.name), style, out, log)))
            }
            (FieldKind::Object(fields), _) => {
                Ok(as_wrote(self.write_flat(fields, found, at, style, out, log)))
            }
            (FieldKind::List(_), Some(value)) => self.write_list(value, at, style, out, log).map(as_wrote),
            (_, Some(value)) => coerce::write(self.field.kind, value, style, out),
            (_, None) => Ok(Wrote::Nothing),
        };
        let wrote = settle(self.field, written, at, value, log);
        if !wrote {
            out.truncate(before);
        }
        if !wrote && self.field.required {
            let field = path(at, self.field.name);
            if log.errors.iter().all(|error| error.field != field) {
                log.errors.push(FieldError::new(field, self.source.sent_none()));
            }
        }
        wrote
    }

    /// Writes an object found whole; says whether it has a field that we know.
    fn write_inner(
        &mut self,
        value: Json<'_>,
        at: &str,
        style: &Style<'_>,
        out: &mut Vec<u8>,
        log: &mut Log,
    ) -> bool {
        let Some(level) = &mut self.inner else { return false };
        let start = out.len();
        let members = value.members();
        let mut found = level.find(value, &members);
        let changed = level.transformed(&found, value, &members, style, at, &mut log.errors);
        lay_over(&mut found, &changed);
        let filled = level.write(&found, at, style, out, log);
        if !filled {
            out.truncate(start);
        }
        filled
    }

    /// Writes an object whose fields were found flat, beside the record's own.
    fn write_flat(
        &self,
        fields: &'static [Field],
        found: &Found<'_>,
        at: &str,
        style: &Style<'_>,
        out: &mut Vec<u8>,
        log: &mut Log,
    ) -> bool {
        out.push(b'{');
        let mut any = false;
        for (offset, field) in fields.iter().enumerate() {
            let Some(value) = found[self.flat + offset] else { continue };
            let before = out.len();
            out.extend_from_slice(if any { b",\"" } else { b"\"" });
            out.extend_from_slice(field.name.as_bytes());
            out.extend_from_slice(b"\":");
            let written = coerce::write(field.kind, value, style, out);
            if settle(field, written, &path(at, self.field.name), Some(value), log) {
                any = true;
            } else {
                out.truncate(before);
            }
        }
        out.push(b'}');
        any
    }
}

const fn as_wrote(any: bool) -> Wrote {
    if any { Wrote::Value } else { Wrote::Nothing }
}

/// Decides what a value that could not be written costs; says whether one was. An optional field costs itself. The record
/// is set aside where the field is required, where the value can be read two ways, and where a line would become another
/// one without it: without its article, its quantity or its price.
fn settle(
    field: &Field,
    written: Result<Wrote, Fault>,
    at: &str,
    value: Option<Json<'_>>,
    log: &mut Log,
) -> bool {
    let fault = match written {
        Ok(Wrote::Nothing) => return false,
        Ok(Wrote::Value) => return true,
        Ok(Wrote::Clamped) => {
            let sent = value.map_or_else(String::new, |value| coerce::shown(value.text()));
            log.note(path(at, field.name), NoteKind::Clamped, format!("the ERP sent {sent}"));
            return true;
        }
        Err(fault) => fault,
    };
    let is_number = matches!(field.kind, FieldKind::Money | FieldKind::Quantity);
    let of_line = at.bytes().any(|byte| byte.is_ascii_digit()) && (is_number || field.name == "sku");
    let costs_the_record = field.required || of_line || matches!(fault, Fault::Doubtful(_));
    let (field, message) = (path(at, field.name), fault.into_message());
    if costs_the_record {
        log.errors.push(FieldError::new(field, message));
    } else {
        log.note(field, NoteKind::LeftOut, message);
    }
    false
}

/// Puts what transformations made in the place of what was found.
pub(super) fn lay_over<'a>(found: &mut Found<'a>, changed: &'a [(usize, Option<String>)]) {
    for (slot, value) in changed {
        found[*slot] = value.as_deref().map(Json::written);
    }
}

fn path(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}
