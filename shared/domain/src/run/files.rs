//! The files a run read, and what became of their records.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Most files a run names: of older ones only the number is kept.
const MAX_FILES: usize = 300;

/// A file that a run read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RunFile {
    /// Its name, as it came.
    #[schema(example = "products-20261201.csv")]
    pub name: String,
    /// Records read from it so far.
    pub read: u64,
    /// How many of them were set aside.
    pub failed: u64,
    /// Why the first of those was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl RunFile {
    /// Whether it had records and none of them came in.
    #[must_use]
    pub const fn is_rejected(&self) -> bool {
        self.read > 0 && self.failed == self.read
    }
}

/// The files a run read, in the order they were read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Files {
    /// The last of them.
    pub named: Vec<RunFile>,
    /// How many more there were before.
    pub more: u64,
}

impl Files {
    /// The file of that name, if it is among the last that were read.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&RunFile> {
        self.named.iter().rev().find(|file| file.name == name)
    }

    /// Counts records of a file, `failed` of them set aside, the first for `reason`.
    pub fn add(&mut self, name: &str, read: u64, failed: u64, reason: Option<&str>) {
        let position = self.named.iter().rposition(|file| file.name == name);
        let position = position.unwrap_or_else(|| {
            if self.named.len() == MAX_FILES {
                self.named.remove(0);
                self.more += 1;
            }
            self.named.push(RunFile { name: name.to_owned(), ..RunFile::default() });
            self.named.len() - 1
        });
        let file = &mut self.named[position];
        file.read += read;
        file.failed += failed;
        file.reason = file.reason.take().or_else(|| reason.map(str::to_owned));
    }

    /// Adds what another batch or part read.
    pub fn join(&mut self, more: &Self) {
        self.more += more.more;
        for file in &more.named {
            self.add(&file.name, file.read, file.failed, file.reason.as_deref());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_rejected_when_none_of_its_records_came_in() {
        let mut files = Files::default();
        files.add("a.csv", 2, 2, Some("sku is required"));
        files.add("b.csv", 0, 0, None);
        assert!(files.get("a.csv").unwrap().is_rejected() && !files.get("b.csv").unwrap().is_rejected());
        files.add("a.csv", 1, 0, None);
        let file = files.get("a.csv").unwrap();
        assert_eq!((file.read, file.failed, file.reason.as_deref()), (3, 2, Some("sku is required")));
        assert!(!file.is_rejected());
    }

    #[test]
    fn only_the_last_files_are_named() {
        let mut files = Files::default();
        for number in 0..MAX_FILES + 5 {
            files.add(&format!("{number}.csv"), 1, 0, None);
        }
        assert_eq!((files.named.len(), files.more), (MAX_FILES, 5));
        assert!(files.get("4.csv").is_none() && files.get("5.csv").is_some());
    }
}
