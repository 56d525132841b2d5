//! Failures in words that a person can act on.

use std::error::Error;
use std::io;
use std::time::Duration;

use domain::json::Json;
use jiff::Timestamp;
use url::Url;

use super::request::Words;
use super::{Auth, HttpAnswer, HttpRequest, place, retry};
use crate::ErpError;

/// The most of a server's own words that is passed on, in characters.
const EXCERPT_CHARS: usize = 300;

/// No answer came.
pub(super) fn unanswered(url: &Url, error: &reqwest::Error, timeout: Duration) -> ErpError {
    if let Some(refusal) = find::<ErpError>(error) {
        return refusal.clone();
    }
    let server = url.origin().ascii_serialization();
    if let Some(error) = find::<rustls::Error>(error) {
        return tls_failure(&server, error);
    }
    if error.is_timeout() {
        let missing = if error.is_connect() { "accept a connection" } else { "answer" };
        return ErpError::Unavailable(format!(
            "{server} did not {missing} within {}: is it up, and reachable from here? A slow server may need a \
             larger settings.timeout",
            seconds(timeout)
        ));
    }
    let refused =
        find::<io::Error>(error).is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    ErpError::Unavailable(if refused {
        format!("{server} refused the connection: is it running, and is the port right?")
    } else if error.is_connect() {
        format!("{server} could not be reached: {}", cause(error))
    } else {
        format!("{server} closed the connection without an answer: {}", cause(error))
    })
}

fn tls_failure(server: &str, error: &rustls::Error) -> ErpError {
    match error {
        rustls::Error::InvalidCertificate(reason) => ErpError::Forbidden(format!(
            "the certificate of {server} is not to be trusted ({reason:?}): it must be valid for this name and \
             signed by a known authority"
        )),
        _ => ErpError::Unavailable(format!(
            "TLS with {server} failed ({error}): does it speak https on this port?"
        )),
    }
}

/// An answer began and did not end.
pub(super) fn broken_off(url: &Url, error: &reqwest::Error, timeout: Duration) -> ErpError {
    let place = place(url);
    ErpError::Unavailable(if error.is_timeout() {
        format!(
            "{place} did not finish its answer within {}: ask for fewer records at a time with settings.batchSize, \
             or give it more time with settings.timeout",
            seconds(timeout)
        )
    } else {
        format!("{place} broke off in the middle of its answer: {}", cause(error))
    })
}

/// An answer came that is no success.
pub(super) fn refused(answer: &HttpAnswer, request: &HttpRequest) -> ErpError {
    let said = answer.excerpt(request);
    let colon = if said.is_empty() { "" } else { ": " };
    let sentence = format!("{} answered {}{colon}{said}", place(&answer.url), answer.status);
    match answer.status.as_u16() {
        401 | 403 => ErpError::Unauthorized(format!("{sentence} — {}", answer.auth().advice())),
        429 => ErpError::RateLimited {
            message: format!("{sentence} — it wants to be asked less often"),
            retry_after: retry::retry_after(&answer.headers, Timestamp::now()),
        },
        404 => ErpError::Rejected(format!("{sentence} — check apiUrl and the path")),
        _ if retry::is_passing(answer.status) => ErpError::Unavailable(sentence),
        _ => ErpError::Rejected(sentence),
    }
}

/// What a server said, fit to be shown.
pub(super) fn excerpt(body: &[u8], auth: &Auth, words: Option<Words>) -> String {
    let own = || words.zip(Json::parse(body).ok()).and_then(|(words, json)| words(json));
    let said = own().or_else(|| json_message(body)).unwrap_or_else(|| {
        let start = &body[..body.len().min(16 * 1024)];
        without_markup(&String::from_utf8_lossy(start))
    });
    shown(&said, auth)
}

/// A server's words on one line, within bounds and without our secrets.
pub(super) fn shown(said: &str, auth: &Auth) -> String {
    let one_line = said.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    let scrubbed = auth.scrub(&one_line.collect::<Vec<_>>().join(" "));
    match scrubbed.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &scrubbed[..end]),
        None => scrubbed,
    }
}

/// Where JSON APIs put the sentence.
const MESSAGE_PLACES: [&str; 9] = [
    "error.message.value",
    "error.message",
    "error_description",
    "message",
    "detail",
    "error",
    "errors.0.message",
    "errors.0",
    "title",
];

fn json_message(body: &[u8]) -> Option<String> {
    let json = Json::parse(body).ok()?;
    let found = MESSAGE_PLACES.iter().find_map(|path| json.at(path)?.as_string());
    found.filter(|text| !text.trim().is_empty()).map(std::borrow::Cow::into_owned)
}

/// The title of a web page, else the text between the tags.
fn without_markup(text: &str) -> String {
    if let Some(title) = page_title(text) {
        return title.to_owned();
    }
    let mut pieces = text.split('<');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |mut clean, piece| {
        clean.push(' ');
        clean.push_str(piece.split_once('>').map_or("", |(_, text)| text));
        clean
    })
}

/// The title of a web page.
fn page_title(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let tag = lower.find("<title")?;
    let start = tag + lower[tag..].find('>')? + 1;
    let end = start + lower[start..].find("</title")?;
    Some(text[start..end].trim()).filter(|title| !title.is_empty())
}

fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

/// The innermost cause, which says most and holds no address.
pub(super) fn cause(error: &dyn Error) -> String {
    chain(error).last().map_or_else(|| "unknown".to_owned(), ToString::to_string)
}

/// The first cause of one type.
fn find<E: Error + 'static>(error: &dyn Error) -> Option<&E> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

/// The causes, outermost first. An I/O error does not count what it wraps among its sources, so it is unwrapped here.
fn chain<'a>(error: &'a dyn Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    let inner = |cause: &'a (dyn Error + 'static)| -> Option<&'a (dyn Error + 'static)> {
        match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => cause.source(),
        }
    };
    std::iter::successors(error.source(), move |&cause| inner(cause))
}
