//! What is done to one field, step by step.

use std::sync::Arc;

use super::apply::Ways;
use super::coerce::{Style, unwrapped};
use super::step::Step;
use super::transformation::Operation;
use super::worked::Worked;
use crate::json::{Json, Members};

/// Longest text a step may make, in bytes: about what a whole record may have.
const MAX_BYTES: usize = 256 << 10;

/// The steps, in order. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Program(Arc<Vec<(Operation, Step)>>);

impl Program {
    pub(super) fn push(&mut self, operation: Operation, step: Step) {
        Arc::make_mut(&mut self.0).push((operation, step));
    }

    /// Works on what was found in `record`; says what came of it, as JSON.
    ///
    /// # Errors
    /// With the operation that failed, and why.
    pub(super) fn run<'a>(
        &self,
        found: Option<Json<'a>>,
        record: Json<'a>,
        members: &Members<'a>,
        style: &Style<'_>,
    ) -> Result<Option<String>, String> {
        let notation = found.map_or(style.notations.whole, |found| style.notation(found));
        let ways = Ways { notation, zone: style.zone };
        let mut value = Worked::of(found.map(unwrapped));
        for (operation, step) in self.0.iter() {
            let done = step.apply(value, record, members, ways).and_then(|value| match &value {
                Worked::Text(text) if text.len() > MAX_BYTES => {
                    Err(format!("makes a text of more than {MAX_BYTES} bytes"))
                }
                _ => Ok(value),
            });
            value = done.map_err(|message| {
                let name = serde_json::to_string(operation).unwrap_or_default();
                format!("{}: {message}", name.trim_matches('"'))
            })?;
        }
        Ok(value.to_json())
    }
}
