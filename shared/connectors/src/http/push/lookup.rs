//! Looking a record up by our reference. A search that finds something else must not pass for a find, nor may a record
//! that is there be overlooked: both would make an order vanish or come twice.

use domain::DataType;
use domain::change::Operation;
use domain::connection::{PushLookup, PushSettings};
use domain::json::{Json, Kind};
use domain::template::{Outgoing, PathTemplate, UTC};
use transport::ErpError;
use transport::http::{HttpRequest, place};
use transport::session::Session;

use super::super::config::HttpConfig;
use super::key;
use crate::rest::{self, JsonAnswer, find_records};
use crate::{Found, Lookup};

/// How deep in a record its reference is looked for: an answer may be nested without end.
const DEPTH: u32 = 8;

/// Looks a record up.
///
/// # Errors
/// With what the ERP said, or why its answer says neither yes nor no.
pub(in crate::http) async fn find(
    session: &Session,
    config: &HttpConfig,
    lookup: &Lookup<'_>,
) -> Result<Option<Found>, ErpError> {
    let settings = config.push_settings(lookup.data_type);
    let Some(how) = &settings.lookup else { return Err(cannot_look(lookup.data_type)) };
    let request = request(config, how, &settings, lookup)?;
    let answer = session.exchange(&request).await?;
    if matches!(answer.status.as_u16(), 404 | 410) {
        return Ok(None);
    }
    if !answer.status.is_success() {
        return Err(answer.failure(&request));
    }
    if answer.body.trim_ascii().is_empty() {
        return Ok(None);
    }
    let Some(json) = rest::read(&answer, &request)? else { return Ok(None) };
    let found = ours(&json, how, &settings, lookup);
    found.map_err(|reason| ErpError::Malformed(format!("{} {reason}", place(&answer.url))))
}

fn cannot_look(data_type: DataType) -> ErpError {
    ErpError::Misconfigured(format!(
        "nobody knows how {data_type} are looked up at this ERP: set settings.api.push.{data_type}.lookup"
    ))
}

fn request(
    config: &HttpConfig,
    how: &PushLookup,
    settings: &PushSettings,
    lookup: &Lookup<'_>,
) -> Result<HttpRequest, ErpError> {
    let misfit = |reason: String| {
        ErpError::Misconfigured(format!("settings.api.push.{}.lookup.path {reason}", lookup.data_type))
    };
    let known = Outgoing {
        data_type: lookup.data_type,
        operation: Operation::Create,
        record: None,
        key: lookup.reference,
        reference: lookup.reference,
        idempotency_key: "",
        numbers: settings.numbers,
        zone: &UTC,
    };
    let path = PathTemplate::parse(lookup.data_type, &how.path).map_err(misfit)?;
    let path = path.render(&known).map_err(|unfilled| misfit(unfilled.to_string()))?;
    Ok(config.request(config.under_base(&path)))
}

/// The one record of an answer that is ours.
fn ours(
    answer: &JsonAnswer<'_>,
    how: &PushLookup,
    settings: &PushSettings,
    lookup: &Lookup<'_>,
) -> Result<Option<Found>, String> {
    let Lookup { data_type, reference, mapping } = *lookup;
    let key_of = |record: Json<'_>| key::of_record(record, data_type, mapping, settings);
    let found = match &how.records_path {
        Some(path) => at_configured(answer, path)?,
        None => {
            let is_record = |json: Json<'_>| holds(json, reference) && key_of(json).is_some();
            at_usual_places(answer, data_type, reference, is_record)
        }
    };
    let mut keys: Vec<_> =
        found.iter().filter(|record| holds(**record, reference)).map(|record| key_of(*record)).collect();
    keys.sort_unstable();
    keys.dedup();
    match keys.len() {
        0 if found.is_empty() => Ok(None),
        0 => Err(format!(
            "answered with something that does not hold the reference {reference}: let \
             settings.api.push.{data_type}.lookup search by it alone, in a form of answer that returns it"
        )),
        1 => Ok(keys.pop().map(|erp_key| Found { erp_key })),
        several => Err(format!(
            "has {several} different records with the reference {reference}: only one of them may stay there"
        )),
    }
}

fn at_configured<'a>(answer: &JsonAnswer<'a>, path: &str) -> Result<Vec<Json<'a>>, String> {
    match answer.at(path) {
        Some(list) if list.kind() == Kind::Array => Ok(list.items()),
        Some(nothing) if nothing.kind() == Kind::Null => Ok(vec![]),
        Some(record) => Ok(vec![record]),
        None => Err(format!("has nothing at the lookup's recordsPath {path}")),
    }
}

/// A list, or a record alone. A record may have lists of its own, and the answer to a search may repeat what was
/// searched for: a list counts first if something in it is ours, then the answer itself if it is a record with a key.
fn at_usual_places<'a>(
    answer: &JsonAnswer<'a>,
    data_type: DataType,
    reference: &str,
    is_record: impl Fn(Json<'a>) -> bool,
) -> Vec<Json<'a>> {
    let alone = key::unwrapped(answer, data_type);
    match find_records(answer, data_type, None).map(|records| records.values()) {
        Ok(list) if list.iter().any(|record| holds(*record, reference)) => list,
        Ok(_) if is_record(alone) => vec![alone],
        Ok(list) => list,
        Err(_) if alone.kind() == Kind::Null || is_empty(alone) => vec![],
        Err(_) => vec![alone],
    }
}

fn is_empty(json: Json<'_>) -> bool {
    json.kind() == Kind::Object && json.members().is_empty()
}

/// Whether a value of a record is the reference.
fn holds(record: Json<'_>, reference: &str) -> bool {
    holds_within(record, reference, DEPTH)
}

fn holds_within(json: Json<'_>, reference: &str, depth: u32) -> bool {
    let inside = |value: Json<'_>| depth > 0 && holds_within(value, reference, depth - 1);
    match json.kind() {
        Kind::Object => json.members().into_iter().any(|(_, value)| inside(value)),
        Kind::Array => json.items().into_iter().any(inside),
        Kind::String => json.as_string().is_some_and(|text| text.trim() == reference),
        Kind::Number => json.text() == reference,
        Kind::Bool | Kind::Null => false,
    }
}
