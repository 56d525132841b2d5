//! Reading an answer: the Body of its envelope, or the fault in it, whatever the status says.

use std::io::BufReader;

use domain::connection::providers::soap::SoapSign;
use domain::json::Opened;
use encoding_rs::Encoding;
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, is_turned_away, place};

use super::fault::{Blame, Fault};
use crate::encoding::Utf8Reader;
use crate::rest;
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
    let text = Utf8Reader::new(&answer.body[..], charset(answer));
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

/// The encoding that the content type names, which goes before what the document says (RFC 7303, section 3).
fn charset(answer: &HttpAnswer) -> Option<&'static Encoding> {
    let content_type = answer.header("content-type")?;
    let value = content_type.split(';').find_map(|part| part.trim().strip_prefix("charset="))?;
    Encoding::for_label(value.trim_matches('"').as_bytes())
}

/// The text at a path below an element, without space around it: of an element with everything in it, or of an
/// attribute.
pub(super) fn value(from: &Element, path: &str) -> Option<String> {
    let (above, last) = path.rsplit_once('.').unwrap_or(("", path));
    all(from, above).into_iter().find_map(|parent| {
        let child = parent.children.iter().find(|child| child.name == last).map(whole_text);
        let attribute = || parent.attributes.iter().find(|(name, _)| name == last);
        child.or_else(|| attribute().map(|(_, value)| value.trim().to_owned()))
    })
}

fn whole_text(element: &Element) -> String {
    let own = Some(element.text.trim().to_owned());
    let texts = own.into_iter().chain(element.children.iter().map(whole_text));
    texts.filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" ")
}

fn all<'a>(from: &'a Element, path: &str) -> Vec<&'a Element> {
    let steps = path.split('.').filter(|step| !step.is_empty());
    steps.fold(vec![from], |here, step| below(&here, step))
}

fn below<'a>(parents: &[&'a Element], name: &str) -> Vec<&'a Element> {
    parents.iter().flat_map(|parent| &parent.children).filter(|child| child.name == name).collect()
}

/// The records of a Body. Where what should hold them is empty there are none; where it holds something else, the path
/// is wrong.
///
/// # Errors
/// With what is there instead.
pub(super) fn records<'a>(body: &'a Element, path: &str) -> Result<Vec<&'a Element>, String> {
    let steps: Vec<&str> = path.split('.').collect();
    let mut here = vec![body];
    for (position, step) in steps.iter().enumerate() {
        let next = below(&here, step);
        let is_last = position + 1 == steps.len();
        if next.is_empty() {
            let mut names: Vec<&str> =
                here.iter().flat_map(|parent| &parent.children).map(|child| child.name.as_str()).collect();
            names.dedup();
            names.truncate(12);
            return match (position, &names[..]) {
                (0, []) => Err(format!("it has nothing in the Body where recordPath is {path}")),
                (1.., []) => Ok(Vec::new()),
                (1.., _) if is_last => Ok(Vec::new()),
                _ => Err(format!("recordPath is {path}, but there is no {step}, only {}", names.join(", "))),
            };
        }
        here = next;
    }
    Ok(here)
}

/// Records as a JSON list.
pub(super) fn to_json(records: &[&Element]) -> Vec<u8> {
    let mut json = vec![b'['];
    for (position, record) in records.iter().enumerate() {
        if position > 0 {
            json.push(b',');
        }
        record.write_record(&mut json);
    }
    json.push(b']');
    json
}

/// A list that was written by [`to_json`], opened.
///
/// # Errors
/// `Malformed`, which never comes.
pub(super) fn opened(json: &[u8]) -> Result<Opened<'_>, ErpError> {
    Opened::parse(json).map_err(|error| ErpError::Malformed(format!("the records cannot be read: {error}")))
}

/// Whether a value of a record is the reference.
pub(super) fn holds(record: &Element, reference: &str) -> bool {
    record.text.trim() == reference
        || record.attributes.iter().any(|(_, value)| value.trim() == reference)
        || record.children.iter().any(|child| holds(child, reference))
}
