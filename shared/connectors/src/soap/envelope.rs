//! The envelope around what is sent, and how it is announced.

use std::sync::Arc;

use bytes::Bytes;
use domain::connection::providers::soap::SoapVersion;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue};
use transport::ErpError;
use transport::http::FreshBody;

use super::config::misconfigured;
use super::security::UsernameToken;

const SOAP_ACTION: HeaderName = HeaderName::from_static("soapaction");

/// The namespace of a version's envelope.
pub(super) const fn namespace(version: SoapVersion) -> &'static str {
    match version {
        SoapVersion::V11 => "http://schemas.xmlsoap.org/soap/envelope/",
        SoapVersion::V12 => "http://www.w3.org/2003/05/soap-envelope",
    }
}

/// A message that signs in anew whenever it is sent.
#[derive(Debug)]
pub(super) struct Envelope {
    pub(super) version: SoapVersion,
    pub(super) token: Option<Arc<UsernameToken>>,
    /// What stands in the Body.
    pub(super) body: String,
}

impl FreshBody for Envelope {
    fn write(&self) -> Result<Bytes, ErpError> {
        let header = match &self.token {
            Some(token) => format!("<soap:Header>{}</soap:Header>", token.header()?),
            None => String::new(),
        };
        Ok(Bytes::from(format!(
            "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<soap:Envelope xmlns:soap=\"{}\">{header}<soap:Body>{}\
             </soap:Body></soap:Envelope>",
            namespace(self.version),
            self.body
        )))
    }
}

/// Puts the headers that a version wants around a call: 1.1 always quotes the action, and has it even if it is empty.
///
/// # Errors
/// `Misconfigured` if the action cannot be sent.
pub(super) fn announce(version: SoapVersion, action: &str, headers: &mut HeaderMap) -> Result<(), ErpError> {
    let value = |text: &str| {
        HeaderValue::from_str(text)
            .map_err(|_| misconfigured(&format!("the soapAction {action} cannot be sent")))
    };
    match version {
        SoapVersion::V11 => {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/xml; charset=utf-8"));
            headers.insert(SOAP_ACTION, value(&format!("\"{action}\""))?);
        }
        SoapVersion::V12 => {
            let action = if action.is_empty() { String::new() } else { format!("; action=\"{action}\"") };
            headers.insert(CONTENT_TYPE, value(&format!("application/soap+xml; charset=utf-8{action}"))?);
        }
    }
    Ok(())
}
