//! Sending records, orders above all, and finding them again by our reference.

use domain::DataType;
use domain::change::Operation;
use domain::connection::NumberForm;
use domain::connection::providers::soap::{SoapCall, SoapFind, SoapPush};
use domain::template::{Outgoing, UTC, XmlValues};
use http::StatusCode;
use transport::ErpError;
use transport::http::{HttpAnswer, is_turned_away, place};

use super::client::{Client, Soap};
use super::config::{misconfigured, push_template};
use super::fault::Blame;
use super::path::{holds, records, value};
use super::reply::Reply;
use crate::rest::{fate, is_whole, outgoing};
use crate::xml::Element;
use crate::{Found, Push, PushError, Pushed};

/// Makes, changes or deletes a record.
///
/// # Errors
/// With what is known of its fate.
pub(super) async fn push(erp: &Soap, push: &Push<'_>) -> Result<Pushed, PushError> {
    let settings = erp.settings().push.get(&push.data_type);
    let settings = settings.ok_or_else(|| {
        let sentence = format!("nothing tells how {0} are sent: set settings.soap.push.{0}", push.data_type);
        PushError::NotSent(misconfigured(&sentence))
    })?;
    let (name, call) = call_of(settings, push.operation);
    let call = call.ok_or_else(|| {
        PushError::Rejected(ErpError::Rejected(format!(
            "the service has no operation for it: without settings.soap.push.{}.{name} it cannot be done there",
            push.data_type
        )))
    })?;
    let body = body(erp, push, call, name)?;
    let reply = erp.client().deliver(&call.soap_action, body).await?;
    match taken(&reply, call, push.operation) {
        Err(PushError::Rejected(refusal)) if push.operation == Operation::Delete => {
            is_gone(erp, push, refusal).await
        }
        outcome => outcome,
    }
}

/// What the settings say of an operation, and the name they have it under.
const fn call_of(settings: &SoapPush, operation: Operation) -> (&'static str, Option<&SoapCall>) {
    match operation {
        Operation::Create => ("create", settings.create.as_ref()),
        Operation::Update => ("update", settings.update.as_ref()),
        Operation::Delete => ("delete", settings.delete.as_ref()),
    }
}

fn body(erp: &Soap, push: &Push<'_>, call: &SoapCall, name: &str) -> Result<String, PushError> {
    // In XML numbers are texts anyhow.
    let outgoing = outgoing(push, NumberForm::Text);
    if push.operation != Operation::Delete {
        is_whole(&outgoing, &[])?;
    }
    let template = push_template(&call.body, push.data_type, name).map_err(PushError::NotSent)?;
    template.render(XmlValues::Record(&outgoing), erp.company()).map_err(PushError::NeedsMapping)
}

/// What an answer says of a record's fate.
fn taken(reply: &Reply, call: &SoapCall, operation: Operation) -> Result<Pushed, PushError> {
    let (answer, request) = (&reply.answer, &reply.request);
    if is_turned_away(answer.status)
        || matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
    {
        return Err(PushError::NotSent(answer.failure(request)));
    }
    if let Some(refusal) = reply.refused(call.refusal.as_ref()) {
        return Err(PushError::Rejected(refusal));
    }
    if let Some(fault) = reply.fault() {
        let error = fault.error(answer);
        return Err(match fault.blame() {
            Blame::Credentials | Blame::Form => PushError::NotSent(error),
            Blame::Sender => PushError::Rejected(error),
            Blame::Receiver => PushError::Unknown(error),
        });
    }
    // A status such as 404 is about the address, never about a record.
    fate(answer, request, Operation::Update, false)?;
    if reply.is_empty_success() && matches!(answer.status, StatusCode::ACCEPTED | StatusCode::NO_CONTENT) {
        return Ok(pushed(answer, None));
    }
    let body = reply.body().map_err(PushError::Unknown)?;
    let path = call.key_path.as_deref().filter(|_| operation == Operation::Create);
    let key = path.map(|path| {
        let key = value(body, path).filter(|key| !key.is_empty());
        key.ok_or_else(|| {
            PushError::Unknown(ErpError::Malformed(format!(
                "{} answered without a key at {path}: check keyPath, and refusal if this is how it refuses",
                place(&answer.url)
            )))
        })
    });
    Ok(pushed(answer, key.transpose()?))
}

fn pushed(answer: &HttpAnswer, erp_key: Option<String>) -> Pushed {
    Pushed { erp_key, message: format!("{} answered {}", place(&answer.url), answer.status) }
}

/// After a refusal to delete: what is not there any more is deleted already.
async fn is_gone(erp: &Soap, push: &Push<'_>, refusal: ErpError) -> Result<Pushed, PushError> {
    let can_look = erp.settings().push.get(&push.data_type).is_some_and(|push| push.find.is_some());
    if can_look && let Ok(None) = find(erp, push.data_type, push.reference).await {
        let message = format!("it was not there any more: {refusal}");
        return Ok(Pushed { erp_key: None, message });
    }
    Err(PushError::Rejected(refusal))
}

/// Looks a record up by our reference.
///
/// # Errors
/// With what they said, or why it says neither yes nor no.
pub(super) async fn find(
    erp: &Soap,
    data_type: DataType,
    reference: &str,
) -> Result<Option<Found>, ErpError> {
    let find = erp.settings().push.get(&data_type).and_then(|push| push.find.as_ref());
    let find = find.ok_or_else(|| {
        misconfigured(&format!(
            "nobody knows how {data_type} are looked up at this service: set settings.soap.push.{data_type}.find"
        ))
    })?;
    look(erp.client(), find, data_type, reference, erp.company()).await
}

/// Looks a record up with a client.
///
/// # Errors
/// As [`find`].
pub(super) async fn look(
    client: &Client,
    find: &SoapFind,
    data_type: DataType,
    reference: &str,
    company: Option<&str>,
) -> Result<Option<Found>, ErpError> {
    let known = Outgoing {
        data_type,
        operation: Operation::Create,
        record: None,
        key: reference,
        reference,
        idempotency_key: "",
        numbers: NumberForm::Text,
        zone: &UTC,
    };
    let body = push_template(&find.body, data_type, "find")?.render(XmlValues::Record(&known), company);
    let reply = client.ask(&find.soap_action, body.map_err(|reason| misconfigured(&reason))?).await?;
    if reply.shows(find.not_found.as_ref()).is_some() {
        return Ok(None);
    }
    if let Some(refusal) = reply.refused(find.refusal.as_ref()) {
        return Err(refusal);
    }
    let key = ours(reply.body()?, find, data_type, reference).map_err(|reason| {
        ErpError::Malformed(format!("{} answered, but {reason}", place(&reply.answer.url)))
    })?;
    Ok(key.map(|key| Found { erp_key: Some(key) }))
}

/// The key of the one record that is ours; none if there is none.
fn ours(
    body: &Element,
    find: &SoapFind,
    data_type: DataType,
    reference: &str,
) -> Result<Option<String>, String> {
    let found = records(body, &find.record_path)?;
    let ours = found.iter().filter(|record| holds(record, reference));
    let key_of = |record: &&Element| {
        let key = value(record, &find.key_path).filter(|key| !key.is_empty());
        key.ok_or_else(|| format!("a record has no key at settings.soap.push.{data_type}.find.keyPath"))
    };
    let mut keys = ours.map(key_of).collect::<Result<Vec<_>, _>>()?;
    keys.sort_unstable();
    keys.dedup();
    match keys.len() {
        0 if !found.is_empty() => Err(format!(
            "with records that do not hold the reference {reference}: let settings.soap.push.{data_type}.find search \
             by it alone, in a form of answer that returns it"
        )),
        0 | 1 => Ok(keys.pop()),
        several => Err(format!(
            "it has {several} different records with the reference {reference}: only one of them may stay there"
        )),
    }
}
