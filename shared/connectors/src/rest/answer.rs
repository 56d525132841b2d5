//! Reading an answer as JSON, or saying in words what came instead.

use domain::json::{Json, Opened};
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, place};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A JSON answer whose outermost parts are at hand, so that looking for many of them reads the text once.
#[derive(Debug)]
pub(crate) struct JsonAnswer<'a>(pub(crate) Opened<'a>);

impl<'a> JsonAnswer<'a> {
    /// What a dotted path leads to. A member whose own name holds dots, such as `@odata.count`, is found as such.
    pub(crate) fn at(&self, path: &str) -> Option<Json<'a>> {
        let member = |name: &str| self.0.members.iter().find(|(key, _)| key == name).map(|(_, value)| *value);
        member(path).or_else(|| {
            let (first, rest) = path.split_once('.')?;
            member(first)?.at(rest)
        })
    }
}

impl<'a> From<Json<'a>> for JsonAnswer<'a> {
    fn from(json: Json<'a>) -> Self {
        Self(json.into())
    }
}

/// Reads an answer; `None` if it says that there is no content.
///
/// # Errors
/// `Malformed`, with what came instead of JSON.
pub(crate) fn read<'a>(
    answer: &'a HttpAnswer,
    request: &HttpRequest,
) -> Result<Option<JsonAnswer<'a>>, ErpError> {
    let text = answer.body.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&answer.body).trim_ascii();
    let place = place(&answer.url);
    if text.is_empty() {
        let status = answer.status;
        return if status == http::StatusCode::NO_CONTENT {
            Ok(None)
        } else {
            Err(ErpError::Malformed(format!("{place} answered {status} with nothing in it instead of JSON")))
        };
    }
    match Opened::parse(text) {
        Ok(opened) => Ok(Some(JsonAnswer(opened))),
        Err(error) => {
            Err(ErpError::Malformed(format!("{place} {}", what_came(answer, request, text, &error))))
        }
    }
}

fn what_came(answer: &HttpAnswer, request: &HttpRequest, text: &[u8], error: &serde_json::Error) -> String {
    let said = answer.excerpt(request);
    if is_web_page(answer, text) {
        format!("answered a web page (\"{said}\") instead of JSON: check apiUrl, the path and the sign-in")
    } else if text.starts_with(b"<") {
        format!("answered XML instead of JSON: {said}")
    } else if error.is_eof() {
        format!("answered half a JSON: it ends after {} bytes ({error})", text.len())
    } else {
        format!("answered something that is not JSON ({error}): {said}")
    }
}

/// Whether an answer is meant for a browser.
pub(crate) fn is_web_page(answer: &HttpAnswer, text: &[u8]) -> bool {
    let start = text[..text.len().min(64)].to_ascii_lowercase();
    answer.media_type() == "text/html" || start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}
