//! Sending orders, and finding them again by our reference. Tryton has no idempotency key and lets a reference come
//! twice: what may have been taken is looked for before it is sent again.
//!
//! A new order takes two calls or three, each a transaction of its own: it is made as a draft, gets its number as a
//! quotation, and may be confirmed. What is cut off in between is found by its reference and brought on.

use domain::DataType;
use domain::change::Operation;
use domain::connection::providers::tryton::TrytonOrderState;
use domain::connection::{NumberForm, PushSettings};
use serde_json::{Map, Value, json};
use transport::ErpError;

use super::client::Tryton;
use super::mapping::order_template;
use super::rpc::text;
use super::sale;
use crate::{Found, Lookup, Push, PushError, Pushed, rest};

const MODEL: &str = "sale.sale";

/// From a draft to a quotation, and to a confirmed order.
const MOST_STEPS: usize = 2;

/// Makes, changes or deletes an order.
///
/// # Errors
/// With what is known of its fate.
pub(super) async fn push(erp: &Tryton, push: &Push<'_>) -> Result<Pushed, PushError> {
    if push.data_type != DataType::Orders {
        return Err(rejected(format!(
            "Tryton takes orders only: let the sync config of {} pull",
            push.data_type
        )));
    }
    match push.operation {
        Operation::Create => create(erp, push).await,
        Operation::Update => change(erp, push).await,
        Operation::Delete => delete(erp, push).await,
    }
}

async fn create(erp: &Tryton, push: &Push<'_>) -> Result<Pushed, PushError> {
    let values = values(erp, push).await?;
    let made = erp.rpc.tell("sale.sale.create", vec![json!([values])]).await?;
    let made: Vec<i64> = serde_json::from_str(&made).unwrap_or_default();
    let &[id] = &made[..] else {
        let sentence = "Tryton made an order and did not say which".to_owned();
        return Err(PushError::Unknown(ErpError::Malformed(sentence)));
    };
    let number = match bring(erp, id).await {
        Ok(number) => number,
        Err(PushError::Rejected(error)) => return Err(take_back(erp, id, error).await),
        // It is there: whatever hinders the rest, it is to be looked for.
        Err(PushError::NotSent(error)) => return Err(PushError::Unknown(error)),
        Err(error) => return Err(error),
    };
    Ok(Pushed { message: format!("Tryton took it as sale {number}"), erp_key: Some(number) })
}

/// Deletes a draft that they did not let become an order, so that nothing stays of what was refused.
async fn take_back(erp: &Tryton, id: i64, why: ErpError) -> PushError {
    match erp.rpc.tell("sale.sale.delete", vec![json!([id])]).await {
        Ok(_) => PushError::Rejected(why),
        Err(error) => PushError::Rejected(ErpError::Rejected(format!(
            "{why}. It stays in Tryton as a draft with the id {id}, which could not be deleted ({error}): delete it there"
        ))),
    }
}

async fn change(erp: &Tryton, push: &Push<'_>) -> Result<Pushed, PushError> {
    let Some(there) = numbered(erp, push.key).await? else {
        return Err(rejected(format!("Tryton has no sale {} any more", push.key)));
    };
    let (id, state) = (sale::id(&there), text(&there, "state"));
    if !matches!(state.as_str(), "draft" | "quotation") {
        return Err(rejected(format!(
            "sale {} is {state} in Tryton, and can be changed there only: let the order be pulled",
            push.key
        )));
    }
    let mut values = values(erp, push).await?;
    if let Some(Value::Array(lines)) = values.get_mut("lines") {
        lines.insert(0, json!(["delete", there.get("lines")]));
    }
    if state == "quotation" {
        erp.rpc.tell("sale.sale.draft", vec![json!([id])]).await?;
    }
    if let Err(error) = erp.rpc.tell("sale.sale.write", vec![json!([id]), json!(values)]).await {
        // As it was, if that can be.
        let _number = bring(erp, id).await;
        return Err(error);
    }
    let number = bring(erp, id).await?;
    Ok(Pushed { message: format!("Tryton changed sale {number}"), erp_key: None })
}

async fn delete(erp: &Tryton, push: &Push<'_>) -> Result<Pushed, PushError> {
    let Some(there) = numbered(erp, push.key).await? else {
        let message = format!("Tryton has no sale {} any more", push.key);
        return Ok(Pushed { erp_key: None, message });
    };
    // They delete what was cancelled, and cancel what is not yet worked on.
    for step in ["cancel", "delete"] {
        erp.rpc.tell(&format!("{MODEL}.{step}"), vec![json!([sale::id(&there)])]).await?;
    }
    Ok(Pushed { erp_key: None, message: format!("Tryton deleted sale {}", push.key) })
}

/// The values of the order in the form that the connection's settings give, else in ours. Prices keep their digits as
/// texts.
async fn values(erp: &Tryton, push: &Push<'_>) -> Result<Map<String, Value>, PushError> {
    let settings = PushSettings { numbers: NumberForm::Text, ..erp.push_settings.clone() };
    let form = rest::body(push, Some(&settings), &order_template(), &["customerId", "lines"])?;
    sale::values(&erp.rpc, &form).await
}

/// The sale with this number.
async fn numbered(erp: &Tryton, number: &str) -> Result<Option<Map<String, Value>>, PushError> {
    let company = erp.rpc.company().await.map_err(PushError::NotSent)?.id;
    let condition = json!([["number", "=", number], ["company", "=", company]]);
    let found = erp.rpc.find(MODEL, condition, &["state", "lines"]).await.map_err(PushError::NotSent)?;
    match found.len() {
        0 | 1 => Ok(found.into_iter().next()),
        several => Err(rejected(format!("{several} sales in Tryton have the number {number}"))),
    }
}

/// Brings a sale as far as the connection's settings say; its number.
async fn bring(erp: &Tryton, id: i64) -> Result<String, PushError> {
    for _ in 0..=MOST_STEPS {
        let found = erp.rpc.find(MODEL, json!([["id", "=", id]]), &["number", "state"]).await;
        let found = found.map_err(PushError::Unknown)?;
        let Some(there) = found.first() else {
            return Err(rejected(format!("the sale with the id {id} is gone from Tryton")));
        };
        let step = match (text(there, "state").as_str(), erp.settings.new_orders) {
            ("draft", _) => "quote",
            ("quotation", TrytonOrderState::Confirmed) => "confirm",
            _ => return Ok(text(there, "number")),
        };
        erp.rpc.tell(&format!("{MODEL}.{step}"), vec![json!([id])]).await?;
    }
    // What a step is not allowed for, Tryton leaves as it is without a word.
    Err(rejected(format!(
        "the sale with the id {id} does not become a quotation in Tryton: look at it there"
    )))
}

/// Looks an order up by our reference, and brings it as far as it should have come.
///
/// # Errors
/// With what they said; `Malformed` if several orders have the reference.
pub(super) async fn find(erp: &Tryton, lookup: &Lookup<'_>) -> Result<Option<Found>, ErpError> {
    let company = erp.rpc.company().await?.id;
    let condition = json!([["reference", "=", lookup.reference], ["company", "=", company]]);
    let mut found = erp.rpc.find(MODEL, condition, &["number", "state"]).await?;
    let is_live = |sale: &Map<String, Value>| text(sale, "state") != "cancelled";
    if found.iter().any(is_live) {
        found.retain(is_live);
    }
    match &found[..] {
        [] => Ok(None),
        [one] => {
            let number = bring(erp, sale::id(one)).await.map_err(into_error)?;
            Ok(Some(Found { erp_key: Some(number).filter(|number| !number.is_empty()) }))
        }
        several => Err(ErpError::Malformed(format!(
            "Tryton has {} different sales with the reference {}: only one of them may stay there",
            several.len(),
            lookup.reference
        ))),
    }
}

fn into_error(error: PushError) -> ErpError {
    match error {
        PushError::NotSent(error) | PushError::Unknown(error) | PushError::Rejected(error) => error,
        PushError::NeedsMapping(sentence) => ErpError::Rejected(sentence),
    }
}

fn rejected(sentence: String) -> PushError {
    PushError::Rejected(ErpError::Rejected(sentence))
}
