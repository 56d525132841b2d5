//! Sending orders, and finding them again by our reference. Odoo has no idempotency key: what may have been taken is
//! looked for before it is sent again.

use domain::DataType;
use domain::change::Operation;
use domain::json::{Json, Kind};
use rust_decimal::Decimal;
use serde_json::json;
use transport::ErpError;

use super::call::Call;
use super::client::{Odoo, Search};
use super::mapping::LINES;
use super::row::Row;
use super::template::{order_template, update_template};
use super::{beside, resolve};
use crate::rest;
use crate::{Found, Lookup, Push, PushError, Pushed};

const ORDER: &str = "sale.order";

/// What is known of an order there.
const KNOWN: &[&str] =
    &["name", "state", "partner_id", "partner_shipping_id", "partner_invoice_id", "order_line"];

/// Makes, changes or deletes an order.
///
/// # Errors
/// With what is known of its fate.
pub(super) async fn push(erp: &Odoo, push: &Push<'_>) -> Result<Pushed, PushError> {
    if push.data_type != DataType::Orders {
        return Err(rejected(format!(
            "Odoo is sent orders only: let the sync config of {} pull",
            push.data_type
        )));
    }
    match push.operation {
        Operation::Create => create(erp, push).await,
        Operation::Update => change(erp, push).await,
        Operation::Delete => delete(erp, push).await,
    }
}

async fn create(erp: &Odoo, push: &Push<'_>) -> Result<Pushed, PushError> {
    let body = rest::body(push, erp.push_settings(), &order_template(), &["customerId", "lines"])?;
    let mut order = resolve::values(erp, ORDER, &body).await?;
    let id = match begun(erp, push, &order).await.map_err(PushError::NotSent)? {
        Some(id) => id,
        None => {
            let record = push.record.map(Json::from);
            if let Some(record) = record {
                resolve::currency(erp, &mut order, record).await?;
            }
            resolve::addresses(erp, &mut order, None, push).await?;
            let made = erp.deliver(&Call::create(ORDER, &order.to_json()), push.operation).await?;
            // From here on it is there.
            resolve::first_number(&made).map_err(PushError::Unknown)?
        }
    };
    let there = erp.by_id(ORDER, KNOWN, vec![id]).await.map_err(PushError::Unknown)?;
    let name = there.get(&id).and_then(|order| order.text("name"));
    let name = name.ok_or_else(|| {
        PushError::Unknown(ErpError::Malformed(format!(
            "Odoo does not show order {id}, which it has just made"
        )))
    })?;
    if erp.settings().confirm_orders {
        confirm(erp, id, &name).await?;
    }
    Ok(Pushed { message: format!("Odoo has it as {name}"), erp_key: Some(name) })
}

/// An order of an earlier try that was made and not confirmed. Without confirming there is none: a try that was made is
/// found by [`find`].
async fn begun(erp: &Odoo, push: &Push<'_>, order: &Row) -> Result<Option<i64>, ErpError> {
    if !erp.settings().confirm_orders {
        return Ok(None);
    }
    let customer = order.get("partner_id").map(|id| id.text().to_owned());
    let is_it =
        |there: &&Row| is_quotation(there) && there.link("partner_id").map(|id| id.to_string()) == customer;
    Ok(with_reference(erp, push.reference).await?.iter().find(is_it).and_then(Row::id))
}

async fn confirm(erp: &Odoo, id: i64, name: &str) -> Result<(), PushError> {
    let confirmed = erp.deliver(&Call::on(ORDER, "action_confirm", id), Operation::Create).await;
    match confirmed {
        Ok(_) => Ok(()),
        Err(PushError::Rejected(error)) => {
            Err(rejected(format!("quotation {name} is in Odoo, which refuses to confirm it: {error}")))
        }
        // The quotation is there: only a look tells what is to be done.
        Err(PushError::NotSent(error) | PushError::Unknown(error)) => Err(PushError::Unknown(error)),
        Err(other) => Err(other),
    }
}

async fn change(erp: &Odoo, push: &Push<'_>) -> Result<Pushed, PushError> {
    let there = by_name(erp, push.key).await?.ok_or_else(|| {
        rejected(format!("Odoo has no sale order {} any more: it was deleted there", push.key))
    })?;
    let with_lines = changes_lines(erp, push, &there).await.map_err(PushError::NotSent)?;
    if with_lines && !is_quotation(&there) {
        return Err(rejected(format!(
            "the lines of sale order {} differ from those in Odoo, where it is confirmed or cancelled already: change \
             them there, and let the order be pulled",
            push.key
        )));
    }
    let body = rest::body(push, erp.push_settings(), &update_template(with_lines), &[])?;
    let mut order = resolve::values(erp, ORDER, &body).await?;
    match order.get(LINES).map(|lines| lines.text().to_owned()) {
        Some(lines) if with_lines => order.set(LINES, anew(&lines)),
        _ => order.remove(LINES),
    }
    resolve::addresses(erp, &mut order, Some(&there), push).await?;
    erp.deliver(&Call::write(ORDER, id_of(&there)?, order.to_json()), push.operation).await?;
    Ok(Pushed { erp_key: None, message: format!("Odoo has changed {}", push.key) })
}

/// Commands that make these lines the only ones.
fn anew(lines: &str) -> String {
    match lines.strip_prefix('[') {
        Some(others) if others != "]" => format!("[[5,0,0],{others}"),
        _ => "[[5,0,0]]".to_owned(),
    }
}

/// Only what was never confirmed is deleted: Odoo wants it cancelled first, and asks a person about the rest.
async fn delete(erp: &Odoo, push: &Push<'_>) -> Result<Pushed, PushError> {
    let done = |message| Ok(Pushed { erp_key: None, message });
    let Some(there) = by_name(erp, push.key).await? else {
        return done(format!("Odoo has no sale order {} any more", push.key));
    };
    let (id, state) = (id_of(&there)?, there.text("state").unwrap_or_default());
    match state.as_str() {
        "draft" | "cancel" => {}
        "sent" => {
            // Else it would answer with a window that asks whether the customer is to be told.
            let cancel = Call::on(ORDER, "action_cancel", id).within("disable_cancel_warning", json!(true));
            erp.deliver(&cancel, push.operation).await?;
        }
        _ => {
            return Err(rejected(format!(
                "sale order {} is confirmed in Odoo, which does not delete such orders: cancel it there",
                push.key
            )));
        }
    }
    erp.deliver(&Call::on(ORDER, "unlink", id), push.operation).await?;
    done(format!("Odoo has deleted {}", push.key))
}

/// Looks an order up by our reference. One that is to be confirmed and is not has not come yet: sent again, it is
/// confirmed.
///
/// # Errors
/// With what they said; `Malformed` if several orders have the reference.
pub(super) async fn find(erp: &Odoo, lookup: &Lookup<'_>) -> Result<Option<Found>, ErpError> {
    let all = with_reference(erp, lookup.reference).await?;
    let (cancelled, alive): (Vec<&Row>, Vec<&Row>) =
        all.iter().partition(|order| order.text("state").as_deref() == Some("cancel"));
    if alive.len() > 1 {
        return Err(ErpError::Malformed(format!(
            "Odoo has {} different orders with the reference {}: only one of them may stay there",
            alive.len(),
            lookup.reference
        )));
    }
    // One that somebody cancelled there had come.
    let order = alive.first().or(cancelled.last()).copied();
    let is_unfinished = |order: &&Row| erp.settings().confirm_orders && is_quotation(order);
    let order = order.filter(|order| !is_unfinished(order));
    Ok(order.map(|order| Found { erp_key: order.text("name") }))
}

async fn with_reference(erp: &Odoo, reference: &str) -> Result<Vec<Row>, ErpError> {
    let domain = json!([["client_order_ref", "=", reference]]);
    erp.search(&Search::of(ORDER, KNOWN, domain)).await
}

/// The order of this number.
async fn by_name(erp: &Odoo, name: &str) -> Result<Option<Row>, PushError> {
    let found = erp.search(&Search::of(ORDER, KNOWN, json!([["name", "=", name]]))).await;
    let mut found = found.map_err(PushError::NotSent)?;
    match found.len() {
        0 | 1 => Ok(found.pop()),
        several => Err(rejected(format!("Odoo has {several} sale orders that are called {name}"))),
    }
}

fn is_quotation(order: &Row) -> bool {
    matches!(order.text("state").as_deref(), Some("draft" | "sent"))
}

fn id_of(order: &Row) -> Result<i64, PushError> {
    let nameless = || ErpError::Malformed("Odoo gave a sale order without id".to_owned());
    order.id().ok_or_else(|| PushError::NotSent(nameless()))
}

/// Whether the record has other lines than the order has there.
async fn changes_lines(erp: &Odoo, push: &Push<'_>, there: &Row) -> Result<bool, ErpError> {
    let ours = push.record.map(Json::from).and_then(|record| record.get("lines"));
    let Some(ours) = ours.filter(|lines| lines.kind() == Kind::Array) else { return Ok(false) };
    let mut there = [there.clone()];
    beside::lines(erp, &mut there, LINES, "sale.order.line").await?;
    let theirs = there[0].get(LINES).map(compared).unwrap_or_default();
    let ours = compared(ours);
    // What ours does not say, Odoo has filled in.
    let same = |(ours, theirs): (&Option<String>, &Option<String>)| ours.is_none() || ours == theirs;
    let alike = |(ours, theirs): (&Line, &Line)| ours.iter().zip(theirs).all(same);
    Ok(ours.len() != theirs.len() || !ours.iter().zip(&theirs).all(alike))
}

/// What is ordered, how much of it, and the rest, in a form that can be compared.
type Line = [Option<String>; 5];

fn compared(list: Json<'_>) -> Vec<Line> {
    let text = |json: Json<'_>| {
        let text = json.as_string().map_or_else(|| json.text().to_owned(), std::borrow::Cow::into_owned);
        Decimal::from_str_exact(&text).map_or(text, |number| number.normalize().to_string())
    };
    let line = |line: Json<'_>| {
        ["sku", "quantity", "unitPrice", "discount", "description"].map(|name| line.get(name).map(text))
    };
    let mut lines: Vec<_> = list.items().into_iter().map(line).collect();
    lines.sort();
    lines
}

fn rejected(sentence: String) -> PushError {
    PushError::Rejected(ErpError::Rejected(sentence))
}
