//! How to find and read files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::csv::CsvSettings;
use super::files_out::OutgoingFiles;
use super::fixed_width::FixedWidthSettings;
use crate::data_type::DataType;
use crate::validation::Checks;

/// How to find and read files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FileSettings {
    /// The files of each data type, as a glob; `{dataType}*.{csv,json,jsonl,ndjson,xml}` if left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub patterns: BTreeMap<DataType, String>,
    /// The format; told by the file's ending if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<FileFormat>,
    /// How to read CSV.
    pub csv: CsvSettings,
    /// How to read lines with fields at fixed columns.
    pub fixed_width: FixedWidthSettings,
    /// XML and JSON: where the records are, as a dotted path of elements or members; found by itself if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Catalog.Products.Product")]
    pub record_path: Option<String>,
    /// What the files of one sync hold together.
    pub content: FileContent,
    /// What becomes of a file that was read.
    pub after_read: FileAfterRead,
    /// What becomes of a file whose content came before; only where `afterRead` moves files away.
    pub duplicates: FileDuplicates,
    /// A file that says that another is whole: one is only read once its marker is there too. `{name}` stands for its
    /// name, `{stem}` for its name without the ending.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "{name}.done")]
    pub done_marker: Option<String>,
    /// How many seconds a file that was changed a moment ago must rest before it is read, so that its writer has finished:
    /// 0 to 600.
    pub rest_seconds: u32,
    /// Signs in at servers that offer nothing but SHA-1 and CBC, which are no longer safe: set it until they are updated.
    pub legacy_algorithms: bool,
    /// A checksum that comes beside each file: `products.csv.sha256`. A file without one waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
    /// Where files go that were read, under `sftpPath`.
    pub archive_directory: String,
    /// Where files go that could not be read, with a note of the reason, under `sftpPath`.
    pub error_directory: String,
    /// The name of a file that is written into `push.directory` for each file that was read, with what became of it;
    /// `{name}` stands for its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "ACK_{name}.json")]
    pub acknowledgement: Option<String>,
    /// How orders are written.
    pub push: OutgoingFiles,
}

impl Default for FileSettings {
    fn default() -> Self {
        Self {
            patterns: BTreeMap::new(),
            format: None,
            csv: CsvSettings::default(),
            fixed_width: FixedWidthSettings::default(),
            record_path: None,
            content: FileContent::default(),
            after_read: FileAfterRead::default(),
            duplicates: FileDuplicates::default(),
            rest_seconds: 1,
            legacy_algorithms: false,
            done_marker: None,
            checksum: None,
            archive_directory: "archive".to_owned(),
            error_directory: "error".to_owned(),
            acknowledgement: None,
            push: OutgoingFiles::default(),
        }
    }
}

/// A file format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileFormat {
    /// Separated values, RFC 4180 and its relatives.
    Csv,
    /// One JSON document that holds an array of records.
    Json,
    /// One JSON record a line.
    Jsonl,
    /// XML.
    Xml,
    /// Lines with fields at fixed columns, as `fixedWidth` says.
    FixedWidth,
}

/// How a file is summed up, and what the name of the file with the sum ends in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Checksum {
    /// `.md5`: against accidents only.
    Md5,
    /// `.sha1`: against accidents only.
    Sha1,
    /// `.sha256`
    Sha256,
}

/// Whether a name is one of a file or directory, without a way to it.
pub(super) fn is_plain(name: &str) -> bool {
    !name.is_empty() && !name.contains('/') && name != ".." && name != "."
}

/// Whether a text names a marker of another file.
pub(super) fn is_marker(text: &str) -> bool {
    is_plain(text) && (text.contains("{name}") || text.contains("{stem}")) && text != "{name}"
}

/// What the files that one sync finds hold together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileContent {
    /// What is new or changed: a record that is missing says nothing.
    #[default]
    Changes,
    /// Everything there is: a record that is missing is gone at the ERP.
    Snapshot,
}

/// What becomes of a file that was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileAfterRead {
    /// It is moved to the archive directory.
    #[default]
    Archive,
    /// It stays where it is and is read again next time; for servers we may not write to.
    Keep,
}

/// What becomes of a file that has the content of one that was stored before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FileDuplicates {
    /// It is read, and the run warns: what was so once may be so again.
    #[default]
    Read,
    /// It is archived unread, and the run warns; for systems that send the same file twice.
    Skip,
}

impl FileSettings {
    pub(super) fn check(&self, checks: &mut Checks) {
        for pattern in self.patterns.values() {
            checks.require(
                is_plain(pattern) && pattern.len() <= 255,
                "settings.files.patterns",
                "must be a glob for file names, such as PRODUCTS_*.csv, without a directory",
            );
        }
        checks.require(
            is_plain(&self.archive_directory) && is_plain(&self.error_directory),
            "settings.files.archiveDirectory",
            "must be the name of a directory under sftpPath",
        );
        checks.require(self.rest_seconds <= 600, "settings.files.restSeconds", "must be between 0 and 600");
        checks.require(
            self.done_marker.as_deref().is_none_or(is_marker),
            "settings.files.doneMarker",
            "must be a file name with {name} or {stem} in it, such as {name}.done",
        );
        checks.require(
            self.acknowledgement.as_deref().is_none_or(is_marker),
            "settings.files.acknowledgement",
            "must be a file name with {name} in it, such as ACK_{name}.json",
        );
        self.fixed_width.check(self.format == Some(FileFormat::FixedWidth), checks);
        self.push.check(checks);
        self.csv.check(checks);
    }
}
