//! Any service that speaks SOAP 1.1 or 1.2: HTTP Basic or a WS-Security UsernameToken, and operations that are told by
//! templates.

mod operation;
#[cfg(test)]
mod tests;

pub use operation::{SoapCall, SoapFind, SoapPaging, SoapPagingStyle, SoapPush, SoapRead, SoapSign};

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SignIn;
use crate::connection::CredentialsOf;
use crate::data_type::DataType;
use crate::validation::Checks;

/// How user and password are sent is for `settings.soap.auth` to say.
pub(super) const SIGN_INS: &[SignIn] = &[
    SignIn { title: "user and password", needs: &["apiUrl", "username", "password"], takes: &["company"] },
    SignIn { title: "no credentials", needs: &["apiUrl"], takes: &["company"] },
];

/// What is particular to a SOAP service. Its address is `apiUrl`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct SoapSettings {
    /// The version it speaks.
    pub version: SoapVersion,
    /// How `username` and `password` are sent; `basic` if left out and they are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth: Option<SoapAuth>,
    /// With a UsernameToken: for how many seconds a message is valid, 10 to 3600. It then carries a `wsu:Timestamp`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp_seconds: Option<u32>,
    /// How records of each data type are asked for.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub read: BTreeMap<DataType, SoapRead>,
    /// How records of each data type are sent.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub push: BTreeMap<DataType, SoapPush>,
}

/// A version of SOAP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum SoapVersion {
    /// `text/xml` and a `SOAPAction` header.
    #[default]
    #[serde(rename = "1.1")]
    V11,
    /// `application/soap+xml` with the action in it.
    #[serde(rename = "1.2")]
    V12,
}

/// How user and password are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SoapAuth {
    /// Not at all.
    None,
    /// `Authorization: Basic`.
    Basic,
    /// A WS-Security UsernameToken with the password as it is.
    PasswordText,
    /// A WS-Security UsernameToken with a digest of the password, a nonce and the time.
    PasswordDigest,
}

impl SoapSettings {
    /// Checks that the credentials are there which `auth` sends, and that there is something to call.
    pub(in crate::connection) fn check_whole<S>(&self, credentials: &CredentialsOf<S>, checks: &mut Checks) {
        let begun = credentials.is_set("username") || credentials.is_set("password");
        let wanted = self.auth.map_or(begun, |auth| auth != SoapAuth::None);
        for name in ["username", "password"] {
            checks.require(
                !wanted || credentials.is_set(name),
                &format!("credentials.{name}"),
                "is needed: username and password go together, and settings.soap.auth says how they are sent",
            );
        }
        checks.require(
            !self.read.is_empty() || !self.push.is_empty(),
            "settings.soap.read",
            "is needed, or push: nothing else tells which operations the service has",
        );
    }

    pub(in crate::connection) fn check(&self, checks: &mut Checks) {
        checks.require(
            self.timestamp_seconds.is_none_or(|seconds| (10..=3600).contains(&seconds)),
            "settings.soap.timestampSeconds",
            "must be between 10 and 3600",
        );
        for (data_type, read) in &self.read {
            checks.within(&format!("settings.soap.read.{data_type}"), |checks| read.check(checks));
        }
        for (data_type, push) in &self.push {
            let at = format!("settings.soap.push.{data_type}");
            checks.within(&at, |checks| push.check(*data_type, checks));
        }
    }
}
