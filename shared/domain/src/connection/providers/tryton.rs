//! Tryton: a user's login at one database of a server.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::SignIn;
use crate::validation::Checks;

/// Tryton's keys for applications open routes of its own modules only, not its models: a user signs in.
pub(super) const SIGN_INS: &[SignIn] = &[SignIn {
    title: "a user of the database",
    needs: &["apiUrl", "database", "username", "password"],
    takes: &["company"],
}];

/// Most locations of one connection.
const MAX_LOCATIONS: usize = 50;

/// What is particular to a Tryton connection.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TrytonSettings {
    /// The locations whose stock is told, by code or name, each with all that is within it; the storage zones of all
    /// warehouses if left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub locations: Vec<String>,
    /// How far a new or changed order is brought.
    pub new_orders: TrytonOrderState,
}

/// The state in which an order is left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TrytonOrderState {
    /// It has its number, and somebody is to confirm it.
    #[default]
    Quotation,
    /// It is worked on: shipments and invoices are made for it.
    Confirmed,
}

impl TrytonSettings {
    pub(in crate::connection) fn check(&self, checks: &mut Checks) {
        checks.require(
            self.locations.len() <= MAX_LOCATIONS,
            "settings.tryton.locations",
            "must be at most 50 locations",
        );
        for (position, name) in self.locations.iter().enumerate() {
            let plain = !name.trim().is_empty() && name.len() <= 200 && !name.chars().any(char::is_control);
            checks.require(
                plain,
                &format!("settings.tryton.locations.{position}"),
                "must be the code or the name of a location, such as STO",
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use crate::connection::wrong;

    fn wrong(tryton: Value) -> Vec<String> {
        wrong::fields(wrong::settings(json!({"tryton": tryton})))
    }

    #[test]
    fn a_location_without_a_name_is_told_with_its_place() {
        assert_eq!(
            wrong(json!({"locations": ["STO", "Input Zone"], "newOrders": "confirmed"})),
            Vec::<String>::new()
        );
        assert_eq!(wrong(json!({"locations": ["STO", " "]})), ["settings.tryton.locations.1"]);
        assert_eq!(wrong(json!({"locations": vec!["STO"; 51]})), ["settings.tryton.locations"]);
    }
}
