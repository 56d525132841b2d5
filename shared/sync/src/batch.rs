//! Some pages on their way into the table: mapped, counted, the bad records set aside.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use bytes_utils::{Str, StrMut};
use connectors::{Item, Page};
use domain::DataType;
use domain::census::{Census, Tally};
use domain::connection::Connection;
use domain::json::Opened;
use domain::mapping::drift::{Profile, SchemaPolicy};
use domain::mapping::{
    Deletion, FieldMapping, Filter, Filters, Mapped, Mapper, Note, NoteKind, Rules, Transformation, Unmapped,
};
use domain::notation::Notations;
use domain::run::{Counts, FailedRecord, FailureClass, Files, MissingField, Notices, RunFlag};
use domain::validation::FieldError;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use store::{Outcome, Upsert};
use xxhash_rust::xxh3::xxh3_64_with_seed;

use crate::drift::History;
use crate::field_presence::FieldPresence;
use crate::{raw, seen};

/// Bytes of canonical records after which a batch is written.
const FULL_BYTES: usize = 10 << 20;

/// Largest canonical record, in bytes: an item of DynamoDB holds 400 KB.
const MAX_RECORD_BYTES: usize = 256 << 10;

/// How much memory records share.
const KEPT_BYTES: usize = 64 << 10;

/// Raised when mapping starts to write records otherwise, so that all are read anew.
const MAPPING_GENERATION: u64 = 3;

/// How records are read: as a sync config says, and its provider where it says nothing.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    pub(crate) mapping: FieldMapping,
    /// Our fields whose source a user names; the others in `mapping` are the provider's.
    pub(crate) named: Vec<String>,
    pub(crate) transformations: Vec<Transformation>,
    pub(crate) filters: Filters,
    pub(crate) schema_policy: SchemaPolicy,
    pub(crate) deleted_when: Option<Filters>,
    /// The zone of times that name none; UTC if left out.
    pub(crate) time_zone: Option<String>,
}

impl Reading {
    /// As `rules` say, laid over the mapping that the connection's provider comes with.
    pub(crate) fn of(connection: &Connection, data_type: DataType, rules: Rules) -> Self {
        let Rules { field_mapping, transformations, filters, schema_policy, deleted_when } = rules;
        let mut mapping =
            connectors::default_mapping(connection.provider, connection.connection_method, data_type);
        let named = field_mapping.keys().cloned().collect();
        mapping.extend(field_mapping);
        let time_zone = connection.settings.time_zone.clone();
        Self { mapping, named, transformations, filters, schema_policy, deleted_when, time_zone }
    }
}

/// Turns raw records into canonical ones, under one mapping.
pub(crate) struct Reader {
    deletion: Deletion,
    filter: Filter,
    mapper: Mapper,
    schema_policy: SchemaPolicy,
    presence: FieldPresence,
    /// How the records at hand write numbers.
    notations: Arc<Notations>,
    program: u64,
    buffer: Vec<u8>,
    /// Where keys and records are kept, one behind the other: they share memory, which is let go with the last of them.
    keys: StrMut,
    records: BytesMut,
}

impl Reader {
    pub(crate) fn new(data_type: DataType, reading: &Reading) -> Self {
        let Reading { mapping, transformations, filters, schema_policy, deleted_when, time_zone, .. } =
            reading;
        let text =
            serde_json::to_vec(&(mapping, transformations, schema_policy, time_zone)).unwrap_or_default();
        let seed = xxh3_64_with_seed(&text, MAPPING_GENERATION);
        let text = serde_json::to_vec(&(filters, deleted_when)).unwrap_or_default();
        let zone = time_zone.as_deref().and_then(|zone| TimeZone::get(zone).ok()).unwrap_or(TimeZone::UTC);
        let mapper = Mapper::new(data_type, mapping, transformations).in_zone(zone);
        let keeps_unknown = *schema_policy == SchemaPolicy::Evolve;
        Self {
            deletion: Deletion::new(deleted_when.as_ref(), mapping),
            filter: Filter::new(filters),
            mapper: if keeps_unknown { mapper.keeping_unknown() } else { mapper },
            schema_policy: *schema_policy,
            presence: FieldPresence::new(data_type, reading),
            notations: Arc::default(),
            program: xxh3_64_with_seed(&text, seed),
            buffer: Vec::new(),
            keys: StrMut::from_inner(BytesMut::with_capacity(KEPT_BYTES)).unwrap_or_default(),
            records: BytesMut::with_capacity(KEPT_BYTES),
        }
    }

    /// Has records held against what earlier ones looked like.
    pub(crate) fn watching(self, history: &History) -> Self {
        let mapper = self.mapper.watching(history.watch(), self.schema_policy);
        Self { mapper, presence: self.presence.after(history), ..self }
    }

    /// Has what could be mapped of a record that is set aside shown.
    pub(crate) fn showing_failed(self) -> Self {
        Self { mapper: self.mapper.showing_failed(), ..self }
    }

    /// What could be mapped of the record that was just set aside, as JSON.
    pub(crate) fn shown_of_failed(&mut self) -> Option<Vec<u8>> {
        let shown = std::mem::take(&mut self.buffer);
        (!shown.is_empty()).then_some(shown)
    }

    /// Reads numbers from now on as `notations` say.
    pub(crate) fn set_notations(&mut self, notations: &Arc<Notations>) {
        self.notations = Arc::clone(notations);
        self.mapper.set_notations(Arc::clone(notations));
    }

    /// What the records read so far look like; `None` if it is no more than was told before.
    pub(crate) fn grown_profile(&mut self) -> Option<Profile> {
        let (presence, _) = self.mapper.presence();
        let watch = self.mapper.watch()?;
        let shape = watch.grown();
        let told = self.presence.tell(&presence);
        if shape.is_none() && told.is_none() {
            return None;
        }
        let (presence, suggestions) = told.unwrap_or_else(|| self.presence.told());
        let shape = shape.unwrap_or_else(|| watch.seen());
        Some(Profile { shape, presence, suggestions, ..Profile::default() })
    }

    /// The fields that earlier records filled and none of this pull does; all of it is read once it has `ended`.
    pub(crate) fn missing_fields(&self, ended: bool) -> Vec<MissingField> {
        let (presence, records) = self.mapper.presence();
        self.presence.missing(&presence, records, ended)
    }

    /// Sentences about the paths of the mapping that none of the records led to.
    pub(crate) fn missed_paths(&self) -> Vec<String> {
        let (presence, records) = self.mapper.presence();
        self.presence.missed_paths(&presence, records)
    }

    /// Tells one mapping, with its transformations, filters and policy, from another.
    pub(crate) fn program(&self) -> u64 {
        self.program
    }

    /// Reads a record; `None` if a filter leaves it out.
    pub(crate) fn read(&mut self, raw: &[u8]) -> Result<Option<Taken>, Refused> {
        self.buffer.clear();
        let opened = Opened::parse(raw).map_err(|error| unreadable(format!("is not JSON: {error}")))?;
        if self.deletion.is_told_by(&opened, &self.notations) {
            return self.read_deleted(&opened).map(Some);
        }
        if !self.filter.takes(&opened, &self.notations) {
            return Ok(None);
        }
        self.presence.sample(&opened);
        let mapped = self.mapper.map(&opened, &mut self.buffer)?;
        if self.buffer.len() > MAX_RECORD_BYTES {
            let message = format!("has {} bytes, a record may have {MAX_RECORD_BYTES}", self.buffer.len());
            let (key, errors) = (Some(mapped.key), vec![FieldError::new("record", message)]);
            return Err(Refused { class: FailureClass::TooLarge, key, errors });
        }
        let (key, data) = self.keep(&mapped.key);
        let Mapped { modified_at, notes, .. } = mapped;
        Ok(Some(Taken { upsert: Upsert { key, data }, modified_at, notes }))
    }

    /// Reads a record that says that it is deleted. Filters do not leave it out: most of its fields may be gone.
    fn read_deleted(&mut self, opened: &Opened<'_>) -> Result<Taken, Refused> {
        let Mapped { key, modified_at, notes } = self.mapper.map_deleted(opened)?;
        Ok(Taken { upsert: Upsert::deletion(key.into()), modified_at, notes })
    }

    /// Puts a key, and the record in the buffer, to what is kept.
    fn keep(&mut self, key: &str) -> (Str, Bytes) {
        self.keys.push_str(key);
        self.records.extend_from_slice(&self.buffer);
        (self.keys.split_built().freeze(), self.records.split().freeze())
    }
}

/// A record in our form.
pub(crate) struct Taken {
    pub(crate) upsert: Upsert,
    /// When the ERP last changed it, if it tells.
    pub(crate) modified_at: Option<Timestamp>,
    /// Fields that did not come through as they were sent.
    pub(crate) notes: Vec<Note>,
}

/// Why a record is set aside.
pub(crate) struct Refused {
    pub(crate) class: FailureClass,
    /// Its key, if that much could be read.
    pub(crate) key: Option<String>,
    pub(crate) errors: Vec<FieldError>,
}

impl From<Unmapped> for Refused {
    fn from(Unmapped { key, errors }: Unmapped) -> Self {
        Self { class: FailureClass::Mapping, key, errors }
    }
}

fn unreadable(message: String) -> Refused {
    Refused { class: FailureClass::Unreadable, key: None, errors: vec![FieldError::new("record", message)] }
}

/// What was read since the last checkpoint.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) upserts: Vec<Upsert>,
    pub(crate) failed: Vec<FailedRecord>,
    pub(crate) warnings: Vec<String>,
    pub(crate) notices: Notices,
    pub(crate) flags: Vec<RunFlag>,
    pub(crate) files: Files,
    pub(crate) total: Option<u64>,
    /// Where the connector goes on after this batch.
    pub(crate) resume: Option<String>,
    /// When the newest of its records was changed at the ERP.
    pub(crate) newest: Option<Timestamp>,
    /// What the records read so far look like, if more is known of it than before this batch.
    pub(crate) profile: Option<Profile>,
    /// The fields that earlier records filled and none of this pull does so far.
    pub(crate) missing: Vec<MissingField>,
    /// The keys of its records, those that failed included, by their hashes.
    pub(crate) hashes: Vec<u64>,
    /// The hashes of the keys of `upserts`, in their order.
    upsert_hashes: Vec<u64>,
    unreadable: u64,
    read: u64,
    skipped: u64,
    bytes: usize,
}

impl Batch {
    /// Adds a page. `before` is how many records were read before this batch.
    pub(crate) fn add(&mut self, page: Page, reader: &mut Reader, before: u64) {
        reader.set_notations(&page.notations);
        let failed_before = self.failed.len();
        for item in &page.items {
            self.read += 1;
            let (range, read) = match item {
                Item::Record(range) => (range, reader.read(page.body.get(range.clone()).unwrap_or_default())),
                Item::Broken(range, reason) => (range, Err(unreadable(reason.clone()))),
            };
            match read {
                Ok(None) => self.skipped += 1,
                Ok(Some(Taken { upsert, modified_at, notes })) => {
                    notes.iter().for_each(|note| self.note(note, &upsert.key));
                    self.bytes += upsert.data.len();
                    self.newest = self.newest.max(modified_at);
                    let hash = seen::hash(&upsert.key);
                    if !upsert.is_deletion() {
                        self.hashes.push(hash);
                    }
                    self.upsert_hashes.push(hash);
                    self.upserts.push(upsert);
                }
                Err(Refused { class, key, errors }) => {
                    match &key {
                        Some(key) => self.hashes.push(seen::hash(key)),
                        None => self.unreadable += 1,
                    }
                    let raw = raw::shown(page.body.get(range.clone()).unwrap_or_default());
                    let position = before + self.read;
                    let file = page.file.as_deref().map(str::to_owned);
                    let notations = (*page.notations).clone();
                    self.failed.push(FailedRecord { position, key, file, notations, class, errors, raw });
                }
            }
        }
        if let Some(file) = &page.file {
            let failed = self.failed.get(failed_before..).unwrap_or_default();
            let reason = failed.first().and_then(|failed| failed.errors.first());
            let reason = reason.map(|FieldError { field, message }| format!("{field} {message}"));
            self.files.add(file, page.items.len() as u64, failed.len() as u64, reason.as_deref());
        }
        self.warnings.extend(page.warnings);
        self.total = page.total.or(self.total);
        self.resume = Some(page.resume);
    }

    /// Notes what became of a field of the record with this key; of all lines of all records together.
    fn note(&mut self, Note { field, what, message }: &Note, key: &str) {
        let place = |part: &&str| !part.bytes().all(|byte| byte.is_ascii_digit());
        let name = field.split('.').filter(place).collect::<Vec<_>>().join(".");
        let told = match what {
            NoteKind::LeftOut => {
                if !self.flags.contains(&RunFlag::FieldsLeftOut) {
                    self.flags.push(RunFlag::FieldsLeftOut);
                }
                format!("{name} could not be read and was left out")
            }
            NoteKind::Clamped => {
                format!("{name} lies beyond the last time that can be kept, which was taken")
            }
        };
        self.notices.add(&told, || format!("{field} of {key}: {message}"));
    }

    /// How many records were read into it.
    pub(crate) const fn read(&self) -> u64 {
        self.read
    }

    /// Whether it should be written before more is added.
    pub(crate) fn is_full(&self, records: usize) -> bool {
        self.upserts.len() + self.failed.len() >= records || self.bytes >= FULL_BYTES
    }

    /// Whether there is anything to checkpoint.
    pub(crate) const fn is_empty(&self) -> bool {
        self.resume.is_none()
    }

    /// Counts the keys it met, and those that are new here or deleted.
    pub(crate) fn add_to(&self, census: &mut Census, outcomes: &[Outcome]) {
        self.hashes.iter().for_each(|hash| census.seen.add(*hash));
        census.unreadable += self.unreadable;
        for (hash, outcome) in self.upsert_hashes.iter().zip(outcomes) {
            match outcome {
                Outcome::Created => census.live.add(*hash),
                Outcome::Deleted => census.live.take_away(&Tally { count: 1, sum: *hash }),
                Outcome::Updated | Outcome::Unchanged | Outcome::Absent => {}
            }
        }
    }

    /// What the batch adds to the run's counts.
    pub(crate) fn counts(&self, outcomes: &[Outcome]) -> Counts {
        let of = |wanted: Outcome| outcomes.iter().filter(|outcome| **outcome == wanted).count() as u64;
        Counts {
            read: self.read,
            created: of(Outcome::Created),
            updated: of(Outcome::Updated),
            unchanged: of(Outcome::Unchanged),
            deleted: of(Outcome::Deleted),
            skipped: self.skipped + of(Outcome::Absent),
            failed: self.failed.len() as u64,
            ..Counts::default()
        }
    }
}
