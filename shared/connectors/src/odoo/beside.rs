//! What belongs to the records of a page and is kept in other models: lines, contacts, shipments. Each model is asked
//! once for a whole page, however many records it has.

use std::collections::HashMap;

use domain::DataType;
use domain::json::Json;
use transport::ErpError;

use super::client::Odoo;
use super::mapping::{LINE, LINES, line};
use super::row::{Row, Rows};

/// The links to contacts.
const CONTACTS: [&str; 3] = ["partner_id", "partner_shipping_id", "partner_invoice_id"];

const CONTACT: &[&str] =
    &["name", "ref", "email", "street", "street2", "city", "zip", "state_id", "country_id", "country_code"];

const SHIPMENT: &[&str] = &[
    "name",
    "state",
    "picking_type_code",
    "date_done",
    "carrier_id",
    "carrier_tracking_ref",
    "carrier_tracking_url",
    "write_date",
];

/// Puts into the records of a page what belongs to them.
///
/// # Errors
/// With what they said, or why they could not be asked.
pub(super) async fn put(erp: &Odoo, data_type: DataType, page: &mut [Row]) -> Result<(), ErpError> {
    match data_type {
        DataType::Products => templates(erp, page).await,
        DataType::Orders => {
            lines(erp, page, LINES, "sale.order.line").await?;
            contacts(erp, page).await
        }
        DataType::OrderStatus => shipments(erp, page).await,
        DataType::Invoices => {
            lines(erp, page, "invoice_line_ids", "account.move.line").await?;
            page.iter_mut().for_each(invoice_status);
            contacts(erp, page).await
        }
        DataType::Inventory | DataType::Employees => Ok(()),
    }
}

/// A price is changed in the template of a product: the later of both stamps counts.
async fn templates(erp: &Odoo, page: &mut [Row]) -> Result<(), ErpError> {
    let ids = page.iter().filter_map(|row| row.link("product_tmpl_id")).collect();
    let templates = erp.by_id("product.template", &["write_date"], ids).await?;
    for row in page {
        let template = row.link("product_tmpl_id").and_then(|id| templates.get(&id));
        stamp(row, template.into_iter());
    }
    Ok(())
}

/// Gives a record the latest stamp of its own and of what belongs to it. They all have the same form, so the latest is
/// the greatest text.
fn stamp<'r>(row: &mut Row, belongings: impl Iterator<Item = &'r Row>) {
    let theirs = belongings.filter_map(|belonging| belonging.text("write_date"));
    let latest = theirs.chain(row.text("write_date")).max();
    if let Some(latest) = latest.filter(|_| row.get("write_date").is_some()) {
        row.set_text("write_date", &latest);
    }
}

/// Replaces the numbers of lines by the lines, in our form.
pub(super) async fn lines(erp: &Odoo, page: &mut [Row], field: &str, model: &str) -> Result<(), ErpError> {
    let lines = erp.by_id(model, LINE, page.iter().flat_map(|row| row.links(field)).collect()).await?;
    let products = lines.values().filter_map(|line| line.link("product_id")).collect();
    let products = erp.by_id("product.product", &["default_code"], products).await?;
    let skus: HashMap<i64, String> =
        products.iter().filter_map(|(id, product)| Some((*id, product.text("default_code")?))).collect();
    for row in page {
        let own: Vec<&Row> = row.links(field).iter().filter_map(|id| lines.get(id)).collect();
        let sku = |line: &Row| skus.get(&line.link("product_id")?).map(String::as_str);
        let written: Vec<_> = own.iter().filter_map(|own| line(own, sku(own))).collect();
        stamp(row, own.into_iter());
        row.set(field, format!("[{}]", written.join(",")));
    }
    Ok(())
}

/// Replaces links to contacts by the contacts, with what we know them by as `key`.
async fn contacts(erp: &Odoo, page: &mut [Row]) -> Result<(), ErpError> {
    let ids = page.iter().flat_map(|row| CONTACTS.into_iter().filter_map(|field| row.link(field))).collect();
    let mut contacts: Rows = erp.by_id("res.partner", CONTACT, ids).await?;
    for contact in contacts.values_mut() {
        if let Some(key) = contact.get(erp.settings().customer_key.as_str()).map(Json::text) {
            contact.set("key", key.to_owned());
        }
        let country = contact.text("country_code").or_else(|| contact.link_name("country_id"));
        if let Some(country) = country {
            contact.set_text("country", &country);
        }
    }
    for row in page {
        for field in CONTACTS {
            if let Some(contact) = row.link(field).and_then(|id| contacts.get(&id)) {
                row.set(field, contact.to_json());
            }
        }
    }
    Ok(())
}

/// The last shipment of each order that has left, with the tracking numbers of all; and how far the order has come.
async fn shipments(erp: &Odoo, page: &mut [Row]) -> Result<(), ErpError> {
    let ids = page.iter().flat_map(|row| row.links("picking_ids")).collect();
    let all = erp.by_id("stock.picking", SHIPMENT, ids).await?;
    for row in page {
        let own: Vec<&Row> = row.links("picking_ids").iter().filter_map(|id| all.get(id)).collect();
        let mut gone: Vec<&Row> = own.iter().copied().filter(|shipment| has_left(shipment)).collect();
        gone.sort_by_key(|shipment| shipment.text("date_done"));
        let numbers: Vec<_> =
            gone.iter().filter_map(|shipment| shipment.text("carrier_tracking_ref")).collect();
        if let Some(last) = gone.last() {
            let mut shipment = (*last).clone();
            if !numbers.is_empty() {
                shipment.set_text("carrier_tracking_ref", &numbers.join(", "));
            }
            row.set("shipment", shipment.to_json());
        }
        stamp(row, own.into_iter());
        let is_confirmed = matches!(row.text("state").as_deref(), Some("sale" | "done"));
        let delivered = row.text("delivery_status").filter(|_| is_confirmed);
        if let Some(status) = delivered.or_else(|| row.text("state")) {
            row.set_text("status", &status);
        }
    }
    Ok(())
}

fn has_left(shipment: &Row) -> bool {
    let is = |name: &str, value: &str| shipment.text(name).as_deref() == Some(value);
    is("state", "done") && is("picking_type_code", "outgoing")
}

/// Whether it is paid, or else what became of it.
fn invoice_status(row: &mut Row) {
    let is_posted = row.text("state").as_deref() == Some("posted");
    let paid = row.text("payment_state").filter(|_| is_posted);
    if let Some(status) = paid.or_else(|| row.text("state")) {
        row.set_text("status", &status);
    }
}
