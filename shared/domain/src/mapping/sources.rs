//! Tells which part of the ERP's record each of our fields is taken from, for people who write a mapping.

use std::collections::BTreeSet;

use serde::Serialize;
use utoipa::ToSchema;

use super::{Mapper, Operation, Target, Transformation, transformation};
use crate::data_type::DataType;
use crate::json::{Json, Kind};
use crate::records::{EXTRA, Field, FieldKind, fields_of};

/// How one of our fields comes by its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilledBy {
    /// The mapping names its source.
    Mapping,
    /// It was found by one of its usual names.
    UsualName,
}

/// A part of the ERP's record, and the field of ours it fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source<'a> {
    /// Our field: `sku`, `shippingAddress.city`, `lines.sku` (of every line), `extra.colour`.
    pub field: String,
    /// The part: a stretch of the record's own text.
    pub value: Json<'a>,
    /// How it was found.
    pub by: FilledBy,
}

impl Mapper {
    /// Which parts of a record fill which of our fields. What transformations read beside them is not told.
    pub fn sources<'a>(&mut self, raw: Json<'a>) -> Vec<Source<'a>> {
        let mut sources = Vec::new();
        if raw.kind() != Kind::Object {
            return sources;
        }
        self.level.sources(raw, "", &mut sources);
        let members = raw.members();
        for extra in &self.extra {
            let found = extra.source.as_ref().and_then(|path| path.find(raw, &members));
            let field = format!("{EXTRA}.{}", extra.name);
            sources.extend(found.map(|value| Source { field, value, by: FilledBy::Mapping }));
        }
        sources
    }
}

/// A field of ours that nothing fills.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Unfilled {
    /// Its name; dotted inside an object or a list.
    #[schema(example = "price")]
    pub field: String,
    /// Whether a record without it is set aside.
    #[schema(example = false)]
    pub required: bool,
}

/// The fields of a data type that neither a source among `filled` nor a transformation fills. Of an object or a list
/// that is filled in part, the rest is named field by field.
#[must_use]
pub fn unfilled(
    data_type: DataType,
    filled: &BTreeSet<String>,
    transformations: &[Transformation],
) -> Vec<Unfilled> {
    let mut filled = filled.clone();
    for one in transformations
        .iter()
        .filter(|one| fills_by_itself(one.operation) || one.operation == Operation::Default)
    {
        match transformation::target(data_type, &one.field) {
            Ok(Target::Field(field)) => filled.insert(field.name.to_owned()),
            Ok(Target::Inner(outer, inner)) => filled.insert(format!("{}.{}", outer.name, inner.name)),
            Ok(Target::Extra(_)) | Err(_) => false,
        };
    }
    let mut missing = Vec::new();
    gather(fields_of(data_type), "", &filled, &mut missing);
    missing
}

/// Whether an operation fills a field from elsewhere than its source.
#[must_use]
pub const fn fills_by_itself(operation: Operation) -> bool {
    matches!(operation, Operation::Constant | Operation::Concat | Operation::Coalesce)
}

fn gather(fields: &[Field], at: &str, filled: &BTreeSet<String>, missing: &mut Vec<Unfilled>) {
    for field in fields {
        let name = format!("{at}{}", field.name);
        let inside = format!("{name}.");
        let in_part = filled.range(inside.clone()..).next().is_some_and(|next| next.starts_with(&inside));
        match field.kind {
            FieldKind::Object(fields) | FieldKind::List(fields) if in_part => {
                gather(fields, &inside, filled, missing)
            }
            _ if filled.contains(&name) => {}
            _ => missing.push(Unfilled { field: name, required: field.required }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sources(
        data_type: DataType,
        mapping: serde_json::Value,
        raw: &str,
    ) -> Vec<(String, String, FilledBy)> {
        let mapping = serde_json::from_value(mapping).unwrap();
        let mut mapper = Mapper::new(data_type, &mapping, &[]);
        let found = mapper.sources(Json::parse(raw.as_bytes()).unwrap());
        found.into_iter().map(|source| (source.field, source.value.text().to_owned(), source.by)).collect()
    }

    fn one(field: &str, text: &str, by: FilledBy) -> (String, String, FilledBy) {
        (field.to_owned(), text.to_owned(), by)
    }

    #[test]
    fn a_source_is_told_with_how_it_was_found() {
        let mapping = json!({"price": "prices.net", "name": null, "extra.tag": "$.tags[1]"});
        let raw = r#"{"id": 7, "title": "Chai", "prices": {"net": 18.00}, "tags": ["a", "b"], "unit": null}"#;
        let found = sources(DataType::Products, mapping, raw);
        let expected = [
            one("sku", "7", FilledBy::UsualName),
            one("price", "18.00", FilledBy::Mapping),
            one("extra.tag", r#""b""#, FilledBy::Mapping),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn objects_and_lists_are_looked_into() {
        let raw = r#"{"orderID": 1, "shipCity": "Reims", "billingAddress": {"city": "Köln"},
            "lines": [{"sku": "A"}, {"sku": "B", "qty": 2}]}"#;
        let found = sources(DataType::Orders, json!({}), raw);
        let usual = |field: &str, text: &str| one(field, text, FilledBy::UsualName);
        for expected in [
            usual("orderNumber", "1"),
            usual("shippingAddress.city", r#""Reims""#),
            usual("billingAddress.city", r#""Köln""#),
            usual("lines.sku", r#""A""#),
            usual("lines.sku", r#""B""#),
            usual("lines.quantity", "2"),
        ] {
            assert!(found.contains(&expected), "{expected:?} is not among {found:?}");
        }
    }

    #[test]
    fn what_nothing_fills_is_named_and_required_ones_are_marked() {
        let filled = ["name", "price"].map(str::to_owned).into();
        let constant = json!([{"field": "currency", "operation": "constant", "value": "EUR"}]);
        let constant: Vec<_> = serde_json::from_value(constant).unwrap();
        let missing = unfilled(DataType::Products, &filled, &constant);
        assert_eq!(missing[0], Unfilled { field: "sku".to_owned(), required: true });
        let names: Vec<_> = missing.iter().map(|one| one.field.as_str()).collect();
        assert!(names.contains(&"brand"), "{names:?}");
        assert!(!["name", "price", "currency"].iter().any(|field| names.contains(field)), "{names:?}");
    }

    #[test]
    fn an_object_filled_in_part_is_told_field_by_field() {
        let filled = ["shippingAddress.city", "lines", "lines.sku"].map(str::to_owned).into();
        let missing = unfilled(DataType::Orders, &filled, &[]);
        let names: Vec<_> = missing.iter().map(|one| one.field.as_str()).collect();
        assert!(names.contains(&"shippingAddress.country") && names.contains(&"billingAddress"), "{names:?}");
        assert!(names.contains(&"lines.quantity") && !names.contains(&"lines"), "{names:?}");
        assert!(!names.contains(&"lines.sku"), "{names:?}");
    }
}
