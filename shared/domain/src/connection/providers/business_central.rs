//! Microsoft Dynamics 365 Business Central: service-to-service sign-in at Microsoft Entra for the cloud, user and web
//! service access key on premises.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SignIn;
use crate::validation::Checks;

/// Beside the fields of each way: another address than Microsoft's own, and the company where there are several.
pub(super) const SIGN_INS: &[SignIn] = &[
    SignIn {
        title: "Microsoft Entra and a client secret",
        needs: &["tenant", "clientId", "clientSecret"],
        takes: &["company", "apiUrl", "tokenUrl", "scope"],
    },
    SignIn {
        title: "Microsoft Entra and a certificate",
        needs: &["tenant", "clientId", "certificate", "privateKey"],
        takes: &["privateKeyPassphrase", "company", "apiUrl", "tokenUrl", "scope"],
    },
    SignIn {
        title: "a user's web service access key, on premises",
        needs: &["apiUrl", "username", "password"],
        takes: &["company"],
    },
    SignIn { title: "a token obtained elsewhere", needs: &["apiUrl", "oauthToken"], takes: &["company"] },
];

/// What is particular to a Business Central connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct BusinessCentralSettings {
    /// The environment, where `apiUrl` is left out.
    pub environment: String,
}

impl Default for BusinessCentralSettings {
    fn default() -> Self {
        Self { environment: "Production".to_owned() }
    }
}

impl BusinessCentralSettings {
    pub(in crate::connection) fn check(&self, checks: &mut Checks) {
        let plain = self.environment.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        checks.require(
            plain && (1..=64).contains(&self.environment.len()),
            "settings.businessCentral.environment",
            "must be the name of an environment, such as Production: letters, digits, - and _",
        );
    }
}
