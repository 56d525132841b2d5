//! The operations themselves. Whatever comes in, none panics.

use std::borrow::Cow;

use jiff::tz::TimeZone;
use rust_decimal::{Decimal, RoundingStrategy};

use super::coerce::Fault;
use super::path::Path;
use super::step::Step;
use super::time::Told;
use super::worked::{Worked, read_number_with};
use super::{coerce, time, time_format};
use crate::json::{Json, Members};
use crate::notation::Notation;

/// How numbers and times are written where a value comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ways<'s> {
    pub(super) notation: Notation,
    /// The zone of times that name none.
    pub(super) zone: &'s TimeZone,
}

/// Most bytes that replacing may make of one text.
const MAX_REPLACED_BYTES: usize = 256 << 10;

impl Step {
    /// Does it. Where there is nothing to work on, nothing comes of it, unless the operation is for that.
    pub(super) fn apply<'a>(
        &self,
        value: Worked<'a>,
        record: Json<'a>,
        members: &Members<'a>,
        ways: Ways<'_>,
    ) -> Result<Worked<'a>, String> {
        match (self, value) {
            (Self::Constant(fixed), _) | (Self::Default(fixed), Worked::Nothing) => Ok(fixed.clone()),
            (Self::Concat { fields, separator }, _) => concat(fields, separator, record, members),
            (Self::Coalesce(fields), Worked::Nothing) => {
                let found = |path: &Path| path.find(record, members).map(|value| Worked::of(Some(value)));
                let mut values = fields.iter().filter_map(found);
                Ok(values.find(|value| !matches!(value, Worked::Nothing)).unwrap_or(Worked::Nothing))
            }
            (_, Worked::Nothing) => Ok(Worked::Nothing),
            (Self::Default(_) | Self::Coalesce(_), value) => Ok(value),
            (Self::Join(separator), value) => value.joined(separator),
            (Self::Multiply(factor), value) => calculated(value.number(ways.notation)?.checked_mul(*factor)),
            (Self::Add(summand), value) => calculated(value.number(ways.notation)?.checked_add(*summand)),
            (Self::Round(places), value) => {
                let strategy = RoundingStrategy::MidpointAwayFromZero;
                Ok(Worked::Number(value.number(ways.notation)?.round_dp_with_strategy(*places, strategy)))
            }
            (Self::Map(table), value) => {
                let text = value.text()?;
                let to = table.get(text.as_ref()).or_else(|| table.get("*"));
                Ok(to.cloned().unwrap_or(value))
            }
            (Self::NullIf(nothings), value) => {
                let text = value.text()?;
                Ok(if nothings.iter().any(|nothing| *nothing == text) { Worked::Nothing } else { value })
            }
            // A number that a step before has made is read no second time.
            (Self::ToNumber(_), value @ Worked::Number(_)) => Ok(value),
            (Self::ToNumber(None), value) => value.number(ways.notation).map(Worked::Number),
            (step, value) => step.apply_to_text(&value.text()?, ways),
        }
    }

    fn apply_to_text<'a>(&self, text: &str, ways: Ways<'_>) -> Result<Worked<'a>, String> {
        let made = |text: String| Ok(Worked::Text(Cow::Owned(text)));
        match self {
            Self::Trim => made(text.trim().to_owned()),
            Self::Uppercase => made(text.to_uppercase()),
            Self::Lowercase => made(text.to_lowercase()),
            Self::Capitalize => made(capitalized(text)),
            Self::Prefix(prefix) => made(format!("{prefix}{text}")),
            Self::Suffix(suffix) => made(format!("{text}{suffix}")),
            Self::Replace { find, with } => {
                if text.len() + text.matches(find).count() * with.len() > MAX_REPLACED_BYTES {
                    return Err(format!("makes a text of more than {MAX_REPLACED_BYTES} bytes"));
                }
                made(text.replace(find, with))
            }
            Self::Substring { start, length } => made(text.chars().skip(*start).take(*length).collect()),
            Self::Split { by, index: None } => Ok(Worked::List(text.split(by).map(str::to_owned).collect())),
            Self::Split { by, index: Some(index) } => {
                text.split(by).nth(*index).map_or(Ok(Worked::Nothing), |part| made(part.to_owned()))
            }
            Self::ToNumber(Some(mark)) => read_number_with(text, *mark).map(Worked::Number),
            Self::ToBoolean => {
                let refused = || format!("must be true or false, not {}", coerce::shown(text));
                coerce::parse_flag(text.trim()).map(Worked::Flag).ok_or_else(refused)
            }
            Self::Date { from, to } => {
                let text = text.trim();
                let time = match from {
                    Some(form) => time_format::read(form, text, ways.zone),
                    None => match time::read_moment(text, ways.zone).map_err(Fault::into_message)? {
                        Told::Nothing => return Ok(Worked::Nothing),
                        Told::Time(moment) | Told::Last(moment) => Some(moment),
                    },
                };
                let expected = from.as_deref().unwrap_or("2026-01-31T10:00:00Z");
                let refused = || format!("must be a time such as {expected}, not {}", coerce::shown(text));
                let time = time.ok_or_else(refused)?;
                made(match to {
                    Some(form) => time_format::write(form, time, ways.zone).ok_or_else(refused)?,
                    None => time.to_string(),
                })
            }
            _ => made(text.to_owned()),
        }
    }
}

fn concat<'a>(
    fields: &[Path],
    separator: &str,
    record: Json<'a>,
    members: &Members<'a>,
) -> Result<Worked<'a>, String> {
    let mut parts = Vec::with_capacity(fields.len());
    for path in fields {
        let text = Worked::of(path.find(record, members)).text()?;
        parts.extend((!text.is_empty()).then_some(text));
    }
    if parts.is_empty() {
        return Ok(Worked::Nothing);
    }
    Ok(Worked::Text(Cow::Owned(parts.join(separator))))
}

fn calculated<'a>(number: Option<Decimal>) -> Result<Worked<'a>, String> {
    number.map(Worked::Number).ok_or_else(|| "makes a number of more than 28 digits".to_owned())
}

/// The rest of a letter that becomes several (`ß`, `SS`) goes to lower case too: done twice, it is as done once.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let Some(first) = letters.next() else { return String::new() };
    let mut first = first.to_uppercase();
    let head: String = first.next().into_iter().collect();
    let rest: String = first.chain(letters).collect();
    head + &rest.to_lowercase()
}
