//! Fields of ours that an ERP's records used to fill and no longer do.

use serde::{Deserialize, Serialize};

/// A field that earlier records filled and none of a run does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MissingField {
    /// Our field.
    pub field: String,
    /// Where the mapping takes it from; its usual names if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Whether that is certain before everything is read: every record had it before.
    #[serde(default)]
    pub certain: bool,
    /// Where it is to be had now, perhaps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

impl MissingField {
    /// The beginning of a sentence about it.
    #[must_use]
    pub fn no_record_has(&self) -> String {
        match &self.source {
            Some(source) => format!("no record has {source} for {}", self.field),
            None => format!("no record has {}", self.field),
        }
    }
}
