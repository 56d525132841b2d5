//! Theirs and ours: which documents hold the records of each data type, which of their fields fill which of ours where
//! our usual names would find another or none, and the form in which an order is sent. Pure.

use domain::DataType;
use domain::connection::providers::erpnext::ErpNextSettings;
use serde_json::{Map, Value, json};

use super::client::PO_NO;
use super::question::Question;
use crate::offer::{BOTH_WAYS, Offer, PULLED};

pub(super) const SALES_ORDER: &str = "Sales Order";
pub(super) const SALES_INVOICE: &str = "Sales Invoice";
pub(super) const ITEM: &str = "Item";

/// What can be synced.
pub(crate) const OFFERS: &[Offer] = &[
    Offer {
        data_type: DataType::Products,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("sku", "item_code"),
            ("name", "item_name"),
            ("price", "standard_rate"),
            ("unit", "stock_uom"),
            ("category", "item_group"),
            ("barcode", "barcodes.0.barcode"),
            ("weight", "weight_per_unit"),
            ("imageUrl", "image"),
            ("discontinued", "disabled"),
        ],
    },
    Offer {
        data_type: DataType::Inventory,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("sku", "item_code"),
            ("location", "warehouse"),
            ("quantity", "actual_qty"),
            ("reserved", "reserved_qty"),
            ("incoming", "ordered_qty"),
            ("unit", "stock_uom"),
        ],
    },
    Offer {
        data_type: DataType::Orders,
        directions: BOTH_WAYS,
        pulls_changes: true,
        mapping: &[
            ("orderNumber", "name"),
            ("customerId", "customer"),
            ("email", "contact_email"),
            ("netTotal", "net_total"),
            ("tax", "total_taxes_and_charges"),
            // Their total is without taxes and discount.
            ("total", "grand_total"),
            ("orderedAt", "transaction_date"),
            ("requiredOn", "delivery_date"),
        ],
    },
    Offer {
        data_type: DataType::OrderStatus,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("orderNumber", "name"),
            ("status", "status"),
            ("carrier", "delivery_note.transporter_name"),
            ("trackingNumber", "delivery_note.lr_no"),
            ("shippedAt", "delivery_note.posting_date"),
        ],
    },
    Offer {
        data_type: DataType::Invoices,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("invoiceNumber", "name"),
            ("orderNumber", "items.0.sales_order"),
            ("reference", PO_NO),
            ("customerId", "customer"),
            ("netTotal", "net_total"),
            ("tax", "total_taxes_and_charges"),
            ("total", "grand_total"),
            ("balance", "outstanding_amount"),
            ("issuedOn", "posting_date"),
            ("dueOn", "due_date"),
        ],
    },
    Offer {
        data_type: DataType::Employees,
        directions: PULLED,
        pulls_changes: true,
        mapping: &[
            ("employeeId", "name"),
            ("name", "employee_name"),
            ("email", "company_email"),
            ("phone", "cell_number"),
            ("jobTitle", "designation"),
            ("location", "branch"),
            ("managerId", "reports_to"),
            ("hiredOn", "date_of_joining"),
            ("leftOn", "relieving_date"),
        ],
    },
];

/// Not all fields: a personnel file holds salaries, bank accounts and illnesses, which nobody asked for.
const EMPLOYEE: [&str; 18] = [
    "name",
    "modified",
    "company",
    "employee_name",
    "first_name",
    "middle_name",
    "last_name",
    "status",
    "company_email",
    "prefered_email",
    "user_id",
    "cell_number",
    "department",
    "designation",
    "branch",
    "reports_to",
    "date_of_joining",
    "relieving_date",
];

/// The documents of a data type.
pub(super) fn documents(data_type: DataType, reference_field: &str, company: Option<&str>) -> Question {
    match data_type {
        DataType::Products => Question::of(ITEM),
        DataType::Inventory => Question::of("Bin"),
        DataType::Orders => Question::of(SALES_ORDER).of_company(company),
        DataType::OrderStatus => order_status(reference_field).of_company(company),
        // A draft is no invoice yet.
        DataType::Invoices => Question::of(SALES_INVOICE).only("docstatus", ">", 0).of_company(company),
        DataType::Employees => Question::of("Employee").with_fields(&EMPLOYEE).of_company(company),
    }
}

/// Not all fields: `delivery_date`, the day it is wanted, would be taken for the day it arrived.
fn order_status(reference_field: &str) -> Question {
    let mut fields = vec![
        "name",
        "modified",
        "docstatus",
        "customer",
        PO_NO,
        "status",
        "delivery_status",
        "per_delivered",
        "billing_status",
        "per_billed",
    ];
    if reference_field != PO_NO {
        fields.push(reference_field);
    }
    Question::of(SALES_ORDER).with_fields(&fields)
}

/// The most documents that are asked for at a time: those with many rows within them are large.
pub(super) const fn largest_page(data_type: DataType) -> u32 {
    match data_type {
        DataType::Orders | DataType::Invoices => 200,
        DataType::Products | DataType::OrderStatus | DataType::Inventory | DataType::Employees => 1000,
    }
}

/// The form in which they take a new order, unless `settings.api.push.orders.create.body` has another. ERPNext wants a
/// day of delivery: where the order names none, that is the day it was placed.
pub(super) fn new_order(settings: &ErpNextSettings, company: Option<&str>, names_day: bool) -> Value {
    let mut order = header(names_day);
    order.insert(settings.reference_field.clone(), json!("{{reference}}"));
    order.insert("items".to_owned(), lines(names_day));
    let own = [
        ("company", company),
        ("selling_price_list", settings.price_list.as_deref()),
        ("set_warehouse", settings.warehouse.as_deref()),
    ];
    order.extend(own.into_iter().filter_map(|(name, value)| Some((name.to_owned(), json!(value?)))));
    if settings.submit_orders {
        order.insert("docstatus".to_owned(), json!(1));
    }
    Value::Object(order)
}

/// The form of a changed order; with its lines if they are to be replaced.
pub(super) fn changed_order(with_lines: bool, names_day: bool) -> Value {
    let mut order = header(names_day);
    if with_lines {
        order.insert("items".to_owned(), lines(names_day));
    }
    Value::Object(order)
}

fn header(names_day: bool) -> Map<String, Value> {
    let fields = [
        ("customer", "{{customerId}}"),
        ("transaction_date", "{{orderedAt|date}}"),
        ("delivery_date", delivery_day(names_day)),
        ("currency", "{{currency}}"),
        ("contact_email", "{{email}}"),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

fn lines(names_day: bool) -> Value {
    let day = if names_day { "{{$.requiredOn}}" } else { "{{$.orderedAt|date}}" };
    let line = json!({
        "item_code": "{{sku}}",
        "qty": "{{quantity}}",
        "uom": "{{unit}}",
        "rate": "{{unitPrice}}",
        "delivery_date": day,
    });
    json!({"$each": "lines", "item": line})
}

const fn delivery_day(names_day: bool) -> &'static str {
    if names_day { "{{requiredOn}}" } else { "{{orderedAt|date}}" }
}
