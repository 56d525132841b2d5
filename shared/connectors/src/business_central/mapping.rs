//! Theirs and ours: where the records of each data type are, which of their fields fill which of ours where our usual
//! names would find another or none, and how they word a refusal. Pure.

use domain::DataType;
use domain::json::Json;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::offer::{BOTH_WAYS, Offer, PULLED};

/// What can be synced.
pub(crate) const OFFERS: &[Offer] = &[
    Offer {
        data_type: DataType::Products,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("sku", "number"),
            ("name", "displayName"),
            ("description", "displayName2"),
            ("unit", "baseUnitOfMeasureCode"),
            ("category", "itemCategoryCode"),
        ],
    },
    Offer {
        data_type: DataType::Inventory,
        directions: PULLED,
        // A movement of stock does not touch the item's lastModifiedDateTime.
        pulls_changes: false,
        mapping: &[("sku", "number"), ("quantity", "inventory"), ("unit", "baseUnitOfMeasureCode")],
    },
    Offer {
        data_type: DataType::Orders,
        directions: BOTH_WAYS,
        pulls_changes: true,
        mapping: &[
            ("orderNumber", "number"),
            ("reference", "externalDocumentNumber"),
            ("customerId", "customerNumber"),
            ("currency", "currencyCode"),
            ("requiredOn", "requestedDeliveryDate"),
            ("shippingAddress.name", "shipToName"),
            ("shippingAddress.street", "shipToAddressLine1"),
            ("shippingAddress.street2", "shipToAddressLine2"),
            ("shippingAddress.city", "shipToCity"),
            ("shippingAddress.region", "shipToState"),
            ("shippingAddress.postalCode", "shipToPostCode"),
            ("shippingAddress.country", "shipToCountry"),
        ],
    },
    Offer {
        data_type: DataType::OrderStatus,
        directions: PULLED,
        pulls_changes: true,
        // orderNumber is called so in shipments, and number in orders: our usual names find both.
        mapping: &[("reference", "externalDocumentNumber"), ("shippedAt", "postingDate")],
    },
    Offer {
        data_type: DataType::Invoices,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("invoiceNumber", "number"),
            ("orderNumber", "orderNumber"),
            ("reference", "externalDocumentNumber"),
            ("customerId", "customerNumber"),
            ("currency", "currencyCode"),
            ("issuedOn", "invoiceDate"),
            ("dueOn", "dueDate"),
        ],
    },
    Offer {
        data_type: DataType::Employees,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("employeeId", "number"),
            ("firstName", "givenName"),
            ("lastName", "surname"),
            ("name", "displayName"),
            ("hiredOn", "employmentDate"),
            ("leftOn", "terminationDate"),
        ],
    },
];

/// A list of theirs that holds records of a data type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entity {
    /// Its name in addresses.
    pub(super) name: &'static str,
    /// What is asked for with it.
    query: &'static [(&'static str, &'static str)],
    /// A condition that always holds.
    filter: Option<&'static str>,
}

/// Where the records of a data type are, in the order they are read. An order vanishes from `salesOrders` once it is
/// shipped and invoiced, its shipments stay: so they are read first, and an order that is still open has the last word.
pub(super) const fn entities(data_type: DataType) -> &'static [Entity] {
    match data_type {
        DataType::Products => PRODUCTS,
        DataType::Inventory => INVENTORY,
        DataType::Orders => ORDERS,
        DataType::OrderStatus => ORDER_STATUS,
        DataType::Invoices => INVOICES,
        DataType::Employees => EMPLOYEES,
    }
}

const PRODUCTS: &[Entity] = &[Entity { name: "items", query: &[], filter: None }];

const INVENTORY: &[Entity] = &[Entity {
    name: "items",
    query: &[("$select", "number,inventory,baseUnitOfMeasureCode")],
    filter: Some("type eq 'Inventory'"),
}];

const ORDERS: &[Entity] =
    &[Entity { name: "salesOrders", query: &[("$expand", "salesOrderLines")], filter: None }];

const ORDER_STATUS: &[Entity] = &[
    Entity {
        name: "salesShipments",
        query: &[("$select", "orderNumber,externalDocumentNumber,postingDate,lastModifiedDateTime")],
        filter: None,
    },
    Entity {
        name: "salesOrders",
        query: &[("$select", "number,externalDocumentNumber,status,fullyShipped,lastModifiedDateTime")],
        filter: None,
    },
];

const INVOICES: &[Entity] =
    &[Entity { name: "salesInvoices", query: &[("$expand", "salesInvoiceLines")], filter: None }];

const EMPLOYEES: &[Entity] = &[Entity { name: "employees", query: &[], filter: None }];

impl Entity {
    /// The query that asks for all of it, or for what changed since a moment.
    pub(super) fn query(&self, since: Option<Timestamp>) -> Vec<(&'static str, String)> {
        let mut query: Vec<_> = self.query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let changed = since.map(|since| format!("lastModifiedDateTime gt {since:.3}"));
        let conditions: Vec<String> = self.filter.map(str::to_owned).into_iter().chain(changed).collect();
        if !conditions.is_empty() {
            query.push(("$filter", conditions.join(" and ")));
        }
        query
    }
}

/// A text as OData has it in a condition.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Their sentence without the id that only their support can use, and the name they give the mistake.
pub(super) fn words(refusal: Json<'_>) -> Option<String> {
    let message = refusal.at("error.message")?.as_string()?;
    let sentence = message.split("CorrelationId:").next().unwrap_or_default().trim().to_owned();
    let code = refusal.at("error.code").and_then(Json::as_string);
    Some(match code {
        Some(code) if !code.is_empty() => format!("{sentence} ({code})"),
        _ => sentence,
    })
}

/// The lines of an order.
pub(super) const LINES: &str = "salesOrderLines";

/// The form in which they take a new order, unless `settings.api.push.orders.create.body` has another.
pub(super) fn order_template() -> Value {
    let mut template = header();
    template.insert("externalDocumentNumber".to_owned(), json!("{{reference}}"));
    let line = json!({
        "lineType": "Item",
        "lineObjectNumber": "{{sku}}",
        "description": "{{description}}",
        "quantity": "{{quantity}}",
        "unitPrice": "{{unitPrice}}",
    });
    template.insert(LINES.to_owned(), json!({"$each": "lines", "item": line}));
    Value::Object(template)
}

/// The form of a changed order: its lines cannot be changed with it, and by its reference it is found.
pub(super) fn update_template() -> Value {
    Value::Object(header())
}

fn header() -> Map<String, Value> {
    let fields = [
        ("orderDate", "{{orderedAt|date}}"),
        ("customerNumber", "{{customerId}}"),
        ("currencyCode", "{{currency}}"),
        ("requestedDeliveryDate", "{{requiredOn}}"),
        ("email", "{{email}}"),
        ("shipToName", "{{shippingAddress.name}}"),
        ("shipToAddressLine1", "{{shippingAddress.street}}"),
        ("shipToAddressLine2", "{{shippingAddress.street2}}"),
        ("shipToCity", "{{shippingAddress.city}}"),
        ("shipToState", "{{shippingAddress.region}}"),
        ("shipToPostCode", "{{shippingAddress.postalCode}}"),
        ("shipToCountry", "{{shippingAddress.country}}"),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}
