//! Finding the numbers of what an order names: its customer, its products, and whatever else a template names where Odoo
//! wants the number of one of its records. Each model is asked once.

use std::collections::{BTreeMap, BTreeSet};

use domain::change::Operation;
use domain::json::Json;
use serde_json::{Value, json};
use transport::ErpError;

use super::call::Call;
use super::client::{Odoo, Search, parsed};
use super::row::Row;
use super::template::{ADDRESS, ADDRESSES, address};
use super::values::{Known, Name, models_within, names, with_numbers};
use crate::{Push, PushError};

const CONTACT: &str = "res.partner";

/// Values of a record of `model`, with numbers in the place of names.
///
/// # Errors
/// `NeedsMapping` if there is no such record, or several; `NotSent` if the values do not fit the model.
pub(super) async fn values(erp: &Odoo, model: &str, json: &str) -> Result<Row, PushError> {
    let values = parsed(json).map_err(PushError::NotSent)?;
    let known = known(erp, model, values).await.map_err(PushError::NotSent)?;
    let misfit = |sentence| PushError::NotSent(ErpError::Misconfigured(sentence));
    let mut of_models: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (model, name) in names(&known, model, values).map_err(misfit)? {
        of_models.entry(model).or_default().insert(name);
    }
    let mut numbers = BTreeMap::new();
    for (model, names) in of_models {
        numbers.extend(numbers_of(erp, model, names).await?);
    }
    with_numbers(&known, model, values, &numbers).map_err(misfit)
}

/// The fields of a model, and of those within the values.
async fn known(erp: &Odoo, model: &str, values: Json<'_>) -> Result<Known, ErpError> {
    let fields = erp.fields(model).await?;
    let mut known = Known::new();
    for within in models_within(&fields, values) {
        let fields = erp.fields(&within).await?;
        known.insert(within, fields);
    }
    known.insert(model.to_owned(), fields);
    Ok(known)
}

/// The numbers of the records of a model that have these names.
async fn numbers_of(
    erp: &Odoo,
    model: String,
    names: BTreeSet<String>,
) -> Result<BTreeMap<Name, i64>, PushError> {
    let key = key_of(erp, &model, &names);
    let wanted: Vec<Value> = match key {
        "id" => names.iter().filter_map(|name| name.parse::<i64>().ok()).map(Value::from).collect(),
        _ => names.iter().map(|name| json!(name)).collect(),
    };
    let search = Search::of(&model, &[key], json!([[key, "in", wanted]]));
    let found = erp.search(&search).await.map_err(PushError::NotSent)?;
    let mut numbers = BTreeMap::new();
    for name in names {
        let is_meant = |row: &&Row| match key {
            "id" => row.id().map(|id| id.to_string()) == Some(name.clone()),
            _ => row.text(key).as_ref() == Some(&name),
        };
        let ids: Vec<i64> = found.iter().filter(is_meant).filter_map(Row::id).collect();
        match ids[..] {
            [id] => numbers.insert((model.clone(), name), id),
            [] => return Err(PushError::NeedsMapping(not_there(&model, key, &name))),
            _ => {
                return Err(PushError::NeedsMapping(format!(
                    "Odoo has several records of {model} whose {key} is {name} (numbers {ids:?}): only one may have it"
                )));
            }
        };
    }
    Ok(numbers)
}

/// By which field the records of a model are known outside that have these names.
fn key_of(erp: &Odoo, model: &str, names: &BTreeSet<String>) -> &'static str {
    match model {
        CONTACT => erp.settings().customer_key.as_str(),
        "product.product" => "default_code",
        "stock.warehouse" => "code",
        "res.country" if names.iter().all(|name| name.len() == 2) => "code",
        _ => "name",
    }
}

fn not_there(model: &str, key: &str, name: &str) -> String {
    let (what, ours) = match model {
        CONTACT => ("contact", "customerId"),
        "product.product" => ("product", "sku of the line"),
        "res.country" => ("country", "country of the address"),
        _ => ("record", "field it comes from"),
    };
    format!(
        "Odoo has no {what} ({model}) whose {key} is {name}, or it is archived: enter it there, or correct the {ours}"
    )
}

/// Sees to it that an order in another currency than its customer's gets a price list in its own: Odoo takes the currency
/// of an order from there, and would read the prices as amounts of another.
///
/// # Errors
/// `NeedsMapping` if there is none.
pub(super) async fn currency(erp: &Odoo, order: &mut Row, record: Json<'_>) -> Result<(), PushError> {
    let wanted = record.get("currency").and_then(Json::as_string);
    let (Some(wanted), Some(customer)) = (wanted, number(order, "partner_id")) else { return Ok(()) };
    if order.get("pricelist_id").is_some() {
        return Ok(());
    }
    let usual = usual_currency(erp, customer).await.map_err(PushError::NotSent)?;
    if usual.is_none_or(|usual| usual == *wanted) {
        return Ok(());
    }
    let domain = json!([["currency_id.name", "=", wanted]]);
    let search = Search { limit: Some(1), ..Search::of("product.pricelist", &["name"], domain) };
    let found = erp.search(&search).await.map_err(PushError::NotSent)?;
    match found.first().and_then(Row::id) {
        Some(id) => order.set("pricelist_id", id.to_string()),
        None => {
            return Err(PushError::NeedsMapping(format!(
                "Odoo has no price list in {wanted}, and the customer buys in another currency: add a price list there"
            )));
        }
    }
    Ok(())
}

/// The currency of a customer's price list, else of the company. None if it is not told.
async fn usual_currency(erp: &Odoo, customer: i64) -> Result<Option<String>, ErpError> {
    let fields = ["property_product_pricelist", "currency_id"];
    let contacts = erp.by_id(CONTACT, &fields, vec![customer]).await?;
    let Some(contact) = contacts.get(&customer) else { return Ok(None) };
    let Some(list) = contact.link("property_product_pricelist") else {
        return Ok(contact.link_name("currency_id"));
    };
    let lists = erp.by_id("product.pricelist", &["currency_id"], vec![list]).await?;
    Ok(lists.get(&list).and_then(|list| list.link_name("currency_id")))
}

/// Gives an order the addresses of the record: what it has `there` already, or contacts of its customer, made where there
/// is none like it.
///
/// # Errors
/// With what is known of the order's fate: nothing was sent of it.
pub(super) async fn addresses(
    erp: &Odoo,
    order: &mut Row,
    there: Option<&Row>,
    push: &Push<'_>,
) -> Result<(), PushError> {
    let record = push.record.map(Json::from);
    let (Some(record), Some(customer)) = (record, number(order, "partner_id")) else { return Ok(()) };
    if !erp.settings().create_addresses {
        return Ok(());
    }
    for (ours, theirs, kind) in ADDRESSES {
        if order.get(theirs).is_some() {
            continue;
        }
        if let Some(address) = address(record, ours) {
            let present = there.and_then(|there| there.link(theirs)).unwrap_or(customer);
            let contact = contact_with(erp, [customer, present], address, kind).await?;
            order.set(theirs, contact.to_string());
        }
    }
    Ok(())
}

/// The number of the contact that has an address: the customer, the one at present, or one of the customer's.
async fn contact_with(erp: &Odoo, known: [i64; 2], address: Json<'_>, kind: &str) -> Result<i64, PushError> {
    let mut given = Row::default();
    for (ours, theirs) in ADDRESS {
        if let Some(value) = address.get(ours).and_then(Json::as_string).filter(|text| !text.is_empty()) {
            given.set_text(theirs, &value);
        }
    }
    let mut contact = values(erp, CONTACT, &given.to_json()).await?;
    let [customer, present] = known;
    let mut domain =
        vec![json!("|"), json!(["id", "in", [customer, present]]), json!(["parent_id", "=", customer])];
    for (_, theirs) in ADDRESS {
        let value = contact.get(theirs).map_or_else(|| "false".to_owned(), |value| value.text().to_owned());
        let value: Value = serde_json::from_str(&value).unwrap_or_default();
        domain.push(json!([theirs, "=", value]));
    }
    let search = Search { limit: Some(1), ..Search::of(CONTACT, &["name"], Value::Array(domain)) };
    let found = erp.search(&search).await.map_err(PushError::NotSent)?;
    if let Some(id) = found.first().and_then(Row::id) {
        return Ok(id);
    }
    contact.set("parent_id", customer.to_string());
    contact.set_text("type", kind);
    let made = erp.deliver(&Call::create(CONTACT, &contact.to_json()), Operation::Create).await;
    // Whatever became of the address, the order was not sent; the next try finds the address if it is there.
    let made = made.map_err(|error| match error {
        PushError::Unknown(error) => PushError::NotSent(error),
        other => other,
    })?;
    first_number(&made).map_err(PushError::NotSent)
}

/// The number of a record that was made.
///
/// # Errors
/// `Malformed`, if there is none.
pub(super) fn first_number(made: &str) -> Result<i64, ErpError> {
    let number = parsed(made)?.items().first().and_then(|id| id.text().parse().ok());
    number.ok_or_else(|| ErpError::Malformed("Odoo made a record and did not tell its number".to_owned()))
}

fn number(row: &Row, name: &str) -> Option<i64> {
    row.get(name)?.text().parse().ok()
}
