//! From a record to the request that sends it. Pure.

use std::borrow::Cow;

use bytes::Bytes;
use domain::change::Operation;
use domain::connection::{PushMethod, PushRequest, PushSettings};
use domain::template::{Outgoing, PathTemplate, Unfilled, renamed};
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method};
use transport::ErpError;
use transport::http::HttpRequest;
use url::Url;

use super::super::config::{HttpConfig, add_headers};
use crate::{Push, PushError, rest};

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
    let outgoing = rest::outgoing(push, settings.numbers);
    let (name, wanted) = rest::request_of(settings, push.operation);
    let usual = match push.operation {
        Operation::Create => Method::POST,
        Operation::Update => Method::PUT,
        Operation::Delete => Method::DELETE,
    };
    if push.operation != Operation::Delete {
        rest::is_whole(&outgoing, &settings.requires)?;
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
        (Some(template), _) => rest::filled(template, outgoing, at).map(Some),
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
