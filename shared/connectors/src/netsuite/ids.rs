//! Orders name products by SKU and currencies by their ISO code; NetSuite wants its internal ids of both.

use std::collections::HashMap;

use domain::json::{self, Json, Kind};
use serde_json::value::RawValue;
use transport::ErpError;

use super::assembly::{list, member, object};
use super::client::NetSuite;
use super::suiteql::{id, quoted, value};
use crate::{Push, PushError};

/// The record with internal ids in place of SKUs and currency; none if there is no record.
///
/// # Errors
/// `NeedsMapping` if NetSuite does not have one of them, `NotSent` if it could not be asked.
pub(super) async fn with_ids(erp: &NetSuite, push: &Push<'_>) -> Result<Option<Box<RawValue>>, PushError> {
    let Some(record) = push.record.map(Json::from) else { return Ok(None) };
    let lines = record.get("lines").map(Json::items).unwrap_or_default();
    let skus = lines.iter().filter_map(|line| Some(value(*line, "sku")?.into_owned()));
    let items = items(erp, skus.collect()).await?;
    let currency = match value(record, "currency") {
        Some(code) if erp.settings().multiple_currencies => Some(currency(erp, &code).await?),
        _ => None,
    };
    let members = record.members().into_iter().filter_map(|(name, value)| {
        let value = match name.as_ref() {
            "currency" => json::string(&currency.as_ref()?.to_string()),
            "lines" if value.kind() == Kind::Array => {
                list(value.items().into_iter().map(|line| with_item(line, &items)))
            }
            _ => value.text().to_owned(),
        };
        Some(member(&name, &value))
    });
    RawValue::from_string(object(members)).map(Some).map_err(|error| {
        PushError::NotSent(ErpError::Malformed(format!(
            "the record cannot be written with their ids: {error}"
        )))
    })
}

fn with_item(line: Json<'_>, items: &HashMap<String, i64>) -> String {
    let members = line.members().into_iter().map(|(name, found)| {
        let item = (name == "sku").then(|| value(line, "sku")).flatten();
        let item = item.and_then(|sku| items.get(sku.as_ref()));
        let value = item.map_or_else(|| found.text().to_owned(), |id| json::string(&id.to_string()));
        member(&name, &value)
    });
    object(members)
}

/// The internal ids of the items with these SKUs that are in use.
async fn items(erp: &NetSuite, mut skus: Vec<String>) -> Result<HashMap<String, i64>, PushError> {
    skus.sort_unstable();
    skus.dedup();
    let mut items = HashMap::new();
    if skus.is_empty() {
        return Ok(items);
    }
    let column = &erp.settings().sku_column;
    let wanted: Vec<String> = skus.iter().map(|sku| quoted(sku)).collect();
    let query = format!(
        "SELECT i.id AS id, i.{column} AS sku FROM item i WHERE i.isinactive = 'F' AND i.{column} IN ({}) ORDER BY i.id",
        wanted.join(", ")
    );
    for page in erp.suiteql().all(&query).await.map_err(PushError::NotSent)? {
        for row in page.read().map_err(PushError::NotSent)?.0 {
            let sku = value(row, "sku").unwrap_or_default().into_owned();
            let item = id(row, "id").map_err(PushError::NotSent)?;
            if items.insert(sku.clone(), item).is_some() {
                return Err(PushError::NeedsMapping(format!(
                    "NetSuite has several items in use whose {column} is {sku}: only one of them may have it"
                )));
            }
        }
    }
    match skus.into_iter().find(|sku| !items.contains_key(sku)) {
        None => Ok(items),
        Some(sku) => Err(PushError::NeedsMapping(format!(
            "NetSuite has no item in use whose {column} is {sku}: make one, or set settings.netSuite.skuColumn to the \
             column that holds it"
        ))),
    }
}

/// The internal id of a currency.
async fn currency(erp: &NetSuite, code: &str) -> Result<i64, PushError> {
    let query = format!("SELECT c.id AS id FROM currency c WHERE c.symbol = {} ORDER BY c.id", quoted(code));
    let rows = erp.suiteql().page(&query, 1, 0).await.map_err(PushError::NotSent)?;
    match rows.read().map_err(PushError::NotSent)?.0.first() {
        Some(row) => id(*row, "id").map_err(PushError::NotSent),
        None => Err(PushError::NeedsMapping(format!("NetSuite has no currency {code}"))),
    }
}
