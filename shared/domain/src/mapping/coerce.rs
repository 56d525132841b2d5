//! Turns a value as an ERP writes it into a field's own form, or says why it cannot.

use std::borrow::Cow;
use std::io::Write;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;

use super::time::{self, Told};
use crate::json::{Json, Kind, Members, write_string_bytes};
use crate::notation::{Notation, Notations};
use crate::number::{self, Unread};
use crate::records::FieldKind;

/// Why a value does not become a field's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// It is nothing of that kind: with what was expected, and what the ERP sent instead.
    Unreadable(String),
    /// It can be read two ways, or leaving it out would say something else: with what decides.
    Doubtful(String),
}

impl Fault {
    /// The sentence for a person.
    pub(super) fn into_message(self) -> String {
        match self {
            Self::Unreadable(message) | Self::Doubtful(message) => message,
        }
    }
}

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrote {
    Nothing,
    Value,
    /// A time later than can be kept: the last one that can.
    Clamped,
}

/// How the record at hand writes its values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Style<'s> {
    pub(super) notations: &'s Notations,
    /// The zone of times that name none.
    pub(super) zone: &'s TimeZone,
    /// The record's own members, by which the column of a value is found.
    pub(super) members: &'s Members<'s>,
}

impl Style<'_> {
    /// The notation of a value: that of its column where columns differ.
    pub(super) fn notation(&self, value: Json<'_>) -> Notation {
        if self.notations.columns.is_empty() {
            return self.notations.whole;
        }
        let place = value.text().as_ptr();
        let column = self.members.iter().find(|(_, member)| member.text().as_ptr() == place);
        column.map_or(self.notations.whole, |(name, _)| self.notations.of(name))
    }
}

/// Members that hold the value where an ERP wraps it in an object, with what belongs to it beside: the text of an XML
/// element with attributes, or an amount with its currency.
const WRAPPED: [&str; 10] = ["text", "value", "amount", "#text", "_text", "$", "$t", "_", "__text", "_value"];

/// Takes a value out of what it is wrapped in: an object with one member for it, or a list of one.
pub(super) fn unwrapped(value: Json<'_>) -> Json<'_> {
    match value.kind() {
        Kind::Object => {
            let members = value.members();
            let is_value = |(name, inner): &&(Cow<'_, str>, Json<'_>)| {
                WRAPPED.contains(&name.as_ref()) && !matches!(inner.kind(), Kind::Object | Kind::Array)
            };
            let mut values = members.iter().filter(is_value).map(|(_, inner)| *inner);
            match (values.next(), values.next()) {
                (Some(only), None) => only,
                _ => value,
            }
        }
        Kind::Array => match value.items()[..] {
            [only] if !matches!(only.kind(), Kind::Object | Kind::Array) => only,
            _ => value,
        },
        _ => value,
    }
}

/// Writes `value` as `kind`. Empty text is no value.
///
/// # Errors
/// [`Fault`]
pub(super) fn write(
    kind: FieldKind,
    value: Json<'_>,
    style: &Style<'_>,
    out: &mut Vec<u8>,
) -> Result<Wrote, Fault> {
    let value = unwrapped(value);
    let any = |written| if written { Wrote::Value } else { Wrote::Nothing };
    match kind {
        FieldKind::Text => write_text(value, out).map(any),
        FieldKind::Money => write_decimal(value, style, "\"", out).map(any),
        FieldKind::Quantity => write_decimal(value, style, "", out).map(any),
        FieldKind::Flag => Ok(any(flag(value)?.map(|flag| print(out, format_args!("{flag}"))).is_some())),
        FieldKind::Day => Ok(write_time(told(value, |text| time::read_day(text, style.zone))?, out)),
        FieldKind::Moment => Ok(write_time(told(value, |text| time::read_moment(text, style.zone))?, out)),
        FieldKind::Object(_) | FieldKind::List(_) => {
            Err(Fault::Unreadable(format!("must be an object, the ERP sent {}", value.kind())))
        }
    }
}

fn write_time(told: Told<impl std::fmt::Display>, out: &mut Vec<u8>) -> Wrote {
    match told {
        Told::Nothing => Wrote::Nothing,
        Told::Time(time) => {
            print(out, format_args!("\"{time}\""));
            Wrote::Value
        }
        Told::Last(time) => {
            print(out, format_args!("\"{time}\""));
            Wrote::Clamped
        }
    }
}

/// A string without escapes is written as it was sent: escaping it would change nothing.
///
/// `false` is no text: Odoo and PHP write it where there is none.
fn write_text(value: Json<'_>, out: &mut Vec<u8>) -> Result<bool, Fault> {
    let Some(text) = text(value).map_err(Fault::Unreadable)?.filter(|_| value.text() != "false") else {
        return Ok(false);
    };
    match text {
        Cow::Borrowed(_) if value.kind() == Kind::String => out.extend_from_slice(value.text().as_bytes()),
        text => write_string_bytes(&text, out),
    }
    Ok(true)
}

/// A number in plain digits is written as it was sent: reading and printing it would change nothing.
fn write_decimal(value: Json<'_>, style: &Style<'_>, quote: &str, out: &mut Vec<u8>) -> Result<bool, Fault> {
    let sent = value.text();
    if value.kind() == Kind::Number && is_plain_decimal(sent) {
        [quote, sent, quote].iter().for_each(|part| out.extend_from_slice(part.as_bytes()));
        return Ok(true);
    }
    Ok(decimal(value, style)?.map(|amount| print(out, format_args!("{quote}{amount}{quote}"))).is_some())
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

/// The trimmed text of what is no flag: `false` is none, as Odoo and PHP write it.
fn trimmed_or_none(value: Json<'_>) -> Result<Option<Cow<'_, str>>, Fault> {
    if value.text() == "false" {
        return Ok(None);
    }
    trimmed(value).map_err(Fault::Unreadable)
}

fn decimal(value: Json<'_>, style: &Style<'_>) -> Result<Option<Decimal>, Fault> {
    let Some(text) = trimmed_or_none(value)? else { return Ok(None) };
    let read = match value.kind() {
        Kind::Number => parse_decimal(&text).ok_or(Unread::NoNumber),
        _ => number::read(&text, style.notation(value)),
    };
    read.map(Some).map_err(|unread| match unread {
        Unread::NoNumber => Fault::Unreadable(format!(
            "must be a decimal number of at most 28 digits, the ERP sent {}",
            shown(&text)
        )),
        Unread::TwoReadings { decimal, whole } => Fault::Doubtful(two_readings(&text, decimal, whole)),
    })
}

/// What is said of a number that can be read two ways.
pub(super) fn two_readings(text: &str, decimal: Decimal, whole: Decimal) -> String {
    format!(
        "is {}, which can be read as {decimal} and as {whole}: say which by the transformation to_number with the decimal \
         sign, or for files by settings.files.csv.decimalSign",
        shown(text)
    )
}

/// The decimal number that a text without blanks around it is, as programs write it, every digit kept.
pub(super) fn parse_decimal(text: &str) -> Option<Decimal> {
    Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text)).ok()
}

fn flag(value: Json<'_>) -> Result<Option<bool>, Fault> {
    let Some(text) = trimmed(value).map_err(Fault::Unreadable)? else { return Ok(None) };
    // A product that lacks the flag is one that may be sold: none is no middle between yes and no.
    let refused = || {
        Fault::Doubtful(format!(
            "must be true or false, the ERP sent {}: say what its words mean by the transformation map",
            shown(&text)
        ))
    };
    parse_flag(&text).map(Some).ok_or_else(refused)
}

/// Words for yes: of programs, of SAP (`X`), of Access and Visual Basic (`-1`), and of languages in which they mean nothing
/// else. `active` is none: behind `blocked` it means no.
const YES: [&str; 19] = [
    "true", "t", "yes", "y", "1", "x", "-1", "on", "enabled", "1.0", "ja", "j", "wahr", "oui", "vrai", "si",
    "sí", "sim", "tak",
];

/// Words for no.
const NO: [&str; 19] = [
    "false", "f", "no", "n", "0", "off", "disabled", "0.0", "nein", "falsch", "non", "faux", "não", "nao",
    "nie", "nej", "nei", "nee", "falso",
];

/// What a text without blanks around it says, if it says yes or no.
pub(super) fn parse_flag(text: &str) -> Option<bool> {
    let is_one_of = |words: &[&str]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is_one_of(&YES) { Some(true) } else { is_one_of(&NO).then_some(false) }
}

fn told<T>(value: Json<'_>, read: impl FnOnce(&str) -> Result<Told<T>, Fault>) -> Result<Told<T>, Fault> {
    match trimmed_or_none(value)? {
        Some(text) => read(&text),
        None => Ok(Told::Nothing),
    }
}

/// A moment; in `zone` where it names none.
pub(super) fn moment(value: Json<'_>, zone: &TimeZone) -> Option<Timestamp> {
    match told(unwrapped(value), |text| time::read_moment(text, zone)).ok()? {
        Told::Time(moment) | Told::Last(moment) => Some(moment),
        Told::Nothing => None,
    }
}

/// A value for an error message, cut where it is long.
pub(super) fn shown(text: &str) -> String {
    let mut short: String = text.chars().take(60).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    format!("{short:?}")
}
