//! What can be synced, which of their fields fill which of ours where our usual names would find another or none, and
//! how they word a refusal. Pure.

use std::borrow::Cow;

use domain::DataType;
use domain::json::Json;

use crate::offer::{BOTH_WAYS, Offer, PULLED};

/// What can be synced. Theirs are named as `shape` leaves them.
pub(crate) const OFFERS: &[Offer] = &[
    Offer {
        data_type: DataType::Products,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("sku", "Product"),
            ("name", "ProductName"),
            ("barcode", "ProductStandardID"),
            ("discontinued", "IsMarkedForDeletion"),
        ],
    },
    Offer {
        data_type: DataType::Inventory,
        directions: PULLED,
        // A row of stock has no stamp.
        pulls_changes: false,
        mapping: &[
            ("sku", "Material"),
            ("location", "Location"),
            ("quantity", "Quantity"),
            ("unit", "MaterialBaseUnit"),
        ],
    },
    Offer {
        data_type: DataType::Orders,
        directions: BOTH_WAYS,
        pulls_changes: true,
        mapping: &[("orderNumber", "SalesOrder"), ("status", "OrderStatus"), ("lines", "Item")],
    },
    Offer {
        data_type: DataType::OrderStatus,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("orderNumber", "SalesOrder"),
            ("status", "OrderStatus"),
            ("shippedAt", "ActualGoodsMovementDate"),
            ("trackingNumber", "BillOfLading"),
        ],
    },
    Offer {
        data_type: DataType::Invoices,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("invoiceNumber", "BillingDocument"),
            ("orderNumber", "SalesOrder"),
            ("reference", "PurchaseOrderByCustomer"),
            ("status", "InvoiceStatus"),
            ("lines", "Item"),
        ],
    },
    Offer {
        data_type: DataType::Employees,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("employeeId", "EmployeeId"),
            ("name", "FullName"),
            ("active", "IsActive"),
            ("managerId", "manager.userId"),
        ],
    },
];

/// A text as OData has it in a condition.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// How many of their further sentences are passed on.
const MOST_DETAILS: usize = 3;

/// Their sentence with its code, and what they say of single fields: an object in V2, a text in V4.
pub(super) fn words(refusal: Json<'_>) -> Option<String> {
    let error = refusal.get("error")?;
    let sentence = error.at("message.value").or_else(|| error.get("message"))?.as_string()?;
    let code = error.get("code").and_then(Json::as_string).unwrap_or_default();
    let details = error.at("innererror.errordetails").or_else(|| error.get("details"));
    let details = details.map(Json::items).unwrap_or_default();
    let messages = details.iter().filter_map(|detail| detail.get("message")?.as_string());
    let mut further: Vec<Cow<'_, str>> = messages.filter(|one| !one.is_empty() && *one != sentence).collect();
    further.dedup();
    further.truncate(MOST_DETAILS);
    let mut words = sentence.trim().to_owned();
    if !code.is_empty() {
        words = format!("{words} ({code})");
    }
    Some(further.iter().fold(words, |words, one| format!("{words}; {one}")))
}
