//! Stock, summed up: they have a row for each batch and each kind of stock, ours is one for each place. Rows come in the
//! order of places, so that only the last place of a page may have more rows on the next. Pure.

use domain::connection::providers::sap::StockBy;
use domain::json::Json;
use rust_decimal::Decimal;
use serde_json::json;
use transport::ErpError;

use super::shape::text;

/// What the rows of one sum share: material, place and unit.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    material: String,
    location: String,
    unit: String,
}

impl Place {
    fn of(row: Json<'_>, by: StockBy) -> Self {
        let plant = text(row, "Plant");
        let location = match (by, text(row, "StorageLocation")) {
            (StockBy::StorageLocation, storage) if !storage.is_empty() => format!("{plant}/{storage}"),
            _ => plant,
        };
        Self { material: text(row, "Material"), location, unit: text(row, "MaterialBaseUnit") }
    }

    fn sum(self, quantity: Decimal) -> String {
        json!({
            "Material": self.material,
            "Location": self.location,
            "Quantity": quantity.normalize().to_string(),
            "MaterialBaseUnit": self.unit,
        })
        .to_string()
    }
}

/// How many rows of a page with a next belong to places that surely end on it.
///
/// # Errors
/// `Malformed`, if a single place fills the page.
pub(super) fn whole_rows(rows: &[Json<'_>], by: StockBy) -> Result<usize, ErpError> {
    let Some(last) = rows.last().map(|row| Place::of(*row, by)) else { return Ok(0) };
    let open = rows.iter().rev().take_while(|row| Place::of(**row, by) == last).count();
    if open == rows.len() {
        return Err(ErpError::Malformed(format!(
            "the stock of {} at {} has more than {open} rows, which cannot be read in one page: raise settings.batchSize, \
             or set settings.sap.stockBy to storage_location",
            last.material, last.location
        )));
    }
    Ok(rows.len() - open)
}

/// The sums of rows, each as a record.
///
/// # Errors
/// `Malformed`, if a quantity is no decimal.
pub(super) fn summed(rows: &[Json<'_>], by: StockBy) -> Result<Vec<String>, ErpError> {
    let mut sums: Vec<(Place, Decimal)> = Vec::new();
    for row in rows {
        let (place, quantity) = (Place::of(*row, by), quantity(*row)?);
        match sums.last_mut() {
            Some((last, sum)) if *last == place => *sum = sum.saturating_add(quantity),
            _ => sums.push((place, quantity)),
        }
    }
    Ok(sums.into_iter().map(|(place, quantity)| place.sum(quantity)).collect())
}

fn quantity(row: Json<'_>) -> Result<Decimal, ErpError> {
    let json = row.get("MatlWrhsStkQtyInMatlBaseUnit");
    let text = json.map(|json| json.as_string().unwrap_or_else(|| json.text().into())).unwrap_or_default();
    Decimal::from_str_exact(text.trim()).map_err(|_| {
        ErpError::Malformed(format!(
            "SAP has a stock of {text:?}, which is no decimal number of at most 28 digits"
        ))
    })
}
