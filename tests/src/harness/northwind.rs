//! The Northwind data with its quirks: `NULL` as text, commas inside texts that nothing quotes, accents, hex blobs.

use std::path::PathBuf;

use serde_json::{Value, json};

/// A CSV file of the fixtures.
pub(crate) fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/northwind").join(name)
}

/// A file's rows as an HTTP API would serve them: every value as the text it is in the file.
pub(crate) fn rows(name: &str) -> Vec<Value> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(file(name)).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let row = |record: csv::StringRecord| {
        let mut fields: Vec<String> = Vec::with_capacity(header.len());
        for field in &record {
            match fields.last_mut() {
                Some(before) if record.len() > header.len() && field.starts_with(' ') => {
                    *before += &format!(",{field}")
                }
                _ => fields.push(field.to_owned()),
            }
        }
        header.iter().cloned().zip(fields.into_iter().map(Value::from)).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// The field mappings a user would write for it, by data type, with how many records must come out.
pub(crate) fn syncs() -> [(&'static str, Value, u64); 4] {
    [
        ("products", json!({"sku": "productID", "name": "productName", "price": "unitPrice"}), 77),
        (
            "inventory",
            json!({"sku": "productID", "quantity": "unitsInStock", "incoming": "unitsOnOrder"}),
            77,
        ),
        (
            "orders",
            json!({"orderNumber": "orderID", "customerId": "customerID", "extra.ship_via": "shipVia"}),
            830,
        ),
        ("employees", json!({"employeeId": "employeeID", "jobTitle": "title", "managerId": "reportsTo"}), 9),
    ]
}
