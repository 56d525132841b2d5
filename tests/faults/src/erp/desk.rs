//! The ERP's order desk: takes orders, finds them by our reference, and knows what it took for which idempotency key.

use std::collections::HashMap;

use serde_json::Value;

/// The orders the ERP has, in the order it took them.
#[derive(Debug, Default)]
pub(crate) struct Desk {
    orders: Vec<Value>,
    by_idempotency_key: HashMap<String, usize>,
}

impl Desk {
    /// Takes an order, and answers it with the number it has from now on. Where `key` is given and was before, it is the
    /// one that was taken then.
    pub(crate) fn take(&mut self, mut order: Value, key: Option<&str>) -> Value {
        let known = key.and_then(|key| self.by_idempotency_key.get(key).copied());
        let position = known.unwrap_or_else(|| {
            order["orderNumber"] = format!("SO-{:04}", self.orders.len() + 1).into();
            self.orders.push(order);
            self.orders.len() - 1
        });
        if let Some(key) = key {
            self.by_idempotency_key.insert(key.to_owned(), position);
        }
        self.orders[position].clone()
    }

    /// The orders with this reference of ours.
    pub(crate) fn find(&self, reference: &str) -> Vec<Value> {
        self.orders.iter().filter(|order| order["reference"] == reference).cloned().collect()
    }

    /// All orders, as they are served.
    pub(crate) fn served(&self) -> Vec<Value> {
        self.orders.clone()
    }

    /// Our references, in the order they were taken.
    pub(crate) fn references(&self) -> Vec<String> {
        self.orders.iter().map(|order| order["reference"].as_str().unwrap_or_default().to_owned()).collect()
    }
}
