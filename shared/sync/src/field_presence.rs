//! Which of our fields the records of a pull fill, held against earlier pulls and against what the mapping names.

use std::collections::BTreeMap;

use domain::DataType;
use domain::json::Opened;
use domain::mapping::{Paths, Presence, Progress, fills_by_itself};
use domain::records::{EXTRA, fields_of};
use domain::run::MissingField;

use crate::batch::Reading;
use crate::drift::History;

/// How many of the first records tell which paths there are.
const SAMPLED_RECORDS: usize = 20;

/// The fields of ours that the records of one pull fill, and what is to be expected of them.
#[derive(Debug, Default)]
pub(crate) struct FieldPresence {
    /// Our fields, by the path of theirs that the mapping names.
    sources: BTreeMap<String, String>,
    /// Those of them that a user named.
    named: Vec<String>,
    /// Fields that may be empty from one day to the next: left empty by the mapping, filled by a transformation, or
    /// required, so that no record is without.
    unwatched: Vec<String>,
    /// What earlier pulls had.
    before: Presence,
    /// Whether this pull is to bring all that they did, in much the same order.
    is_full: bool,
    /// What other workers of this pull had, of how many records.
    so_far: Presence,
    so_far_records: u64,
    paths: Paths,
    sampled: usize,
    told: Presence,
}

impl FieldPresence {
    pub(crate) fn new(data_type: DataType, reading: &Reading) -> Self {
        let paths = reading.mapping.iter();
        let sources =
            paths.clone().filter_map(|(field, path)| Some((field.clone(), path.clone()?))).collect();
        let left_empty = paths.filter(|(_, path)| path.is_none()).map(|(field, _)| field.clone());
        let required = fields_of(data_type).iter().filter(|field| field.required);
        let made = reading.transformations.iter().filter(|one| fills_by_itself(one.operation));
        let unwatched = left_empty
            .chain(required.map(|field| field.name.to_owned()))
            .chain(made.map(|one| one.field.replace("[].", ".")))
            .collect();
        Self { sources, named: reading.named.clone(), unwatched, ..Self::default() }
    }

    /// Goes on from what earlier pulls, and other workers of this one, had.
    pub(crate) fn after(self, history: &History) -> Self {
        let so_far = history.own().map(|own| own.presence.clone()).unwrap_or_default();
        Self {
            before: history.before.presence.clone(),
            is_full: history.is_full,
            told: so_far.clone(),
            so_far,
            so_far_records: history.records,
            ..self
        }
    }

    /// Looks which paths a record has, if it is one of the first.
    pub(crate) fn sample(&mut self, record: &Opened<'_>) {
        if self.sampled < SAMPLED_RECORDS {
            self.sampled += 1;
            self.paths.add(record.json);
        }
    }

    /// What this pull had in all, given what its records at this worker had.
    fn in_all(&self, presence: &Presence) -> Presence {
        self.so_far.clone().then(presence, self.so_far_records)
    }

    /// The presence to be kept for the worker that goes on, with suggestions; `None` if it is what was told before.
    pub(crate) fn tell(&mut self, presence: &Presence) -> Option<(Presence, BTreeMap<String, String>)> {
        let in_all = self.in_all(presence);
        if in_all == self.told {
            return None;
        }
        self.told = in_all;
        Some(self.told())
    }

    /// What was told last.
    pub(crate) fn told(&self) -> (Presence, BTreeMap<String, String>) {
        let missed = self.named.iter().filter(|field| !self.told.has(field));
        let suggestions = missed.filter_map(|field| Some((field.clone(), self.suggestion(field)?))).collect();
        (self.told.clone(), suggestions)
    }

    /// Whether a field should be filled as it was before. One of the user's own is only while the mapping names it.
    fn is_watched(&self, field: &str) -> bool {
        let own = field.strip_prefix(EXTRA).is_some_and(|rest| rest.starts_with('.'));
        self.unwatched.iter().all(|other| other != field) && (!own || self.sources.contains_key(field))
    }

    /// The path that was perhaps meant for a field.
    fn suggestion(&self, field: &str) -> Option<String> {
        let missed = self.sources.get(field).map_or(field, String::as_str);
        self.paths.closest_to(missed).map(str::to_owned)
    }

    /// The fields that earlier pulls had and this one does not, after `records` records at this worker.
    pub(crate) fn missing(&self, presence: &Presence, records: u64, ended: bool) -> Vec<MissingField> {
        self.missing_of(&self.in_all(presence), self.so_far_records + records, ended)
    }

    /// The fields that earlier pulls had and none of `read` records of this one has, of which `now` is known.
    pub(crate) fn missing_of(&self, now: &Presence, read: u64, ended: bool) -> Vec<MissingField> {
        let vanished = self.before.vanished(now, Progress { read, is_full: self.is_full, ended });
        let missing =
            vanished.filter(|(field, _)| self.is_watched(field)).map(|(field, certain)| MissingField {
                field: field.to_owned(),
                source: self.sources.get(field).cloned(),
                certain: certain || ended,
                suggestion: self.suggestion(field),
            });
        missing.collect()
    }

    /// Sentences about the paths that a user named and none of `records` records led to.
    pub(crate) fn missed_paths(&self, presence: &Presence, records: u64) -> Vec<String> {
        if records == 0 {
            return Vec::new();
        }
        let missed = self.named.iter().filter(|field| !presence.has(field));
        let sentence = |field: &String| {
            let path = self.sources.get(field)?;
            Some(missed_path(field, path, records, self.suggestion(field).as_deref()))
        };
        missed.filter_map(sentence).collect()
    }
}

/// Says that no record has what a mapping names.
pub(crate) fn missed_path(field: &str, path: &str, records: u64, suggestion: Option<&str>) -> String {
    let none = match records {
        1 => "the only record does not have".to_owned(),
        records => format!("none of {records} records has"),
    };
    let perhaps = suggestion.map(|path| format!("; did you mean {path}?")).unwrap_or_default();
    format!("fieldMapping.{field}: {none} {path}{perhaps}")
}
