//! From a connection's credentials to the site's address and a way to sign in. Pure.

use domain::connection::Credentials;
use transport::ErpError;
use transport::http::Auth;
use url::Url;

/// What to check when the sign-in is refused: Frappe answers alike when the user may not see a document.
const KEY_FIELDS: &str = "apiKey and apiSecret, and that the roles of their user in ERPNext permit it";
const TOKEN_FIELDS: &str = "oauthToken, and that the roles of its user in ERPNext permit it";

/// The site's address.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn site(credentials: &Credentials) -> Result<Url, ErpError> {
    let address = credentials.api_url.as_deref().ok_or_else(|| misconfigured("apiUrl is needed"))?;
    Url::parse(address).map_err(|_| misconfigured("apiUrl must be an http or https address"))
}

/// The way to sign in that the credentials allow.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn sign_in(credentials: Credentials) -> Result<Auth, ErpError> {
    match (credentials.api_key, credentials.api_secret, credentials.oauth_token) {
        (Some(key), Some(secret), _) => Ok(Auth::token(key, secret, KEY_FIELDS)),
        (_, _, Some(token)) => Ok(Auth::bearer(token, TOKEN_FIELDS)),
        (Some(_), None, None) => Err(misconfigured("apiSecret is needed")),
        (None, _, None) => Err(misconfigured("apiKey is needed")),
    }
}

pub(super) fn misconfigured(sentence: &str) -> ErpError {
    ErpError::Misconfigured(format!("the connection's {sentence}"))
}
