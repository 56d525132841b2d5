//! Turns a record as an ERP sent it into our canonical form.
//!
//! A config's `fieldMapping` names the source of single fields; every other field is found by its usual names. It is
//! compiled once per run into a [`Mapper`], which reads each record once and writes the canonical JSON. On the way from
//! its source to its form a field may be transformed; records that filters leave out are not mapped at all.

mod apply;
mod coerce;
mod deletion;
pub mod drift;
mod extra;
mod filter;
mod level;
mod path;
mod presence;
mod program;
mod retain;
mod rules;
mod sources;
mod step;
mod suggestion;
mod time;
mod time_format;
mod transformation;
mod worked;

pub use deletion::Deletion;
pub use filter::{Filter, Filters, check_filters};
pub use level::{Note, NoteKind};
pub use path::FieldPath;
pub use presence::{MissingFieldOutcome, MissingFieldPolicy, Occurrence, Presence, Progress};
pub use retain::retain;
pub(crate) use rules::check_rules;
pub use rules::{Rules, RulesOverride, check_overrides};
pub use sources::{FilledBy, Source, Unfilled, fills_by_itself, unfilled};
pub use suggestion::Paths;
pub use transformation::{Operation, Transformation, check_transformations};

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::data_type::DataType;
use crate::json::{Kind, Members, Opened};
use crate::notation::Notations;
use crate::records::{EXTRA, Field, FieldKind, MAX_KEY_BYTES, fields_of, key_fields};
use crate::validation::{Checks, FieldError};
use coerce::Style;
use drift::{SchemaPolicy, Watch};
use extra::Extra;
use level::{Level, Log};
use path::Path;
use program::Program;

/// Our field (`sku`, `shippingAddress.city`, `extra.colour`) to the path of theirs: a name, a dotted path or a
/// JSONPath (RFC 9535) that begins with `$`. `null` leaves the field empty.
pub type FieldMapping = BTreeMap<String, Option<String>>;

/// Most entries a mapping may have.
const MAX_ENTRIES: usize = 500;

/// Most bytes its names and paths may have together: a sync config must fit into one item of the table.
const MAX_MAPPING_BYTES: usize = 128 * 1024;

/// Checks a mapping against the fields of its data type.
pub fn check(data_type: DataType, mapping: &FieldMapping, checks: &mut Checks) {
    checks.require(mapping.len() <= MAX_ENTRIES, "fieldMapping", "must have at most 500 entries");
    let bytes: usize =
        mapping.iter().map(|(target, source)| target.len() + source.as_ref().map_or(0, String::len)).sum();
    if bytes > MAX_MAPPING_BYTES {
        return checks.fail("fieldMapping", "must be at most 128 KB in all");
    }
    for (target, source) in mapping.iter().take(MAX_ENTRIES) {
        if let Err(message) = Target::find(data_type, target) {
            checks.fail(format!("fieldMapping.{target}"), message);
        }
        if let Some(Err(message)) = source.as_deref().map(Path::parse) {
            checks.fail(format!("fieldMapping.{target}"), message);
        }
    }
}

/// What a mapping entry fills.
enum Target<'m> {
    Field(&'static Field),
    /// A field inside an object field.
    Inner(&'static Field, &'static Field),
    Extra(&'m str),
}

impl<'m> Target<'m> {
    fn find(data_type: DataType, name: &'m str) -> Result<Self, String> {
        let named = |fields: &'static [Field], name: &str| fields.iter().find(|field| field.name == name);
        let fields = fields_of(data_type);
        if let Some(field) = named(fields, name) {
            return Ok(Self::Field(field));
        }
        let inner = name.split_once('.').and_then(|(outer, inner)| {
            if outer == EXTRA && !inner.is_empty() {
                return Some(Self::Extra(inner));
            }
            match named(fields, outer) {
                Some(outer @ Field { kind: FieldKind::Object(fields), .. }) => {
                    named(fields, inner).map(|inner| Self::Inner(outer, inner))
                }
                _ => None,
            }
        });
        inner.ok_or_else(|| {
            let known: Vec<_> = fields.iter().map(|field| field.name).collect();
            format!(
                "is no field of {data_type}: use one of {}, or extra.<name> for one of your own",
                known.join(", ")
            )
        })
    }
}

/// What mapping found in a record, beside the canonical JSON it wrote.
#[derive(Debug, PartialEq, Eq)]
pub struct Mapped {
    /// The record's key.
    pub key: String,
    /// When the ERP last changed it, if it tells.
    pub modified_at: Option<Timestamp>,
    /// Fields that did not come through as they were sent.
    pub notes: Vec<Note>,
}

/// Why a record could not be mapped.
#[derive(Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// Its key, if that much could be read.
    pub key: Option<String>,
    /// What is wrong, field by field. Never empty.
    pub errors: Vec<FieldError>,
}

/// A compiled mapping.
#[derive(Debug)]
pub struct Mapper {
    data_type: DataType,
    level: Level,
    extra: Vec<Extra>,
    keeps_unknown: bool,
    watch: Option<Watch>,
    /// How the records at hand write numbers.
    notations: Arc<Notations>,
    /// The zone of times that name none.
    zone: TimeZone,
    /// Whether a record that departs from earlier ones is refused.
    frozen: bool,
    /// Whether what could be mapped of a record that fails is written all the same.
    shows_failed: bool,
}

impl Mapper {
    /// Compiles a mapping that [`check`] found good, and transformations that [`check_transformations`] did. Entries
    /// they would refuse are left out.
    #[must_use]
    pub fn new(data_type: DataType, mapping: &FieldMapping, transformations: &[Transformation]) -> Self {
        let level = Level::new(fields_of(data_type));
        let (extra, keeps_unknown, watch, frozen) = (Vec::new(), false, None, false);
        let (notations, zone, shows_failed) = (Arc::default(), TimeZone::UTC, false);
        let mut mapper =
            Self { data_type, level, extra, keeps_unknown, watch, notations, zone, frozen, shows_failed };
        for (name, source) in mapping {
            let path = source.as_deref().and_then(Path::of_stored);
            match (Target::find(data_type, name), path) {
                (Ok(Target::Field(field)), path) => mapper.level.take_from(field, path),
                (Ok(Target::Inner(outer, inner)), path) => mapper.level.take_inner_from(outer, inner, path),
                (Ok(Target::Extra(name)), source) => {
                    mapper.extra.push(Extra::new(name.to_owned(), source, None));
                }
                (Err(_), _) => {}
            }
        }
        for (name, program) in transformation::programs(transformations) {
            mapper.transform(name, program);
        }
        mapper
    }

    /// Has fields of theirs that fill none of ours kept in `extra`, under their own names.
    #[must_use]
    pub const fn keeping_unknown(mut self) -> Self {
        self.keeps_unknown = true;
        self
    }

    /// Has what could be mapped of a record that fails written all the same, for a person to look at.
    #[must_use]
    pub const fn showing_failed(mut self) -> Self {
        self.shows_failed = true;
        self
    }

    /// Reads times that name no zone in `zone`, not in UTC.
    #[must_use]
    pub fn in_zone(mut self, zone: TimeZone) -> Self {
        self.zone = zone;
        self
    }

    /// Has each record held against the shape of earlier ones. Under [`SchemaPolicy::Freeze`], one that departs from it
    /// is not mapped.
    #[must_use]
    pub fn watching(mut self, watch: Watch, policy: SchemaPolicy) -> Self {
        self.watch = Some(watch);
        self.frozen = policy == SchemaPolicy::Freeze;
        self
    }

    /// Tells how the records that follow write numbers.
    pub fn set_notations(&mut self, notations: Arc<Notations>) {
        self.notations = notations;
    }

    /// What holds records against the shape of earlier ones, if something does.
    pub const fn watch(&mut self) -> Option<&mut Watch> {
        self.watch.as_mut()
    }

    /// Which of our fields the records mapped so far filled, and how many those were.
    #[must_use]
    pub fn presence(&self) -> (Presence, u64) {
        let records = self.level.counted();
        let mut presence = Presence::default();
        self.level.add_presence("", &mut presence);
        for extra in &self.extra {
            if let Some(seen) = extra.occurrence(records) {
                presence.add(format!("{EXTRA}.{}", extra.name), seen);
            }
        }
        (presence, records)
    }

    /// In what a record departs from earlier ones, where that is not allowed.
    fn departures(&mut self, members: &Members<'_>) -> Vec<FieldError> {
        let Some(watch) = &mut self.watch else { return Vec::new() };
        let departs = watch.look(members);
        if departs && self.frozen { watch.departures(members) } else { Vec::new() }
    }

    fn transform(&mut self, name: &str, program: Program) {
        match transformation::target(self.data_type, name) {
            Ok(Target::Field(field)) => self.level.transform(field, None, &program),
            Ok(Target::Inner(outer, inner)) => self.level.transform(outer, Some(inner), &program),
            Ok(Target::Extra(name)) => match self.extra.iter_mut().find(|extra| extra.name == name) {
                Some(extra) => extra.program = Some(program),
                None => self.extra.push(Extra::new(name.to_owned(), None, Some(program))),
            },
            Err(_) => {}
        }
    }

    /// Writes the canonical JSON of `raw` to the end of `out`.
    ///
    /// # Errors
    /// With everything that is wrong with the record; `out` is then as it was, unless failed records are shown.
    pub fn map(&mut self, raw: &Opened<'_>, out: &mut Vec<u8>) -> Result<Mapped, Unmapped> {
        let start = out.len();
        let (raw, members) = (raw.json, &raw.members);
        if raw.kind() != Kind::Object {
            let message = format!("must be an object, the ERP sent {}", raw.kind());
            return Err(Unmapped { key: None, errors: vec![FieldError::new("record", message)] });
        }
        let mut log = Log { errors: self.departures(members), notes: Vec::new() };
        let notations = Arc::clone(&self.notations);
        let zone = self.zone.clone();
        let style = Style { notations: &notations, zone: &zone, members };
        let mut found = self.level.find(raw, members);
        let unknown = self.unknown(raw, members, &found);
        let changed = self.level.transformed(&found, raw, members, &style, "", &mut log.errors);
        level::lay_over(&mut found, &changed);
        self.level.write(&found, "", &style, out, &mut log);
        self.write_extra(raw, &style, &unknown, out, &mut log.errors);

        let Log { mut errors, notes } = log;
        let key = self.key(&found, &mut errors);
        if errors.is_empty() {
            let modified_at = self.level.moment(&found, "modifiedAt", &self.zone);
            return Ok(Mapped { key, modified_at, notes });
        }
        if !self.shows_failed {
            out.truncate(start);
        }
        let left_out = notes.into_iter().filter(|note| note.what == NoteKind::LeftOut);
        errors.extend(left_out.map(|Note { field, message, .. }| FieldError::new(field, message)));
        let key = (!key.is_empty() && key.len() <= MAX_KEY_BYTES).then_some(key);
        Err(Unmapped { key, errors })
    }

    /// Reads of a record that is deleted at the ERP what it still has: its key, and when it was changed.
    ///
    /// # Errors
    /// With what is wrong with the fields of the key.
    pub fn map_deleted(&mut self, raw: &Opened<'_>) -> Result<Mapped, Unmapped> {
        let style = Style { notations: &self.notations, zone: &self.zone, members: &raw.members };
        let mut found = self.level.locate(raw.json, &raw.members);
        let changed = self.level.transformed(&found, raw.json, &raw.members, &style, "", &mut Vec::new());
        level::lay_over(&mut found, &changed);
        let mut errors = Vec::new();
        let key = self.key(&found, &mut errors);
        if key.is_empty() {
            let name = key_fields(self.data_type)[0];
            errors
                .push(FieldError::new(name, "is required, the ERP sent none of the record it calls deleted"));
        }
        if !errors.is_empty() {
            return Err(Unmapped { key: None, errors });
        }
        let modified_at = self.level.moment(&found, "modifiedAt", &self.zone);
        Ok(Mapped { key, modified_at, notes: Vec::new() })
    }

    fn key(&self, found: &level::Found<'_>, errors: &mut Vec<FieldError>) -> String {
        let names = key_fields(self.data_type);
        let mut parts = names.iter().filter_map(|name| self.level.text(found, name));
        let mut key = parts.next().unwrap_or_default();
        for part in parts {
            key = key + "|" + &part;
        }
        if key.len() > MAX_KEY_BYTES || key.chars().any(char::is_control) {
            let message = format!("must be at most {MAX_KEY_BYTES} bytes without control characters");
            errors.push(FieldError::new(names[0], message));
        }
        key
    }
}

#[cfg(test)]
mod tests;
