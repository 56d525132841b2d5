//! Reading an answer as JSON, or saying in words what came instead.

use std::io::Read;

use domain::json::{Json, Kind, Opened, without_non_finite};
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, place};

use crate::encoding::{Charset, Utf8Reader};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// A JSON answer whose outermost parts are at hand, so that looking for many of them reads the text once.
#[derive(Debug)]
pub(crate) struct JsonAnswer<'a>(pub(crate) Opened<'a>);

impl<'a> JsonAnswer<'a> {
    /// What a dotted path leads to. A member whose own name holds dots, such as `@odata.count`, is found as such.
    pub(crate) fn at(&self, path: &str) -> Option<Json<'a>> {
        let members = || self.0.members.iter().rev();
        let member = |name: &str| members().find(|(key, _)| key == name).map(|(_, value)| *value);
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

/// Makes an answer one that can be read: its text as UTF-8, whatever the content type or its first bytes say it is in, and
/// numbers that JSON does not have as null. Says what a person should know of it.
pub(crate) fn normalize(answer: &mut HttpAnswer) -> Option<String> {
    // Many name a charset that they do not use: what reads as UTF-8 beyond ASCII is that.
    let is_utf_8 = !answer.body.is_ascii() && std::str::from_utf8(&answer.body).is_ok();
    let charset = charset(answer).filter(|charset| *charset != encoding_rs::UTF_8 && !is_utf_8);
    let is_utf_16 =
        matches!(answer.body[..], [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, 1..=127, ..] | [1..=127, 0, ..]);
    if charset.is_some() || is_utf_16 {
        let mut text = Vec::with_capacity(answer.body.len());
        let mut reader = Utf8Reader::new(&answer.body[..], charset.map(Charset::Web));
        if reader.read_to_end(&mut text).is_ok() {
            answer.body = text.into();
        }
    }
    let has_word = |word: &[u8]| memchr::memmem::find(&answer.body, word).is_some();
    if !has_word(b"NaN") && !has_word(b"Infinity") {
        return None;
    }
    answer.body = without_non_finite(&answer.body)?.into();
    Some("the ERP sent NaN or Infinity, which are no numbers: they were read as no value".to_owned())
}

/// The encoding that the content type names.
pub(crate) fn charset(answer: &HttpAnswer) -> Option<&'static encoding_rs::Encoding> {
    let content_type = answer.header("content-type")?;
    let value = content_type.split(';').find_map(|part| part.trim().strip_prefix("charset="))?;
    encoding_rs::Encoding::for_label(value.trim_matches('"').as_bytes())
}

/// What an answer says that is called a success and is none: `{"success": false, "error": "token expired"}`. Nothing is
/// looked at but the members of the answer itself.
pub(crate) fn tells_failure(answer: &JsonAnswer<'_>) -> bool {
    answer.0.members.iter().any(|(name, value)| {
        let text = value.as_string().unwrap_or_default().to_ascii_lowercase();
        let says_no = || value.text() == "false" || text == "false";
        let says_yes = || value.text() == "true" || text == "true";
        match name.as_ref() {
            "success" | "Success" | "ok" | "isSuccess" => says_no(),
            "isError" | "hasError" | "hasErrors" => says_yes(),
            "error" | "errors" | "Error" | "fault" | "Fault" | "exception" => is_something(*value),
            "status" | "result" | "Status" => {
                matches!(text.as_str(), "error" | "fail" | "failed" | "failure" | "nok" | "exception")
            }
            _ => false,
        }
    })
}

/// Whether a value is more than nothing, however nothing is written.
fn is_something(value: Json<'_>) -> bool {
    match value.kind() {
        Kind::Null => false,
        Kind::Bool => value.text() == "true",
        Kind::Number => value.text() != "0",
        Kind::String => {
            let text = value.as_string().unwrap_or_default().trim().to_ascii_lowercase();
            !matches!(text.as_str(), "" | "0" | "false" | "none" | "null" | "ok" | "no")
        }
        Kind::Array => !value.items().is_empty(),
        Kind::Object => !value.members().is_empty(),
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
        // A connection that was cut, or a proxy that gave up: asked again, the whole may come.
        Err(error) if error.is_eof() && !is_web_page(answer, text) => {
            let bytes = text.len();
            Err(ErpError::Unavailable(format!(
                "{place} answered half a JSON: it ends after {bytes} bytes ({error})"
            )))
        }
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
    } else {
        format!("answered something that is not JSON ({error}): {said}")
    }
}

/// Whether an answer is meant for a browser.
pub(crate) fn is_web_page(answer: &HttpAnswer, text: &[u8]) -> bool {
    let start = text[..text.len().min(64)].to_ascii_lowercase();
    answer.media_type() == "text/html" || start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_that_tells_a_failure_is_told_from_one_that_does_not() {
        let tells = |body: &str| tells_failure(&Json::parse(body.as_bytes()).unwrap().into());
        for failure in [
            r#"{"success":false,"error":"token expired"}"#,
            r#"{"status":"error","message":"quota","data":[]}"#,
            r#"{"data":[],"errors":[{"message":"internal"}]}"#,
            r#"{"data":null,"error":{"code":500}}"#,
            r#"{"ok":"false"}"#,
            r#"{"isError":true}"#,
            r#"{"result":"FAIL"}"#,
            r#"{"error":1}"#,
        ] {
            assert!(tells(failure), "{failure}");
        }
        for success in [
            r#"{"success":true,"error":null,"data":[]}"#,
            r#"{"status":"ok","errors":[],"error":""}"#,
            r#"{"error":0,"errors":{},"fault":false}"#,
            r#"{"error":"none","data":[]}"#,
            r#"{"data":[{"status":"error","error":"broken seal"}]}"#,
            r#"[{"success":false}]"#,
        ] {
            assert!(!tells(success), "{success}");
        }
    }
}
