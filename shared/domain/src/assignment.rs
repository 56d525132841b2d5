//! Which client or site uses which connection.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::data_type::DataType;
use crate::ids::{AssignmentId, ClientId, ConnectionId, InvalidId, SiteId};
use crate::mapping::RulesOverride;

/// Which data types an assignment takes part in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct AssignmentSettings {
    /// Orders and their status.
    pub sync_orders: bool,
    /// Products.
    pub sync_products: bool,
    /// Stock levels.
    pub sync_inventory: bool,
    /// Employees.
    pub sync_employees: bool,
    /// Invoices.
    pub sync_invoices: bool,
}

impl Default for AssignmentSettings {
    /// What a shop needs: orders, products and stock.
    fn default() -> Self {
        Self {
            sync_orders: true,
            sync_products: true,
            sync_inventory: true,
            sync_employees: false,
            sync_invoices: false,
        }
    }
}

/// A connection used by a client, and by each of its sites that does not override it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ClientERPAssignment)]
pub struct ClientAssignment {
    /// Its id.
    pub id: AssignmentId,
    /// The client.
    pub client_id: ClientId,
    /// The connection.
    pub erp_connection_id: ConnectionId,
    /// The catalogue that goes with it; named by the platform that uses us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog_id: Option<String>,
    /// Whether sites fall back to this one. At most one per client.
    pub is_default: bool,
    /// What is synced.
    pub settings: AssignmentSettings,
    /// Its own rules, laid over those of the sync configs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<RulesOverride>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// A connection used by one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = SiteERPAssignment)]
pub struct SiteAssignment {
    /// Its id.
    pub id: AssignmentId,
    /// The site.
    pub site_id: SiteId,
    /// The client the site belongs to.
    pub client_id: ClientId,
    /// The connection.
    pub erp_connection_id: ConnectionId,
    /// The catalogue that goes with it; named by the platform that uses us.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub catalog_id: Option<String>,
    /// Whether this assignment counts instead of the client's.
    pub overrides_client: bool,
    /// What is synced.
    pub settings: AssignmentSettings,
    /// Its own rules, laid over those of the sync configs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<RulesOverride>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Whose records they are, where an assignment shapes them by rules of its own: the same ERP record then looks
/// different to others, so it is kept apart from theirs. Written `client:acme` or `site:berlin`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// A client's.
    Client(ClientId),
    /// A site's.
    Site(SiteId),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(id) => write!(f, "client:{id}"),
            Self::Site(id) => write!(f, "site:{id}"),
        }
    }
}

impl FromStr for Scope {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once(':') {
            Some(("client", id)) => Ok(Self::Client(id.parse()?)),
            Some(("site", id)) => Ok(Self::Site(id.parse()?)),
            _ => Err(InvalidId),
        }
    }
}

impl TryFrom<String> for Scope {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<Scope> for String {
    fn from(scope: Scope) -> Self {
        scope.to_string()
    }
}

impl ClientAssignment {
    /// Its own rules for a data type, if it has some.
    #[must_use]
    pub fn overrides_for(&self, data_type: DataType) -> Option<&RulesOverride> {
        self.overrides.iter().find(|one| one.data_type == data_type)
    }
}

impl SiteAssignment {
    /// Its own rules for a data type, if it has some.
    #[must_use]
    pub fn overrides_for(&self, data_type: DataType) -> Option<&RulesOverride> {
        self.overrides.iter().find(|one| one.data_type == data_type)
    }
}

/// The client assignment its sites fall back to: the default, else the oldest.
#[must_use]
pub fn default_of(assignments: Vec<ClientAssignment>) -> Option<ClientAssignment> {
    assignments.into_iter().min_by_key(|a| (!a.is_default, a.id.clone()))
}

/// The site assignment that replaces the client's: the newest that overrides.
#[must_use]
pub fn override_of(assignments: Vec<SiteAssignment>) -> Option<SiteAssignment> {
    assignments.into_iter().filter(|a| a.overrides_client).max_by_key(|a| a.id.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_back_as_it_was_written() {
        for text in ["client:acme", "site:berlin"] {
            let scope: Scope = text.parse().unwrap();
            assert_eq!(scope.to_string(), text);
            assert_eq!(serde_json::to_string(&scope).unwrap(), format!("{text:?}"));
        }
        for bad in ["acme", "shop:acme", "site:", "site:a:b", ""] {
            assert!(bad.parse::<Scope>().is_err(), "{bad:?}");
        }
    }
}
