//! Our canonical form of the six kinds of records: one table of fields each, which is also a Rust type and a JSON
//! Schema. Mapping writes records by these tables; nothing else knows the fields.

mod employees;
mod fields;
mod inventory;
mod invoices;
mod orders;
mod products;
mod sent;

pub use employees::Employee;
pub use fields::{Field, FieldKind, Quantity, fold};
pub use inventory::StockLevel;
pub use invoices::{Invoice, InvoiceLine};
pub use orders::{Address, Order, OrderLine, OrderStatusUpdate};
pub use products::Product;
pub use sent::{MAX_RECORD_BYTES, Sent, patched, read_sent, with_key};
pub(crate) use sent::{MODIFIED_AT, parse_decimal};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::data_type::DataType;
use crate::ids::{ChangeId, ConnectionId};

/// The name under which a record keeps mapped fields of the user's own.
pub const EXTRA: &str = "extra";

/// Longest key of a record, in bytes.
pub const MAX_KEY_BYTES: usize = 512;

/// The fields of a data type, in the order they are written.
#[must_use]
pub const fn fields_of(data_type: DataType) -> &'static [Field] {
    match data_type {
        DataType::Orders => Order::FIELDS,
        DataType::Products => Product::FIELDS,
        DataType::OrderStatus => OrderStatusUpdate::FIELDS,
        DataType::Inventory => StockLevel::FIELDS,
        DataType::Employees => Employee::FIELDS,
        DataType::Invoices => Invoice::FIELDS,
    }
}

/// The fields that make a record's key, joined by `|` where more than one is set. The first is required.
#[must_use]
pub const fn key_fields(data_type: DataType) -> &'static [&'static str] {
    match data_type {
        DataType::Orders | DataType::OrderStatus => &["orderNumber"],
        DataType::Products => &["sku"],
        DataType::Inventory => &["sku", "location"],
        DataType::Employees => &["employeeId"],
        DataType::Invoices => &["invoiceNumber"],
    }
}

/// A record as it is shown, with where it came from.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Its key: the SKU of a product, the number of an order.
    #[schema(example = "SKU-1")]
    pub id: String,
    /// The connection it came over.
    pub erp_connection_id: ConnectionId,
    /// The kind of record.
    pub data_type: DataType,
    /// When we first saw it.
    pub created_at: Timestamp,
    /// When it last changed here.
    pub updated_at: Timestamp,
    /// Whether it is gone at the ERP, or we want it gone.
    pub deleted: bool,
    /// Whether it holds a change of ours that the ERP has not taken yet.
    pub pending: bool,
    /// That change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "chg_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub change_id: Option<ChangeId>,
    /// The record itself, in the form of its data type.
    #[schema(value_type = RecordData)]
    pub data: Box<RawValue>,
}

/// The canonical form of each data type.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "describes the API; records travel as JSON text")]
pub enum RecordData {
    /// `orders`
    Order(Order),
    /// `products`
    Product(Product),
    /// `order_status`
    OrderStatus(OrderStatusUpdate),
    /// `inventory`
    Inventory(StockLevel),
    /// `employees`
    Employee(Employee),
    /// `invoices`
    Invoice(Invoice),
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_usual_name_belongs_to_one_field_only() {
        for data_type in DataType::ALL {
            let mut seen = HashSet::new();
            for field in fields_of(data_type) {
                for name in field.usual_names {
                    assert_eq!(fold(name), *name, "usual names are written folded");
                    assert!(seen.insert(*name), "{data_type}: {name} stands at two fields");
                }
            }
        }
    }

    #[test]
    fn the_first_key_field_is_required() {
        for data_type in DataType::ALL {
            let first = fields_of(data_type).iter().find(|f| f.name == key_fields(data_type)[0]).unwrap();
            assert!(first.required);
        }
    }
}
