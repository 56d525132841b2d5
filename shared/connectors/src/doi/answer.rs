//! What an answer says of the fate of a document that was sent: the standard's own words where there are some, whatever
//! the status of HTTP.

use domain::change::Operation;
use domain::connection::DoiDialect;
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, place};

use super::config::Config;
use super::incoming::text_of_document;
use super::xml::{self, Element};
use crate::rest::{charset, fate, is_web_page};
use crate::{PushError, Pushed};

/// What the ERP said in a document of its own.
enum Said {
    /// It has it.
    Taken(String),
    /// It understood and refused.
    Refused(String),
    /// It did nothing, because of who we are.
    Unauthorized(String),
    /// It failed, and may have done something or nothing.
    Failed(String),
}

/// Reads the answer to a document.
///
/// # Errors
/// With what is known of its fate.
pub(super) fn judge(
    config: &Config,
    answer: &HttpAnswer,
    request: &HttpRequest,
    operation: Operation,
) -> Result<Pushed, PushError> {
    let place = place(&answer.url);
    let read = read(answer);
    let said = read.as_ref().ok().and_then(said);
    match said {
        Some(Said::Taken(words)) => Ok(pushed(config, &place, &words)),
        Some(Said::Refused(words)) => {
            Err(PushError::Rejected(ErpError::Rejected(told(config, &place, &words))))
        }
        Some(Said::Unauthorized(words)) => {
            let sentence = told(config, &place, &words);
            Err(PushError::NotSent(ErpError::Unauthorized(format!(
                "{sentence} — check the connection's doiSharedSecret, and settings.doi.from, to and sender"
            ))))
        }
        Some(Said::Failed(words)) => {
            Err(PushError::Unknown(ErpError::Unavailable(told(config, &place, &words))))
        }
        None => {
            fate(answer, request, operation, config.repeats_safely())?;
            // It was taken as far as HTTP goes.
            match without_words(config, answer, read) {
                Ok(()) => {
                    Ok(Pushed { erp_key: None, message: format!("{place} answered {}", answer.status) })
                }
                Err(reason) => Err(PushError::Unknown(ErpError::Malformed(format!(
                    "{place} answered {}, but {reason}",
                    answer.status
                )))),
            }
        }
    }
}

/// An answer as a document, in the encoding that it names.
fn read(answer: &HttpAnswer) -> Result<Element, String> {
    let text = text_of_document(&answer.body, charset(answer).map(encoding_rs::Encoding::name))?;
    xml::parse(text.as_bytes())
}

/// Whether a success without a word of the standard is one. A page that asks to sign in never is, and cXML answers
/// every document.
fn without_words(config: &Config, answer: &HttpAnswer, read: Result<Element, String>) -> Result<(), String> {
    if config.doi.dialect == Some(DoiDialect::Cxml) {
        return Err(match read {
            Ok(root) => format!("with <{}> in place of a cXML Response: check doiEndpoint", root.name),
            Err(reason) => format!("without a cXML Response: {reason}"),
        });
    }
    // XML that cannot be read may hold a refusal.
    if let Err(reason) = &read
        && answer.body.trim_ascii().starts_with(b"<?xml")
    {
        return Err(format!("its document cannot be read: {reason}"));
    }
    let is_page = is_web_page(answer, answer.body.trim_ascii())
        || read.is_ok_and(|root| root.name.eq_ignore_ascii_case("html"));
    if is_page { Err("with a web page: check doiEndpoint".to_owned()) } else { Ok(()) }
}

fn said(root: &Element) -> Option<Said> {
    match root.name.as_str() {
        "cXML" => of_status(root.at("Response/Status")?),
        "OrderResponse" => of_code(root, root.text_at("OrderResponseCode").unwrap_or("AP")),
        "OrderResponseSimple" => {
            let accepted = matches!(root.text_at("AcceptedIndicator")?, "true" | "1");
            of_code(root, if accepted { "AP" } else { "RE" })
        }
        "ApplicationResponse" => {
            let response = root.at("DocumentResponse/Response")?;
            of_code(root, response.text_at("ResponseCode").unwrap_or("AB"))
        }
        _ => None,
    }
}

/// By the code of cXML: 2xx is received, 4xx will be refused as often as it comes, 5xx may pass.
fn of_status(status: &Element) -> Option<Said> {
    let code = status.attribute("code")?;
    let words = [Some(code), status.attribute("text"), status.content()];
    let words = words.into_iter().flatten().collect::<Vec<_>>().join(" ");
    Some(match code.as_bytes() {
        b"401" => Said::Unauthorized(words),
        [b'2', _, _] => Said::Taken(words),
        [b'4', _, _] => Said::Refused(words),
        _ => Said::Failed(words),
    })
}

/// By the code of UBL: RE is rejected; AB, AP and CA are received, accepted, and accepted on a condition.
fn of_code(root: &Element, code: &str) -> Option<Said> {
    let refused = code.eq_ignore_ascii_case("RE");
    let mut words = vec![root.name.as_str(), code];
    let notes = root.all("RejectionNote").chain(root.all("Note"));
    words.extend(notes.filter_map(Element::content));
    if let Some(response) = root.at("DocumentResponse/Response") {
        words.extend(response.all("Description").filter_map(Element::content));
    }
    let words = words.join(" ");
    Some(if refused { Said::Refused(words) } else { Said::Taken(words) })
}

fn told(config: &Config, place: &str, words: &str) -> String {
    format!("{place} answered: {}", config.words(words))
}

fn pushed(config: &Config, place: &str, words: &str) -> Pushed {
    Pushed { erp_key: None, message: told(config, place, words) }
}

/// What a cXML endpoint says to a profile request, and whether it knows us: 450 is a receiver that knows no profiles.
///
/// # Errors
/// With its refusal, or with why its answer cannot be read.
pub(super) fn profile(
    config: &Config,
    answer: &HttpAnswer,
    request: &HttpRequest,
) -> Result<String, ErpError> {
    let place = place(&answer.url);
    let read = read(answer);
    let status = read.as_ref().ok().and_then(|root| root.at("Response/Status"));
    let Some(status) = status else {
        if !answer.status.is_success() {
            return Err(answer.failure(request));
        }
        let reason = match read {
            Ok(root) => format!("<{}> came", root.name),
            Err(reason) => reason,
        };
        return Err(ErpError::Malformed(format!("{place} must answer with a cXML Response, but {reason}")));
    };
    match of_status(status) {
        Some(Said::Taken(words)) => Ok(words),
        Some(Said::Refused(words)) if words.starts_with("450") => Ok(words),
        Some(Said::Refused(words)) => Err(ErpError::Rejected(told(config, &place, &words))),
        Some(Said::Failed(words)) => Err(ErpError::Unavailable(told(config, &place, &words))),
        Some(Said::Unauthorized(words)) => Err(ErpError::Unauthorized(format!(
            "{} — check the connection's doiSharedSecret, and settings.doi.from, to and sender",
            told(config, &place, &words)
        ))),
        None => Err(ErpError::Malformed(format!("{place} answered with a Status that has no code"))),
    }
}
