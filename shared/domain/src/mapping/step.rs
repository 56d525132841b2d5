//! Transformations compiled: what each operation needs as its `value`, checked and read once.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::path::Path;
use super::transformation::Operation;
use super::worked::Worked;
use super::{coerce, time_format};

/// Longest text in the `value` of a transformation, in bytes.
const MAX_TEXT_BYTES: usize = 1024;

/// A compiled transformation.
#[derive(Debug, Clone)]
pub(super) enum Step {
    Trim,
    Uppercase,
    Lowercase,
    Capitalize,
    Prefix(String),
    Suffix(String),
    Replace { find: String, with: String },
    Substring { start: usize, length: usize },
    Split { by: String, index: Option<usize> },
    Join(String),
    Concat { fields: Vec<Path>, separator: String },
    Default(Worked<'static>),
    Constant(Worked<'static>),
    Map(BTreeMap<String, Worked<'static>>),
    Multiply(Decimal),
    Add(Decimal),
    Round(u32),
    ToNumber(Option<char>),
    ToText,
    ToBoolean,
    Date { from: Option<String>, to: Option<String> },
    NullIf(Vec<String>),
    Coalesce(Vec<Path>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replacement {
    find: String,
    with: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Part {
    start: usize,
    length: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Splitting {
    by: String,
    index: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Concatenation {
    fields: Vec<String>,
    #[serde(default)]
    separator: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forms {
    from: Option<String>,
    to: Option<String>,
}

impl Step {
    /// Reads the `value` of a transformation.
    ///
    /// # Errors
    /// With what the operation needs instead.
    pub(super) fn compile(operation: Operation, value: Option<&Value>) -> Result<Self, String> {
        let none = |step: Self| match value {
            None => Ok(step),
            Some(_) => Err("must be left out: this operation takes none".to_owned()),
        };
        match operation {
            Operation::Trim => none(Self::Trim),
            Operation::Uppercase => none(Self::Uppercase),
            Operation::Lowercase => none(Self::Lowercase),
            Operation::Capitalize => none(Self::Capitalize),
            Operation::ToString => none(Self::ToText),
            Operation::ToBoolean => none(Self::ToBoolean),
            Operation::Prefix => short_text(value).map(Self::Prefix),
            Operation::Suffix => short_text(value).map(Self::Suffix),
            Operation::Join => short_text(value).map(Self::Join),
            Operation::Replace => Self::replace(value),
            Operation::Substring => {
                let expected = r#"must be like {"start": 0, "length": 5}"#;
                let Part { start, length } = shaped(value, expected)?;
                Ok(Self::Substring { start, length: length.unwrap_or(usize::MAX) })
            }
            Operation::Split => {
                let Splitting { by, index } = shaped(value, r#"must be like {"by": ",", "index": 0}"#)?;
                let sound = !by.is_empty() && by.len() <= MAX_TEXT_BYTES;
                sound
                    .then_some(Self::Split { by, index })
                    .ok_or_else(|| "must have a text to split by of 1 to 1024 bytes".to_owned())
            }
            Operation::Concat => {
                let expected = r#"must be like {"fields": ["firstName", "lastName"], "separator": " "}"#;
                let Concatenation { fields, separator } = shaped(value, expected)?;
                Ok(Self::Concat { fields: paths(&fields)?, separator })
            }
            Operation::Coalesce => {
                let fields: Vec<String> = shaped(value, "must be a list of fields of theirs")?;
                paths(&fields).map(Self::Coalesce)
            }
            Operation::Default => scalar(value).map(Self::Default),
            Operation::Constant => scalar(value).map(Self::Constant),
            Operation::Map => Self::map(value),
            Operation::Multiply => decimal(value).map(Self::Multiply),
            Operation::Add => decimal(value).map(Self::Add),
            Operation::Round => {
                let places = value.map_or(Some(0), Value::as_u64).filter(|places| *places <= 28);
                let places = places.and_then(|places| u32::try_from(places).ok());
                places.map(Self::Round).ok_or_else(|| "must be a whole number from 0 to 28".to_owned())
            }
            Operation::ToNumber => match value.map(Value::as_str) {
                None => Ok(Self::ToNumber(None)),
                Some(Some(".")) => Ok(Self::ToNumber(Some('.'))),
                Some(Some(",")) => Ok(Self::ToNumber(Some(','))),
                Some(_) => Err(r#"must be the decimal mark, "." or ",", or left out"#.to_owned()),
            },
            Operation::Date => Self::date(value),
            Operation::NullIf => match value {
                Some(Value::Array(values)) => {
                    values.iter().map(|one| scalar(Some(one))?.text().map(Cow::into_owned)).collect()
                }
                one => scalar(one)?.text().map(|text| vec![text.into_owned()]),
            }
            .map(Self::NullIf),
        }
    }

    fn replace(value: Option<&Value>) -> Result<Self, String> {
        let Replacement { find, with } = shaped(value, r#"must be like {"find": "-", "with": ""}"#)?;
        if find.is_empty() || find.len().max(with.len()) > MAX_TEXT_BYTES {
            return Err(
                "must have a text to find of 1 to 1024 bytes, and one of at most 1024 for it".to_owned()
            );
        }
        Ok(Self::Replace { find, with })
    }

    fn map(value: Option<&Value>) -> Result<Self, String> {
        let expected = r#"must be a table such as {"A": "active", "*": "closed"}"#;
        let table: BTreeMap<String, Value> = shaped(value, expected)?;
        if table.is_empty() || table.len() > 1000 {
            return Err("must be a table of 1 to 1000 entries".to_owned());
        }
        let row = |(from, to): (String, Value)| match to {
            Value::Null => Ok((from, Worked::Nothing)),
            to => Ok((from, scalar(Some(&to))?)),
        };
        table.into_iter().map(row).collect::<Result<_, String>>().map(Self::Map)
    }

    fn date(value: Option<&Value>) -> Result<Self, String> {
        let expected = r#"must be like {"from": "%d.%m.%Y", "to": "%Y-%m-%d"}, with one or both"#;
        let Forms { from, to } = shaped(value, expected)?;
        if from.is_none() && to.is_none() {
            return Err(expected.to_owned());
        }
        if from.as_deref().is_some_and(|form| !time_format::can_read(form)) {
            return Err("has a form `from` that no day can be read by: write it like %d.%m.%Y".to_owned());
        }
        if to.as_deref().is_some_and(|form| !time_format::can_write(form)) {
            return Err("has a form `to` that no time can be written by: write it like %Y-%m-%d".to_owned());
        }
        Ok(Self::Date { from, to })
    }
}

fn shaped<T: DeserializeOwned>(value: Option<&Value>, expected: &str) -> Result<T, String> {
    let read = value.and_then(|value| T::deserialize(value).ok());
    read.ok_or_else(|| expected.to_owned())
}

fn short_text(value: Option<&Value>) -> Result<String, String> {
    let text = value.and_then(Value::as_str).filter(|text| text.len() <= MAX_TEXT_BYTES);
    text.map(str::to_owned).ok_or_else(|| "must be a text of at most 1024 bytes".to_owned())
}

fn paths(fields: &[String]) -> Result<Vec<Path>, String> {
    if !(1..=50).contains(&fields.len()) {
        return Err("must name 1 to 50 fields of theirs".to_owned());
    }
    fields.iter().map(|field| Path::parse(field).map_err(|message| format!("{field}: {message}"))).collect()
}

/// A text, a number or a flag.
pub(super) fn scalar(value: Option<&Value>) -> Result<Worked<'static>, String> {
    match value {
        Some(Value::String(text)) if text.len() <= MAX_TEXT_BYTES => {
            Ok(Worked::Text(Cow::Owned(text.clone())))
        }
        Some(Value::Bool(flag)) => Ok(Worked::Flag(*flag)),
        number @ Some(Value::Number(_)) => decimal(number).map(Worked::Number),
        _ => Err("must be a text of at most 1024 bytes, a number, true or false".to_owned()),
    }
}

/// A decimal. A JSON number of more digits has lost some before we see it.
pub(super) fn decimal(value: Option<&Value>) -> Result<Decimal, String> {
    let text = match value {
        Some(Value::String(text)) => Some(text.trim().to_owned()),
        Some(Value::Number(number)) => {
            let text = number.to_string();
            (text.bytes().filter(u8::is_ascii_digit).count() <= 16).then_some(text)
        }
        _ => None,
    };
    let expected = r#"must be a decimal number, as text ("1.19") if it has more than 15 digits"#;
    text.as_deref().and_then(coerce::parse_decimal).ok_or_else(|| expected.to_owned())
}
