//! JSON: one document with an array of records somewhere near its top, read element by element.

mod finite;
mod keyed;

use std::fmt;
use std::io::{BufReader, Read};

use domain::DataType;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::budget::Budget;
use super::writer::{Fault, PageWriter};
use finite::Finite;
use keyed::Keyed;

/// Members that hold the records, in the answers and exports of most systems.
const USUAL_MEMBERS: [&str; 6] = ["data", "items", "results", "records", "value", "d"];

/// How deep the usual members are looked for: `d.results`, `data.items`.
const USUAL_DEPTH: usize = 2;

/// Reads the records of one JSON document: those at `path`, or at the top, or under one of the usual members.
pub(super) fn read(
    source: impl Read,
    path: Option<&str>,
    data_type: DataType,
    out: &mut PageWriter,
) -> Result<(), Fault> {
    let budget = Budget::new();
    let reader = BufReader::with_capacity(64 * 1024, budget.bound(Finite::new(source)));
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let steps: Option<Vec<&str>> = path.map(steps_of);
    let search = steps.as_deref().map_or(Search::Usual(USUAL_DEPTH), Search::Path);
    let mut records = Records { out, budget, data_type, found: false, stopped: None };
    let read = Level { records: &mut records, search }.deserialize(&mut deserializer);
    let (found, stopped) = (records.found, records.stopped.take());
    match read.and_then(|()| deserializer.end()) {
        _ if stopped.is_some() => stopped.map_or(Ok(()), Err),
        Err(error) => Err(fault_of(error)),
        Ok(()) if found => Ok(()),
        Ok(()) => Err(Fault::File(not_found(path))),
    }
}

/// The members that lead to the records: `.*` and `[*]` at the end say no more than that they are in there, and a JSONPath
/// may be written for the same.
fn steps_of(path: &str) -> Vec<&str> {
    let path = path.strip_prefix("$.").or(path.strip_prefix('$')).unwrap_or(path);
    let path = path.strip_suffix(".*").or(path.strip_suffix("[*]")).unwrap_or(path);
    path.split('.').filter(|step| !step.is_empty() && *step != "*").collect()
}

fn not_found(path: Option<&str>) -> String {
    match path {
        Some(path) => format!("there is no list at settings.files.recordPath ({path})"),
        None => format!(
            "no list of records was found at the top or under {}: set settings.files.recordPath",
            USUAL_MEMBERS.join(", ")
        ),
    }
}

fn fault_of(error: serde_json::Error) -> Fault {
    match error.classify() {
        // The budget's own error is the file's fault; every other one is the connection's.
        serde_json::error::Category::Io if error.io_error_kind() != Some(std::io::ErrorKind::InvalidData) => {
            Fault::Source(error.into())
        }
        _ => Fault::File(error.to_string()),
    }
}

/// What is shared by all levels of the search.
struct Records<'a> {
    out: &'a mut PageWriter,
    budget: Budget,
    data_type: DataType,
    found: bool,
    /// Why the writer takes no more.
    stopped: Option<Fault>,
}

impl Records<'_> {
    fn add(&mut self, record: &str) -> Result<(), Fault> {
        self.budget.renew();
        if record.starts_with('{') {
            self.out.record(|body| body.extend_from_slice(record.as_bytes())).map(drop)
        } else {
            self.out.broken(record.as_bytes(), "it is no object".to_owned())
        }
    }
}

/// Where the records are looked for from here on.
#[derive(Clone, Copy)]
enum Search<'p> {
    /// Under usual members, this many levels deep.
    Usual(usize),
    /// At the end of these steps.
    Path(&'p [&'p str]),
}

impl<'p> Search<'p> {
    /// The search to go on with inside the member `name`.
    fn inside(self, name: &str, data_type: DataType) -> Option<Self> {
        match self {
            Self::Usual(depth) => {
                let usual = USUAL_MEMBERS.contains(&name) || name == data_type.as_str();
                (usual && depth > 0).then(|| Self::Usual(depth - 1))
            }
            Self::Path(steps) => {
                let (first, rest) = steps.split_first()?;
                (*first == name).then_some(Self::Path(rest))
            }
        }
    }

    const fn ends_here(self) -> bool {
        match self {
            Self::Usual(_) => true,
            Self::Path(steps) => steps.is_empty(),
        }
    }
}

struct Level<'a, 'w, 'p> {
    records: &'a mut Records<'w>,
    search: Search<'p>,
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Level<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON document with a list of records")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        if self.records.found || !self.search.ends_here() {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        self.records.found = true;
        while let Some(record) = list.next_element::<Box<RawValue>>()? {
            if let Err(fault) = self.records.add(record.get()) {
                self.records.stopped = Some(fault);
                return Err(A::Error::custom("stopped"));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        let Self { records, search } = self;
        let mut keyed = Keyed::new(search);
        while let Some(name) = members.next_key::<String>()? {
            match search.inside(&name, records.data_type) {
                Some(search) => members.next_value_seed(Level { records: &mut *records, search })?,
                None if records.found && !keyed.is_certain() || keyed.is_refuted() => {
                    members.next_value::<IgnoredAny>()?;
                }
                None => keyed
                    .add(name, &members.next_value::<Box<RawValue>>()?, records)
                    .map_err(A::Error::custom)?,
            }
        }
        keyed.end(records).map_err(A::Error::custom)
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }
}
