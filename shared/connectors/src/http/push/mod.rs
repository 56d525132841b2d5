//! Sending one record, and learning what became of it.

mod key;
mod lookup;
mod request;

use domain::change::Operation;
use domain::connection::PushSettings;
use http::StatusCode;
use transport::ErpError;
use transport::http::{HttpAnswer, HttpClient, HttpRequest, is_turned_away, place};

pub(super) use lookup::find;

use super::answer::{self, JsonAnswer};
use super::config::HttpConfig;
use crate::{Lookup, Push, PushError, Pushed};

/// Sends a record.
///
/// # Errors
/// With what is known of its fate.
pub(super) async fn send(
    http: &HttpClient,
    config: &HttpConfig,
    push: &Push<'_>,
) -> Result<Pushed, PushError> {
    let settings = config.push_settings(push.data_type);
    let request = request::of(config, &settings, push)?;
    let answer = http.deliver(&request).await?;
    let is_duplicate = answer.status == StatusCode::CONFLICT && push.operation == Operation::Create;
    if is_duplicate && !settings.idempotent && settings.lookup.is_some() {
        return had_already(http, config, push, answer.failure(&request)).await;
    }
    judge(&answer, &request, push, &settings)
}

/// What an answer says of the record's fate.
fn judge(
    answer: &HttpAnswer,
    request: &HttpRequest,
    push: &Push<'_>,
    settings: &PushSettings,
) -> Result<Pushed, PushError> {
    let failure = || answer.failure(request);
    match (answer.status.as_u16(), push.operation) {
        (200..=299, _) => taken(answer, request, push, settings),
        (404 | 410, Operation::Delete) => Ok(pushed(answer, None)),
        (401, _) => Err(PushError::NotSent(failure())),
        _ if is_turned_away(answer.status) => Err(PushError::NotSent(failure())),
        (409, Operation::Create) if settings.idempotent => {
            Err(PushError::Unknown(ErpError::Unavailable(format!(
                "{}: the ERP is still at work on an earlier request with the same Idempotency-Key",
                failure()
            ))))
        }
        (408, _) => Err(PushError::Unknown(failure())),
        (400..=499, _) => Err(PushError::Rejected(failure())),
        _ => Err(PushError::Unknown(failure())),
    }
}

/// Reads what came with a success.
fn taken(
    answer: &HttpAnswer,
    request: &HttpRequest,
    push: &Push<'_>,
    settings: &PushSettings,
) -> Result<Pushed, PushError> {
    let json = if says_something(answer) {
        answer::read(answer, request).map_err(PushError::Unknown)?
    } else {
        None
    };
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
    !text.is_empty() && (means_json || answer::is_web_page(answer, text))
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
    http: &HttpClient,
    config: &HttpConfig,
    push: &Push<'_>,
    refusal: ErpError,
) -> Result<Pushed, PushError> {
    let lookup = Lookup { data_type: push.data_type, reference: push.reference, mapping: push.mapping };
    match find(http, config, &lookup).await {
        Ok(Some(found)) => Ok(Pushed {
            erp_key: found.erp_key,
            message: format!("the ERP had it already, found by its reference {}", push.reference),
        }),
        Ok(None) => Err(PushError::Rejected(refusal)),
        Err(error) => Err(PushError::Unknown(error)),
    }
}
