//! Files that were stored and moved away, as a connection's ledger remembers them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A file whose records are stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredFile {
    /// The name it came with.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed, in seconds since 1970, as its server told; 0 if that is not known.
    pub modified: u32,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
    /// When its records were stored.
    pub stored_at: Timestamp,
}

impl StoredFile {
    /// Whether a file of the same content seems to be this very one and no later copy.
    #[must_use]
    pub fn is_itself(&self, name: &str, modified: u32) -> bool {
        self.name == name && self.modified == modified && modified != 0
    }
}
