//! Sending one record, and learning what became of it.

mod key;
mod lookup;
mod request;

use domain::change::Operation;
use domain::connection::PushSettings;
use http::StatusCode;
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, place};
use transport::session::Session;

pub(super) use lookup::find;

use super::config::HttpConfig;
use crate::rest::{self, Fate, JsonAnswer};
use crate::{Lookup, Push, PushError, Pushed};

/// Sends a record.
///
/// # Errors
/// With what is known of its fate.
pub(super) async fn send(
    session: &Session,
    config: &HttpConfig,
    push: &Push<'_>,
) -> Result<Pushed, PushError> {
    let settings = config.push_settings(push.data_type);
    let request = request::of(config, &settings, push)?;
    let answer = session.deliver(&request).await?;
    let is_duplicate = answer.status == StatusCode::CONFLICT && push.operation == Operation::Create;
    if is_duplicate && !settings.idempotent && settings.lookup.is_some() {
        return had_already(session, config, push, answer.failure(&request)).await;
    }
    match rest::fate(&answer, &request, push.operation, settings.idempotent)? {
        Fate::Done => taken(&answer, &request, push, &settings),
        Fate::WasGone => Ok(pushed(&answer, None)),
    }
}

/// Reads what came with a success.
fn taken(
    answer: &HttpAnswer,
    request: &HttpRequest,
    push: &Push<'_>,
    settings: &PushSettings,
) -> Result<Pushed, PushError> {
    let json =
        if says_something(answer) { rest::read(answer, request).map_err(PushError::Unknown)? } else { None };
    let told = match push.operation {
        Operation::Create => told_key(answer, json.as_ref(), push, settings),
        Operation::Update | Operation::Delete => None,
    };
    Ok(pushed(answer, told))
}

/// Whether an answer is, or should be, JSON. A word in plain text is as good as none.
fn says_something(answer: &HttpAnswer) -> bool {
    let text = answer.body.trim_ascii();
    let means_json =
        answer.media_type().ends_with("json") || text.starts_with(b"{") || text.starts_with(b"[");
    !text.is_empty() && (means_json || rest::is_web_page(answer, text))
}

/// The key a new record was given. What was merely accepted has none yet: its address is that of a job.
fn told_key(
    answer: &HttpAnswer,
    json: Option<&JsonAnswer<'_>>,
    push: &Push<'_>,
    settings: &PushSettings,
) -> Option<String> {
    let in_body = json.and_then(|json| key::of_answer(json, push.data_type, push.mapping, settings));
    in_body.or_else(|| {
        let location = answer.header("location").filter(|_| answer.status != StatusCode::ACCEPTED)?;
        key::of_location(&answer.url, location)
    })
}

fn pushed(answer: &HttpAnswer, erp_key: Option<String>) -> Pushed {
    Pushed { erp_key, message: format!("{} answered {}", place(&answer.url), answer.status) }
}

/// After "there is one already": if that one is ours, an earlier try had made it.
async fn had_already(
    session: &Session,
    config: &HttpConfig,
    push: &Push<'_>,
    refusal: ErpError,
) -> Result<Pushed, PushError> {
    let lookup = Lookup { data_type: push.data_type, reference: push.reference, mapping: push.mapping };
    match find(session, config, &lookup).await {
        Ok(Some(found)) => Ok(Pushed {
            erp_key: found.erp_key,
            message: format!("the ERP had it already, found by its reference {}", push.reference),
        }),
        Ok(None) => Err(PushError::Rejected(refusal)),
        Err(error) => Err(PushError::Unknown(error)),
    }
}
