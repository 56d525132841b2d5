//! Writing values the way an ERP wants them. Decimals are copied digit by digit.

use std::borrow::Cow;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::connection::NumberForm;
use crate::difference::{inner_fields, kind_of};
use crate::json::{Json, Kind, separate, write_name, write_string};
use crate::records::FieldKind;

/// What a placeholder stands for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// A text of ours.
    Text(&'a str),
    /// A part of the record.
    Json(Json<'a>),
    /// The day of a moment.
    Day(Date),
}

impl<'a> Value<'a> {
    /// It as a text; none if it is an object or a list.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) => Some(Cow::Borrowed(text)),
            Self::Day(day) => Some(Cow::Owned(day.to_string())),
            Self::Json(json) => match json.kind() {
                Kind::String => json.as_string(),
                Kind::Number | Kind::Bool => Some(Cow::Borrowed(json.text())),
                Kind::Null | Kind::Array | Kind::Object => None,
            },
        }
    }

    /// Writes it as JSON.
    pub(super) fn write(self, kind: Option<FieldKind>, numbers: NumberForm, out: &mut String) {
        match self {
            Self::Text(text) => write_string(text, out),
            Self::Day(day) => write_string(&day.to_string(), out),
            Self::Json(json) => write(json, kind, numbers, out),
        }
    }
}

/// Writes a value of a record, with its decimals as `numbers` says.
pub(super) fn write(json: Json<'_>, kind: Option<FieldKind>, numbers: NumberForm, out: &mut String) {
    match (kind, json.kind()) {
        (Some(FieldKind::Money | FieldKind::Quantity), Kind::String | Kind::Number) => {
            write_decimal(json, numbers, out)
        }
        (Some(FieldKind::Object(_)), Kind::Object) => {
            let fields = inner_fields(kind);
            out.push('{');
            for (name, value) in json.members() {
                write_name(&name, out);
                write(value, kind_of(fields, &name), numbers, out);
            }
            out.push('}');
        }
        (Some(FieldKind::List(fields)), Kind::Array) => {
            out.push('[');
            for item in json.items() {
                separate(out);
                write(item, Some(FieldKind::Object(fields)), numbers, out);
            }
            out.push(']');
        }
        _ => out.push_str(json.text()),
    }
}

fn write_decimal(json: Json<'_>, numbers: NumberForm, out: &mut String) {
    let text = Value::Json(json).text().unwrap_or_default();
    match (Decimal::from_str_exact(&text), numbers) {
        (Ok(decimal), NumberForm::Number) => out.push_str(&decimal.to_string()),
        (Ok(decimal), NumberForm::Text) => write_string(&decimal.to_string(), out),
        // What is no decimal of ours goes out as it is: the ERP says what it thinks of it.
        (Err(_), _) => out.push_str(json.text()),
    }
}
