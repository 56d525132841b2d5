//! NetSuite: OAuth 2.0 with a certificate, and the older tokens that sign every request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SignIn;
use crate::data_type::DataType;
use crate::validation::Checks;

/// Beside the fields of each way: other addresses than NetSuite's own.
pub(super) const SIGN_INS: &[SignIn] = &[
    SignIn {
        title: "OAuth 2.0 and a certificate",
        needs: &["account", "clientId", "keyId", "privateKey"],
        takes: &["privateKeyPassphrase", "apiUrl", "tokenUrl", "scope"],
    },
    SignIn {
        title: "token-based authentication",
        needs: &["account", "consumerKey", "consumerSecret", "tokenId", "tokenSecret"],
        takes: &["apiUrl"],
    },
    SignIn { title: "a token obtained elsewhere", needs: &["account", "oauthToken"], takes: &["apiUrl"] },
];

/// What rows are known by: without these columns no page could follow another.
const KEYS: [&str; 3] = ["id", "item", "locationid"];

/// What is particular to a NetSuite connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NetSuiteSettings {
    /// The column of items that holds what we call SKU, such as `itemid`, `upccode` or `custitem_sku`.
    pub sku_column: String,
    /// The price level that prices of products are read from, by its internal id; without prices if `null`.
    pub price_level: Option<u32>,
    /// Whether the account has the feature Multiple Currencies: without it there are no columns for currencies.
    pub multiple_currencies: bool,
    /// Whether shipments and tracking numbers are read with the status of orders.
    pub shipments: bool,
    /// More columns of the list that records of a data type are read from, as name and SuiteQL expression; `null` leaves
    /// out one of those that are read anyhow, because the account lacks it. The list is called `t` for transactions, `i`
    /// for items, `a` for stock by location, `e` for employees.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = HashMap<String, HashMap<String, Option<String>>>,
        example = json!({"orders": {"channel": "t.custbody_channel"}, "employees": {"releasedate": null}}))]
    pub columns: BTreeMap<DataType, BTreeMap<String, Option<String>>>,
}

impl Default for NetSuiteSettings {
    fn default() -> Self {
        Self {
            sku_column: "itemid".to_owned(),
            price_level: Some(1),
            multiple_currencies: true,
            shipments: true,
            columns: BTreeMap::new(),
        }
    }
}

impl NetSuiteSettings {
    pub(in crate::connection) fn check(&self, checks: &mut Checks) {
        checks.require(
            is_name(&self.sku_column),
            "settings.netSuite.skuColumn",
            "must be the name of a column: a letter, then letters, digits and _",
        );
        for (data_type, columns) in &self.columns {
            for (name, expression) in columns {
                let field = format!("settings.netSuite.columns.{data_type}.{name}");
                checks.require(
                    is_name(name) && !KEYS.contains(&name.as_str()),
                    &field,
                    "must be named by a lower-case letter, then letters, digits and _, and not id, item or locationid",
                );
                checks.require(
                    expression.as_deref().is_none_or(is_expression),
                    &field,
                    "must be a SuiteQL expression of 1 to 500 characters without ; and --, or null",
                );
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.len() <= 100 && text.chars().all(plain)
}

fn is_expression(text: &str) -> bool {
    let odd = text.contains("--") || text.contains(|c: char| c == ';' || c.is_control());
    !text.trim().is_empty() && text.len() <= 500 && !odd
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::connection::wrong;

    fn wrong(settings: Value) -> Vec<String> {
        wrong::fields(wrong::settings(json!({"netSuite": settings})))
    }

    #[test]
    fn settings_that_fit_are_accepted() {
        let own = json!({"orders": {"channel": "BUILTIN.DF(t.custbody_channel)", "memo": null}});
        let settings = json!({"skuColumn": "custitem_sku", "priceLevel": 5, "multipleCurrencies": false,
            "shipments": false, "columns": own});
        assert_eq!(wrong(settings), Vec::<String>::new());
        assert_eq!(wrong(json!({"priceLevel": null})), Vec::<String>::new());
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_field() {
        let columns = json!({"orders": {"id": null, "a b": "t.x", "c": "t.x; DROP", "d": " "}});
        let expected = [
            "settings.netSuite.skuColumn",
            "settings.netSuite.columns.orders.a b",
            "settings.netSuite.columns.orders.c",
            "settings.netSuite.columns.orders.d",
            "settings.netSuite.columns.orders.id",
        ];
        assert_eq!(wrong(json!({"skuColumn": "i.itemid", "columns": columns})), expected);
    }
}
