//! How to reach one ERP: provider, method, credentials and settings.

mod credentials;
mod provider;
pub mod providers;
mod settings;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wrong;

pub use credentials::{Credentials, CredentialsOf, MASK, Masked, SealedSecret, SecretField, SecretInput};
pub use provider::{ConnectionMethod, Provider};
pub use providers::SignIn;
pub use providers::oracle::{OraclePaging, OracleRead, OracleSettings};
pub use settings::{
    ApiAuth, ApiSettings, ChangedSince, Checksum, ConnectionSettings, CsvSettings, DeploymentMode,
    DoiClassification, DoiDialect, DoiIdentity, DoiSettings, DoiTemplate, FileAfterRead, FileContent,
    FileDuplicates, FileFormat, FileSettings, FixedField, FixedWidthSettings, LineEnd, MomentFormat,
    NumberForm, OutgoingColumn, OutgoingFiles, OutgoingFormat, Paging, PagingStyle, PushLookup, PushMethod,
    PushRequest, PushSettings, TokenAuth, WidthUnit,
};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::ConnectionId;
use crate::validation::{Checks, Invalid};

/// Whether a connection is in use, and whether it works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionStatus {
    /// In use.
    #[default]
    Active,
    /// Switched off by an admin: nothing is synced over it.
    Inactive,
    /// The last test or sync could not reach the ERP.
    Error,
}

/// A connection, with its secrets in the form `S`: sealed in the table, masked in answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ERPConnection, example = json!({
    "id": "erp_01KAHV3Z8M6W6W1Z0Q3T4N5P6R",
    "name": "SAP Production",
    "provider": "SAP",
    "connectionMethod": "api",
    "status": "active",
    "credentials": {"apiUrl": "https://sap.example.com/api", "apiKey": MASK},
    "settings": {"timeout": 30000, "retryAttempts": 3, "enabledDataTypes": ["orders", "products", "inventory"]},
    "createdAt": "2026-11-21T06:00:00Z",
    "updatedAt": "2026-11-21T06:00:00Z",
    "version": 1
}))]
pub struct ConnectionOf<S> {
    /// Its id.
    pub id: ConnectionId,
    /// What people call it.
    #[schema(example = "SAP Production")]
    pub name: String,
    /// Which ERP it is.
    pub provider: Provider,
    /// What carries the data.
    pub connection_method: ConnectionMethod,
    /// Whether it is in use, and whether it works.
    pub status: ConnectionStatus,
    /// How to sign in. Secrets come back masked.
    pub credentials: CredentialsOf<S>,
    /// How to behave.
    pub settings: ConnectionSettings,
    /// When it was last tested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_tested_at: Option<Timestamp>,
    /// When a sync over it last ended well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_sync_at: Option<Timestamp>,
    /// What went wrong, while `status` is `error`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// Counts the changes; also the `ETag`.
    pub version: u64,
}

/// A connection as it lies in the table.
pub type Connection = ConnectionOf<SealedSecret>;

/// A connection as it is shown.
pub type PublicConnection = ConnectionOf<Masked>;

impl Connection {
    /// The form that may be shown: secrets masked.
    #[must_use]
    pub fn to_public(&self) -> PublicConnection {
        ConnectionOf {
            id: self.id.clone(),
            name: self.name.clone(),
            provider: self.provider,
            connection_method: self.connection_method,
            status: self.status,
            credentials: self.credentials.masked(),
            settings: self.settings.clone(),
            last_tested_at: self.last_tested_at,
            last_sync_at: self.last_sync_at,
            last_error: self.last_error.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
            version: self.version,
        }
    }
}

/// What a user sends to make a connection, or to replace one.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schema(example = json!({
    "name": "SAP Production",
    "provider": "SAP",
    "connectionMethod": "api",
    "status": "active",
    "credentials": {"apiUrl": "https://sap.example.com/api", "apiKey": "your-api-key"},
    "settings": {"timeout": 30000, "retryAttempts": 3, "enabledDataTypes": ["orders", "products", "inventory"]}
}))]
pub struct ConnectionInput {
    /// What people call it.
    #[schema(example = "SAP Production", max_length = 200)]
    pub name: String,
    /// Which ERP it is.
    pub provider: Provider,
    /// What carries the data.
    pub connection_method: ConnectionMethod,
    /// `active` if left out.
    #[serde(default)]
    pub status: ConnectionStatus,
    /// How to sign in. A secret sent back as its mask stays as it is.
    #[serde(default)]
    pub credentials: CredentialsOf<SecretInput>,
    /// How to behave.
    #[serde(default)]
    pub settings: ConnectionSettings,
}

impl ConnectionInput {
    /// Names of the fields an answer carries that only we set. A request that sends them back is not at fault.
    pub const SERVER_FIELDS: [&'static str; 7] =
        ["id", "lastTestedAt", "lastSyncAt", "lastError", "createdAt", "updatedAt", "version"];

    /// Checks every rule that needs no network.
    ///
    /// # Errors
    /// With each field that breaks one.
    pub fn validate(&self) -> Result<(), Invalid> {
        let mut checks = Checks::default();
        let name = self.name.trim();
        checks.require(
            !name.is_empty() && self.name.chars().count() <= 200 && !self.name.chars().any(char::is_control),
            "name",
            "must be 1 to 200 characters without control characters",
        );
        self.credentials.check(self.connection_method, &mut checks);
        providers::check_sign_in(self.provider, self.connection_method, &self.credentials, &mut checks);
        self.settings.check(&mut checks);
        if self.connection_method == ConnectionMethod::Api {
            self.settings.api.check_sign_in(&self.credentials, &mut checks);
            if self.provider == Provider::Soap {
                self.settings.soap.check_whole(&self.credentials, &mut checks);
            }
        }
        if (self.provider, self.connection_method) == (Provider::Odoo, ConnectionMethod::Api) {
            self.settings.odoo.check_sign_in(&self.credentials, &mut checks);
        }
        checks.finish()
    }
}
