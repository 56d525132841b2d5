//! Theirs and ours: where the records of each data type are, which of their fields are asked for, and which fill which
//! of ours where our usual names would find another or none. Pure.

use domain::DataType;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::row::{Fields, Row};
use crate::offer::{BOTH_WAYS, Offer, PULLED};

/// What can be synced.
pub(crate) const OFFERS: &[Offer] = &[
    Offer {
        data_type: DataType::Products,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("sku", "default_code"),
            ("name", "name"),
            ("description", "description_sale"),
            ("price", "lst_price"),
            ("currency", "currency_id.display_name"),
            ("unit", "uom_id.display_name"),
            ("category", "categ_id.display_name"),
        ],
    },
    Offer {
        data_type: DataType::Inventory,
        directions: PULLED,
        // Quantities are computed: a movement of stock does not touch the product's write_date.
        pulls_changes: false,
        mapping: &[
            ("sku", "default_code"),
            ("quantity", "qty_available"),
            ("available", "free_qty"),
            ("incoming", "incoming_qty"),
            ("unit", "uom_id.display_name"),
        ],
    },
    Offer {
        data_type: DataType::Orders,
        directions: BOTH_WAYS,
        pulls_changes: true,
        mapping: &[
            ("orderNumber", "name"),
            ("reference", "client_order_ref"),
            ("customerId", "partner_id.key"),
            ("customerName", "partner_id.name"),
            ("email", "partner_id.email"),
            ("currency", "currency_id.display_name"),
            ("netTotal", "amount_untaxed"),
            ("tax", "amount_tax"),
            ("total", "amount_total"),
            ("orderedAt", "date_order"),
            ("requiredOn", "commitment_date"),
            ("shippedAt", "effective_date"),
            ("lines", "order_line"),
            ("shippingAddress.name", "partner_shipping_id.name"),
            ("shippingAddress.street", "partner_shipping_id.street"),
            ("shippingAddress.street2", "partner_shipping_id.street2"),
            ("shippingAddress.city", "partner_shipping_id.city"),
            ("shippingAddress.region", "partner_shipping_id.state_id.display_name"),
            ("shippingAddress.postalCode", "partner_shipping_id.zip"),
            ("shippingAddress.country", "partner_shipping_id.country"),
            ("billingAddress.name", "partner_invoice_id.name"),
            ("billingAddress.street", "partner_invoice_id.street"),
            ("billingAddress.street2", "partner_invoice_id.street2"),
            ("billingAddress.city", "partner_invoice_id.city"),
            ("billingAddress.region", "partner_invoice_id.state_id.display_name"),
            ("billingAddress.postalCode", "partner_invoice_id.zip"),
            ("billingAddress.country", "partner_invoice_id.country"),
        ],
    },
    Offer {
        data_type: DataType::OrderStatus,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("orderNumber", "name"),
            ("reference", "client_order_ref"),
            ("status", "status"),
            ("carrier", "shipment.carrier_id.display_name"),
            ("trackingNumber", "shipment.carrier_tracking_ref"),
            ("trackingUrl", "shipment.carrier_tracking_url"),
            ("shippedAt", "shipment.date_done"),
        ],
    },
    Offer {
        data_type: DataType::Invoices,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("invoiceNumber", "name"),
            ("orderNumber", "invoice_origin"),
            ("reference", "ref"),
            ("customerId", "partner_id.key"),
            ("customerName", "partner_id.name"),
            ("status", "status"),
            ("currency", "currency_id.display_name"),
            ("netTotal", "amount_untaxed"),
            ("tax", "amount_tax"),
            ("total", "amount_total"),
            ("balance", "amount_residual"),
            ("issuedOn", "invoice_date"),
            ("dueOn", "invoice_date_due"),
            ("lines", "invoice_line_ids"),
        ],
    },
    Offer {
        data_type: DataType::Employees,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("employeeId", "id"),
            ("name", "name"),
            ("email", "work_email"),
            ("phone", "work_phone"),
            ("jobTitle", "job_title"),
            ("department", "department_id.display_name"),
            ("location", "work_location_id.display_name"),
            ("managerId", "parent_id.id"),
            // The name has changed with Odoo 19.
            ("hiredOn", "$['contract_date_start','first_contract_date']"),
            ("leftOn", "departure_date"),
        ],
    },
];

/// Where the records of a data type are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Model {
    pub(super) name: &'static str,
    /// What is asked for; what there is not, by version or for want of a module, is left out.
    pub(super) fields: &'static [&'static str],
    /// Where it stands when a record was changed: what belongs to it may change without it.
    stamps: &'static [&'static str],
    /// Whether archived records count: they are still there, and not active.
    pub(super) with_archived: bool,
}

/// Where the records of a data type are.
pub(super) const fn model(data_type: DataType) -> Model {
    match data_type {
        DataType::Products => PRODUCTS,
        DataType::Inventory => INVENTORY,
        DataType::Orders => ORDERS,
        DataType::OrderStatus => ORDER_STATUS,
        DataType::Invoices => INVOICES,
        DataType::Employees => EMPLOYEES,
    }
}

const PRODUCTS: Model = Model {
    name: "product.product",
    fields: &[
        "default_code",
        "name",
        "description_sale",
        "lst_price",
        "standard_price",
        "currency_id",
        "uom_id",
        "categ_id",
        "barcode",
        "weight",
        "active",
        "sale_ok",
        "type",
        "product_tmpl_id",
        "write_date",
    ],
    stamps: &["write_date", "product_tmpl_id.write_date"],
    with_archived: true,
};

const INVENTORY: Model = Model {
    name: "product.product",
    fields: &["default_code", "qty_available", "free_qty", "incoming_qty", "outgoing_qty", "uom_id"],
    stamps: &[],
    with_archived: false,
};

const ORDERS: Model = Model {
    name: "sale.order",
    fields: &[
        "name",
        "client_order_ref",
        "origin",
        "state",
        "partner_id",
        "partner_shipping_id",
        "partner_invoice_id",
        "date_order",
        "commitment_date",
        "effective_date",
        "currency_id",
        "amount_untaxed",
        "amount_tax",
        "amount_total",
        "invoice_status",
        "order_line",
        "write_date",
    ],
    stamps: &["write_date", "order_line.write_date"],
    with_archived: false,
};

const ORDER_STATUS: Model = Model {
    name: "sale.order",
    fields: &[
        "name",
        "client_order_ref",
        "state",
        "delivery_status",
        "invoice_status",
        "picking_ids",
        "write_date",
    ],
    stamps: &["write_date", "picking_ids.write_date"],
    with_archived: false,
};

const INVOICES: Model = Model {
    name: "account.move",
    fields: &[
        "name",
        "move_type",
        "state",
        "payment_state",
        "partner_id",
        "ref",
        "invoice_origin",
        "invoice_date",
        "invoice_date_due",
        "currency_id",
        "amount_untaxed",
        "amount_tax",
        "amount_total",
        "amount_residual",
        "invoice_line_ids",
        "write_date",
    ],
    stamps: &["write_date"],
    with_archived: false,
};

const EMPLOYEES: Model = Model {
    name: "hr.employee",
    fields: &[
        "name",
        "work_email",
        "work_phone",
        "job_title",
        "department_id",
        "work_location_id",
        "parent_id",
        "contract_date_start",
        "first_contract_date",
        "departure_date",
        "barcode",
        "active",
        "write_date",
    ],
    stamps: &["write_date"],
    with_archived: true,
};

/// The conditions that always hold for the records of a data type, in a database whose model has these fields.
pub(super) fn conditions(data_type: DataType, fields: &Fields) -> Vec<Value> {
    match data_type {
        // Odoo 18 has made a flag of the type.
        DataType::Inventory if fields.contains_key("is_storable") => vec![json!(["is_storable", "=", true])],
        DataType::Inventory => vec![json!(["type", "=", "product"])],
        // A draft has no number yet.
        DataType::Invoices => vec![
            json!(["move_type", "in", ["out_invoice", "out_refund"]]),
            json!(["state", "!=", "draft"]),
            json!(["name", "not in", ["/", false]]),
        ],
        _ => Vec::new(),
    }
}

/// The condition, as items of a domain, that a record or what belongs to it changed since.
pub(super) fn changed(data_type: DataType, since: Timestamp, fields: &Fields) -> Vec<Value> {
    let since = written(since);
    let is_there = |stamp: &&&str| stamp.split('.').next().is_some_and(|field| fields.contains_key(field));
    let stamps: Vec<_> = model(data_type).stamps.iter().filter(is_there).collect();
    let or = std::iter::repeat_n(json!("|"), stamps.len().saturating_sub(1));
    or.chain(stamps.iter().map(|stamp| json!([stamp, ">=", since]))).collect()
}

/// A moment as they write it: in UTC, without a zone, to the second.
pub(super) fn written(moment: Timestamp) -> String {
    moment.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// The fields of a line of an order or an invoice that are asked for.
pub(super) const LINE: &[&str] = &[
    "display_type",
    "product_id",
    "name",
    "product_uom_qty",
    "quantity",
    "product_uom_id",
    "product_uom",
    "price_unit",
    "discount",
    "price_subtotal",
    "write_date",
];

/// A line under our names, which a mapping cannot give to what is in a list; `sku` is the product's. None if it is a
/// heading or a note.
pub(super) fn line(line: &Row, sku: Option<&str>) -> Option<String> {
    if line.text("display_type").is_some_and(|kind| kind != "product") {
        return None;
    }
    let mut ours = Row::default();
    ours.set_text("lineNumber", &line.id()?.to_string());
    if let Some(sku) = sku {
        ours.set_text("sku", sku);
    }
    if let Some(unit) = line.link_name("product_uom_id").or_else(|| line.link_name("product_uom")) {
        ours.set_text("unit", &unit);
    }
    let quantity = line.get("product_uom_qty").or_else(|| line.get("quantity"));
    let others = [
        ("description", line.get("name")),
        ("quantity", quantity),
        ("unitPrice", line.get("price_unit")),
        ("discount", line.get("discount")),
        ("total", line.get("price_subtotal")),
    ];
    for (name, value) in others {
        if let Some(value) = value {
            ours.set(name, value.text().to_owned());
        }
    }
    Some(ours.to_json())
}

/// The lines of an order.
pub(super) const LINES: &str = "order_line";
