//! Theirs and ours: which model holds the records of each data type, which of their fields fill which of ours where our
//! usual names would find another or none, and the form of a new order. Pure.

use domain::DataType;
use serde_json::{Value, json};

use crate::offer::{BOTH_WAYS, Offer, PULLED};

/// What can be synced.
pub(crate) const OFFERS: &[Offer] = &[
    Offer {
        data_type: DataType::Products,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[("sku", "code"), ("price", "list_price"), ("unit", "default_uom.symbol")],
    },
    Offer {
        data_type: DataType::Inventory,
        directions: PULLED,
        // Stock is the sum of moves: no record of a product changes with it.
        pulls_changes: false,
        mapping: &[("sku", "code"), ("unit", "default_uom.symbol")],
    },
    Offer {
        data_type: DataType::Orders,
        directions: BOTH_WAYS,
        pulls_changes: true,
        mapping: &[
            ("orderNumber", "number"),
            ("customerId", "party.code"),
            ("customerName", "party.name"),
            ("email", "party.email"),
            ("currency", "currency.code"),
            ("netTotal", "untaxed_amount"),
            ("orderedAt", "sale_date"),
            ("requiredOn", "shipping_date"),
            ("shippingAddress.name", "shipment_address.party_name"),
            ("shippingAddress.street", "shipment_address.street"),
            ("shippingAddress.city", "shipment_address.city"),
            ("shippingAddress.region", "shipment_address.subdivision.name"),
            ("shippingAddress.postalCode", "shipment_address.postal_code"),
            ("shippingAddress.country", "shipment_address.country.code"),
            ("billingAddress.name", "invoice_address.party_name"),
            ("billingAddress.street", "invoice_address.street"),
            ("billingAddress.city", "invoice_address.city"),
            ("billingAddress.region", "invoice_address.subdivision.name"),
            ("billingAddress.postalCode", "invoice_address.postal_code"),
            ("billingAddress.country", "invoice_address.country.code"),
        ],
    },
    Offer {
        data_type: DataType::OrderStatus,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("orderNumber", "number"),
            ("status", PROGRESS),
            ("shippedAt", "$.shipments[?@.effective_date != null].effective_date"),
        ],
    },
    Offer {
        data_type: DataType::Invoices,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("invoiceNumber", "number"),
            ("orderNumber", "sales.0.number"),
            ("reference", "sales.0.reference"),
            ("customerId", "party.code"),
            ("customerName", "party.name"),
            ("currency", "currency.code"),
            ("netTotal", "untaxed_amount"),
            ("balance", "amount_to_pay"),
            ("issuedOn", "invoice_date"),
        ],
    },
    Offer {
        data_type: DataType::Employees,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("employeeId", "id"),
            ("name", "party.name"),
            ("email", "party.email"),
            ("phone", "party.phone"),
            ("managerId", "supervisor"),
        ],
    },
];

/// Our word for how far an order has come.
const PROGRESS: &str = "progress";

/// A model of theirs that holds records of a data type.
#[derive(Debug)]
pub(super) struct Entity {
    pub(super) model: &'static str,
    /// The conditions that always hold, in the company with an id.
    pub(super) conditions: fn(i64) -> Vec<Value>,
    pub(super) fields: &'static [&'static str],
    /// Fields that not every series has, each with the one in whose place it is read.
    pub(super) instead: &'static [(&'static str, &'static str)],
    /// The ways from a record to the records that are told with it: a change there is a change of the record. The
    /// first is the record itself.
    pub(super) stamped: &'static [&'static str],
    /// Further ways, whose stamps are not told.
    pub(super) also_changed_by: &'static [&'static str],
    pub(super) children: &'static [Children],
}

/// Records that a field of another lists.
#[derive(Debug)]
pub(super) struct Children {
    /// The field.
    pub(super) name: &'static str,
    pub(super) model: &'static str,
    /// Their fields, and what each is called in ours.
    pub(super) fields: &'static [(&'static str, &'static str)],
    /// A condition that they meet.
    pub(super) condition: Option<fn() -> Value>,
}

/// Where the records of a data type are.
pub(super) const fn entity(data_type: DataType) -> &'static Entity {
    match data_type {
        DataType::Products => &PRODUCTS,
        DataType::Inventory => &INVENTORY,
        DataType::Orders => &ORDERS,
        DataType::OrderStatus => &ORDER_STATUS,
        DataType::Invoices => &INVOICES,
        DataType::Employees => &EMPLOYEES,
    }
}

static PRODUCTS: Entity = Entity {
    model: "product.product",
    conditions: |_| vec![either_active()],
    fields: &["code", "name", "description", "list_price", "default_uom.symbol", "type", "active", "salable"],
    // Since a variant may have a price of its own.
    instead: &[("list_price_used", "list_price")],
    stamped: &["", "template."],
    also_changed_by: &[],
    children: &[],
};

static INVENTORY: Entity = Entity {
    model: "product.product",
    conditions: |_| vec![json!(["type", "=", "goods"])],
    fields: &["code", "quantity", "default_uom.symbol"],
    instead: &[],
    stamped: &[],
    also_changed_by: &[],
    children: &[],
};

/// A draft has no number yet, and is not agreed upon.
fn numbered(company: i64) -> Vec<Value> {
    vec![json!(["company", "=", company]), json!(["number", "!=", null])]
}

static ORDERS: Entity = Entity {
    model: "sale.sale",
    conditions: numbered,
    fields: &[
        "number",
        "reference",
        "state",
        "sale_date",
        "shipping_date",
        "party.code",
        "party.name",
        "party.email",
        "currency.code",
        "untaxed_amount",
        "tax_amount",
        "total_amount",
        "comment",
        "shipment_address.party_name",
        "shipment_address.street",
        "shipment_address.city",
        "shipment_address.subdivision.name",
        "shipment_address.postal_code",
        "shipment_address.country.code",
        "invoice_address.party_name",
        "invoice_address.street",
        "invoice_address.city",
        "invoice_address.subdivision.name",
        "invoice_address.postal_code",
        "invoice_address.country.code",
        "lines",
    ],
    instead: &[],
    stamped: &[""],
    also_changed_by: &["lines."],
    children: &[Children {
        name: "lines",
        model: "sale.line",
        fields: LINE_FIELDS,
        condition: Some(real_line),
    }],
};

/// Comments, titles and subtotals are lines to them.
fn real_line() -> Value {
    json!(["type", "=", "line"])
}

const LINE_FIELDS: &[(&str, &str)] = &[
    ("sequence", "sequence"),
    ("product.code", "sku"),
    ("description", "description"),
    ("quantity", "quantity"),
    ("unit.symbol", "unit"),
    ("unit_price", "unitPrice"),
    ("amount", "total"),
];

static ORDER_STATUS: Entity = Entity {
    model: "sale.sale",
    conditions: numbered,
    fields: &["number", "reference", "state", "shipment_state", "invoice_state", "shipments"],
    instead: &[],
    stamped: &[""],
    also_changed_by: &["shipments."],
    children: &[Children {
        name: "shipments",
        model: "stock.shipment.out",
        fields: &[("number", "number"), ("state", "state"), ("effective_date", "effective_date")],
        condition: None,
    }],
};

static INVOICES: Entity = Entity {
    model: "account.invoice",
    conditions: |company| {
        let mut conditions = numbered(company);
        conditions.push(json!(["type", "=", "out"]));
        conditions
    },
    fields: &[
        "number",
        "state",
        "invoice_date",
        "party.code",
        "party.name",
        "currency.code",
        "untaxed_amount",
        "tax_amount",
        "total_amount",
        "amount_to_pay",
        "lines",
        "sales",
    ],
    instead: &[],
    stamped: &[""],
    also_changed_by: &[],
    children: &[
        Children {
            name: "lines",
            model: "account.invoice.line",
            fields: LINE_FIELDS,
            condition: Some(real_line),
        },
        Children {
            name: "sales",
            model: "sale.sale",
            fields: &[("number", "number"), ("reference", "reference")],
            condition: None,
        },
    ],
};

static EMPLOYEES: Entity = Entity {
    model: "company.employee",
    conditions: |company| vec![json!(["company", "=", company])],
    fields: &["party.name", "party.email", "party.phone", "start_date", "end_date", "supervisor"],
    instead: &[],
    stamped: &["", "party."],
    also_changed_by: &[],
    children: &[],
};

/// Without it they leave out what was put away.
fn either_active() -> Value {
    json!(["active", "in", [true, false]])
}

/// How far an order has come, in one word: while it is worked on, how far its shipments have.
pub(super) fn progress(state: &str, shipment_state: &str) -> Option<(&'static str, String)> {
    let shown = match (state, shipment_state) {
        ("", _) => return None,
        ("processing", shipments) if !matches!(shipments, "" | "none") => shipments,
        (state, _) => state,
    };
    Some((PROGRESS, shown.to_owned()))
}

/// The form of a new or changed order, unless `settings.api.push.orders` has another: codes stand for what they name,
/// days are texts, and what else Tryton wants is filled in as its own clients do.
pub(super) fn order_template() -> Value {
    json!({
        "party": "{{customerId}}",
        "reference": "{{reference}}",
        "currency": "{{currency}}",
        "sale_date": "{{orderedAt|date}}",
        "shipping_date": "{{requiredOn}}",
        "comment": "{{notes}}",
        "shipment_address": {
            "party_name": "{{shippingAddress.name}}",
            "street": "{{shippingAddress.street}}\n{{shippingAddress.street2}}",
            "postal_code": "{{shippingAddress.postalCode}}",
            "city": "{{shippingAddress.city}}",
            "country": "{{shippingAddress.country}}",
        },
        "lines": {"$each": "lines", "item": {
            "product": "{{sku}}",
            "quantity": "{{quantity}}",
            "unit_price": "{{unitPrice}}",
            "description": "{{description}}",
        }},
    })
}
