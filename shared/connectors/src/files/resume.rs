//! Where a pull stands, as the text that goes into a page's `resume`.

use serde::{Deserialize, Serialize};
use transport::ErpError;

/// How far the files of a pull are read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Position {
    /// The file that is being read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<OpenFile>,
    /// Files that stay where they are: every name up to this one is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Claimed files that are read to their end and not yet cleared away.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub finished: Vec<String>,
    /// Whether a file was read to its end.
    pub any_read: bool,
    /// Whether a file that was there could not be read in this pull.
    pub any_missed: bool,
}

/// A file that is being read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct OpenFile {
    /// Its name now, in the directory.
    pub name: String,
    /// Its size in bytes when it was opened, if the server tells.
    pub size: Option<u64>,
    /// How many items were read from it.
    pub items: u64,
}

impl Position {
    pub(super) fn parse(resume: &str) -> Result<Self, ErpError> {
        serde_json::from_str(resume).map_err(|error| {
            ErpError::Malformed(format!(
                "the place to go on from cannot be read ({error}): start the sync anew"
            ))
        })
    }

    pub(super) fn to_resume(&self) -> String {
        // Strings and numbers alone: there is nothing that JSON cannot hold.
        serde_json::to_string(self).unwrap_or_default()
    }
}
