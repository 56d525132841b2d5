//! How a connection behaves: times, retries, and how to find records in an answer or a file.

mod api;
mod changed_since;
mod csv;
mod doi;
mod files;
mod files_out;
mod fixed_width;
mod paging;
mod push;

pub use api::{ApiAuth, ApiSettings, TokenAuth};
pub use changed_since::{ChangedSince, MomentFormat};
pub use csv::{CsvSettings, LineEnd};
pub use doi::{DeploymentMode, DoiClassification, DoiDialect, DoiIdentity, DoiSettings, DoiTemplate};
pub use files::{Checksum, FileAfterRead, FileContent, FileDuplicates, FileFormat, FileSettings};
pub use files_out::{OutgoingColumn, OutgoingFiles, OutgoingFormat};
pub use fixed_width::{FixedField, FixedWidthSettings, WidthUnit};
pub use paging::{Paging, PagingStyle};
pub use push::{NumberForm, PushLookup, PushMethod, PushRequest, PushSettings};

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::providers::business_central::BusinessCentralSettings;
use super::providers::erpnext::ErpNextSettings;
use super::providers::netsuite::NetSuiteSettings;
use super::providers::odoo::OdooSettings;
use super::providers::oracle::OracleSettings;
use super::providers::sap::SapSettings;
use super::providers::soap::SoapSettings;
use super::providers::tryton::TrytonSettings;
use crate::data_type::DataType;
use crate::schedule::parse_zone;
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
    /// How many parts of one pull may be read side by side: 1 to 8. Where the ERP tells its total and gives pages by
    /// number; ask its admin how many requests at a time it bears.
    pub parallel_parts: u32,
    /// The first pause before trying again, in milliseconds; it doubles each time, with jitter. 10 to 60000.
    pub retry_delay: u32,
    /// What may be synced over this connection; everything if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub enabled_data_types: Option<Vec<DataType>>,
    /// Records asked for at a time: 1 to 20000.
    pub batch_size: u32,
    /// The IANA zone of times that name none, and of days; `UTC` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Europe/Berlin")]
    pub time_zone: Option<String>,
    /// How to read an HTTP API.
    pub api: ApiSettings,
    /// How to read files.
    pub files: FileSettings,
    /// How to write and read order XML.
    pub doi: DoiSettings,
    /// SAP: what is particular to it.
    pub sap: SapSettings,
    /// Oracle Fusion Cloud: what is particular to it.
    pub oracle: OracleSettings,
    /// NetSuite: what is particular to it.
    pub net_suite: NetSuiteSettings,
    /// Business Central: what is particular to it.
    pub business_central: BusinessCentralSettings,
    /// Odoo: what is particular to it.
    pub odoo: OdooSettings,
    /// ERPNext: what is particular to it.
    pub erp_next: ErpNextSettings,
    /// Tryton: what is particular to it.
    pub tryton: TrytonSettings,
    /// SOAP: what is particular to a service.
    pub soap: SoapSettings,
}

impl Default for ConnectionSettings {
    fn default() -> Self {
        Self {
            timeout: 30_000,
            retry_attempts: 3,
            parallel_parts: 1,
            retry_delay: 1_000,
            enabled_data_types: None,
            batch_size: 1_000,
            time_zone: None,
            api: ApiSettings::default(),
            files: FileSettings::default(),
            doi: DoiSettings::default(),
            sap: SapSettings::default(),
            oracle: OracleSettings::default(),
            net_suite: NetSuiteSettings::default(),
            business_central: BusinessCentralSettings::default(),
            odoo: OdooSettings::default(),
            erp_next: ErpNextSettings::default(),
            tryton: TrytonSettings::default(),
            soap: SoapSettings::default(),
        }
    }
}

impl ConnectionSettings {
    /// Whether records of this type may be synced.
    #[must_use]
    pub fn enables(&self, data_type: DataType) -> bool {
        self.enabled_data_types.as_ref().is_none_or(|enabled| enabled.contains(&data_type))
    }

    /// Returns the ERP's time zone, in which times that name none, and days, are read and written; UTC unless set.
    #[must_use]
    pub fn zone(&self) -> TimeZone {
        self.time_zone.as_deref().and_then(|zone| parse_zone(zone).ok()).unwrap_or(TimeZone::UTC)
    }

    pub(super) fn check(&self, checks: &mut Checks) {
        checks.require(
            (1_000..=900_000).contains(&self.timeout),
            "settings.timeout",
            "must be between 1000 and 900000 milliseconds",
        );
        checks.require(self.retry_attempts <= 10, "settings.retryAttempts", "must be between 0 and 10");
        checks.require(
            (1..=8).contains(&self.parallel_parts),
            "settings.parallelParts",
            "must be between 1 and 8",
        );
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
        if let Some(Err(message)) = self.time_zone.as_deref().map(parse_zone) {
            checks.fail("settings.timeZone", message);
        }
        let bytes = serde_json::to_vec(self).map_or(0, |json| json.len());
        checks.require(bytes <= MAX_BYTES, "settings", "must be at most 64 KB in all");
        self.api.check(checks);
        self.files.check(checks);
        self.doi.check(checks);
        self.sap.check(checks);
        self.oracle.check(checks);
        self.net_suite.check(checks);
        self.business_central.check(checks);
        self.odoo.check(checks);
        self.erp_next.check(checks);
        self.tryton.check(checks);
        self.soap.check(checks);
    }
}
