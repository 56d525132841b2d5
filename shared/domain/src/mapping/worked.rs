//! A value on its way through the steps of a transformation. Numbers are decimals, never floats.

use std::borrow::Cow;

use rust_decimal::Decimal;

use super::coerce;
use crate::json::{Json, Kind};

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

    pub(super) fn number(&self) -> Result<Decimal, String> {
        match self {
            Self::Number(number) => Ok(*number),
            other => read_number(&other.text()?, None),
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

/// Reads a number. With a decimal mark, the other marks and blanks only group digits.
pub(super) fn read_number(text: &str, mark: Option<char>) -> Result<Decimal, String> {
    let plain: Cow<'_, str> = match mark {
        None => Cow::Borrowed(text.trim()),
        Some(mark) => {
            let kept = text.chars().filter(|c| *c == mark || !(c.is_whitespace() || ".,'".contains(*c)));
            Cow::Owned(kept.map(|c| if c == mark { '.' } else { c }).collect())
        }
    };
    let refused = || format!("must be a decimal number of at most 28 digits, not {}", coerce::shown(text));
    coerce::parse_decimal(&plain).ok_or_else(refused)
}
