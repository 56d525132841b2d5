//! From a connection's settings and credentials to an address, a way to sign in and templates. Pure.

use domain::DataType;
use domain::connection::providers::soap::{SoapAuth, SoapSettings};
use domain::connection::{ConnectionSettings, Credentials};
use domain::template::XmlTemplate;
use transport::ErpError;
use transport::http::Auth;
use url::Url;

use super::security::UsernameToken;

/// What to check when the sign-in is refused.
pub(super) const FIELDS: &str = "username and password, and settings.soap.auth";

/// Where the service is.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn address(credentials: &Credentials) -> Result<Url, ErpError> {
    let address = credentials.api_url.as_deref().and_then(|address| Url::parse(address).ok());
    address.ok_or_else(|| misconfigured("the connection's apiUrl must be an http or https address"))
}

/// What each request carries to sign in: in its headers, and in its envelope.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn sign_in(
    settings: &ConnectionSettings,
    credentials: &Credentials,
) -> Result<(Auth, Option<UsernameToken>), ErpError> {
    let usual = if credentials.username.is_some() { SoapAuth::Basic } else { SoapAuth::None };
    let auth = settings.soap.auth.unwrap_or(usual);
    if auth == SoapAuth::None {
        return Ok((Auth::none(), None));
    }
    let (Some(username), Some(password)) = (credentials.username.clone(), credentials.password.clone())
    else {
        return Err(misconfigured("the connection's username and password are both needed"));
    };
    if auth == SoapAuth::Basic {
        return Ok((Auth::basic(username.into(), password, FIELDS), None));
    }
    let token = UsernameToken {
        username,
        password: password.clone(),
        as_digest: auth == SoapAuth::PasswordDigest,
        valid_seconds: settings.soap.timestamp_seconds,
    };
    Ok((Auth::in_body(vec![password], FIELDS), Some(token)))
}

/// The template that asks for records of a type.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn read_template(settings: &SoapSettings, data_type: DataType) -> Result<XmlTemplate, ErpError> {
    let at = format!("settings.soap.read.{data_type}");
    let read = settings
        .read
        .get(&data_type)
        .ok_or_else(|| misconfigured(&format!("nothing tells how {data_type} are asked for: set {at}")))?;
    XmlTemplate::of_query(&read.body).map_err(|reason| misconfigured(&format!("{at}.body {reason}")))
}

/// A template that sends or looks for a record; `name` is what the operation is called.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn push_template(body: &str, data_type: DataType, name: &str) -> Result<XmlTemplate, ErpError> {
    XmlTemplate::of_record(data_type, body)
        .map_err(|reason| misconfigured(&format!("settings.soap.push.{data_type}.{name}.body {reason}")))
}

pub(super) fn misconfigured(sentence: &str) -> ErpError {
    ErpError::Misconfigured(sentence.to_owned())
}
