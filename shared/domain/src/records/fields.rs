//! What a field of a canonical record is, and the macro that makes a record's type and its table of fields in one.

use jiff::Timestamp;
use jiff::civil::Date;
use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// What a field holds, and how it is written.
#[derive(Debug, Clone, Copy)]
pub enum FieldKind {
    /// Text.
    Text,
    /// A decimal amount, written as text so that no reader turns it into a float: `"18.00"`.
    Money,
    /// A decimal quantity, written as a number.
    Quantity,
    /// `true` or `false`.
    Flag,
    /// A calendar day: `1996-07-04`.
    Day,
    /// A moment in UTC: `1996-07-04T00:00:00Z`.
    Moment,
    /// An object with fields of its own.
    Object(&'static [Field]),
    /// A list of objects.
    List(&'static [Field]),
}

/// One field of a canonical record.
#[derive(Debug)]
pub struct Field {
    /// Its name in JSON.
    pub name: &'static str,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether a record without it is set aside.
    pub required: bool,
    /// Names under which ERPs send it, folded, the most telling first.
    pub usual_names: &'static [&'static str],
    /// For objects: what the names of its fields begin with where they are found flat, as `ship` in `shipCity`.
    pub prefixes: &'static [&'static str],
}

/// Folds a name so that `productID`, `product_id` and `Product-Id` are one: lower case, letters and digits only.
#[must_use]
pub fn fold(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// A decimal quantity that is a plain number in JSON, every digit kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = f64, example = 39)]
pub struct Quantity(pub Decimal);

impl Serialize for Quantity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Quantity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        raw.get().parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// A Rust type that can be a field: it says what the field holds.
pub(super) trait FieldType {
    /// What the field holds.
    const KIND: FieldKind;
}

impl FieldType for String {
    const KIND: FieldKind = FieldKind::Text;
}
impl FieldType for Decimal {
    const KIND: FieldKind = FieldKind::Money;
}
impl FieldType for Quantity {
    const KIND: FieldKind = FieldKind::Quantity;
}
impl FieldType for bool {
    const KIND: FieldKind = FieldKind::Flag;
}
impl FieldType for Date {
    const KIND: FieldKind = FieldKind::Day;
}
impl FieldType for Timestamp {
    const KIND: FieldKind = FieldKind::Moment;
}
impl<T: FieldType> FieldType for Vec<T> {
    const KIND: FieldKind = match T::KIND {
        FieldKind::Object(fields) => FieldKind::List(fields),
        other => other,
    };
}

/// Makes a canonical record: a Rust type, with `FIELDS`, the table that mapping reads. A field is written
/// `name "nameInJson": Type ["usual" "names"]`, then `= required`, or `behind ["prefixes" "of" "flat" "names"]`.
macro_rules! record {
    (
        $(#[$doc:meta])*
        $record:ident {
            $(
                $(#[$field_doc:meta])*
                $field:ident $name:literal: $type:ty
                    [$($usual:literal)*] $(= $required:ident)? $(behind [$($prefix:literal)*])?,
            )*
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        pub struct $record {
            $(
                $(#[$field_doc])*
                #[serde(rename = $name, default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
            /// Mapped fields of the user's own.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schema(value_type = Option<Object>)]
            pub extra: Option<serde_json::Map<String, serde_json::Value>>,
        }

        impl $record {
            /// Its fields, in the order they are written.
            pub const FIELDS: &'static [$crate::records::Field] = &[
                $($crate::records::Field {
                    name: $name,
                    kind: <$type as $crate::records::fields::FieldType>::KIND,
                    required: record!(@required $($required)?),
                    usual_names: &[$($usual),*],
                    prefixes: &[$($($prefix),*)?],
                }),*
            ];
        }

        impl $crate::records::fields::FieldType for $record {
            const KIND: $crate::records::FieldKind = $crate::records::FieldKind::Object(Self::FIELDS);
        }
    };
    (@required) => { false };
    (@required required) => { true };
}

pub(super) use record;
