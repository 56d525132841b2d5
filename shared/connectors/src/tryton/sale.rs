//! From the form of an order to the values that Tryton stores. A sale that comes by RPC gets no taxes, units or addresses
//! by itself: their own clients ask the server what follows from the customer and from each product, and so do we.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

use super::address;
use super::rpc::{Rpc, text};
use super::values::{day, decimal};
use crate::PushError;

/// The days of a sale.
const DAYS: [&str; 2] = ["sale_date", "shipping_date"];

/// The values of a sale in this form.
///
/// # Errors
/// `NeedsMapping` for what Tryton does not know, `NotSent` where it could not be asked.
pub(super) async fn values(rpc: &Rpc, form: &str) -> Result<Map<String, Value>, PushError> {
    let mut form: Map<String, Value> = serde_json::from_str(form)
        .map_err(|_| PushError::NeedsMapping("the body of an order must be a JSON object".to_owned()))?;
    let company = rpc.company().await.map_err(PushError::NotSent)?.id;
    let party = party(rpc, form.get("party")).await?;
    let address = form.remove("shipment_address");
    let lines = form.remove("lines");
    let mut values = follow_from_party(rpc, party.0, company).await?;
    if let Some(currency) = form.remove("currency") {
        values.insert("currency".to_owned(), by_code(rpc, "currency.currency", "currency", &currency).await?);
    }
    values.extend(form);
    values.insert("company".to_owned(), company.into());
    values.insert("party".to_owned(), party.0.into());
    for name in DAYS {
        if let Some(at) = values.get(name).and_then(Value::as_str).and_then(day) {
            values.insert(name.to_owned(), at);
        }
    }
    match address {
        Some(Value::Object(wanted)) if !wanted.is_empty() => {
            let id = address::of_party(rpc, &party, &wanted).await?;
            values.insert("shipment_address".to_owned(), id.into());
        }
        Some(address) if !address.is_object() => {
            values.insert("shipment_address".to_owned(), address);
        }
        _ => {}
    }
    if let Some(Value::Array(lines)) = lines {
        let lines = self::lines(rpc, &values, lines).await?;
        values.insert("lines".to_owned(), json!([["create", lines]]));
    }
    Ok(values)
}

/// The customer: id and name.
async fn party(rpc: &Rpc, code: Option<&Value>) -> Result<(i64, String), PushError> {
    let code = plain_text(code.unwrap_or(&Value::Null));
    let found =
        rpc.find("party.party", json!([["code", "=", code]]), &["name"]).await.map_err(PushError::NotSent)?;
    match &found[..] {
        [party] => Ok((id(party), text(party, "name"))),
        _ => Err(PushError::NeedsMapping(format!(
            "customerId is {code}, and {} parties in Tryton have that code: it must be one",
            found.len()
        ))),
    }
}

/// What their clients fill in once the customer is chosen: ids of addresses, terms of payment and the like.
async fn follow_from_party(rpc: &Rpc, party: i64, company: i64) -> Result<Map<String, Value>, PushError> {
    let chosen = json!({"party": party, "company": company});
    let follows = ask(rpc, "sale.sale.on_change_party", chosen).await?;
    Ok(follows.into_iter().filter(|(name, value)| value.is_i64() && !name.contains('.')).collect())
}

/// The lines with all that follows from their products.
async fn lines(rpc: &Rpc, sale: &Map<String, Value>, lines: Vec<Value>) -> Result<Vec<Value>, PushError> {
    let lines: Vec<_> = lines.into_iter().filter_map(|line| line.as_object().cloned()).collect();
    let products = products(rpc, &lines).await?;
    let mut all = Vec::with_capacity(lines.len());
    for mut line in lines {
        let code = plain_text(line.get("product").unwrap_or(&Value::Null));
        let product = products.get(&code).copied();
        let product = product.ok_or_else(|| {
            PushError::NeedsMapping(format!(
                "sku is {code}, and no product, or more than one, in Tryton has that code: it must be one"
            ))
        })?;
        // A quantity is a float to them.
        let quantity = line.get("quantity").map(plain_text).and_then(|quantity| quantity.parse::<f64>().ok());
        let mut whole = follow_from_product(rpc, sale, product, quantity).await?;
        if let Some(price) = line.remove("unit_price") {
            let price = if price.is_object() { price } else { decimal(&plain_text(&price)) };
            whole.insert("unit_price".to_owned(), price);
        }
        whole.extend(line);
        whole.extend([
            ("type".to_owned(), json!("line")),
            ("product".to_owned(), product.into()),
            ("quantity".to_owned(), json!(quantity)),
        ]);
        all.push(Value::Object(whole));
    }
    Ok(all)
}

/// The ids of the products that lines name by their codes; of a code that several have, none.
async fn products(rpc: &Rpc, lines: &[Map<String, Value>]) -> Result<HashMap<String, i64>, PushError> {
    let mut codes: Vec<String> =
        lines.iter().filter_map(|line| line.get("product")).map(plain_text).collect();
    codes.sort_unstable();
    codes.dedup();
    let found = rpc.find("product.product", json!([["code", "in", codes]]), &["code"]).await;
    let mut products = HashMap::new();
    let mut twice = Vec::new();
    for product in found.map_err(PushError::NotSent)? {
        let code = text(&product, "code");
        if products.insert(code.clone(), id(&product)).is_some() {
            twice.push(code);
        }
    }
    products.retain(|code, _| !twice.contains(code));
    Ok(products)
}

/// What their clients fill in once the product of a line is chosen: unit, price and taxes.
async fn follow_from_product(
    rpc: &Rpc,
    sale: &Map<String, Value>,
    product: i64,
    quantity: Option<f64>,
) -> Result<Map<String, Value>, PushError> {
    let mut chosen = json!({"type": "line", "product": product, "quantity": quantity});
    for name in ["party", "company", "currency"] {
        if let Some(value) = sale.get(name) {
            chosen[format!("_parent_sale.{name}")] = value.clone();
        }
    }
    let follows = ask(rpc, "sale.line.on_change_product", chosen).await?;
    let mut values = Map::new();
    if let Some(unit) = follows.get("unit").filter(|unit| unit.is_i64()) {
        values.insert("unit".to_owned(), unit.clone());
    }
    if let Some(price) = follows.get("unit_price").and_then(Value::as_str) {
        values.insert("unit_price".to_owned(), decimal(price));
    }
    // `{"add": [[position, {"id": …}]]}`
    let added = follows.get("taxes").and_then(|taxes| taxes["add"].as_array()).cloned().unwrap_or_default();
    let taxes: Vec<Value> = added.iter().map(|tax| tax[1]["id"].clone()).filter(Value::is_i64).collect();
    if !taxes.is_empty() {
        values.insert("taxes".to_owned(), json!([["add", taxes]]));
    }
    Ok(values)
}

async fn ask(rpc: &Rpc, method: &str, chosen: Value) -> Result<Map<String, Value>, PushError> {
    let told = rpc.ask_within(method, vec![chosen], &Map::new()).await.map_err(PushError::NotSent)?;
    Ok(serde_json::from_str(&told).unwrap_or_default())
}

/// The id of the record with a code.
///
/// # Errors
/// `NeedsMapping`, naming our field, if there is none or more than one.
pub(super) async fn by_code(rpc: &Rpc, model: &str, field: &str, code: &Value) -> Result<Value, PushError> {
    let Some(text) = code.as_str() else { return Ok(code.clone()) };
    let found = rpc.find(model, json!([["code", "=", text]]), &["code"]).await.map_err(PushError::NotSent)?;
    match &found[..] {
        [one] => Ok(id(one).into()),
        _ => Err(PushError::NeedsMapping(format!(
            "{field} is {text}, and {} records of {model} in Tryton have that code: it must be one",
            found.len()
        ))),
    }
}

pub(super) fn id(record: &Map<String, Value>) -> i64 {
    record.get("id").and_then(Value::as_i64).unwrap_or_default()
}

/// A text or a number as a text.
fn plain_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
