//! A record as a shop or a person sends it: held against the fields of its data type and written in canonical form, the
//! same that mapping writes, so that what comes back from the ERP can be compared with it.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde_json::value::RawValue;

use super::{EXTRA, Field, FieldKind, MAX_KEY_BYTES, fields_of, key_fields};
use crate::data_type::DataType;
use crate::json::{self, Json, Kind, Members, separate, write_member, write_name};
use crate::validation::{Checks, Invalid};

/// Largest record, in bytes of its canonical form: an item of the table holds 400 KB.
pub const MAX_RECORD_BYTES: usize = 256 << 10;

/// When the ERP last changed a record; only the ERP tells.
pub(crate) const MODIFIED_AT: &str = "modifiedAt";

/// A record that was sent and found good.
#[derive(Debug, Clone)]
pub struct Sent {
    /// Its key.
    pub key: String,
    /// Its canonical JSON.
    pub record: Box<RawValue>,
}

/// Reads a record that was sent. Fields of its key it does not name are taken from `key`; `modifiedAt` is the ERP's and
/// taken from `current`, the record as it is, whatever was sent.
///
/// # Errors
/// With every field that cannot be accepted.
pub fn read_sent(
    data_type: DataType,
    sent: Json<'_>,
    key: Option<&str>,
    current: Option<Json<'_>>,
) -> Result<Sent, Invalid> {
    let mut reading = Reading { checks: Checks::default(), out: String::new() };
    let mut given = sent.members();
    given.retain(|(name, _)| name != MODIFIED_AT);
    let of_key = key.map(|key| key_members(data_type, key)).unwrap_or_default();
    for (name, value) in &of_key {
        if !given.iter().any(|(given, value)| given == name && value.kind() != Kind::Null) {
            given.retain(|(given, _)| given != name);
            given.push(((*name).into(), Json::written(value)));
        }
    }
    if let Some(modified_at) = current.and_then(|current| current.get(MODIFIED_AT)) {
        given.push((MODIFIED_AT.into(), modified_at));
    }
    if sent.kind() == Kind::Object {
        reading.object(fields_of(data_type), &given, "");
    } else {
        reading.checks.fail("record", format!("must be an object, not {}", sent.kind()));
    }
    let Reading { mut checks, out } = reading;
    check_size(&out, &mut checks);
    let found = key_of(data_type, Json::written(&out));
    check_key(data_type, found.as_deref(), key, &mut checks);
    checks.finish()?;
    let record = RawValue::from_string(out).map_err(|error| refused("record", &error.to_string()))?;
    Ok(Sent { key: found.unwrap_or_default(), record })
}

fn refused(field: &str, message: &str) -> Invalid {
    Invalid(vec![crate::FieldError::new(field, message)])
}

fn check_size(record: &str, checks: &mut Checks) {
    let message = format!("has {} bytes, a record may have {MAX_RECORD_BYTES}", record.len());
    checks.require(record.len() <= MAX_RECORD_BYTES, "record", &message);
}

fn check_key(data_type: DataType, found: Option<&str>, wanted: Option<&str>, checks: &mut Checks) {
    let Some(found) = found else { return };
    let field = key_fields(data_type)[0];
    if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
        checks.fail(field, format!("makes the key {found}, the address names {wanted}: a key cannot change"));
    }
    let sound = found.len() <= MAX_KEY_BYTES && !found.chars().any(char::is_control);
    let message = format!("must be at most {MAX_KEY_BYTES} bytes without control characters");
    checks.require(sound, field, &message);
}

/// The key of a canonical record.
fn key_of(data_type: DataType, record: Json<'_>) -> Option<String> {
    let parts = key_fields(data_type).iter().filter_map(|name| record.get(name)?.as_string());
    let key = parts.collect::<Vec<_>>().join("|");
    (!key.is_empty()).then_some(key)
}

/// The members that `key` stands for, as JSON.
fn key_members(data_type: DataType, key: &str) -> Vec<(&'static str, String)> {
    let names = key_fields(data_type);
    let parts = key.splitn(names.len(), '|');
    names.iter().copied().zip(parts.map(json::string)).collect()
}

/// The same canonical record under another key: the ERP gave it one of its own.
///
/// # Errors
/// If `record` is no canonical record, or would be too large.
pub fn with_key(data_type: DataType, record: Json<'_>, key: &str) -> Result<Sent, Invalid> {
    let names = key_fields(data_type);
    let kept = record.members().into_iter().filter(|(name, _)| !names.contains(&name.as_ref()));
    let mut text = "{".to_owned();
    for (name, value) in kept {
        write_member(&name, value.text(), &mut text);
    }
    text.push('}');
    read_sent(data_type, Json::written(&text), Some(key), Some(record))
}

/// Applies a JSON merge patch (RFC 7396), every digit of every number kept.
#[must_use]
pub fn patched(current: Json<'_>, patch: Json<'_>) -> String {
    if patch.kind() != Kind::Object {
        return patch.text().to_owned();
    }
    let (old, changes) = (current.members(), patch.members());
    let mut out = "{".to_owned();
    let mut add = |name: &str, value: &str| write_member(name, value, &mut out);
    for (name, value) in &old {
        match changes.iter().find(|(changed, _)| changed == name) {
            None => add(name, value.text()),
            Some((_, change)) if change.kind() == Kind::Null => {}
            Some((_, change)) => add(name, &patched(*value, *change)),
        }
    }
    for (name, change) in &changes {
        if change.kind() != Kind::Null && !old.iter().any(|(known, _)| known == name) {
            add(name, &patched(Json::written("{}"), *change));
        }
    }
    out.push('}');
    out
}

/// A record being read: what is wrong so far, and its canonical form so far.
struct Reading {
    checks: Checks,
    out: String,
}

impl Reading {
    fn object(&mut self, fields: &'static [Field], given: &Members<'_>, at: &str) {
        self.check_names(fields, given, at);
        self.out.push('{');
        for field in fields {
            let name = path(at, field.name);
            let value = given.iter().find(|(given, _)| given == field.name).map(|(_, value)| *value);
            let written = value.is_some_and(|value| self.member(field, value, &name));
            if field.required && !written {
                let given = value.is_some_and(|value| value.kind() != Kind::Null && value.text() != "\"\"");
                self.checks.require(given, &name, "is needed");
            }
        }
        if let Some((_, extra)) =
            given.iter().find(|(name, value)| name == EXTRA && value.kind() != Kind::Null)
        {
            self.extra(*extra, &path(at, EXTRA));
        }
        self.out.push('}');
    }

    fn check_names(&mut self, fields: &'static [Field], given: &Members<'_>, at: &str) {
        for (position, (name, _)) in given.iter().enumerate() {
            if name != EXTRA && fields.iter().all(|field| field.name != name) {
                let known =
                    fields.iter().map(|field| field.name).chain([EXTRA]).collect::<Vec<_>>().join(", ");
                self.checks.fail(path(at, name), format!("is not known; known are {known}"));
            }
            if given.iter().take(position).any(|(before, _)| before == name) {
                self.checks.fail(path(at, name), "must be given once");
            }
        }
    }

    /// Writes a member; says whether there was a value.
    fn member(&mut self, field: &Field, value: Json<'_>, at: &str) -> bool {
        let before = self.out.len();
        write_name(field.name, &mut self.out);
        let written = match (field.kind, value.kind()) {
            (_, Kind::Null) => false,
            (FieldKind::Object(fields), Kind::Object) => {
                self.object(fields, &value.members(), at);
                !self.out.ends_with("{}")
            }
            (FieldKind::List(fields), Kind::Array) => {
                self.list(fields, value, at);
                true
            }
            (kind, _) => self.leaf(kind, value, at),
        };
        if !written {
            self.out.truncate(before);
        }
        written
    }

    fn list(&mut self, fields: &'static [Field], value: Json<'_>, at: &str) {
        self.out.push('[');
        for (position, item) in value.items().into_iter().enumerate() {
            let at = path(at, &position.to_string());
            if item.kind() == Kind::Object {
                separate(&mut self.out);
                self.object(fields, &item.members(), &at);
            } else {
                self.checks.fail(at, format!("must be an object, not {}", item.kind()));
            }
        }
        self.out.push(']');
    }

    fn leaf(&mut self, kind: FieldKind, value: Json<'_>, at: &str) -> bool {
        match leaf(kind, value) {
            Ok(None) => false,
            Ok(Some(text)) => {
                self.out.push_str(&text);
                true
            }
            Err(expected) => {
                self.checks.fail(at, format!("must be {expected}"));
                false
            }
        }
    }

    fn extra(&mut self, extra: Json<'_>, at: &str) {
        if extra.kind() != Kind::Object {
            return self.checks.fail(at, format!("must be an object, not {}", extra.kind()));
        }
        let mut members = extra.members();
        members.retain(|(_, value)| value.kind() != Kind::Null);
        if members.is_empty() {
            return;
        }
        separate(&mut self.out);
        self.out.push_str("\"extra\":{");
        for (name, value) in members {
            write_member(&name, value.text(), &mut self.out);
        }
        self.out.push('}');
    }
}

/// A single value in canonical form; none if it is an empty text. Or what is expected of it.
fn leaf(kind: FieldKind, value: Json<'_>) -> Result<Option<String>, &'static str> {
    let text = match value.kind() {
        Kind::String => value.as_string().unwrap_or_default(),
        _ => value.text().into(),
    };
    if text.is_empty() {
        return Ok(None);
    }
    let is_text = value.kind() == Kind::String;
    let is_number = value.kind() == Kind::Number;
    let written = match kind {
        FieldKind::Text => is_text.then(|| json::string(&text)).ok_or("a text"),
        FieldKind::Money | FieldKind::Quantity => {
            let decimal = (is_text || is_number).then(|| parse_decimal(&text)).flatten();
            let decimal = decimal.ok_or("a decimal number of at most 28 digits")?;
            Ok(if matches!(kind, FieldKind::Money) { format!("\"{decimal}\"") } else { decimal.to_string() })
        }
        FieldKind::Flag => {
            (value.kind() == Kind::Bool).then(|| text.clone().into_owned()).ok_or("true or false")
        }
        FieldKind::Day => {
            let day = is_text.then(|| text.parse::<Date>().ok()).flatten();
            day.map(|day| format!("\"{day}\"")).ok_or("a date such as 2026-01-31")
        }
        FieldKind::Moment => {
            let moment = is_text.then(|| text.parse::<Timestamp>().ok()).flatten();
            moment.map(|moment| format!("\"{moment}\"")).ok_or("a time such as 2026-01-31T10:00:00Z")
        }
        FieldKind::Object(_) => Err("an object"),
        FieldKind::List(_) => Err("a list"),
    };
    written.map(Some)
}

/// The decimal number in a text, every digit kept.
pub(crate) fn parse_decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

fn path(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}

#[cfg(test)]
mod tests;
