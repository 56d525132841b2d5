//! How Odoo words a refusal, and what it means. Each call is a transaction: after a refusal in Odoo's own form nothing
//! of it was done. Pure.

use domain::json::{Json, Kind};
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, place};

use crate::PushError;

/// Mistakes of the credentials or of the rights of their user, by the last part of their names.
const NOT_ALLOWED: [&str; 5] =
    ["AccessDenied", "AccessError", "Unauthorized", "Forbidden", "SessionExpiredException"];

/// Mistakes that pass by themselves: several at work on one record, or too many at once.
const PASSING: [&str; 8] = [
    "ConcurrencyError",
    "DeadlockDetected",
    "InterfaceError",
    "LockError",
    "LockNotAvailable",
    "OperationalError",
    "PoolError",
    "SerializationFailure",
];

/// The mistake in an answer: in JSON-2 the answer itself, in JSON-RPC under `error.data`.
fn mistake(answer: Json<'_>) -> Option<Json<'_>> {
    let is_one = |json: &Json<'_>| {
        let is_text = |name| json.get(name).is_some_and(|value| value.kind() == Kind::String);
        is_text("name") && is_text("message")
    };
    let places = [Some(answer), answer.at("error.data")];
    places.into_iter().flatten().find(is_one)
}

/// Their sentence, and the name they give the mistake. Not `debug`, which holds the source lines of their server.
pub(super) fn words(refusal: Json<'_>) -> Option<String> {
    let Some(mistake) = mistake(refusal) else { return text(refusal.get("error")?, "message") };
    let (message, name) = (text(mistake, "message")?, text(mistake, "name")?);
    let name = name.rsplit('.').next().unwrap_or_default();
    let message = message.trim();
    Some(if message.is_empty() { name.to_owned() } else { format!("{message} ({name})") })
}

fn text(json: Json<'_>, name: &str) -> Option<String> {
    json.get(name)?.as_string().map(std::borrow::Cow::into_owned)
}

/// What an answer means that is a refusal in Odoo's own form; `fields` are those of the connection that sign in.
/// JSON-RPC refuses `with_success`: with status 200 and an `error`.
pub(super) fn of(
    answer: &HttpAnswer,
    request: &HttpRequest,
    with_success: bool,
    fields: &str,
) -> Option<ErpError> {
    let json = Json::parse(&answer.body).ok()?;
    let refuses = with_success && answer.status.is_success() && json.get("error").is_some();
    if answer.status.is_success() && !refuses {
        return None;
    }
    let name = match mistake(json) {
        Some(mistake) => text(mistake, "name").unwrap_or_default(),
        None if refuses => String::new(),
        None => return None,
    };
    let is_one_of = |names: &[&str]| names.iter().any(|last| name.rsplit('.').next() == Some(last));
    let sentence = format!("{} refused: {}", place(&answer.url), answer.excerpt(request));
    Some(if is_one_of(&NOT_ALLOWED) {
        ErpError::Unauthorized(format!(
            "{sentence} — check the connection's {fields}, and the rights of that user in Odoo"
        ))
    } else if is_one_of(&PASSING) {
        ErpError::Unavailable(sentence)
    } else {
        ErpError::Rejected(sentence)
    })
}

/// What a refusal says of a record that was sent.
pub(super) fn of_push(error: ErpError) -> PushError {
    match error {
        ErpError::Rejected(_) => PushError::Rejected(error),
        _ => PushError::NotSent(error),
    }
}
