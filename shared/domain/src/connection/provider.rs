//! Which ERP a connection leads to, and what carries the data.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// The ERP behind a connection; it picks the connector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
pub enum Provider {
    /// SAP S/4HANA.
    #[serde(rename = "SAP")]
    Sap,
    /// Oracle Fusion Cloud.
    Oracle,
    /// NetSuite.
    NetSuite,
    /// Microsoft Dynamics 365 Business Central.
    #[serde(rename = "Business Central")]
    BusinessCentral,
    /// Odoo.
    Odoo,
    /// ERPNext.
    #[serde(rename = "ERPNext")]
    ErpNext,
    /// Tryton.
    Tryton,
    /// Any service that speaks SOAP 1.1 or 1.2.
    #[serde(rename = "SOAP")]
    Soap,
    /// Any other: the generic connector over the connection's method.
    Custom,
}

impl Provider {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Sap,
        Self::Oracle,
        Self::NetSuite,
        Self::BusinessCentral,
        Self::Odoo,
        Self::ErpNext,
        Self::Tryton,
        Self::Soap,
        Self::Custom,
    ];

    /// The name shown to people and used in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sap => "SAP",
            Self::Oracle => "Oracle",
            Self::NetSuite => "NetSuite",
            Self::BusinessCentral => "Business Central",
            Self::Odoo => "Odoo",
            Self::ErpNext => "ERPNext",
            Self::Tryton => "Tryton",
            Self::Soap => "SOAP",
            Self::Custom => "Custom",
        }
    }

    /// The page of this repository that helps with a connection of this kind. It is also served under this path.
    #[must_use]
    pub const fn manual(self, method: ConnectionMethod) -> &'static str {
        match (method, self) {
            (ConnectionMethod::Doi, _) => "docs/connectors/doi.md",
            (ConnectionMethod::Sftp, _) => "docs/connectors/sftp.md",
            (ConnectionMethod::Api, Self::Sap) => "docs/connectors/sap.md",
            (ConnectionMethod::Api, Self::Oracle) => "docs/connectors/oracle.md",
            (ConnectionMethod::Api, Self::NetSuite) => "docs/connectors/netsuite.md",
            (ConnectionMethod::Api, Self::BusinessCentral) => "docs/connectors/business-central.md",
            (ConnectionMethod::Api, Self::Odoo) => "docs/connectors/odoo.md",
            (ConnectionMethod::Api, Self::ErpNext) => "docs/connectors/erpnext.md",
            (ConnectionMethod::Api, Self::Tryton) => "docs/connectors/tryton.md",
            (ConnectionMethod::Api, Self::Soap) => "docs/connectors/soap.md",
            (ConnectionMethod::Api, Self::Custom) => "docs/connectors/rest.md",
        }
    }

    /// The provider of this name. Case, spaces, `-` and `_` do not matter: `sap`, `business_central` and
    /// `Business Central` are understood.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let fold = |name: &str| name.to_lowercase().replace([' ', '-', '_'], "");
        Self::ALL.into_iter().find(|provider| fold(provider.as_str()) == fold(name))
    }
}

impl<'de> Deserialize<'de> for Provider {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::named(&String::deserialize(deserializer)?).ok_or_else(|| {
            let known = Self::ALL.map(Self::as_str).join(", ");
            serde::de::Error::custom(format!("must be one of {known}"))
        })
    }
}

/// What carries the data; it picks the transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConnectionMethod {
    /// An HTTP API.
    Api,
    /// Direct Order Integration: order XML over HTTP.
    Doi,
    /// Files on an SFTP server.
    Sftp,
}

impl ConnectionMethod {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Api, Self::Doi, Self::Sftp];
}
