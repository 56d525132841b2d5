//! What belongs to documents and is not in their lists: rows of tables within them, addresses, prices and deliveries.
//! Each is asked for once for a whole page.

use std::collections::{BTreeMap, BTreeSet};

use domain::{DataType, json};
use serde_json::json;
use transport::ErpError;

use super::client::{PO_NO, Site};
use super::mapping::{ITEM, SALES_INVOICE, SALES_ORDER};
use super::question::Question;
use super::row::Row;

const DELIVERY_NOTE: &str = "Delivery Note";
const ITEM_PRICE: &str = "Item Price";

/// Documents that are about others without these being stamped when they change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Satellite {
    /// Delivery Notes, whose tracking number is often entered later.
    Deliveries,
    /// Item Prices of the price list.
    Prices,
}

impl Satellite {
    /// Those that the records of a data type have.
    pub(super) fn of(data_type: DataType, site: &Site) -> Option<Self> {
        match data_type {
            DataType::OrderStatus => Some(Self::Deliveries),
            DataType::Products => site.settings.price_list.is_some().then_some(Self::Prices),
            DataType::Orders | DataType::Inventory | DataType::Employees | DataType::Invoices => None,
        }
    }

    /// What kind of document they are.
    pub(super) const fn doctype(self) -> &'static str {
        match self {
            Self::Deliveries => DELIVERY_NOTE,
            Self::Prices => ITEM_PRICE,
        }
    }

    /// Asks for them.
    pub(super) fn question(self, site: &Site) -> Question {
        match self {
            Self::Deliveries => {
                Question::of(DELIVERY_NOTE).with_fields(&["name"]).of_company(site.company.as_deref())
            }
            Self::Prices => prices_of(site).with_fields(&["name", "item_code"]),
        }
    }

    /// The names of the documents they are about.
    pub(super) async fn owners(self, site: &Site, rows: &[Row]) -> Result<Vec<String>, ErpError> {
        let names = match self {
            Self::Prices => texts(rows, "item_code"),
            Self::Deliveries if rows.is_empty() => Vec::new(),
            Self::Deliveries => {
                let question = delivered().only("parent", "in", texts(rows, "name"));
                texts(&site.rows(&question).await?, "against_sales_order")
            }
        };
        Ok(names)
    }
}

/// The records that documents are, with all that belongs to them, and times in UTC.
///
/// # Errors
/// With what they said.
pub(super) async fn complete(
    site: &Site,
    data_type: DataType,
    mut rows: Vec<Row>,
) -> Result<Vec<String>, ErpError> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    match data_type {
        DataType::Orders => {
            put_lines(site, SALES_ORDER, "Sales Order Item", "items", &mut rows).await?;
            put_addresses(site, &mut rows).await?;
        }
        DataType::OrderStatus => put_deliveries(site, &mut rows).await?,
        DataType::Invoices => {
            put_lines(site, SALES_INVOICE, "Sales Invoice Item", "items", &mut rows).await?
        }
        DataType::Products => {
            put_lines(site, ITEM, "Item Barcode", "barcodes", &mut rows).await?;
            put_prices(site, &mut rows).await?;
        }
        DataType::Inventory | DataType::Employees => {}
    }
    let clock = site.clock().await?;
    let reference = site.settings.reference_field.as_str();
    for row in &mut rows {
        if let Some(modified) = clock.moment(&row.text("modified")) {
            row.put("modified", json::string(&modified.to_string()));
        }
        if reference != PO_NO
            && let Some(told) = row.json(reference).map(str::to_owned)
        {
            row.put("reference", told);
        }
    }
    Ok(rows.into_iter().map(Row::into_json).collect())
}

/// Puts the rows of a table within documents where these have them when they are read one by one.
async fn put_lines(
    site: &Site,
    doctype: &'static str,
    lines: &'static str,
    member: &'static str,
    rows: &mut [Row],
) -> Result<(), ErpError> {
    let question = Question::of_rows(lines, doctype).only("parent", "in", texts(rows, "name"));
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for mut line in site.rows(&question).await? {
        if let Some(number) = line.number("idx") {
            line.put("line_number", number.to_string());
        }
        // A line is called by its item's name: its own is a code, and its description a web page.
        let parent = line.text("parent");
        found.entry(parent).or_default().push(line.into_json_without(&["name", "description"]));
    }
    for row in rows {
        let lines = found.remove(&row.text("name")).unwrap_or_default();
        row.put(member, format!("[{}]", lines.join(",")));
    }
    Ok(())
}

/// Puts addresses in the place of the text that they are shown as.
async fn put_addresses(site: &Site, rows: &mut [Row]) -> Result<(), ErpError> {
    let places = [("shipping_address", "shipping_address_name"), ("billing_address", "customer_address")];
    let names: BTreeSet<String> = places.iter().flat_map(|(_, field)| texts(rows, field)).collect();
    let mut found = BTreeMap::new();
    if !names.is_empty() {
        let names: Vec<String> = names.into_iter().collect();
        for address in site.rows(&Question::of("Address").only("name", "in", names)).await? {
            found.insert(address.text("name"), address_of(&address));
        }
    }
    for row in rows {
        for (member, field) in places {
            let address = found.get(&row.text(field)).cloned();
            row.put(member, address.unwrap_or_else(|| "null".to_owned()));
        }
    }
    Ok(())
}

/// An address under the names that our mapping knows.
fn address_of(address: &Row) -> String {
    let fields = [
        ("name", "address_title"),
        ("street", "address_line1"),
        ("street2", "address_line2"),
        ("city", "city"),
        ("region", "state"),
        ("postalCode", "pincode"),
        ("country", "country"),
    ];
    let members = fields.into_iter().map(|(ours, theirs)| (ours.to_owned(), json!(address.text(theirs))));
    serde_json::Value::Object(members.collect()).to_string()
}

/// Puts the newest Delivery Note that was submitted beside an order.
async fn put_deliveries(site: &Site, rows: &mut [Row]) -> Result<(), ErpError> {
    let links = site.rows(&delivered().only("against_sales_order", "in", texts(rows, "name"))).await?;
    if links.is_empty() {
        return Ok(());
    }
    let fields = ["name", "posting_date", "status", "transporter_name", "lr_no", "lr_date", "vehicle_no"];
    let question = Question::of(DELIVERY_NOTE)
        .with_fields(&fields)
        .only("name", "in", texts(&links, "parent"))
        .only("docstatus", "=", 1)
        .only("is_return", "=", 0);
    let mut notes = BTreeMap::new();
    for note in site.rows(&question).await? {
        notes.insert(note.text("name"), (note.text("posting_date"), note.into_json()));
    }
    let mut newest: BTreeMap<String, &(String, String)> = BTreeMap::new();
    for link in &links {
        let Some(note) = notes.get(&link.text("parent")) else { continue };
        let known = newest.entry(link.text("against_sales_order")).or_insert(note);
        if known.0 < note.0 {
            *known = note;
        }
    }
    for row in rows {
        if let Some((_, note)) = newest.get(&row.text("name")) {
            row.put("delivery_note", note.clone());
        }
    }
    Ok(())
}

/// Asks which Delivery Notes deliver which orders.
fn delivered() -> Question {
    let fields = ["name", "parent", "against_sales_order"];
    Question::of_rows("Delivery Note Item", DELIVERY_NOTE).with_fields(&fields).only("docstatus", "=", 1)
}

/// Puts the price of the price list in the place of the standard rate, where a price list is named: the standard rate
/// only makes an item's first price, and stays behind when that is changed.
async fn put_prices(site: &Site, rows: &mut [Row]) -> Result<(), ErpError> {
    if site.settings.price_list.is_none() {
        return Ok(());
    }
    let today = site.clock().await?.today().to_string();
    let mut found: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for price in site.rows(&prices_of(site).only("item_code", "in", texts(rows, "name"))).await? {
        // Days are written so that their order is that of their texts.
        let (from, until) = (price.text("valid_from"), price.text("valid_upto"));
        if from <= today && (until.is_empty() || until >= today) && price.text("customer").is_empty() {
            found.entry(price.text("item_code")).or_default().push(price);
        }
    }
    for row in rows {
        let unit = row.text("stock_uom");
        let fits = |price: &&Row| price.text("uom") == unit || price.text("uom").is_empty();
        let prices = found.get(&row.text("name")).map(Vec::as_slice).unwrap_or_default();
        let price = prices.iter().filter(fits).max_by_key(|price| price.text("valid_from"));
        let of = |field: &str| price.and_then(|price| price.json(field)).unwrap_or("null").to_owned();
        row.put("standard_rate", of("price_list_rate"));
        row.put("currency", of("currency"));
    }
    Ok(())
}

/// Asks for the prices of the price list.
fn prices_of(site: &Site) -> Question {
    let list = site.settings.price_list.as_deref().unwrap_or_default();
    Question::of(ITEM_PRICE).only("price_list", "=", list).only("selling", "=", 1)
}

/// What a field holds in all of these, each once.
fn texts(rows: &[Row], field: &str) -> Vec<String> {
    let texts: BTreeSet<String> = rows.iter().map(|row| row.text(field)).collect();
    texts.into_iter().filter(|text| !text.is_empty()).collect()
}
