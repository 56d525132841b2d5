//! From a connection's settings and credentials to an address and a login. Pure.

use domain::connection::{ConnectionSettings, Credentials};
use http::HeaderMap;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use secrecy::SecretString;
use transport::ErpError;
use transport::http::HttpRequest;
use url::Url;

use super::refusal::words;
use crate::patience::{retry, timeout};

/// What to check when the sign-in is refused.
pub(super) const FIELDS: &str = "username and password, and that the user is active in the database";

/// Who signs in, and where.
#[derive(Debug)]
pub(super) struct Login {
    /// A call to the server without credentials and without a body.
    pub(super) pattern: HttpRequest,
    pub(super) database: String,
    pub(super) username: String,
    pub(super) password: SecretString,
}

/// The login that the credentials allow.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn login(settings: &ConnectionSettings, credentials: &Credentials) -> Result<Login, ErpError> {
    let url = needed(credentials.api_url.as_ref(), "apiUrl")?;
    let mut url = Url::parse(url).map_err(|_| misconfigured("apiUrl must be an http or https address"))?;
    url.set_query(None);
    url.set_fragment(None);
    let json = || HeaderValue::from_static("application/json");
    let pattern = HttpRequest {
        method: http::Method::POST,
        headers: HeaderMap::from_iter([(ACCEPT, json()), (CONTENT_TYPE, json())]),
        timeout: timeout(settings),
        retry: retry(settings),
        words: Some(words),
        tells_trace: settings.api.send_traceparent,
        ..HttpRequest::get(url)
    };
    let database = needed(credentials.database.as_ref(), "database")?;
    if database.contains(['/', '?', '#', '%']) {
        return Err(misconfigured(
            "database must be the name of a database, without / or other signs of addresses",
        ));
    }
    Ok(Login {
        pattern,
        database: database.clone(),
        username: needed(credentials.username.as_ref(), "username")?.clone(),
        password: needed(credentials.password.as_ref(), "password")?.clone(),
    })
}

fn needed<'c, T>(field: Option<&'c T>, name: &str) -> Result<&'c T, ErpError> {
    field.ok_or_else(|| misconfigured(&format!("{name} is needed")))
}

pub(super) fn misconfigured(sentence: &str) -> ErpError {
    ErpError::Misconfigured(format!("the connection's {sentence}"))
}
