//! The form in which Odoo takes orders and addresses. Names stand where it wants numbers: see `resolve`. Pure.

use domain::json::Json;
use serde_json::{Value, json};

use super::mapping::LINES;

/// The form in which they take a new order, unless `settings.api.push.orders.create.body` has another.
pub(super) fn order_template() -> Value {
    let line = json!({
        "product_id": "{{sku}}",
        "name": "{{description}}",
        "product_uom_qty": "{{quantity}}",
        "price_unit": "{{unitPrice}}",
        "discount": "{{discount}}",
    });
    json!({
        "client_order_ref": "{{reference}}",
        "partner_id": "{{customerId}}",
        "date_order": "{{orderedAt}}",
        "commitment_date": "{{requiredOn}}",
        "order_line": {"$each": "lines", "item": [0, 0, line]},
    })
}

/// The form of a changed order, which is found by its number.
pub(super) fn update_template(with_lines: bool) -> Value {
    let mut template = order_template();
    if let Some(members) = template.as_object_mut() {
        members.retain(|name, _| name != "client_order_ref" && (with_lines || name != LINES));
    }
    template
}

/// What an address of an order is called in the record, in the order there, and what type of contact it is.
pub(super) const ADDRESSES: [(&str, &str, &str); 2] = [
    ("shippingAddress", "partner_shipping_id", "delivery"),
    ("billingAddress", "partner_invoice_id", "invoice"),
];

/// The fields of an address, ours and theirs. A region is not sent: they want the number of one of theirs.
pub(super) const ADDRESS: [(&str, &str); 6] = [
    ("name", "name"),
    ("street", "street"),
    ("street2", "street2"),
    ("postalCode", "zip"),
    ("city", "city"),
    ("country", "country_id"),
];

/// Whether a record of ours has an address with something in it.
pub(super) fn address<'a>(record: Json<'a>, name: &str) -> Option<Json<'a>> {
    record.get(name).filter(|address| address.members().iter().any(|(_, value)| value.as_string().is_some()))
}
