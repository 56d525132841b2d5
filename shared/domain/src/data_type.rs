//! The six kinds of records, and the way they travel.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A kind of record that is kept in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DataType {
    /// Sales orders.
    Orders,
    /// The product catalogue.
    Products,
    /// How far each order has come.
    OrderStatus,
    /// Stock levels.
    Inventory,
    /// Employees.
    Employees,
    /// Invoices.
    Invoices,
}

impl DataType {
    /// All six.
    pub const ALL: [Self; 6] =
        [Self::Orders, Self::Products, Self::OrderStatus, Self::Inventory, Self::Employees, Self::Invoices];

    /// The name used in JSON, paths and keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Products => "products",
            Self::OrderStatus => "order_status",
            Self::Inventory => "inventory",
            Self::Employees => "employees",
            Self::Invoices => "invoices",
        }
    }
}

impl std::fmt::Display for DataType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which side a sync writes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// From the ERP to us.
    #[default]
    Pull,
    /// From us to the ERP.
    Push,
    /// Both.
    Bidirectional,
}
