//! Where an order is to be delivered. Tryton delivers to addresses of the customer only: the one that is there is used,
//! and one that is not is added to the customer, as it would be by hand.

use serde_json::{Map, Value, json};

use super::rpc::Rpc;
use super::sale::{by_code, id};
use crate::PushError;

/// The parts by which an address is known again, in the form of an order and in what is read.
const PARTS: [(&str, &str); 5] = [
    ("party_name", "party_name"),
    ("street", "street"),
    ("postal_code", "postal_code"),
    ("city", "city"),
    ("country", "country.code"),
];

/// The id of the party's address that is as wanted.
///
/// # Errors
/// `NeedsMapping` if it names a country that Tryton does not know; `NotSent` for all else, for the order was not sent.
pub(super) async fn of_party(
    rpc: &Rpc,
    party: &(i64, String),
    wanted: &Map<String, Value>,
) -> Result<i64, PushError> {
    let (party, party_name) = party;
    let fields = PARTS.map(|(_, read)| read);
    let there = rpc
        .find("party.address", json!([["party", "=", party]]), &fields)
        .await
        .map_err(PushError::NotSent)?;
    let is_same = |address: &&Map<String, Value>| {
        PARTS.iter().all(|(part, read)| {
            let read = folded(address.get(*read));
            let wanted = folded(wanted.get(*part));
            // An address without a name bears the party's.
            read == wanted
                || (*part == "party_name" && read.is_empty() && wanted == folded(Some(&json!(party_name))))
        })
    };
    if let Some(address) = there.iter().find(is_same) {
        return Ok(id(address));
    }
    let mut values: Map<String, Value> = wanted
        .iter()
        .map(|(name, value)| {
            (name.clone(), value.as_str().map_or_else(|| value.clone(), |text| text.trim().into()))
        })
        .collect();
    if let Some(country) = wanted.get("country") {
        let field = "shippingAddress.country";
        values.insert("country".to_owned(), by_code(rpc, "country.country", field, country).await?);
    }
    values.insert("party".to_owned(), json!(party));
    let made = rpc.tell("party.address.create", vec![json!([values])]).await;
    let made = made.map_err(|error| match error {
        PushError::NeedsMapping(sentence) => PushError::NeedsMapping(sentence),
        // The order itself was not sent, and an address that was made after all is found next time.
        PushError::Unknown(error) => PushError::NotSent(error),
        told => told,
    })?;
    let ids: Vec<i64> = serde_json::from_str(&made).unwrap_or_default();
    ids.first().copied().ok_or_else(|| {
        PushError::NeedsMapping("Tryton made no address of shippingAddress: check it".to_owned())
    })
}

/// A text without regard to case and blanks.
fn folded(value: Option<&Value>) -> String {
    let text = value.and_then(Value::as_str).unwrap_or_default().to_lowercase();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
