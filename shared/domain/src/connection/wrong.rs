//! What the tests of connections and their settings find wrong.

use serde_json::Value;

use super::{ConnectionInput, ConnectionSettings};
use crate::validation::{Checks, FieldError, Invalid};

/// What is wrong with these settings.
pub(super) fn settings(settings: Value) -> Vec<FieldError> {
    let settings: ConnectionSettings = serde_json::from_value(settings).unwrap();
    let mut checks = Checks::default();
    settings.check(&mut checks);
    found(checks.finish())
}

/// What is wrong with a connection.
pub(super) fn connection(input: Value) -> Vec<FieldError> {
    let input: ConnectionInput = serde_json::from_value(input).unwrap();
    found(input.validate())
}

fn found<T>(checked: Result<T, Invalid>) -> Vec<FieldError> {
    checked.err().map(|invalid| invalid.0).unwrap_or_default()
}

/// The fields that are wrong.
pub(super) fn fields(errors: Vec<FieldError>) -> Vec<String> {
    errors.into_iter().map(|error| error.field).collect()
}

/// Each with its field.
pub(super) fn texts(errors: Vec<FieldError>) -> Vec<String> {
    errors.into_iter().map(|error| format!("{} {}", error.field, error.message)).collect()
}
