//! From a record to the body that sends it.

use domain::change::Operation;
use domain::connection::{NumberForm, PushRequest, PushSettings};
use domain::json::Json;
use domain::template::{BodyTemplate, Outgoing};
use serde_json::Value;
use transport::ErpError;

use crate::{Push, PushError};

/// A record on its way, with all that a template may name.
pub(crate) fn outgoing<'a>(push: &Push<'a>, numbers: NumberForm) -> Outgoing<'a> {
    Outgoing {
        data_type: push.data_type,
        operation: push.operation,
        record: push.record.map(Json::from),
        key: push.key,
        reference: push.reference,
        idempotency_key: push.idempotency_key,
        numbers,
        zone: push.zone,
    }
}

/// The body of a new or changed record: in the form that the connection's settings give, else in the `vendor`'s, which
/// needs some fields.
///
/// # Errors
/// `NeedsMapping` if a field is missing, `NotSent` if the settings do not fit themselves.
pub(crate) fn body(
    push: &Push<'_>,
    settings: Option<&PushSettings>,
    vendor: &Value,
    needs: &[&str],
) -> Result<String, PushError> {
    let usual = PushSettings::default();
    let settings = settings.unwrap_or(&usual);
    let outgoing = outgoing(push, settings.numbers);
    is_whole(&outgoing, &settings.requires)?;
    let (name, own) = request_of(settings, push.operation);
    match &own.body {
        Some(own) => filled(own, &outgoing, &format!("settings.api.push.{}.{name}", push.data_type)),
        None => {
            let needs: Vec<String> = needs.iter().map(|field| (*field).to_owned()).collect();
            if let Some(field) = outgoing.missing(&needs) {
                let sentence = format!("{field} is missing, and the ERP wants it: add it to the record");
                return Err(PushError::NeedsMapping(sentence));
            }
            filled(vendor, &outgoing, "the vendor's template")
        }
    }
}

/// What the settings say of an operation, and the name they have it under.
pub(crate) const fn request_of(
    settings: &PushSettings,
    operation: Operation,
) -> (&'static str, &PushRequest) {
    match operation {
        Operation::Create => ("create", &settings.create),
        Operation::Update => ("update", &settings.update),
        Operation::Delete => ("delete", &settings.delete),
    }
}

/// Whether there is a record with all that is required of it.
///
/// # Errors
/// `NeedsMapping`, naming the first field that is missing.
pub(crate) fn is_whole(outgoing: &Outgoing<'_>, requires: &[String]) -> Result<(), PushError> {
    if outgoing.record.is_none() {
        return Err(PushError::NeedsMapping("there is no record to send, only its key".to_owned()));
    }
    match outgoing.missing(requires) {
        None => Ok(()),
        Some(field) => Err(PushError::NeedsMapping(format!(
            "{field} is missing, and settings.api.push.{}.requires it: add it to the record",
            outgoing.data_type
        ))),
    }
}

/// A template with the record in it; `at` is where the template stands.
///
/// # Errors
/// `NotSent`, if it is no template.
pub(crate) fn filled(template: &Value, outgoing: &Outgoing<'_>, at: &str) -> Result<String, PushError> {
    let template = BodyTemplate::parse(outgoing.data_type, template).map_err(|errors| {
        let first = errors.into_iter().next().map(|error| format!(".{} {}", error.field, error.message));
        let sentence = format!("{at}.body{}", first.unwrap_or_default());
        PushError::NotSent(ErpError::Misconfigured(sentence))
    })?;
    Ok(template.render(outgoing))
}
