//! From a connection's settings and credentials to an address and a way to sign in. Pure.

use domain::connection::Credentials;
use domain::connection::providers::odoo::{OdooProtocol, OdooSettings};
use secrecy::SecretString;
use transport::ErpError;
use transport::http::Auth;
use url::Url;

/// What to check when the sign-in is refused.
pub(super) const KEY_FIELDS: &str = "apiKey (Odoo's keys end, after three months at most) and database";
pub(super) const USER_FIELDS: &str = "database, username and apiKey or password";

/// Who signs in, and how.
#[derive(Debug)]
pub(super) enum SignIn {
    /// JSON-2: the key in each request's header.
    Key {
        key: SecretString,
        /// Needed where the host has several.
        database: Option<String>,
    },
    /// JSON-RPC: all of it in each request's body.
    User(User),
}

/// A user of JSON-RPC.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) database: String,
    pub(super) name: String,
    /// The password, or a key in its place.
    pub(super) secret: SecretString,
}

impl SignIn {
    /// The credentials of a connection, as its protocol sends them.
    ///
    /// # Errors
    /// `Misconfigured`, naming the field.
    pub(super) fn of(settings: &OdooSettings, credentials: &Credentials) -> Result<Self, ErpError> {
        let needed = |field: &Option<String>, name: &str| {
            field.clone().ok_or_else(|| misconfigured(&format!("{name} is needed")))
        };
        let key = credentials.api_key.clone();
        match settings.protocol {
            OdooProtocol::Json2 => Ok(Self::Key {
                key: key.ok_or_else(|| misconfigured("apiKey is needed"))?,
                database: credentials.database.clone(),
            }),
            OdooProtocol::Jsonrpc => Ok(Self::User(User {
                database: needed(&credentials.database, "database")?,
                name: needed(&credentials.username, "username")?,
                secret: key
                    .or_else(|| credentials.password.clone())
                    .ok_or_else(|| misconfigured("apiKey is needed, or password"))?,
            })),
        }
    }

    /// What goes with each request.
    pub(super) fn auth(&self) -> Auth {
        match self {
            Self::Key { key, .. } => Auth::bearer(key.clone(), KEY_FIELDS),
            Self::User(user) => Auth::in_body(vec![user.secret.clone()], USER_FIELDS),
        }
    }
}

/// Where Odoo is.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn base(credentials: &Credentials) -> Result<Url, ErpError> {
    let address = credentials.api_url.as_deref().ok_or_else(|| misconfigured("apiUrl is needed"))?;
    Url::parse(address).map_err(|_| misconfigured("apiUrl must be an http or https address"))
}

pub(super) fn misconfigured(sentence: &str) -> ErpError {
    ErpError::Misconfigured(format!("the connection's {sentence}"))
}
