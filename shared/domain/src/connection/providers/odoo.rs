//! Odoo: a user's API key, over the JSON-2 API that Odoo has from version 19 on, or over the JSON-RPC of those before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SignIn;
use crate::connection::CredentialsOf;
use crate::data_type::DataType;
use crate::validation::Checks;

/// Beside the fields of each way: the company where the user may act for several. JSON-2 finds the database by the host
/// unless there are several.
pub(super) const SIGN_INS: &[SignIn] = &[
    SignIn {
        title: "an API key, from Odoo 19 on",
        needs: &["apiUrl", "apiKey"],
        takes: &["database", "company"],
    },
    SignIn {
        title: "a user and its API key, before Odoo 19",
        needs: &["apiUrl", "database", "username", "apiKey"],
        takes: &["company"],
    },
    SignIn {
        title: "a user and its password, before Odoo 19",
        needs: &["apiUrl", "database", "username", "password"],
        takes: &["company"],
    },
];

/// Most warehouses whose stock is told apart.
const MAX_WAREHOUSES: usize = 50;

/// Most fields that may be read beside the usual ones, of one data type.
const MAX_FIELDS: usize = 100;

/// What is particular to an Odoo connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct OdooSettings {
    /// How Odoo is spoken to: `json2` from version 19 on, `jsonrpc` before.
    pub protocol: OdooProtocol,
    /// Whether new orders are confirmed; else each stays a quotation until somebody confirms it in Odoo.
    pub confirm_orders: bool,
    /// By what a contact is known in `customerId`.
    pub customer_key: OdooCustomerKey,
    /// Whether an address of an order that its customer does not have in Odoo is added to the customer there. If not,
    /// orders go to the customer's own address.
    pub create_addresses: bool,
    /// The language of names and texts, such as `de_DE`; it must be installed there. English if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "de_DE")]
    pub language: Option<String>,
    /// The short names of the warehouses whose stock is told apart; the sum over all if left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(example = json!(["WH"]))]
    pub warehouses: Vec<String>,
    /// Fields of Odoo that are read beside the usual ones, so that `fieldMapping` can name them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(example = json!({"products": ["x_brand"]}))]
    pub fields: BTreeMap<DataType, Vec<String>>,
}

/// How Odoo is spoken to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OdooProtocol {
    /// `/json/2/<model>/<method>`, from Odoo 19 on.
    #[default]
    Json2,
    /// `/jsonrpc`, which Odoo 22 is to drop.
    Jsonrpc,
}

/// By what a contact is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum OdooCustomerKey {
    /// Its reference.
    #[default]
    Ref,
    /// Its number in the database.
    Id,
    /// Its e-mail address.
    Email,
}

impl OdooCustomerKey {
    /// The field of a contact that holds it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ref => "ref",
            Self::Id => "id",
            Self::Email => "email",
        }
    }
}

impl Default for OdooSettings {
    fn default() -> Self {
        Self {
            protocol: OdooProtocol::default(),
            confirm_orders: false,
            customer_key: OdooCustomerKey::default(),
            create_addresses: true,
            language: None,
            warehouses: Vec::new(),
            fields: BTreeMap::new(),
        }
    }
}

impl OdooSettings {
    /// Checks that the credentials are there which the protocol sends.
    pub(in crate::connection) fn check_sign_in<S>(
        &self,
        credentials: &CredentialsOf<S>,
        checks: &mut Checks,
    ) {
        match self.protocol {
            OdooProtocol::Json2 => checks.require(
                !credentials.is_set("password") || credentials.is_set("apiKey"),
                "credentials.apiKey",
                "is needed: settings.odoo.protocol is json2, which takes no password",
            ),
            OdooProtocol::Jsonrpc => {
                for name in ["database", "username"] {
                    let field = format!("credentials.{name}");
                    let because = "is needed: settings.odoo.protocol is jsonrpc";
                    checks.require(credentials.is_set(name), &field, because);
                }
            }
        }
    }

    pub(in crate::connection) fn check(&self, checks: &mut Checks) {
        checks.require(
            self.language.as_deref().is_none_or(|language| is_name(language, "_@.")),
            "settings.odoo.language",
            "must be the code of a language in Odoo, such as de_DE",
        );
        let plain = |code: &String| (1..=64).contains(&code.len()) && !code.chars().any(char::is_control);
        checks.require(
            self.warehouses.len() <= MAX_WAREHOUSES && self.warehouses.iter().all(plain),
            "settings.odoo.warehouses",
            "must be the short names of at most 50 warehouses, such as WH",
        );
        for (data_type, fields) in &self.fields {
            checks.require(
                fields.len() <= MAX_FIELDS && fields.iter().all(|field| is_name(field, "_")),
                &format!("settings.odoo.fields.{data_type}"),
                "must be the technical names of at most 100 fields, such as x_brand",
            );
        }
    }
}

fn is_name(text: &str, others: &str) -> bool {
    (1..=64).contains(&text.len()) && text.chars().all(|c| c.is_ascii_alphanumeric() || others.contains(c))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::connection::{ConnectionSettings, wrong};

    /// The fields that are wrong with a connection.
    fn wrong(credentials: Value, settings: Value) -> Vec<String> {
        wrong::fields(wrong::connection(json!({
            "name": "Odoo", "provider": "Odoo", "connectionMethod": "api",
            "credentials": credentials, "settings": {"odoo": settings},
        })))
    }

    #[test]
    fn each_protocol_wants_its_own_credentials() {
        let url = "https://example.odoo.com";
        let key = json!({"apiUrl": url, "apiKey": "k"});
        let user = json!({"apiUrl": url, "database": "d", "username": "u", "password": "p"});
        let (old, new) = (json!({"protocol": "jsonrpc"}), json!({}));
        assert_eq!(wrong(key.clone(), new.clone()), [""; 0]);
        assert_eq!(wrong(user.clone(), old.clone()), [""; 0]);
        assert_eq!(wrong(user, new.clone()), ["credentials.apiKey"]);
        assert_eq!(wrong(key, old), ["credentials.database", "credentials.username"]);
        assert_eq!(wrong(json!({"apiUrl": url}), new), ["credentials.apiKey"]);
    }

    #[test]
    fn each_setting_is_checked_and_named() {
        let settings = json!({
            "language": "de DE", "warehouses": [""], "fields": {"products": ["x_brand", "write_date; drop"]},
        });
        let expected =
            ["settings.odoo.language", "settings.odoo.warehouses", "settings.odoo.fields.products"];
        let key = json!({"apiUrl": "https://example.odoo.com", "apiKey": "k"});
        assert_eq!(wrong(key, settings), expected);
    }

    #[test]
    fn settings_come_back_as_they_were() {
        let odoo = json!({
            "protocol": "jsonrpc", "confirmOrders": true, "customerKey": "email", "createAddresses": false,
            "language": "de_DE", "warehouses": ["WH"], "fields": {"orders": ["x_channel"]},
        });
        let settings: ConnectionSettings = serde_json::from_value(json!({"odoo": odoo})).unwrap();
        assert_eq!(serde_json::to_value(settings).unwrap()["odoo"], odoo);
    }
}
