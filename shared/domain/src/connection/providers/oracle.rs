//! Oracle Fusion Cloud: an application of its identity domain, a token signed by ourselves, or an integration user.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SignIn;
use crate::data_type::DataType;
use crate::validation::Checks;

/// `apiKey` and `apiSecret` are user and password by other names.
pub(super) const SIGN_INS: &[SignIn] = &[
    SignIn {
        title: "OAuth 2.0 client credentials of an identity domain",
        needs: &["apiUrl", "tokenUrl", "clientId", "clientSecret", "scope"],
        takes: &[],
    },
    SignIn {
        title: "OAuth 2.0 and a signed assertion",
        needs: &["apiUrl", "tokenUrl", "clientId", "certificate", "privateKey", "scope"],
        takes: &["privateKeyPassphrase", "keyId", "audience"],
    },
    SignIn {
        title: "a JSON Web Token that Causeway signs for a user (Security Console, API Authentication)",
        needs: &["apiUrl", "username", "clientId", "certificate", "privateKey"],
        takes: &["privateKeyPassphrase", "keyId"],
    },
    SignIn { title: "a user and its password", needs: &["apiUrl", "username", "password"], takes: &[] },
    SignIn { title: "an API key", needs: &["apiUrl", "apiKey"], takes: &["apiSecret"] },
    SignIn { title: "a token obtained elsewhere", needs: &["apiUrl", "oauthToken"], takes: &[] },
];

/// What is particular to an Oracle Fusion Cloud connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OracleSettings {
    /// The header `REST-Framework-Version`: 4 to 9.
    pub framework_version: u8,
    /// The version that stands in the addresses of all resources.
    #[schema(example = "11.13.18.05")]
    pub resource_version: String,
    /// How one page follows another.
    pub paging: OraclePaging,
    /// The code of the inventory organization whose items are read, such as the item master.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "V1")]
    pub organization: Option<String>,
    /// The code of the inventory organization whose stock is read and that new orders are shipped from. Without one the
    /// stock of `organization` is read, and Fusion chooses where an order is shipped from.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "M1")]
    pub warehouse: Option<String>,
    /// The business unit that new orders belong to, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Vision Operations")]
    pub business_unit: Option<String>,
    /// The `TransactionTypeCode` of new orders; Fusion's own default if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "STD")]
    pub transaction_type: Option<String>,
    /// The `SourceTransactionSystem` of new orders: a source system that Fusion knows. Together with our reference it
    /// is unique there.
    #[schema(example = "CAUSEWAY")]
    pub source_system: String,
    /// Whether new and changed orders are submitted; else they stay drafts until somebody submits them.
    pub submit_orders: bool,
    /// The `CancelReasonCode` with which a submitted order is cancelled when it is deleted here. Without one only drafts
    /// are deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel_reason: Option<String>,
    /// What is asked for when records of a data type are read, where it differs from the usual.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub reads: BTreeMap<DataType, OracleRead>,
}

/// How one page follows another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OraclePaging {
    /// By the last key of the page before, where records have a number that is unique: nothing is lost or slow however
    /// long the list is.
    #[default]
    Key,
    /// By `offset`.
    Offset,
}

/// What is asked for when records are read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OracleRead {
    /// The parameter `fields`, which must hold the key and what is mapped.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "HeaderId,OrderNumber,LastUpdateDate;lines:ProductNumber,OrderedQuantity")]
    pub fields: Option<String>,
    /// A condition that always holds, in the syntax of the parameter `q`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "BusinessUnitName = 'UK BU'")]
    pub filter: Option<String>,
    /// The fields that tell when a record was changed; it counts as changed if one of them moved.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["LastUpdateDate", "lines.LastUpdateDate"]))]
    pub changed: Vec<String>,
}

impl Default for OracleSettings {
    fn default() -> Self {
        Self {
            framework_version: 4,
            resource_version: "11.13.18.05".to_owned(),
            paging: OraclePaging::default(),
            organization: None,
            warehouse: None,
            business_unit: None,
            transaction_type: None,
            source_system: "CAUSEWAY".to_owned(),
            submit_orders: true,
            cancel_reason: None,
            reads: BTreeMap::new(),
        }
    }
}

impl OracleSettings {
    pub(in crate::connection) fn check(&self, checks: &mut Checks) {
        checks.require(
            (4..=9).contains(&self.framework_version),
            "settings.oracle.frameworkVersion",
            "must be between 4 and 9: before 4, conditions have another syntax",
        );
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        checks.require(
            self.resource_version.len() <= 20 && self.resource_version.split('.').all(digits),
            "settings.oracle.resourceVersion",
            "must be a version such as 11.13.18.05",
        );
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        checks.require(
            (1..=30).contains(&self.source_system.len()) && self.source_system.chars().all(plain),
            "settings.oracle.sourceSystem",
            "must be 1 to 30 letters, digits, _, - or .",
        );
        let texts = [
            ("organization", &self.organization),
            ("warehouse", &self.warehouse),
            ("businessUnit", &self.business_unit),
            ("transactionType", &self.transaction_type),
            ("cancelReason", &self.cancel_reason),
        ];
        for (name, text) in texts {
            checks.require(
                text.as_deref().is_none_or(is_value),
                &format!("settings.oracle.{name}"),
                "must be 1 to 240 characters, none of them a brace or a control character",
            );
        }
        for (data_type, read) in &self.reads {
            read.check(&format!("settings.oracle.reads.{data_type}"), checks);
        }
    }
}

impl OracleRead {
    fn check(&self, at: &str, checks: &mut Checks) {
        let fits = |text: &str| (1..=2048).contains(&text.len()) && !text.chars().any(char::is_control);
        for (name, text) in [("fields", &self.fields), ("filter", &self.filter)] {
            checks.require(
                text.as_deref().is_none_or(fits),
                &format!("{at}.{name}"),
                "must be 1 to 2048 bytes without control characters",
            );
        }
        let dotted = |name: &String| {
            (1..=200).contains(&name.len())
                && name.chars().all(|c| c.is_ascii_alphanumeric() || "._".contains(c))
        };
        checks.require(
            self.changed.len() <= 5 && self.changed.iter().all(dotted),
            &format!("{at}.changed"),
            "must be at most 5 names of fields, such as LastUpdateDate or lines.LastUpdateDate",
        );
    }
}

/// Whether a text can stand in a template as it is.
fn is_value(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= 240
        && !text.chars().any(|c| c.is_control() || c == '{' || c == '}')
}
