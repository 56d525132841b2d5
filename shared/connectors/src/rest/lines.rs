//! Whether an order's lines are what they were, for ERPs that cannot change them together with the order.

use domain::json::{Json, Kind};
use rust_decimal::Decimal;

use crate::Push;

/// Whether the record that is sent has other lines than the list `theirs`, in which `sku` and `quantity` are called so.
/// A record without a list of lines has none to change.
pub(crate) fn changes_lines(push: &Push<'_>, theirs: Option<Json<'_>>, sku: &str, quantity: &str) -> bool {
    let ours = push.record.map(Json::from).and_then(|record| record.get("lines"));
    let Some(ours) = ours.filter(|lines| lines.kind() == Kind::Array) else { return false };
    ordered(ours, "sku", "quantity") != theirs.map(|list| ordered(list, sku, quantity)).unwrap_or_default()
}

/// What is ordered, and how much of it, in a form that can be compared.
fn ordered(list: Json<'_>, sku: &str, quantity: &str) -> Vec<(String, Option<Decimal>)> {
    let text =
        |json: Json<'_>| json.as_string().map_or_else(|| json.text().to_owned(), |text| text.into_owned());
    let line = |line: Json<'_>| {
        let quantity = line.get(quantity).and_then(|quantity| Decimal::from_str_exact(&text(quantity)).ok());
        Some((text(line.get(sku)?), quantity.map(|quantity| quantity.normalize())))
    };
    let mut lines: Vec<_> =
        list.items().into_iter().filter_map(line).filter(|(sku, _)| !sku.is_empty()).collect();
    lines.sort();
    lines
}
