//! How to find and read files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

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
    /// XML and JSON: where the records are, as a dotted path of elements or members; found by itself if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Catalog.Products.Product")]
    pub record_path: Option<String>,
    /// What the files of one sync hold together.
    pub content: FileContent,
    /// What becomes of a file that was read.
    pub after_read: FileAfterRead,
    /// Where files go that were read, under `sftpPath`.
    pub archive_directory: String,
    /// Where files go that could not be read, with a note of the reason, under `sftpPath`.
    pub error_directory: String,
}

impl Default for FileSettings {
    fn default() -> Self {
        Self {
            patterns: BTreeMap::new(),
            format: None,
            csv: CsvSettings::default(),
            record_path: None,
            content: FileContent::default(),
            after_read: FileAfterRead::default(),
            archive_directory: "archive".to_owned(),
            error_directory: "error".to_owned(),
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

/// How to read CSV. What is left out is found from the file itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CsvSettings {
    /// What separates fields, one character.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = ";")]
    pub delimiter: Option<char>,
    /// The decimal sign of numbers, `.` or `,`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decimal_sign: Option<char>,
    /// The encoding, by its name on the web.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "windows-1252")]
    pub encoding: Option<String>,
    /// Whether the first line names the fields. Without names they are `column1`, `column2` …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
    /// Texts that mean "no value"; the empty text and `NULL` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub null_values: Option<Vec<String>>,
}

impl FileSettings {
    pub(super) fn check(&self, checks: &mut Checks) {
        let plain = |name: &str| !name.is_empty() && !name.contains('/') && name != ".." && name != ".";
        for pattern in self.patterns.values() {
            checks.require(
                plain(pattern) && pattern.len() <= 255,
                "settings.files.patterns",
                "must be a glob for file names, such as PRODUCTS_*.csv, without a directory",
            );
        }
        checks.require(
            plain(&self.archive_directory) && plain(&self.error_directory),
            "settings.files.archiveDirectory",
            "must be the name of a directory under sftpPath",
        );
        let csv = &self.csv;
        checks.require(
            csv.delimiter.is_none_or(|c| c.is_ascii() && !c.is_alphanumeric() && !"\"\r\n".contains(c)),
            "settings.files.csv.delimiter",
            "must be one ASCII character that is no letter, digit or quote",
        );
        checks.require(
            csv.decimal_sign.is_none_or(|c| c == '.' || c == ','),
            "settings.files.csv.decimalSign",
            "must be . or ,",
        );
    }
}
