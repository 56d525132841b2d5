//! JSON as an ERP sent it, read only where it is looked at: borrowed from the page, members in the order they came,
//! numbers kept as the text they were written in.
//!
//! `serde_json::Value` would turn `12345678901234567.89` into a float, and money must not pass through one; it would
//! also build a tree of which a mapping reads a few leaves.

mod non_finite;
mod writing;

pub use non_finite::{NonFinite, without_non_finite};
pub use writing::{separate, string, write_member, write_name, write_string, write_string_bytes};

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// A valid JSON text that is read on demand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Json<'a>(&'a str);

/// What kind of value a [`Json`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// A number.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::Bool => "true or false",
            Self::Number => "a number",
            Self::String => "a text",
            Self::Array => "a list",
            Self::Object => "an object",
        })
    }
}

impl<'a> Json<'a> {
    /// Checks that `text` is one JSON value.
    ///
    /// # Errors
    /// With what is wrong and where.
    pub fn parse(text: &'a [u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice::<&RawValue>(text).map(Self::from)
    }

    /// A value that we wrote ourselves as JSON: it is not checked once more.
    #[must_use]
    pub const fn written(text: &'a str) -> Self {
        Self(text)
    }

    /// The value as it was written.
    #[must_use]
    pub const fn text(self) -> &'a str {
        self.0
    }

    /// What kind of value it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.0.as_bytes().first() {
            Some(b'{') => Kind::Object,
            Some(b'[') => Kind::Array,
            Some(b'"') => Kind::String,
            Some(b't' | b'f') => Kind::Bool,
            Some(b'n') => Kind::Null,
            _ => Kind::Number,
        }
    }

    /// The text of a string, unescaped.
    #[must_use]
    pub fn as_string(self) -> Option<Cow<'a, str>> {
        let inner = self.0.strip_prefix('"')?.strip_suffix('"')?;
        if inner.contains('\\') {
            serde_json::from_str(self.0).ok().map(Cow::Owned)
        } else {
            Some(Cow::Borrowed(inner))
        }
    }

    /// The members of an object, in order; none of any other kind.
    #[must_use]
    pub fn members(self) -> Members<'a> {
        serde_json::from_str::<Listed<'a>>(self.0).map(|members| members.0).unwrap_or_default()
    }

    /// Shows each member of an object, in order, without gathering them.
    pub fn each_member(self, look: impl FnMut(&str, Json<'a>)) {
        struct Each<F>(F);
        impl<'de, F: FnMut(&str, Json<'de>)> Visitor<'de> for Each<F> {
            type Value = ();
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &RawValue>()? {
                    (self.0)(&name, Json::from(value));
                }
                Ok(())
            }
        }
        // What is no object has no members to show; what is one was valid JSON before.
        let _shown = serde_json::Deserializer::from_str(self.0).deserialize_map(Each(look)).is_ok();
    }

    /// The items of an array, in order; none of any other kind.
    #[must_use]
    pub fn items(self) -> Vec<Json<'a>> {
        serde_json::from_str::<Items<'a>>(self.0).map(|items| items.0).unwrap_or_default()
    }

    /// The member called `name`, if this is an object that has one; the last, where there are several.
    #[must_use]
    pub fn get(self, name: &str) -> Option<Json<'a>> {
        let mut found = None;
        self.each_member(|key, value| {
            if key == name {
                found = Some(value);
            }
        });
        found
    }

    /// What a path such as `lines.0.sku` leads to: member names and array positions, joined by dots.
    #[must_use]
    pub fn at(self, path: &str) -> Option<Json<'a>> {
        path.split('.').try_fold(self, |value, step| match value.kind() {
            Kind::Array => value.items().get(step.parse::<usize>().ok()?).copied(),
            _ => value.get(step),
        })
    }
}

impl<'a> From<&'a RawValue> for Json<'a> {
    fn from(raw: &'a RawValue) -> Self {
        Self(raw.get())
    }
}

/// The members of an object: name and value, in the order they came.
pub type Members<'a> = Vec<(Cow<'a, str>, Json<'a>)>;

/// A value with its parts at hand: its text is read once for the check that it is JSON, and to find them.
#[derive(Debug, Clone)]
pub struct Opened<'a> {
    /// The value.
    pub json: Json<'a>,
    /// Its members, if it is an object.
    pub members: Members<'a>,
    /// Its items, if it is an array.
    pub items: Vec<Json<'a>>,
}

impl<'a> Opened<'a> {
    /// Checks that `text` is one JSON value, and finds its parts.
    ///
    /// # Errors
    /// With what is wrong and where.
    pub fn parse(text: &'a [u8]) -> Result<Self, serde_json::Error> {
        let text = std::str::from_utf8(text).map_err(serde::de::Error::custom)?.trim_ascii();
        let mut opened = Self { json: Json(text), members: Vec::new(), items: Vec::new() };
        match opened.json.kind() {
            Kind::Object => opened.members = serde_json::from_str::<Listed<'a>>(text)?.0,
            Kind::Array => opened.items = serde_json::from_str::<Items<'a>>(text)?.0,
            _ => opened.json = Json::parse(text.as_bytes())?,
        }
        Ok(opened)
    }
}

impl<'a> From<Json<'a>> for Opened<'a> {
    fn from(json: Json<'a>) -> Self {
        Self { json, members: json.members(), items: json.items() }
    }
}

struct Listed<'a>(Members<'a>);

impl<'de> Deserialize<'de> for Listed<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Listed<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Listed<'de>, A::Error> {
                let mut members = Vec::with_capacity(16);
                while let Some((Name(name), value)) = map.next_entry::<Name<'de>, &RawValue>()? {
                    members.push((name, Json::from(value)));
                }
                Ok(Listed(members))
            }
        }
        deserializer.deserialize_map(Read)
    }
}

struct Items<'a>(Vec<Json<'a>>);

impl<'de> Deserialize<'de> for Items<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Items<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Items<'de>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element::<&RawValue>()? {
                    items.push(Json::from(item));
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(Read)
    }
}

/// A member's name, borrowed unless something in it is escaped.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        let json = Json::parse(br#"{"price": 12345678901234567.8900, "n": 1}"#).unwrap();
        assert_eq!(json.get("price").unwrap().text(), "12345678901234567.8900");
    }

    #[test]
    fn members_come_in_order_and_unescaped() {
        let json = Json::parse(br#"{"b\n": "x", "a": "caf\u00e9", "c": null}"#).unwrap();
        let members = json.members();
        assert_eq!(members.iter().map(|(k, _)| k.as_ref()).collect::<Vec<_>>(), ["b\n", "a", "c"]);
        assert_eq!(json.get("a").unwrap().as_string().unwrap(), "café");
        assert_eq!(json.get("c").unwrap().kind(), Kind::Null);
    }

    #[test]
    fn a_path_walks_objects_and_arrays() {
        let json = Json::parse(br#"{"d": {"results": [{"id": 1}, {"id": 2}]}}"#).unwrap();
        assert_eq!(json.at("d.results.1.id").unwrap().text(), "2");
        assert!(json.at("d.results.2.id").is_none());
        assert!(json.at("d.nothing").is_none());
    }

    #[test]
    fn a_value_is_opened_as_it_is_parsed() {
        let texts =
            [r#" {"a": [1, {"b": 2}], "ü": null} "#, "[1, [2], {}]", "\"x\"", "7", "{}", "[]", "null"];
        for text in texts {
            let (opened, json) =
                (Opened::parse(text.as_bytes()).unwrap(), Json::parse(text.as_bytes()).unwrap());
            assert_eq!((opened.json, opened.members, opened.items), (json, json.members(), json.items()));
        }
        let broken: [&[u8]; 6] = [b"", b"{\"a\": }", b"[1, 2", b"{} {}", b"nul", b"[\"\xff\"]"];
        for text in broken {
            assert!(Opened::parse(text).is_err() && Json::parse(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn half_a_text_is_refused() {
        assert!(Json::parse(br#"{"a": [1, 2"#).is_err());
        assert!(Json::parse(b"<html>").is_err());
    }
}
