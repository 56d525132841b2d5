//! What a placeholder may name, and what it stands for.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::data_type::DataType;
use crate::difference::{inner_fields, kind_of};
use crate::json::{Json, Kind};
use crate::records::{EXTRA, Field, FieldKind, fields_of};

use super::Outgoing;
use super::value::Value;

/// Begins the name of a field of the record where names mean fields of one of its items.
const RECORD: &str = "$.";

/// Ends the name of a moment of which the day alone is meant, as in `{{orderedAt|date}}`.
const AS_DAY: &str = "|date";

/// Where placeholders stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope {
    pub(super) data_type: DataType,
    /// The fields of one item, inside a list.
    pub(super) item: Option<&'static [Field]>,
}

impl Scope {
    pub(super) const fn record(data_type: DataType) -> Self {
        Self { data_type, item: None }
    }
}

/// A name that stands for a value.
#[derive(Debug, Clone)]
pub(super) struct Placeholder {
    pub(super) name: String,
    origin: Origin,
    /// What it holds; nothing is known of the user's own fields.
    pub(super) kind: Option<FieldKind>,
    /// Whether the day alone is meant, of a moment.
    as_day: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Origin {
    Key,
    Reference,
    IdempotencyKey,
    Record,
    Item,
}

impl Placeholder {
    /// Reads a name.
    ///
    /// # Errors
    /// With a sentence, if there is no such field.
    pub(super) fn parse(scope: Scope, name: &str) -> Result<Self, String> {
        let Some(name) = name.strip_suffix(AS_DAY) else { return Self::named(scope, name) };
        let named = Self::named(scope, name)?;
        match named.kind {
            Some(FieldKind::Moment | FieldKind::Day) => Ok(Self { as_day: true, ..named }),
            _ => Err(format!("{name} has no day: {AS_DAY} goes with a time")),
        }
    }

    fn named(scope: Scope, name: &str) -> Result<Self, String> {
        let here = |origin, kind, name: &str| Ok(Self { name: name.to_owned(), origin, kind, as_day: false });
        let of_record = match (scope.item, name.strip_prefix(RECORD)) {
            (Some(fields), None) => {
                let kind = kind_in(fields, name).ok_or_else(|| {
                    format!("{name} is no field of an item: use one of {}, or {RECORD}<field> for one of the record", names(fields))
                })?;
                return here(Origin::Item, kind, name);
            }
            (_, Some(name)) => name,
            (None, None) => name,
        };
        match of_record {
            "key" => here(Origin::Key, Some(FieldKind::Text), of_record),
            "reference" => here(Origin::Reference, Some(FieldKind::Text), of_record),
            "idempotencyKey" => here(Origin::IdempotencyKey, Some(FieldKind::Text), of_record),
            _ => {
                let fields = fields_of(scope.data_type);
                let kind = kind_in(fields, of_record).ok_or_else(|| {
                    format!(
                        "{of_record} is no field of {}: use key, reference, idempotencyKey, {}, or extra.<name> for \
                         one of your own",
                        scope.data_type,
                        names(fields)
                    )
                })?;
                here(Origin::Record, kind, of_record)
            }
        }
    }

    /// Whether it is a single value, fit to stand inside a text.
    pub(super) const fn is_scalar(&self) -> bool {
        !matches!(self.kind, Some(FieldKind::Object(_) | FieldKind::List(_)))
    }

    /// What it stands for; nothing if the record has none.
    pub(super) fn value<'a>(&self, outgoing: &Outgoing<'a>, item: Option<Json<'a>>) -> Option<Value<'a>> {
        match self.origin {
            Origin::Key => Some(Value::Text(outgoing.key)),
            Origin::IdempotencyKey => Some(Value::Text(outgoing.idempotency_key)),
            Origin::Reference => {
                Some(outgoing.field(&self.name).map_or(Value::Text(outgoing.reference), Value::Json))
            }
            Origin::Record => outgoing.field(&self.name).and_then(|json| self.form(json, outgoing.zone)),
            Origin::Item => present(item?, &self.name).and_then(|json| self.form(json, outgoing.zone)),
        }
    }

    /// A value of the record in the form that is asked for. The day of a moment is the day it has in `zone`.
    fn form<'a>(&self, json: Json<'a>, zone: &TimeZone) -> Option<Value<'a>> {
        if !self.as_day {
            return Some(Value::Json(json));
        }
        let text = json.as_string()?;
        let day = match text.parse::<Timestamp>() {
            Ok(moment) => zone.to_datetime(moment).date(),
            Err(_) => text.parse::<Date>().ok()?,
        };
        Some(Value::Day(day))
    }
}

/// What a field's path leads to in an object; nothing where it is `null`.
pub(super) fn present<'a>(object: Json<'a>, path: &str) -> Option<Json<'a>> {
    let found = match path.split_once('.') {
        Some((EXTRA, name)) => object.get(EXTRA)?.get(name),
        Some((outer, inner)) => object.get(outer)?.get(inner),
        None => object.get(path),
    };
    found.filter(|value| value.kind() != Kind::Null)
}

/// What a field, or a field inside an object, holds. The outer option: whether there is such a field.
fn kind_in(fields: &'static [Field], name: &str) -> Option<Option<FieldKind>> {
    match name.split_once('.') {
        Some((EXTRA, own)) => (!own.is_empty()).then_some(None),
        Some((outer, inner)) => match kind_of(fields, outer)? {
            object @ FieldKind::Object(_) => kind_of(inner_fields(Some(object)), inner).map(Some),
            _ => None,
        },
        None => kind_of(fields, name).map(Some),
    }
}

fn names(fields: &[Field]) -> String {
    fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ")
}
