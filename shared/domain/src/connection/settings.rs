//! How a connection behaves: times, retries, and how to find records in an answer or a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::data_type::DataType;
use crate::validation::Checks;

/// Most bytes settings may have as JSON: together with the secrets they must fit into one item of the table.
const MAX_BYTES: usize = 64 * 1024;

/// Times, retries and the shape of what the ERP sends. Everything has a default that fits most ERPs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ConnectionSettings {
    /// How long one request to the ERP may take, in milliseconds: 1000 to 900000.
    #[schema(example = 30000)]
    pub timeout: u32,
    /// How often a failed request is tried again: 0 to 10.
    pub retry_attempts: u32,
    /// The first pause before trying again, in milliseconds; it doubles each time, with jitter. 10 to 60000.
    pub retry_delay: u32,
    /// What may be synced over this connection; everything if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled_data_types: Option<Vec<DataType>>,
    /// Records asked for at a time: 1 to 20000.
    pub batch_size: u32,
    /// How to read an HTTP API.
    pub api: ApiSettings,
    /// How to read files.
    pub files: FileSettings,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        Self {
            timeout: 30_000,
            retry_attempts: 3,
            retry_delay: 1_000,
            enabled_data_types: None,
            batch_size: 1_000,
            api: ApiSettings::default(),
            files: FileSettings::default(),
        }
    }
}

/// How to call an HTTP API and find the records in its answers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ApiSettings {
    /// How the credentials are sent; found from the credentials if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<ApiAuth>,
    /// With `auth: header`, the header that carries `apiKey`; `X-API-Key` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "X-API-Key")]
    pub auth_header: Option<String>,
    /// More headers to send. Not for secrets: they are stored and shown as they are.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// The path of each data type under `apiUrl`, with a query if need be; `/{dataType}` if left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub paths: BTreeMap<DataType, String>,
    /// What the connection test calls; `apiUrl` itself if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test_path: Option<String>,
    /// Where the records are in an answer, as a dotted path such as `d.results`; found by itself if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records_path: Option<String>,
    /// Where the answer tells how many records there are in all, as a dotted path; found by itself if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_path: Option<String>,
    /// How to ask for the next page.
    pub paging: Paging,
}

/// How credentials are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApiAuth {
    /// Not at all.
    None,
    /// `Authorization: Bearer`, with `oauthToken` or `apiKey`.
    Bearer,
    /// `Authorization: Basic`, with `apiKey` as user and `apiSecret` as password.
    Basic,
    /// `apiKey` in the header named by `authHeader`.
    Header,
}

/// How to ask for the next page. Names left out take the usual ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Paging {
    /// The style; found from the first answer by `auto`.
    pub style: PagingStyle,
    /// The query parameter for the number of records; `limit` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_param: Option<String>,
    /// The query parameter for the page number; `page` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_param: Option<String>,
    /// The number of the first page; 1 if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_page: Option<u32>,
    /// The query parameter for the offset; `offset` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_param: Option<String>,
    /// The query parameter for the cursor; `cursor` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor_param: Option<String>,
    /// Where the answer has the next cursor or the next address, as a dotted path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_path: Option<String>,
}

/// A way to ask for the next page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PagingStyle {
    /// Found from the first answer: a `Link` header, a next address, a cursor, else page and limit.
    #[default]
    Auto,
    /// Everything comes in one answer.
    None,
    /// The `Link` header with `rel="next"`.
    Link,
    /// The answer holds the address of the next page.
    NextUrl,
    /// The answer holds a cursor for the next page.
    Cursor,
    /// Page number and limit.
    Page,
    /// Offset and limit.
    Offset,
}

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

impl ConnectionSettings {
    /// Whether records of this type may be synced.
    #[must_use]
    pub fn enables(&self, data_type: DataType) -> bool {
        self.enabled_data_types.as_ref().is_none_or(|enabled| enabled.contains(&data_type))
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        checks.require(
            (1_000..=900_000).contains(&self.timeout),
            "settings.timeout",
            "must be between 1000 and 900000 milliseconds",
        );
        checks.require(self.retry_attempts <= 10, "settings.retryAttempts", "must be between 0 and 10");
        checks.require(
            (10..=60_000).contains(&self.retry_delay),
            "settings.retryDelay",
            "must be between 10 and 60000 milliseconds",
        );
        checks.require(
            (1..=20_000).contains(&self.batch_size),
            "settings.batchSize",
            "must be between 1 and 20000",
        );
        let bytes = serde_json::to_vec(self).map_or(0, |json| json.len());
        checks.require(bytes <= MAX_BYTES, "settings", "must be at most 64 KB in all");
        self.api.check(checks);
        self.files.check(checks);
    }
}

impl ApiSettings {
    fn check(&self, checks: &mut Checks) {
        let token = |name: &str| {
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        if let Some(name) = &self.auth_header {
            checks.require(token(name), "settings.api.authHeader", "must be the name of a header");
        }
        for (name, value) in &self.headers {
            let plain = token(name) && !value.chars().any(char::is_control) && value.len() <= 4096;
            checks.require(
                plain,
                "settings.api.headers",
                "must be header names with values without control characters",
            );
            let reserved =
                ["authorization", "cookie", "host", "content-length"].contains(&name.to_lowercase().as_str());
            checks.require(
                !reserved,
                "settings.api.headers",
                "must not hold secrets or what the transport sets itself",
            );
        }
        let rooted =
            |path: &str| path.starts_with('/') && !path.chars().any(char::is_control) && path.len() <= 2048;
        checks.require(
            self.paths.values().chain(&self.test_path).all(|path| rooted(path)),
            "settings.api.paths",
            "must begin with / and hold no control characters",
        );
    }
}

impl FileSettings {
    fn check(&self, checks: &mut Checks) {
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
