//! What is wrong with an input, field by field.

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// One field that cannot be accepted, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Dotted path of the field in the request body.
    #[schema(example = "settings.timeout")]
    pub field: String,
    /// What is expected of it.
    #[schema(example = "must be between 1000 and 900000 milliseconds")]
    pub message: String,
}

impl FieldError {
    /// Names a field and what is wrong with it.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

/// An input that breaks one or more rules. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}", summary(.0))]
pub struct Invalid(pub Vec<FieldError>);

fn summary(errors: &[FieldError]) -> String {
    errors.iter().map(|e| format!("{} {}", e.field, e.message)).collect::<Vec<_>>().join("; ")
}

/// Gathers every broken rule of an input, so that a user mends them in one go.
#[derive(Debug, Default)]
pub struct Checks(Vec<FieldError>);

impl Checks {
    /// Notes `message` against `field` unless `holds`.
    pub fn require(&mut self, holds: bool, field: &str, message: &str) {
        if !holds {
            self.fail(field, message);
        }
    }

    /// Notes `message` against `field`.
    pub fn fail(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(FieldError::new(field, message));
    }

    /// Does checks on a part of the input: what they name is named as a field of `field`.
    pub fn within(&mut self, field: &str, check: impl FnOnce(&mut Self)) {
        let mut inner = Self::default();
        check(&mut inner);
        let named = |error: FieldError| FieldError::new(format!("{field}.{}", error.field), error.message);
        self.0.extend(inner.0.into_iter().map(named));
    }

    /// Ends the checks.
    ///
    /// # Errors
    /// With every rule that was broken, in the order they were checked.
    pub fn finish(self) -> Result<(), Invalid> {
        if self.0.is_empty() { Ok(()) } else { Err(Invalid(self.0)) }
    }
}
