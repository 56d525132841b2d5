//! From a record to the request that sends it. Pure.

use std::borrow::Cow;

use bytes::Bytes;
use domain::change::Operation;
use domain::connection::{PushMethod, PushRequest, PushSettings};
use domain::json::Json;
use domain::template::{BodyTemplate, Outgoing, PathTemplate, Unfilled, renamed};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method};
use transport::ErpError;
use transport::http::HttpRequest;
use url::Url;

use super::super::config::{HttpConfig, add_headers};
use crate::{Push, PushError};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The request that sends a record.
///
/// # Errors
/// `NeedsMapping` if the record does not fit the settings, `NotSent` if the settings do not fit themselves.
pub(super) fn of(
    config: &HttpConfig,
    settings: &PushSettings,
    push: &Push<'_>,
) -> Result<HttpRequest, PushError> {
    let outgoing = Outgoing {
        data_type: push.data_type,
        operation: push.operation,
        record: push.record.map(Json::from),
        key: push.key,
        reference: push.reference,
        idempotency_key: push.idempotency_key,
        numbers: settings.numbers,
    };
    let (name, wanted, usual) = match push.operation {
        Operation::Create => ("create", &settings.create, Method::POST),
        Operation::Update => ("update", &settings.update, Method::PUT),
        Operation::Delete => ("delete", &settings.delete, Method::DELETE),
    };
    if push.operation != Operation::Delete {
        is_whole(&outgoing, settings)?;
    }
    let at = format!("settings.api.push.{}.{name}", push.data_type);
    let url = url(config, wanted, &outgoing, &at)?;
    let body = body(wanted, &outgoing, push, &at)?;
    let mut request = HttpRequest {
        method: wanted.method.map_or(usual, method),
        repeatable: settings.idempotent,
        ..config.request(url)
    };
    if let Some(body) = body {
        request.headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        request.body = Bytes::from(body);
    }
    add_headers(&mut request.headers, &wanted.headers).map_err(PushError::NotSent)?;
    let key = HeaderValue::from_str(push.idempotency_key).map_err(|_| {
        misconfigured("the Idempotency-Key cannot be sent: it is no text of plain characters")
    })?;
    request.headers.insert(IDEMPOTENCY_KEY, key);
    Ok(request)
}

/// Whether there is a record with all that is required of it.
fn is_whole(outgoing: &Outgoing<'_>, settings: &PushSettings) -> Result<(), PushError> {
    if outgoing.record.is_none() {
        return Err(PushError::NeedsMapping("there is no record to send, only its key".to_owned()));
    }
    match outgoing.missing(&settings.requires) {
        None => Ok(()),
        Some(field) => Err(PushError::NeedsMapping(format!(
            "{field} is missing, and settings.api.push.{}.requires it: add it to the record",
            outgoing.data_type
        ))),
    }
}

fn url(
    config: &HttpConfig,
    wanted: &PushRequest,
    outgoing: &Outgoing<'_>,
    at: &str,
) -> Result<Url, PushError> {
    let whole = config.data_url(outgoing.data_type);
    let path = match (&wanted.path, outgoing.operation) {
        (Some(path), _) => Cow::Borrowed(path.as_str()),
        (None, Operation::Create) => return Ok(whole),
        (None, Operation::Update | Operation::Delete) => Cow::Borrowed("/{key}"),
    };
    let template = PathTemplate::parse(outgoing.data_type, &path)
        .map_err(|message| misconfigured(&format!("{at}.path {message}")))?;
    let unfit = |unfilled: Unfilled| PushError::NeedsMapping(format!("{at}.path {path}: {unfilled}"));
    let filled = template.render(outgoing).map_err(unfit)?;
    if wanted.path.is_some() {
        return Ok(config.under_base(&filled));
    }
    let mut below = whole;
    below.set_path(&format!("{}{filled}", below.path().trim_end_matches('/')));
    Ok(below)
}

fn body(
    wanted: &PushRequest,
    outgoing: &Outgoing<'_>,
    push: &Push<'_>,
    at: &str,
) -> Result<Option<String>, PushError> {
    match (&wanted.body, outgoing.operation) {
        (Some(template), _) => {
            let template = BodyTemplate::parse(outgoing.data_type, template).map_err(|errors| {
                let first =
                    errors.into_iter().next().map(|error| format!(".{} {}", error.field, error.message));
                misconfigured(&format!("{at}.body{}", first.unwrap_or_default()))
            })?;
            Ok(Some(template.render(outgoing)))
        }
        (None, Operation::Delete) => Ok(None),
        (None, Operation::Create | Operation::Update) => {
            renamed(outgoing, push.mapping).map(Some).map_err(PushError::NeedsMapping)
        }
    }
}

fn misconfigured(sentence: &str) -> PushError {
    PushError::NotSent(ErpError::Misconfigured(sentence.to_owned()))
}

const fn method(method: PushMethod) -> Method {
    match method {
        PushMethod::Post => Method::POST,
        PushMethod::Put => Method::PUT,
        PushMethod::Patch => Method::PATCH,
        PushMethod::Delete => Method::DELETE,
    }
}
