//! How to call an HTTP API and read its answers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{ChangedSince, Paging, PushSettings};
use crate::data_type::DataType;
use crate::validation::Checks;

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
    /// Whether requests carry the id of the trace they belong to, in the W3C header `traceparent`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub send_traceparent: bool,
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
    /// How to ask for nothing but what changed since a moment. Without it every pull reads everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed_since: Option<ChangedSince>,
    /// The same for single data types, before `changedSince`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub changed_since_of: BTreeMap<DataType, ChangedSince>,
    /// How records of each data type are sent; in the usual way if left out.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub push: BTreeMap<DataType, PushSettings>,
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

impl ApiSettings {
    /// How to ask for what changed of a data type, if that is known.
    #[must_use]
    pub fn changes_of(&self, data_type: DataType) -> Option<&ChangedSince> {
        self.changed_since_of.get(&data_type).or(self.changed_since.as_ref())
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        if let Some(name) = &self.auth_header {
            checks.require(is_header_name(name), "settings.api.authHeader", "must be the name of a header");
        }
        check_headers(&self.headers, "settings.api.headers", checks);
        let rooted =
            |path: &str| path.starts_with('/') && !path.chars().any(char::is_control) && path.len() <= 2048;
        checks.require(
            self.paths.values().chain(&self.test_path).all(|path| rooted(path)),
            "settings.api.paths",
            "must begin with / and hold no control characters",
        );
        if let Some(changed_since) = &self.changed_since {
            changed_since.check("settings.api.changedSince", checks);
        }
        for (data_type, changed_since) in &self.changed_since_of {
            changed_since.check(&format!("settings.api.changedSinceOf.{data_type}"), checks);
        }
        for (data_type, push) in &self.push {
            push.check(*data_type, checks);
        }
    }
}

/// Checks headers that are sent as they are; `field` is where they stand.
pub(super) fn check_headers(headers: &BTreeMap<String, String>, field: &str, checks: &mut Checks) {
    for (name, value) in headers {
        let plain = is_header_name(name) && !value.chars().any(char::is_control) && value.len() <= 4096;
        checks.require(plain, field, "must be header names with values without control characters");
        let reserved = ["authorization", "cookie", "host", "content-length", "idempotency-key"];
        checks.require(
            !reserved.contains(&name.to_lowercase().as_str()),
            field,
            "must not hold secrets or what the transport sets itself",
        );
    }
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}
