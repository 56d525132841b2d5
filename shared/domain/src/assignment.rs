//! Which client or site uses which connection.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{AssignmentId, ClientId, ConnectionId, SiteId};

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
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
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
