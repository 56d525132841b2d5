//! Theirs and ours: which of their fields fill which of ours where our usual names would find another or none, the form
//! in which they take orders, and how they word a refusal. Pure.

use domain::DataType;
use domain::json::{Json, Kind};
use serde_json::{Map, Value, json};

use crate::offer::{BOTH_WAYS, Offer, PULLED};

/// What can be synced.
pub(crate) const OFFERS: &[Offer] = &[
    Offer {
        data_type: DataType::Products,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("sku", "sku"),
            ("name", "displayname"),
            ("price", "prices.0.unitprice"),
            ("currency", "prices.0.currency"),
            ("barcode", "upccode"),
            ("category", "itemtype"),
            ("discontinued", "isinactive"),
        ],
    },
    Offer {
        data_type: DataType::Inventory,
        directions: PULLED,
        // Nothing there tells when a stock level was changed.
        pulls_changes: false,
        mapping: &[
            ("sku", "sku"),
            ("location", "location"),
            ("quantity", "quantityonhand"),
            ("available", "quantityavailable"),
            ("reserved", "quantitycommitted"),
            ("incoming", "quantityonorder"),
        ],
    },
    Offer {
        data_type: DataType::Orders,
        directions: BOTH_WAYS,
        pulls_changes: true,
        mapping: &[
            ("orderNumber", "tranid"),
            ("customerId", "entity"),
            ("orderedAt", "trandate"),
            ("notes", "memo"),
            ("shippingAddress.name", "addresses.0.addressee"),
            ("shippingAddress.street", "addresses.0.addr1"),
            ("shippingAddress.street2", "addresses.0.addr2"),
            ("shippingAddress.city", "addresses.0.city"),
            ("shippingAddress.region", "addresses.0.state"),
            ("shippingAddress.postalCode", "addresses.0.zip"),
            ("shippingAddress.country", "addresses.0.country"),
        ],
    },
    Offer {
        data_type: DataType::OrderStatus,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("orderNumber", "tranid"),
            ("shippedAt", "shipments.0.shipdate"),
            ("trackingNumber", "shipments.0.trackingnumber"),
        ],
    },
    Offer {
        data_type: DataType::Invoices,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("invoiceNumber", "tranid"),
            ("orderNumber", "orders.0.ordernumber"),
            ("customerId", "entity"),
            ("issuedOn", "trandate"),
            ("dueOn", "duedate"),
        ],
    },
    Offer {
        data_type: DataType::Employees,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("employeeId", "id"),
            ("name", "entityid"),
            ("jobTitle", "title"),
            ("managerId", "supervisor"),
            ("hiredOn", "hiredate"),
            ("leftOn", "releasedate"),
        ],
    },
];

/// Their sentences, each with the name they give the mistake and where it is.
pub(super) fn words(refusal: Json<'_>) -> Option<String> {
    let details = refusal.get("o:errorDetails")?.items();
    let sentence = |detail: Json<'_>| {
        let text = |name| detail.get(name).and_then(Json::as_string).filter(|text| !text.is_empty());
        let place = text("o:errorPath").map(|path| format!(" at {path}")).unwrap_or_default();
        let code = text("o:errorCode").map(|code| format!(" ({code}{place})")).unwrap_or_default();
        Some(format!("{}{code}", text("detail")?))
    };
    let sentences: Vec<String> = details.into_iter().filter_map(sentence).take(3).collect();
    (!sentences.is_empty()).then(|| sentences.join("; "))
}

/// What of an order is sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Parts {
    /// Who buys, by what reference and in which currency: of a new order.
    pub(super) is_new: bool,
    /// Who buys, of an order that is there already.
    pub(super) customer: bool,
    /// Its lines.
    pub(super) lines: bool,
}

/// The form in which they take the parts of an order, unless `settings.api.push.orders` has another. References of which
/// nothing is known are left out whole.
pub(super) fn order_template(order: Json<'_>, parts: Parts) -> Value {
    let mut template = Map::new();
    let mut add = |name: &str, value: Value| template.insert(name.to_owned(), value);
    if parts.is_new || parts.customer {
        add("entity", json!({"id": "{{customerId}}"}));
    }
    if parts.is_new {
        add("otherRefNum", "{{reference}}".into());
    }
    if parts.is_new && has(order, "currency") {
        add("currency", json!({"id": "{{currency}}"}));
    }
    add("tranDate", "{{orderedAt|date}}".into());
    add("memo", "{{notes}}".into());
    if has(order, "shippingAddress") {
        add("shippingAddress", address(order));
    }
    if parts.is_new || parts.lines {
        let line = json!({
            "item": {"id": "{{sku}}"},
            "description": "{{description}}",
            "quantity": "{{quantity}}",
            "rate": "{{unitPrice}}",
        });
        add("item", json!({"items": {"$each": "lines", "item": line}}));
    }
    Value::Object(template)
}

fn address(order: Json<'_>) -> Value {
    let mut address = json!({
        "addressee": "{{shippingAddress.name}}",
        "addr1": "{{shippingAddress.street}}",
        "addr2": "{{shippingAddress.street2}}",
        "city": "{{shippingAddress.city}}",
        "state": "{{shippingAddress.region}}",
        "zip": "{{shippingAddress.postalCode}}",
    });
    if has(order, "shippingAddress.country") {
        address["country"] = json!({"id": "{{shippingAddress.country}}"});
    }
    address
}

fn has(order: Json<'_>, path: &str) -> bool {
    order.at(path).is_some_and(|found| found.kind() != Kind::Null)
}
