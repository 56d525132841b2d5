//! What a record holds beside our own fields: fields that the user named, and those of theirs that fill none of ours,
//! where they are kept.

use std::borrow::Cow;

use super::Mapper;
use super::coerce::Style;
use super::level::Found;
use super::path::Path;
use super::presence::{MAX_TIMES, Occurrence};
use super::program::Program;
use crate::json::{Json, Kind, Members, write_string_bytes};
use crate::records::EXTRA;
use crate::validation::FieldError;

/// A field of the user's own. With neither source nor program it is left empty.
#[derive(Debug)]
pub(super) struct Extra {
    pub(super) name: String,
    pub(super) source: Option<Path>,
    pub(super) program: Option<Program>,
    /// In how many records it was found.
    times: u64,
    /// How many came before the first of them.
    first: u64,
}

impl Extra {
    pub(super) const fn new(name: String, source: Option<Path>, program: Option<Program>) -> Self {
        Self { name, source, program, times: 0, first: 0 }
    }

    /// How often it was found in `records`, if ever.
    pub(super) fn occurrence(&self, records: u64) -> Option<Occurrence> {
        let (first, always) = (self.first, self.times == records);
        (self.times > 0).then_some(Occurrence {
            first,
            times: self.times.min(MAX_TIMES),
            always,
            held: false,
        })
    }

    /// What it holds, as JSON; looked for in `records` records before.
    fn value<'a>(
        &mut self,
        raw: Json<'a>,
        style: &Style<'a>,
        records: u64,
    ) -> Result<Option<Cow<'a, str>>, String> {
        let members = style.members;
        let found = self.source.as_ref().and_then(|path| path.find(raw, members));
        if found.is_some() || self.source.as_ref().is_some_and(|path| path.is_explicitly_empty(members)) {
            self.first = if self.times == 0 { records } else { self.first };
            self.times += 1;
        }
        match &self.program {
            None => Ok(found.map(|value| Cow::Borrowed(value.text()))),
            Some(program) => Ok(program.run(found, raw, members, style)?.map(Cow::Owned)),
        }
    }
}

impl Mapper {
    /// The members of a record that fill none of our fields, in whole or in part, if such are kept.
    pub(super) fn unknown<'m, 'a>(
        &self,
        raw: Json<'a>,
        members: &'m Members<'a>,
        found: &Found<'a>,
    ) -> Vec<(&'m str, Json<'a>)> {
        if !self.keeps_unknown {
            return Vec::new();
        }
        let sources = self.extra.iter().filter_map(|extra| extra.source.as_ref());
        let taken: Vec<_> = sources.filter_map(|path| path.find(raw, members)).collect();
        let fills = |member: Json<'_>| {
            let text = member.text().as_bytes().as_ptr_range();
            let mut values = found.iter().flatten().chain(&taken);
            values.any(|value| text.contains(&value.text().as_ptr()))
        };
        let named = |name: &str| self.extra.iter().any(|extra| extra.name == name);
        let unknown = members
            .iter()
            .filter(|(name, value)| value.kind() != Kind::Null && !named(name) && !fills(*value));
        unknown.map(|(name, value)| (name.as_ref(), *value)).collect()
    }

    /// Adds `extra` to the object that was just written.
    pub(super) fn write_extra<'a>(
        &mut self,
        raw: Json<'a>,
        style: &Style<'a>,
        unknown: &[(&str, Json<'a>)],
        out: &mut Vec<u8>,
        errors: &mut Vec<FieldError>,
    ) {
        let mut values = Vec::new();
        // The record at hand is counted already.
        let records = self.level.counted().saturating_sub(1);
        for extra in &mut self.extra {
            match extra.value(raw, style, records) {
                Ok(value) => values.extend(value.map(|value| (extra.name.as_str(), value))),
                Err(message) => errors.push(FieldError::new(format!("{EXTRA}.{}", extra.name), message)),
            }
        }
        values.extend(unknown.iter().map(|(name, value)| (*name, Cow::Borrowed(value.text()))));
        if values.is_empty() {
            return;
        }
        let object_was_empty = out.last() == Some(&b'{') || out.ends_with(b"{}");
        out.pop();
        if !object_was_empty {
            out.push(b',');
        }
        out.extend_from_slice(b"\"extra\":{");
        for (position, (name, value)) in values.into_iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            write_string_bytes(name, out);
            out.push(b':');
            out.extend_from_slice(value.as_bytes());
        }
        out.extend_from_slice(b"}}");
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::data_type::DataType;

    fn kept(mapping: serde_json::Value, transformations: serde_json::Value, raw: &str) -> serde_json::Value {
        let mapping = serde_json::from_value(mapping).unwrap();
        let transformations: Vec<_> = serde_json::from_value(transformations).unwrap();
        let mut mapper = Mapper::new(DataType::Products, &mapping, &transformations).keeping_unknown();
        let mut out = Vec::new();
        mapper.map(&crate::json::Opened::parse(raw.as_bytes()).unwrap(), &mut out).unwrap();
        serde_json::from_slice(&out).unwrap()
    }

    #[test]
    fn what_fills_none_of_our_fields_is_kept_under_its_own_name() {
        let raw = r#"{"sku": "A", "id": 7, "colour": "red", "dims": {"w": 1.50}, "none": null}"#;
        let expected = json!({"sku": "A", "extra": {"id": 7, "colour": "red", "dims": {"w": 1.50}}});
        assert_eq!(kept(json!({}), json!([]), raw), expected);
    }

    #[test]
    fn what_is_taken_by_a_path_or_left_empty_on_purpose_is_not_kept_twice() {
        let mapping = json!({"price": "prices.net", "brand": "$.makers[0]", "extra.tint": "colour", "extra.junk": null});
        let raw =
            r#"{"sku": "A", "prices": {"net": 1}, "makers": ["Acme"], "colour": "red", "junk": 1, "new": 2}"#;
        let expected = json!({"sku": "A", "price": "1", "brand": "Acme", "extra": {"tint": "red", "new": 2}});
        assert_eq!(kept(mapping, json!([]), raw), expected);
    }

    #[test]
    fn a_field_that_was_transformed_was_still_taken() {
        let trim = json!([{"field": "name", "operation": "trim"}]);
        assert_eq!(
            kept(json!({}), trim, r#"{"sku": "A", "name": " Chai "}"#),
            json!({"sku": "A", "name": "Chai"})
        );
    }

    #[test]
    fn a_field_the_user_named_wins_over_theirs_of_the_same_name() {
        let mapping = json!({"extra.colour": "tint"});
        let raw = r#"{"sku": "A", "colour": "red", "tint": "blue"}"#;
        assert_eq!(kept(mapping, json!([]), raw), json!({"sku": "A", "extra": {"colour": "blue"}}));
    }
}
