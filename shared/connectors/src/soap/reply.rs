//! Reading an answer: the Body of its envelope, or the fault in it, whatever the status says.

use std::io::BufReader;

use domain::connection::providers::soap::SoapSign;
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, is_turned_away, place};

use super::fault::{Blame, Fault};
use super::path::value;
use crate::encoding::{Charset, Utf8Reader};
use crate::rest;
use crate::rest::charset;
use crate::xml::{Element, Parser, Step, XmlError};

/// A fault is no longer than this, in bytes.
const LONGEST_FAULT: usize = 256 * 1024;

/// An answer, and what was asked.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) answer: HttpAnswer,
    pub(super) request: HttpRequest,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Body(Element),
    /// A Body that holds a fault.
    Fault(Element, Fault),
    Nothing,
    /// Something else, and why it is no envelope.
    Unreadable(String),
}

impl Reply {
    pub(super) fn new(answer: HttpAnswer, request: HttpRequest) -> Self {
        let content = content(&answer);
        Self { answer, request, content }
    }

    /// The words of a sign, if it is there.
    pub(super) fn shows(&self, sign: Option<&SoapSign>) -> Option<String> {
        let (sign, body) = (sign?, self.anything()?);
        let found = value(body, &sign.path)?;
        let counts = if sign.values.is_empty() { !found.is_empty() } else { sign.values.contains(&found) };
        let words = sign.words_path.as_deref().and_then(|path| value(body, path));
        counts.then(|| words.filter(|words| !words.is_empty()).unwrap_or(found))
    }

    /// That the service refused, in its words.
    pub(super) fn refused(&self, sign: Option<&SoapSign>) -> Option<ErpError> {
        let words = self.shows(sign)?;
        let place = place(&self.answer.url);
        Some(ErpError::Rejected(format!("{place} refused: {}", self.answer.shown(&words))))
    }

    /// Its fault, unless the status says more.
    pub(super) fn fault(&self) -> Option<&Fault> {
        match &self.content {
            Content::Fault(_, fault) if !status_says_more(&self.answer) => Some(fault),
            _ => None,
        }
    }

    /// What stands in the Body of a success.
    ///
    /// # Errors
    /// With the fault or failure it is, or `Malformed` with what came instead.
    pub(super) fn body(&self) -> Result<&Element, ErpError> {
        match &self.content {
            Content::Body(body) if self.answer.status.is_success() => Ok(body),
            _ => Err(self.failure()),
        }
    }

    /// Whether the service took the message and had nothing to say.
    pub(super) fn is_empty_success(&self) -> bool {
        self.answer.status.is_success() && matches!(self.content, Content::Nothing)
    }

    /// What is wrong with it, given that something is.
    fn failure(&self) -> ErpError {
        let (place, status) = (place(&self.answer.url), self.answer.status);
        match &self.content {
            Content::Fault(_, fault) if !status_says_more(&self.answer) => fault.error(&self.answer),
            Content::Nothing if status.is_success() => ErpError::Malformed(format!(
                "{place} answered {status} with nothing in it instead of an envelope"
            )),
            Content::Unreadable(_)
                if status.is_success() && rest::is_web_page(&self.answer, &self.answer.body) =>
            {
                let said = self.answer.excerpt(&self.request);
                ErpError::Malformed(format!(
                    "{place} answered a web page (\"{said}\") instead of an envelope: check apiUrl"
                ))
            }
            Content::Unreadable(reason) if status.is_success() => {
                let said = self.answer.excerpt(&self.request);
                ErpError::Malformed(format!("{place} answered what is no SOAP envelope ({reason}): {said}"))
            }
            _ => self.answer.failure(&self.request),
        }
    }

    fn anything(&self) -> Option<&Element> {
        match &self.content {
            Content::Body(body) | Content::Fault(body, _) => Some(body),
            Content::Nothing | Content::Unreadable(_) => None,
        }
    }
}

/// Whether a status says by itself what to do: sign in, or come later.
fn status_says_more(answer: &HttpAnswer) -> bool {
    matches!(answer.status.as_u16(), 401 | 403) || is_turned_away(answer.status)
}

/// Whether another try may help: a fault says more than the status it comes with, which is 500 in SOAP 1.1 whosever
/// fault it is.
pub(super) fn passes(answer: &HttpAnswer) -> Option<bool> {
    let is_small = answer.body.len() <= LONGEST_FAULT;
    let may_be_fault = is_small && answer.body.windows(5).any(|bytes| bytes == b"Fault");
    if !may_be_fault || status_says_more(answer) {
        return None;
    }
    match content(answer) {
        Content::Fault(_, fault) => Some(fault.blame() == Blame::Receiver),
        _ => None,
    }
}

fn content(answer: &HttpAnswer) -> Content {
    if answer.body.trim_ascii().is_empty() {
        return Content::Nothing;
    }
    match envelope_body(answer) {
        Err(reason) => Content::Unreadable(reason),
        Ok(body) => match body.children.iter().find(|child| child.name == "Fault").map(Fault::read) {
            Some(fault) => Content::Fault(body, fault),
            None => Content::Body(body),
        },
    }
}

fn envelope_body(answer: &HttpAnswer) -> Result<Element, String> {
    if answer.media_type().starts_with("multipart/") {
        return Err("it comes in several parts, as with attachments, which are not read".to_owned());
    }
    let text = Utf8Reader::new(&answer.body[..], charset(answer).map(Charset::Web));
    let mut parser = Parser::new(BufReader::new(text));
    let root = root(&mut parser).map_err(|error| match error {
        XmlError::Text(reason) => reason,
        XmlError::Source(error) => error.to_string(),
    })?;
    if root.name != "Envelope" {
        return Err(format!("it begins with {}", root.name));
    }
    let body = root.children.into_iter().find(|child| child.name == "Body");
    body.ok_or_else(|| "it has no Body".to_owned())
}

fn root(parser: &mut Parser<impl std::io::BufRead>) -> Result<Element, XmlError> {
    loop {
        match parser.step()? {
            Step::Start(root) => return parser.rest_of(root, 1),
            Step::Text(text) if text.trim().is_empty() => {}
            Step::Text(_) | Step::End => return Err(XmlError::Text("it is no XML".to_owned())),
            Step::Eof => return Err(XmlError::Text("it holds no XML element".to_owned())),
        }
    }
}
