//! What their refusals mean. Tryton answers 200 and `{"error": [name of the exception, its arguments]}`; of an exception
//! of Python's own it gives the text and a traceback, which is not shown. Pure.

use domain::json::{Json, Kind};
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, place};

use crate::{PushError, rest};

/// A call that was understood and not done. Their transaction was taken back.
#[derive(Debug)]
pub(super) struct Refusal {
    kind: String,
    sentence: String,
}

impl Refusal {
    fn of(error: Json<'_>, answer: &HttpAnswer, request: &HttpRequest) -> Self {
        let kind = error.at("0").map(text).unwrap_or_default();
        // Their words go through the excerpt, which is short and holds no secret.
        let said = answer.excerpt(request);
        Self { kind, sentence: format!("{} refused it: {said}", place(&answer.url)) }
    }

    pub(super) fn to_error(&self) -> ErpError {
        let sentence = self.sentence.clone();
        match self.kind.as_str() {
            "ConcurrencyException" => ErpError::Unavailable(sentence),
            "LoginException" => ErpError::Unauthorized(sentence),
            _ => ErpError::Rejected(sentence),
        }
    }

    pub(super) fn to_push_error(&self) -> PushError {
        match self.to_error() {
            error @ ErpError::Rejected(_) => PushError::Rejected(error),
            error => PushError::NotSent(error),
        }
    }
}

/// The result of a call.
///
/// # Errors
/// `Malformed` if it is no answer to a call; inside, the refusal.
pub(super) fn result(
    answer: &HttpAnswer,
    request: &HttpRequest,
) -> Result<Result<String, Refusal>, ErpError> {
    let json = rest::read(answer, request)?;
    let member = |name: &str| json.as_ref().and_then(|json| json.at(name));
    if let Some(error) = member("error") {
        return Ok(Err(Refusal::of(error, answer, request)));
    }
    let result = member("result").map(|result| Ok(super::values::plain(result)));
    result.ok_or_else(|| {
        ErpError::Malformed(format!(
            "{} answered with neither a result nor an error: {}",
            place(&answer.url),
            answer.excerpt(request)
        ))
    })
}

/// Their sentence: message and description of what they tell users, and the name or text of any other exception.
pub(super) fn words(refusal: Json<'_>) -> Option<String> {
    let error = refusal.get("error")?;
    let name = error.at("0").map(text)?;
    let arguments = error.at("1").filter(|arguments| arguments.kind() == Kind::Array).map(Json::items);
    let told: Vec<String> = match (name.as_str(), arguments) {
        // A warning begins with a name of its own, by which it could be switched off.
        ("UserWarning", Some(arguments)) => arguments.into_iter().skip(1).map(text).collect(),
        (_, Some(arguments)) => arguments.into_iter().map(text).collect(),
        ("ConcurrencyException", None) => error.at("1").map(text).into_iter().collect(),
        (_, None) => vec![],
    };
    let told: Vec<_> = told.into_iter().filter(|part| !part.is_empty()).collect();
    Some(if told.is_empty() { name } else { format!("{} ({name})", told.join(" ")) })
}

/// A text; empty for anything else.
fn text(json: Json<'_>) -> String {
    json.as_string().unwrap_or_default().into_owned()
}
