//! Which of the ERP's records are taken at all.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use serde_json::{Map, Value};

use super::coerce::{self, Style, unwrapped};
use super::path::Path;
use super::step::{decimal, scalar};
use super::time;
use crate::json::{Json, Kind, Opened};
use crate::notation::{Notation, Notations};
use crate::number;
use crate::validation::Checks;

/// Field of theirs (a name, a dotted path or a JSONPath) to what it must be: `{"status": "open"}`, or
/// `{"price": {"gt": 10, "lt": "99.90"}}`. All must hold.
pub type Filters = BTreeMap<String, Value>;

/// Most fields that filters may look at.
const MAX_FIELDS: usize = 50;

/// Most values of a list.
const MAX_VALUES: usize = 1000;

const OPERATORS: &str = "eq, ne, in, not_in, gt, gte, lt, lte, contains, starts_with, exists";

/// Checks filters; `at` is the field that holds them.
pub fn check_filters(at: &str, filters: &Filters, checks: &mut Checks) {
    checks.require(filters.len() <= MAX_FIELDS, at, "must have at most 50 fields");
    for (field, wanted) in filters.iter().take(MAX_FIELDS) {
        if let Err(message) = Path::parse(field) {
            checks.fail(format!("{at}.{field}"), message);
        }
        match wanted {
            Value::Object(tests) if tests.is_empty() => {
                checks.fail(format!("{at}.{field}"), format!("must have one of {OPERATORS}"));
            }
            Value::Object(tests) => {
                for (operator, operand) in tests {
                    if let Err(message) = Test::compile(operator, operand) {
                        checks.fail(format!("{at}.{field}.{operator}"), message);
                    }
                }
            }
            value => {
                if let Err(message) = Test::compile("eq", value) {
                    checks.fail(format!("{at}.{field}"), message);
                }
            }
        }
    }
}

/// Compiled filters.
#[derive(Debug, Default)]
pub struct Filter(Vec<(Path, Vec<Test>)>);

impl Filter {
    /// Compiles filters that [`check_filters`] found good. Those it would refuse are left out.
    #[must_use]
    pub fn new(filters: &Filters) -> Self {
        let compiled = filters.iter().filter_map(|(field, wanted)| {
            let alone = || Map::from_iter([("eq".to_owned(), wanted.clone())]);
            let tests = wanted.as_object().cloned().unwrap_or_else(alone);
            let tests = tests.iter().filter_map(|(operator, operand)| Test::compile(operator, operand).ok());
            Some((Path::parse(field).ok()?, tests.collect()))
        });
        Self(compiled.collect())
    }

    /// Whether a record is taken. What is no object is, so that mapping tells what is wrong with it.
    #[must_use]
    pub fn takes(&self, record: &Opened<'_>, notations: &Notations) -> bool {
        self.0.is_empty() || record.json.kind() != Kind::Object || self.holds_for(record, notations)
    }

    /// Whether every condition holds for a record.
    #[must_use]
    pub(super) fn holds_for(&self, record: &Opened<'_>, notations: &Notations) -> bool {
        let zone = TimeZone::UTC;
        let style = Style { notations, zone: &zone, members: &record.members };
        self.0.iter().all(|(path, tests)| {
            let value = path.find(record.json, &record.members).filter(|value| value.kind() != Kind::Null);
            let notation = value.map_or(notations.whole, |value| style.notation(value));
            tests.iter().all(|test| test.holds(value.map(unwrapped), notation))
        })
    }
}

/// What a field must be.
#[derive(Debug)]
enum Test {
    OneOf(Vec<Operand>),
    NoneOf(Vec<Operand>),
    /// Stands to the operand in one of these ways.
    Ordered(Operand, &'static [Ordering]),
    Contains(Operand),
    StartsWith(String),
    Exists(bool),
}

impl Test {
    fn compile(operator: &str, operand: &Value) -> Result<Self, String> {
        let ordered = |ways| Operand::ordered(operand).map(|operand| Self::Ordered(operand, ways));
        match operator {
            "eq" => Operand::new(operand).map(|one| Self::OneOf(vec![one])),
            "ne" => Operand::new(operand).map(|one| Self::NoneOf(vec![one])),
            "in" => operands(operand).map(Self::OneOf),
            "not_in" => operands(operand).map(Self::NoneOf),
            "gt" => ordered(&[Ordering::Greater]),
            "gte" => ordered(&[Ordering::Greater, Ordering::Equal]),
            "lt" => ordered(&[Ordering::Less]),
            "lte" => ordered(&[Ordering::Less, Ordering::Equal]),
            "contains" => Operand::new(operand).map(Self::Contains),
            "starts_with" => {
                let text = operand.as_str().filter(|text| (1..=1024).contains(&text.len()));
                let text = text.ok_or_else(|| "must be a text of 1 to 1024 bytes".to_owned())?;
                Ok(Self::StartsWith(text.to_owned()))
            }
            "exists" => operand.as_bool().map(Self::Exists).ok_or_else(|| "must be true or false".to_owned()),
            _ => Err(format!("is no operator: use one of {OPERATORS}")),
        }
    }

    fn holds(&self, value: Option<Json<'_>>, notation: Notation) -> bool {
        let text = || coerce::text(value?).ok().flatten();
        match self {
            Self::OneOf(operands) => text()
                .is_some_and(|text| operands.iter().any(|one| one.order(&text, notation) == Ordering::Equal)),
            Self::NoneOf(operands) => text()
                .is_none_or(|text| operands.iter().all(|one| one.order(&text, notation) != Ordering::Equal)),
            Self::Ordered(operand, ways) => {
                text().is_some_and(|text| ways.contains(&operand.order(&text, notation)))
            }
            Self::Contains(part) => match value {
                Some(list) if list.kind() == Kind::Array => {
                    let texts = list.items().into_iter().filter_map(|item| coerce::text(item).ok().flatten());
                    texts.into_iter().any(|text| part.order(&text, notation) == Ordering::Equal)
                }
                _ => text().is_some_and(|text| text.contains(&part.text)),
            },
            Self::StartsWith(start) => text().is_some_and(|text| text.starts_with(start)),
            // A list or an object exists though it has no text.
            Self::Exists(wanted) => {
                let exists =
                    value.is_some_and(|value| coerce::text(value).map_or(true, |text| text.is_some()));
                exists == *wanted
            }
        }
    }
}

/// What a value is held against.
#[derive(Debug)]
struct Operand {
    text: String,
    as_what: Comparison,
}

#[derive(Debug)]
enum Comparison {
    Number(Decimal),
    Flag(bool),
    Moment(Timestamp),
    Text,
}

impl Operand {
    fn new(value: &Value) -> Result<Self, String> {
        let text = scalar(Some(value))?.text()?.into_owned();
        let as_what = match value {
            Value::Number(_) => Comparison::Number(decimal(Some(value))?),
            Value::Bool(flag) => Comparison::Flag(*flag),
            // Eight digits may be a day, and an article number as well.
            _ if text.contains('-') => time::parse_moment(&text).map_or(Comparison::Text, Comparison::Moment),
            _ => Comparison::Text,
        };
        Ok(Self { text, as_what })
    }

    /// For comparing by size, where a number may be written as text to keep its digits.
    fn ordered(value: &Value) -> Result<Self, String> {
        let mut operand = Self::new(value)?;
        if let (Comparison::Text, Some(number)) = (&operand.as_what, coerce::parse_decimal(&operand.text)) {
            operand.as_what = Comparison::Number(number);
        }
        Ok(operand)
    }

    /// How a text stands to it: as numbers, flags or times where both are such, else letter by letter.
    fn order(&self, text: &str, notation: Notation) -> Ordering {
        let trimmed = text.trim();
        let order = match &self.as_what {
            Comparison::Number(number) => number::read(trimmed, notation).ok().map(|value| value.cmp(number)),
            Comparison::Flag(flag) => coerce::parse_flag(trimmed).map(|value| value.cmp(flag)),
            Comparison::Moment(moment) => time::parse_moment(trimmed).map(|value| value.cmp(moment)),
            Comparison::Text => None,
        };
        order.unwrap_or_else(|| text.cmp(&self.text))
    }
}

fn operands(value: &Value) -> Result<Vec<Operand>, String> {
    let values = value.as_array().filter(|values| (1..=MAX_VALUES).contains(&values.len()));
    let values = values.ok_or_else(|| "must be a list of 1 to 1000 values".to_owned())?;
    values.iter().map(Operand::new).collect()
}

#[cfg(test)]
mod tests;
