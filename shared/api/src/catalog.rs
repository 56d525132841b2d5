//! The one rule for the catalogue that an assignment names: it is the platform's, so any short text will do.

use domain::validation::Checks;

/// Longest id of a catalogue, in bytes.
const MAX_BYTES: usize = 200;

/// Checks `catalogId`, if it is sent.
pub(crate) fn check_catalog_id(id: Option<&str>, checks: &mut Checks) {
    let sound = |id: &str| (1..=MAX_BYTES).contains(&id.len()) && !id.chars().any(char::is_control);
    checks.require(id.is_none_or(sound), "catalogId", "must be 1 to 200 bytes without control characters");
}
