//! A value on its way through the steps of a transformation. Numbers are decimals, never floats.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::coerce;
use crate::json::{Json, Kind};
use crate::notation::Notation;
use crate::number::{self, Unread};

/// A value between two steps.
#[derive(Debug, Clone)]
pub(super) enum Worked<'a> {
    Nothing,
    /// As the ERP sent it.
    Found(Json<'a>),
    Text(Cow<'a, str>),
    Number(Decimal),
    Flag(bool),
    List(Vec<String>),
}

impl<'a> Worked<'a> {
    pub(super) fn of(found: Option<Json<'a>>) -> Self {
        match found {
            Some(value) if value.kind() == Kind::String => {
                value.as_string().map_or(Self::Nothing, Self::Text)
            }
            Some(value) if value.kind() != Kind::Null => Self::Found(value),
            _ => Self::Nothing,
        }
    }

    pub(super) fn text(&self) -> Result<Cow<'a, str>, String> {
        match self {
            Self::Nothing => Ok(Cow::Borrowed("")),
            Self::Found(value) if matches!(value.kind(), Kind::Number | Kind::Bool) => {
                Ok(Cow::Borrowed(value.text()))
            }
            Self::Found(value) => Err(format!("must be a text, not {}", value.kind())),
            Self::Text(text) => Ok(text.clone()),
            Self::Number(number) => Ok(Cow::Owned(number.to_string())),
            Self::Flag(flag) => Ok(Cow::Owned(flag.to_string())),
            Self::List(_) => Err("must be a text, not a list: join it first".to_owned()),
        }
    }

    /// The number it is, or is written as in this notation.
    pub(super) fn number(&self, notation: Notation) -> Result<Decimal, String> {
        match self {
            Self::Number(number) => Ok(*number),
            Self::Found(value) if value.kind() == Kind::Number => read_number(value.text(), Notation::Plain),
            other => read_number(&other.text()?, notation),
        }
    }

    pub(super) fn joined(self, separator: &str) -> Result<Self, String> {
        let items = match self {
            Self::List(items) => items,
            Self::Found(list) if list.kind() == Kind::Array => {
                let texts = list.items().into_iter().map(|item| Self::of(Some(item)).text());
                texts.map(|text| text.map(Cow::into_owned)).collect::<Result<_, _>>()?
            }
            alone => return Ok(alone),
        };
        Ok(Self::Text(Cow::Owned(items.join(separator))))
    }

    /// As JSON; `None` for nothing.
    pub(super) fn to_json(&self) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Found(value) => Some(value.text().to_owned()),
            Self::Text(text) => serde_json::to_string(text).ok(),
            Self::Number(number) => Some(number.to_string()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::List(items) => serde_json::to_string(items).ok(),
        }
    }
}

fn read_number(text: &str, notation: Notation) -> Result<Decimal, String> {
    number::read(text, notation).map_err(|unread| refused(text, unread))
}

/// Reads a number with this decimal sign: the other signs and blanks may only stand between thousands.
pub(super) fn read_number_with(text: &str, decimal: char) -> Result<Decimal, String> {
    number::read_with(text, decimal).map_err(|unread| refused(text, unread))
}

fn refused(text: &str, unread: Unread) -> String {
    match unread {
        Unread::NoNumber => {
            format!("must be a decimal number of at most 28 digits, not {}", coerce::shown(text))
        }
        Unread::TwoReadings { decimal, whole } => coerce::two_readings(text, decimal, whole),
    }
}
