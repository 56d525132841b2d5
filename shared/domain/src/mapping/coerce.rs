//! Turns a value as an ERP writes it into a field's own form, or says why it cannot.

use std::borrow::Cow;
use std::io::Write;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use crate::json::{Json, Kind, write_string_bytes};
use crate::records::FieldKind;

/// Writes `value` as `kind`; says whether there was a value at all. Empty text is no value.
///
/// # Errors
/// With what was expected, and what the ERP sent instead.
pub(super) fn write(kind: FieldKind, value: Json<'_>, out: &mut Vec<u8>) -> Result<bool, String> {
    match kind {
        FieldKind::Text => write_text(value, out),
        FieldKind::Money => write_decimal(value, "\"", out),
        FieldKind::Quantity => write_decimal(value, "", out),
        FieldKind::Flag => Ok(flag(value)?.map(|flag| print(out, format_args!("{flag}"))).is_some()),
        FieldKind::Day => Ok(day(value)?.map(|day| print(out, format_args!("\"{day}\""))).is_some()),
        FieldKind::Moment => {
            Ok(moment(value)?.map(|moment| print(out, format_args!("\"{moment}\""))).is_some())
        }
        FieldKind::Object(_) | FieldKind::List(_) => {
            Err(format!("must be an object, the ERP sent {}", value.kind()))
        }
    }
}

/// A string without escapes is written as it was sent: escaping it would change nothing.
fn write_text(value: Json<'_>, out: &mut Vec<u8>) -> Result<bool, String> {
    let Some(text) = text(value)? else { return Ok(false) };
    match text {
        Cow::Borrowed(_) if value.kind() == Kind::String => out.extend_from_slice(value.text().as_bytes()),
        text => write_string_bytes(&text, out),
    }
    Ok(true)
}

/// A number in plain digits is written as it was sent: reading and printing it would change nothing.
fn write_decimal(value: Json<'_>, quote: &str, out: &mut Vec<u8>) -> Result<bool, String> {
    let sent = value.text();
    if value.kind() == Kind::Number && is_plain_decimal(sent) {
        [quote, sent, quote].iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        return Ok(true);
    }
    Ok(decimal(value)?.map(|amount| print(out, format_args!("{quote}{amount}{quote}"))).is_some())
}

/// Whether a JSON number has at most 28 digits, no sign and no exponent.
fn is_plain_decimal(number: &str) -> bool {
    number.len() <= 28 && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

#[expect(clippy::let_underscore_must_use, reason = "writing to memory does not fail")]
fn print(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

/// The text of a string, a number or a flag; none if it is empty.
pub(super) fn text(value: Json<'_>) -> Result<Option<Cow<'_, str>>, String> {
    let text = match value.kind() {
        Kind::String => value.as_string().unwrap_or_default(),
        Kind::Number | Kind::Bool => Cow::Borrowed(value.text()),
        Kind::Null => return Ok(None),
        kind @ (Kind::Array | Kind::Object) => return Err(format!("must be a text, the ERP sent {kind}")),
    };
    Ok((!text.is_empty()).then_some(text))
}

/// The trimmed text of a scalar; none if it is blank, or the word that database exports write for nothing. No number,
/// flag or time reads so.
fn trimmed(value: Json<'_>) -> Result<Option<Cow<'_, str>>, String> {
    let trimmed = text(value)?.map(|text| match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    });
    Ok(trimmed.filter(|text| !text.is_empty() && text != "NULL"))
}

fn decimal(value: Json<'_>) -> Result<Option<Decimal>, String> {
    let Some(text) = trimmed(value)? else { return Ok(None) };
    let shown = || format!("must be a decimal number of at most 28 digits, the ERP sent {}", shown(&text));
    parse_decimal(&text).map(Some).ok_or_else(shown)
}

/// The decimal number that a text without blanks around it is, every digit kept.
pub(super) fn parse_decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

fn flag(value: Json<'_>) -> Result<Option<bool>, String> {
    let Some(text) = trimmed(value)? else { return Ok(None) };
    let shown = || format!("must be true or false, the ERP sent {}", shown(&text));
    parse_flag(&text).map(Some).ok_or_else(shown)
}

/// What a text without blanks around it says, if it says yes or no.
pub(super) fn parse_flag(text: &str) -> Option<bool> {
    let is_one_of = |words: [&str; 5]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_one_of(["true", "t", "yes", "y", "1"]) {
        Some(true)
    } else if is_one_of(["false", "f", "no", "n", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// The text of a time; none where it is the first day there is, which .NET and the ERPs built on it send for nothing.
fn set_time(value: Json<'_>) -> Result<Option<Cow<'_, str>>, String> {
    Ok(trimmed(value)?.filter(|text| !text.starts_with("0001-01-01")))
}

fn day(value: Json<'_>) -> Result<Option<Date>, String> {
    let Some(text) = set_time(value)? else { return Ok(None) };
    let parsed = plain_day(&text)
        .or_else(|| civil(&text).map(DateTime::date))
        .or_else(|| moment_of(&text).map(|moment| moment.to_zoned(TimeZone::UTC).date()));
    parsed
        .map(Some)
        .ok_or_else(|| format!("must be a date such as 2026-01-31, the ERP sent {}", shown(&text)))
}

/// A moment; a time without a zone is read as UTC, a day as its first instant.
pub(super) fn moment(value: Json<'_>) -> Result<Option<Timestamp>, String> {
    let Some(text) = set_time(value)? else { return Ok(None) };
    parse_moment(&text).map(Some).ok_or_else(|| {
        format!(
            "must be a time such as 2026-01-31T10:00:00Z or 2026-01-31 10:00:00, the ERP sent {}",
            shown(&text)
        )
    })
}

/// The moment that a text without blanks around it tells.
pub(super) fn parse_moment(text: &str) -> Option<Timestamp> {
    moment_of(text)
        .or_else(|| civil(text).and_then(utc))
        .or_else(|| plain_day(text).and_then(|day| utc(day.to_datetime(Time::midnight()))))
}

/// A time without a zone, read as UTC.
pub(super) fn utc(time: DateTime) -> Option<Timestamp> {
    time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

/// RFC 3339, or OData V2's `/Date(1492098664000+0060)/` (milliseconds since 1970 in UTC; the offset only says how it
/// was shown).
fn moment_of(text: &str) -> Option<Timestamp> {
    if let Some(inner) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        let sign = inner.get(1..)?.find(['+', '-']).map_or(inner.len(), |at| at + 1);
        return Timestamp::from_millisecond(inner.get(..sign)?.parse().ok()?).ok();
    }
    text.parse().ok()
}

/// `2026-01-31 10:00:00.000`, with `T` or a blank, without a zone.
fn civil(text: &str) -> Option<DateTime> {
    if text.len() <= 10 || text.ends_with('Z') || text.get(10..)?.contains(['+', '[']) {
        return None;
    }
    text.parse().ok()
}

/// `2026-01-31` or `20260131`.
fn plain_day(text: &str) -> Option<Date> {
    matches!(text.len(), 8 | 10).then(|| text.parse().ok()).flatten()
}

/// A value for an error message, cut where it is long.
pub(super) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}
