//! Reads values into types, and turns serde's errors into sentences that name the field by its dotted path and say
//! what is expected of it. What was sent is never repeated: it may be a secret.

use domain::FieldError;
use serde::Deserializer;
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// Reads a `T`.
///
/// # Errors
/// With the first field that does not fit.
pub(crate) fn read<'de, T: DeserializeOwned>(from: impl Deserializer<'de>) -> Result<T, FieldError> {
    serde_path_to_error::deserialize(from).map_err(|error| explain(error.path(), &error.inner().to_string()))
}

fn explain(path: &Path, message: &str) -> FieldError {
    let at = dotted(path);
    if let Some(name) = between_backticks(message.strip_prefix("missing field ")) {
        return FieldError::new(join(&at, name), "is needed");
    }
    if let Some(name) = between_backticks(message.strip_prefix("unknown field ")) {
        let field = if at == name || at.ends_with(&format!(".{name}")) { at } else { join(&at, name) };
        return FieldError::new(field, format!("is not known{}", alternatives(message, "; known are ")));
    }
    if let Some(name) = between_backticks(message.strip_prefix("duplicate field ")) {
        return FieldError::new(join(&at, name), "must be given once");
    }
    let field = if at.is_empty() { "body".to_owned() } else { at };
    if message.starts_with("unknown variant ") {
        return FieldError::new(field, format!("must be{}", alternatives(message, " one of ")));
    }
    let typed = ["invalid type: ", "invalid value: ", "invalid length "];
    if typed.iter().any(|start| message.starts_with(start))
        && let Some((_, expected)) = message.rsplit_once(", expected ")
    {
        return FieldError::new(field, format!("must be {}", in_plain_words(expected)));
    }
    // How the text of a query is told to be no boolean.
    let message = if message == "provided string was not `true` or `false`" {
        "must be true or false"
    } else {
        message
    };
    FieldError::new(field, message)
}

fn dotted(path: &Path) -> String {
    let segments = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(key.clone()),
        Segment::Seq { index } => Some(index.to_string()),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    segments.collect::<Vec<_>>().join(".")
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn between_backticks(text: Option<&str>) -> Option<&str> {
    text?.strip_prefix('`')?.split('`').next()
}

/// The names serde lists after "expected", joined by commas behind `lead`.
fn alternatives(message: &str, lead: &str) -> String {
    let Some((_, listed)) = message.split_once("`, expected ") else { return String::new() };
    let names: Vec<_> = listed.split('`').skip(1).step_by(2).collect();
    format!("{lead}{}", names.join(", "))
}

fn in_plain_words(expected: &str) -> String {
    let words = match expected {
        "a string" | "string or map" => "a text",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        "a character" => "one character",
        "u8" => "a whole number from 0 to 255",
        "u16" => "a whole number from 0 to 65535",
        "u32" | "u64" | "usize" => "a whole number from 0 on",
        shape if shape.starts_with("struct ") => "an object",
        other => other,
    };
    words.to_owned()
}
