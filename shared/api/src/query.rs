//! Reads query parameters. A parameter that is unknown, repeated or malformed is refused by name: a filter that is
//! silently ignored answers with the wrong records.

use std::collections::HashSet;
use std::fmt;

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::de::{DeserializeOwned, Error as _, Visitor};
use serde::{Deserialize, Deserializer};
use url::form_urlencoded;
use utoipa::IntoParams;

use crate::ApiError;
use crate::reading::read;

/// The query parameters of a request. `T` denies unknown fields.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        parse(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

fn parse<T: DeserializeOwned>(query: &str) -> Result<T, ApiError> {
    let pairs = form_urlencoded::parse(query.as_bytes());
    let mut seen = HashSet::new();
    if let Some((name, _)) = pairs.clone().find(|(name, _)| !seen.insert(name.clone())) {
        return Err(ApiError::invalid_parameter(&name, "must be given once"));
    }
    read(serde_urlencoded::Deserializer::new(pairs)).map_err(|error| {
        let name = error.field.chars().filter(|c| !c.is_control()).take(64).collect::<String>();
        ApiError::invalid_parameter(&name, error.message)
    })
}

/// How many items a page has: 1 to 1000, 50 if left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit(pub(crate) u32);

impl Limit {
    /// What a list without `limit` shows.
    pub(crate) const DEFAULT: u32 = 50;
    /// The most a list shows.
    pub(crate) const MAX: u32 = 1_000;
}

impl Default for Limit {
    fn default() -> Self {
        Self(Self::DEFAULT)
    }
}

/// Reads a text and parses it, for `T` that serde would only take from a number.
fn parsed<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    parse: impl Fn(&str) -> Option<T>,
    expected: &'static str,
) -> Result<T, D::Error> {
    struct Parsed<F>(F, &'static str);
    impl<T, F: Fn(&str) -> Option<T>> Visitor<'_> for Parsed<F> {
        type Value = T;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(self.1)
        }
        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            (self.0)(text).ok_or_else(|| E::custom(format!("must be {}", self.1)))
        }
    }
    deserializer.deserialize_str(Parsed(parse, expected))
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let within = |text: &str| text.parse().ok().filter(|limit| (1..=Self::MAX).contains(limit));
        parsed(deserializer, within, "a whole number from 1 to 1000").map(Self)
    }
}

/// The parameters of a list without filters.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PageQuery {
    /// How many to show.
    #[param(value_type = u32, minimum = 1, maximum = 1000, default = 50)]
    pub(crate) limit: Limit,
    /// Where to go on: from the `Link` header of the page before.
    pub(crate) cursor: Option<String>,
}

/// Seconds to hold an answer: 0 to 25.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct WaitSeconds(pub(crate) u64);

impl<'de> Deserialize<'de> for WaitSeconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let within = |text: &str| text.parse().ok().filter(|seconds| *seconds <= 25);
        parsed(deserializer, within, "a whole number of seconds from 0 to 25").map(Self)
    }
}

/// A moment, as RFC 3339 text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) jiff::Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(|_| D::Error::custom("must be a moment such as 2026-11-21T06:00:00Z"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    struct Example {
        limit: Limit,
        cursor: Option<String>,
        since: Option<Moment>,
        force: bool,
    }

    #[test]
    fn what_is_left_out_takes_its_default() {
        let query: Example = parse("").unwrap();
        assert_eq!((query.limit.0, query.cursor, query.since, query.force), (50, None, None, false));
        let query: Example = parse("limit=1000&cursor=a%2Bb&since=2026-11-21T06:00:00Z&force=true").unwrap();
        assert_eq!((query.limit.0, query.cursor.as_deref(), query.force), (1000, Some("a+b"), true));
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        for (query, name) in [
            ("limit=0", "limit"),
            ("limit=1001", "limit"),
            ("limit=many", "limit"),
            ("limit=", "limit"),
            ("limit=5&limit=6", "limit"),
            ("since=yesterday", "since"),
            ("force=maybe", "force"),
            ("page=2", "page"),
        ] {
            let error = parse::<Example>(query).unwrap_err();
            assert_eq!((error.status.as_u16(), error.code), (400, "INVALID_PARAMETER"), "{query}");
            assert_eq!(error.details[0].field, name, "{query}: {error:?}");
        }
        let maybe = parse::<Example>("force=perhaps").unwrap_err();
        assert_eq!(maybe.message, "force must be true or false.");
    }
}
