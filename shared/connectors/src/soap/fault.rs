//! What a service says when it fails or refuses. Pure.

use transport::ErpError;
use transport::http::{HttpAnswer, place};

use super::config::FIELDS;
use super::path::value;
use crate::xml::Element;

/// The faults of WS-Security 1.0, section 12.
const SECURITY: [&str; 7] = [
    "FailedAuthentication",
    "FailedCheck",
    "InvalidSecurity",
    "InvalidSecurityToken",
    "SecurityTokenUnavailable",
    "UnsupportedAlgorithm",
    "UnsupportedSecurityToken",
];

/// The message was too old when it came: WS-Security 1.1 and the servers of several vendors.
const EXPIRED: &str = "MessageExpired";

/// A fault of either version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// Code and subcodes, the outermost first, without prefixes.
    codes: Vec<String>,
    words: String,
}

/// Whose fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Blame {
    /// We are not let in.
    Credentials,
    /// They do not know the form of the message; they did not look at what is in it.
    Form,
    /// What we sent, or what they call by a name of their own: sending it again changes nothing.
    Sender,
    /// They failed, and may not do so later.
    Receiver,
}

impl Fault {
    /// Reads the element `Fault` of a Body.
    pub(super) fn read(fault: &Element) -> Self {
        let (mut codes, mut words) = (Vec::new(), String::new());
        if let Some(code) = value(fault, "faultcode") {
            codes.extend(local(&code).split('.').map(str::to_owned));
            words = value(fault, "faultstring").unwrap_or_default();
        } else {
            let mut code = fault.children.iter().find(|child| child.name == "Code");
            while let Some(within) = code {
                codes.extend(value(within, "Value").map(|code| local(&code).to_owned()));
                code = within.children.iter().find(|child| child.name == "Subcode");
            }
            words = value(fault, "Reason.Text").unwrap_or(words);
        }
        codes.retain(|code| !code.is_empty());
        Self { codes, words }
    }

    pub(super) fn blame(&self) -> Blame {
        if self.codes.iter().any(|code| code == EXPIRED || SECURITY.contains(&code.as_str())) {
            return Blame::Credentials;
        }
        match self.codes.first().map(String::as_str) {
            Some("VersionMismatch" | "MustUnderstand" | "DataEncodingUnknown") => Blame::Form,
            Some("Server" | "Receiver") => Blame::Receiver,
            _ => Blame::Sender,
        }
    }

    /// It in words that a person can act on.
    pub(super) fn error(&self, answer: &HttpAnswer) -> ErpError {
        let codes = self.codes.join("/");
        let said = if self.words.is_empty() { &codes } else { &self.words };
        let sentence =
            format!("{} answered with the fault {codes}: {}", place(&answer.url), answer.shown(said));
        let has = |code: &str| self.codes.iter().any(|one| one == code);
        match self.blame() {
            Blame::Credentials if has(EXPIRED) => ErpError::Unauthorized(format!(
                "{sentence} — check the connection's settings.soap.timestampSeconds, and that their clock is right"
            )),
            Blame::Credentials => {
                ErpError::Unauthorized(format!("{sentence} — check the connection's {FIELDS}"))
            }
            Blame::Form if has("VersionMismatch") => {
                ErpError::Misconfigured(format!("{sentence} — check settings.soap.version"))
            }
            Blame::Form => ErpError::Misconfigured(format!(
                "{sentence} — check settings.soap.auth: the service may not know WS-Security"
            )),
            Blame::Sender => ErpError::Rejected(sentence),
            Blame::Receiver => ErpError::Unavailable(sentence),
        }
    }
}

/// A qualified name without its prefix.
fn local(name: &str) -> &str {
    name.rsplit(':').next().unwrap_or_default()
}
