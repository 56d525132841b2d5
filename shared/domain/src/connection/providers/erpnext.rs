//! ERPNext: the API key and secret of one of its users, or a token of its OAuth.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SignIn;
use crate::schedule::parse_zone;
use crate::validation::Checks;

/// Beside the fields of each way: the company, where only its documents are to be synced.
pub(super) const SIGN_INS: &[SignIn] = &[
    SignIn {
        title: "a user's API key and secret",
        needs: &["apiUrl", "apiKey", "apiSecret"],
        takes: &["company"],
    },
    SignIn { title: "a token obtained elsewhere", needs: &["apiUrl", "oauthToken"], takes: &["company"] },
];

/// The longest text that a field of theirs holds unless it says otherwise.
const LONGEST_NAME: usize = 140;

/// What is particular to an ERPNext connection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct ErpNextSettings {
    /// The field of a Sales Order that holds our reference; `po_no`, the customer's purchase order, unless it says
    /// otherwise.
    #[schema(example = "custom_shop_reference")]
    pub reference_field: String,
    /// Whether a new order is submitted at once; else it stays a draft until somebody submits it.
    pub submit_orders: bool,
    /// The price list that products take their price and new orders theirs from; if left out, products have the standard
    /// selling rate of the item, and ERPNext chooses for orders.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Standard Selling")]
    pub price_list: Option<String>,
    /// The warehouse that new orders are delivered from; the item's default one if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Stores - WC")]
    pub warehouse: Option<String>,
    /// The site's time zone, in which ERPNext writes times; the site is asked if it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Europe/Berlin")]
    pub time_zone: Option<String>,
}

impl Default for ErpNextSettings {
    fn default() -> Self {
        Self {
            reference_field: "po_no".to_owned(),
            submit_orders: false,
            price_list: None,
            warehouse: None,
            time_zone: None,
        }
    }
}

impl ErpNextSettings {
    pub(in crate::connection) fn check(&self, checks: &mut Checks) {
        let field = &self.reference_field;
        let plain = field.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        checks.require(
            plain && field.len() <= LONGEST_NAME && field.starts_with(|c: char| c.is_ascii_lowercase()),
            "settings.erpNext.referenceField",
            "must be the name of a field of Sales Order, such as po_no: small letters, digits and _",
        );
        for (name, value) in [("priceList", &self.price_list), ("warehouse", &self.warehouse)] {
            let fits = |text: &String| {
                !text.trim().is_empty()
                    && text.chars().count() <= LONGEST_NAME
                    && !text.chars().any(char::is_control)
            };
            checks.require(
                value.as_ref().is_none_or(fits),
                &format!("settings.erpNext.{name}"),
                "must be 1 to 140 characters without control characters",
            );
        }
        if let Some(Err(message)) = self.time_zone.as_deref().map(parse_zone) {
            checks.fail("settings.erpNext.timeZone", message);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::connection::wrong;

    fn wrong(settings: Value) -> Vec<String> {
        wrong::texts(wrong::settings(json!({"erpNext": settings})))
    }

    #[test]
    fn settings_that_fit_are_accepted() {
        let own = json!({"referenceField": "custom_ref_2", "submitOrders": true, "priceList": "Web",
            "warehouse": "Stores - WC", "timeZone": "Asia/Kolkata"});
        assert_eq!(wrong(own), Vec::<String>::new());
        assert_eq!(wrong(json!({})), Vec::<String>::new());
    }

    #[test]
    fn what_does_not_fit_is_told_with_its_field() {
        let found = wrong(json!({"referenceField": "PO No", "priceList": " ", "warehouse": "a\nb",
            "timeZone": "Berlin"}));
        let begins = [
            "settings.erpNext.referenceField must be the name of a field of Sales Order",
            "settings.erpNext.priceList must be 1 to 140 characters",
            "settings.erpNext.warehouse must be 1 to 140 characters",
            "settings.erpNext.timeZone \"Berlin\" is not an IANA time zone",
        ];
        for (found, begin) in found.iter().zip(begins) {
            assert!(found.starts_with(begin), "{begin}: {found}");
        }
        assert_eq!(found.len(), begins.len(), "{found:#?}");
    }
}
