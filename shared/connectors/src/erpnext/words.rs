//! How Frappe words a refusal (`frappe/utils/response.py`). Pure.

use domain::json::Json;

/// Refusals that pass by themselves: somebody else was at work on the document (`frappe/exceptions.py`).
const PASSING: [&str; 2] = ["TimestampMismatchError", "DocumentLockedError"];

/// Their sentences, without markup and without the traceback, and the name they give the mistake.
pub(super) fn words(refusal: Json<'_>) -> Option<String> {
    let kind = kind(refusal);
    let mut sentences = server_messages(refusal);
    if sentences.is_empty() {
        sentences.extend(exception(refusal));
    }
    match (sentences.is_empty(), kind) {
        (true, kind) => kind,
        (false, Some(kind)) => Some(format!("{} ({kind})", sentences.join("; "))),
        (false, None) => Some(sentences.join("; ")),
    }
}

/// Whether what was refused may be taken a little later.
pub(super) fn is_passing(refusal: &[u8]) -> bool {
    let kind = Json::parse(refusal).ok().and_then(kind);
    kind.is_some_and(|kind| PASSING.contains(&kind.as_str()))
}

fn kind(refusal: Json<'_>) -> Option<String> {
    let kind = refusal.get("exc_type").and_then(Json::as_string);
    kind.map(std::borrow::Cow::into_owned).filter(|kind| !kind.is_empty())
}

/// `_server_messages` is a JSON list in a text, and each message in it is a JSON object in a text again.
fn server_messages(refusal: Json<'_>) -> Vec<String> {
    let text = refusal.get("_server_messages").and_then(Json::as_string).unwrap_or_default();
    let messages: Vec<String> = serde_json::from_str(&text).unwrap_or_default();
    let mut sentences = Vec::new();
    for message in &messages {
        let told = Json::parse(message.as_bytes()).ok().and_then(|json| json.get("message")?.as_string());
        let sentence = without_markup(&told.unwrap_or_default());
        if !sentence.is_empty() && !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}

/// The last line of the traceback: `frappe.exceptions.MandatoryError: [Sales Order, …]: customer`.
fn exception(refusal: Json<'_>) -> Option<String> {
    let exception = refusal.get("exception")?.as_string()?;
    let (_, sentence) = exception.split_once(": ")?;
    Some(without_markup(sentence)).filter(|sentence| !sentence.is_empty())
}

/// A text without its tags.
fn without_markup(html: &str) -> String {
    let mut pieces = html.split('<');
    let first = pieces.next().unwrap_or_default().to_owned();
    let text = pieces.fold(first, |mut text, piece| {
        match piece.split_once('>') {
            Some((_, behind)) => text.push_str(behind),
            None => text.extend(["<", piece]),
        }
        text
    });
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn said(body: &serde_json::Value) -> Option<String> {
        words(Json::parse(body.to_string().as_bytes()).unwrap())
    }

    #[test]
    fn a_sentence_is_found_in_a_text_in_a_text_and_loses_its_tags() {
        let message =
            json!({"message": "Sales Order <strong>SO-1</strong> already exists", "indicator": "red"});
        let messages = json!([message.to_string(), message.to_string()]).to_string();
        let body = json!({"exception": "frappe.exceptions.ValidationError: x", "exc_type": "ValidationError",
            "exc": "[\"Traceback (most recent call last) …\"]", "_server_messages": messages});
        assert_eq!(said(&body).unwrap(), "Sales Order SO-1 already exists (ValidationError)");
    }

    #[test]
    fn without_messages_the_exception_speaks_and_never_the_traceback() {
        let exception = "frappe.exceptions.MandatoryError: [Sales Order, SO-1]: customer";
        let body = json!({"exception": exception, "exc_type": "MandatoryError", "exc": "[\"Traceback\"]"});
        assert_eq!(said(&body).unwrap(), "[Sales Order, SO-1]: customer (MandatoryError)");
        assert_eq!(said(&json!({"exc_type": "PermissionError"})).unwrap(), "PermissionError");
        assert_eq!(said(&json!({"message": "Not found"})), None);
    }

    #[test]
    fn what_somebody_else_was_at_work_on_may_be_taken_later() {
        assert!(is_passing(br#"{"exc_type": "TimestampMismatchError"}"#));
        assert!(!is_passing(br#"{"exc_type": "ValidationError"}"#));
        assert!(!is_passing(b"<html>"));
    }
}
