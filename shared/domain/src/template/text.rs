//! Texts with placeholders in them.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use thiserror::Error;

use super::Outgoing;
use super::placeholder::{Placeholder, Scope};
use crate::data_type::DataType;
use crate::json::Json;

/// What is escaped in an address: everything but the unreserved characters of RFC 3986, so that a value is neither a
/// path nor a query of its own.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A text whose placeholders stand between two marks.
#[derive(Debug, Clone)]
pub(super) struct TextTemplate(Vec<Part>);

#[derive(Debug, Clone)]
enum Part {
    Fixed(String),
    Placeholder(Placeholder),
}

impl TextTemplate {
    /// Reads a text.
    ///
    /// # Errors
    /// With a sentence, if a placeholder names no single value or does not end.
    pub(super) fn parse(scope: Scope, text: &str, open: &str, close: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((fixed, after)) = rest.split_once(open) {
            let (name, after) =
                after.split_once(close).ok_or_else(|| format!("has {open} without {close}"))?;
            let placeholder = Placeholder::parse(scope, name.trim())?;
            if !placeholder.is_scalar() {
                return Err(format!("{} is no single value and cannot stand in a text", placeholder.name));
            }
            parts.extend((!fixed.is_empty()).then(|| Part::Fixed(fixed.to_owned())));
            parts.push(Part::Placeholder(placeholder));
            rest = after;
        }
        parts.extend((!rest.is_empty()).then(|| Part::Fixed(rest.to_owned())));
        Ok(Self(parts))
    }

    /// Fills it in. What the record does not have is empty; none if it has nothing of what is asked for.
    pub(super) fn render<'a>(&self, outgoing: &Outgoing<'a>, item: Option<Json<'a>>) -> Option<String> {
        let mut text = String::new();
        let (mut asked, mut found) = (false, false);
        for part in &self.0 {
            match part {
                Part::Fixed(fixed) => text.push_str(fixed),
                Part::Placeholder(placeholder) => {
                    asked = true;
                    if let Some(value) = placeholder.value(outgoing, item).and_then(|value| value.text()) {
                        found = true;
                        text.push_str(&value);
                    }
                }
            }
        }
        (found || !asked).then_some(text)
    }

    fn placeholders(&self) -> impl Iterator<Item = &Placeholder> {
        self.0.iter().filter_map(|part| match part {
            Part::Placeholder(placeholder) => Some(placeholder),
            Part::Fixed(_) => None,
        })
    }
}

/// A path under `apiUrl` with placeholders: `/orders/{key}`.
#[derive(Debug, Clone)]
pub struct PathTemplate(TextTemplate);

/// Why a path cannot be filled in.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unfilled {
    /// The record has no value for a placeholder.
    #[error("it needs {0}, which the record does not have")]
    Missing(String),
    /// The values make a path that leads elsewhere.
    #[error("with this record's values it would be {0}, which leads elsewhere")]
    Astray(String),
}

impl PathTemplate {
    /// Reads a path.
    ///
    /// # Errors
    /// With a sentence, if it does not begin with a slash or a placeholder names no single value.
    pub fn parse(data_type: DataType, path: &str) -> Result<Self, String> {
        if !path.starts_with('/') || path.len() > 2048 || path.chars().any(char::is_control) {
            return Err("must begin with / and hold no control characters".to_owned());
        }
        TextTemplate::parse(Scope::record(data_type), path, "{", "}").map(Self)
    }

    /// Whether it has a placeholder of this name.
    #[must_use]
    pub fn asks_for(&self, name: &str) -> bool {
        self.0.placeholders().any(|placeholder| placeholder.name == name)
    }

    /// Whether it asks for nothing but `name`.
    #[must_use]
    pub fn asks_only_for(&self, name: &str) -> bool {
        self.0.placeholders().all(|placeholder| placeholder.name == name)
    }

    /// Fills it in, every value escaped.
    ///
    /// # Errors
    /// If a value is missing, or the path would lead elsewhere.
    pub fn render(&self, outgoing: &Outgoing<'_>) -> Result<String, Unfilled> {
        let mut path = String::new();
        for part in &self.0.0 {
            match part {
                Part::Fixed(fixed) => path.push_str(fixed),
                Part::Placeholder(placeholder) => {
                    let value = placeholder.value(outgoing, None).and_then(|value| value.text());
                    let value = value.filter(|value| !value.is_empty());
                    let value = value.ok_or_else(|| Unfilled::Missing(placeholder.name.clone()))?;
                    path.extend(utf8_percent_encode(&value, ESCAPED));
                }
            }
        }
        // A dot-segment would take the rest of the path away: a delete of the record `..` must not delete them all.
        let before_query = path.split('?').next().unwrap_or_default();
        if before_query.split('/').any(|segment| matches!(segment, "." | "..")) {
            return Err(Unfilled::Astray(path));
        }
        Ok(path)
    }
}
