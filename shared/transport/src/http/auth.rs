//! How a request says who we are.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Method};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::OAuth1;
use crate::ErpError;

/// Credentials, and the names of the connection's fields they came from, so that a refusal can say what to check.
#[derive(Debug, Clone)]
pub struct Auth {
    scheme: Scheme,
    fields: &'static str,
}

#[derive(Debug, Clone)]
enum Scheme {
    None,
    Bearer(SecretString),
    Basic { user: SecretString, password: SecretString },
    Token { key: SecretString, secret: SecretString },
    Header { name: HeaderName, value: SecretString },
    InBody(Vec<SecretString>),
    OAuth1(OAuth1),
}

impl Auth {
    /// No credentials.
    #[must_use]
    pub const fn none() -> Self {
        Self { scheme: Scheme::None, fields: "" }
    }

    /// `Authorization: Bearer`.
    #[must_use]
    pub const fn bearer(token: SecretString, fields: &'static str) -> Self {
        Self { scheme: Scheme::Bearer(token), fields }
    }

    /// `Authorization: Basic`.
    #[must_use]
    pub const fn basic(user: SecretString, password: SecretString, fields: &'static str) -> Self {
        Self { scheme: Scheme::Basic { user, password }, fields }
    }

    /// `Authorization: token key:secret`, as Frappe has it.
    #[must_use]
    pub const fn token(key: SecretString, secret: SecretString, fields: &'static str) -> Self {
        Self { scheme: Scheme::Token { key, secret }, fields }
    }

    /// A header of the server's own.
    #[must_use]
    pub const fn in_header(name: HeaderName, value: SecretString, fields: &'static str) -> Self {
        Self { scheme: Scheme::Header { name, value }, fields }
    }

    /// Nothing in the headers: these secrets stand in the body, and are taken out of what the server says.
    #[must_use]
    pub const fn in_body(secrets: Vec<SecretString>, fields: &'static str) -> Self {
        Self { scheme: Scheme::InBody(secrets), fields }
    }

    /// A signature of each try.
    #[must_use]
    pub const fn oauth1(signer: OAuth1, fields: &'static str) -> Self {
        Self { scheme: Scheme::OAuth1(signer), fields }
    }

    /// What to do when the credentials were refused.
    pub(super) fn advice(&self) -> String {
        match self.scheme {
            Scheme::None => "the connection sends no credentials; give it some".to_owned(),
            _ => format!("check the connection's {}", self.fields),
        }
    }

    /// The header to send with one try.
    pub(super) fn header(
        &self,
        method: &Method,
        url: &Url,
    ) -> Result<Option<(HeaderName, HeaderValue)>, ErpError> {
        let (name, text) = match &self.scheme {
            Scheme::None | Scheme::InBody(_) => return Ok(None),
            Scheme::Bearer(token) => (AUTHORIZATION, format!("Bearer {}", token.expose_secret())),
            Scheme::Basic { user, password } => (AUTHORIZATION, format!("Basic {}", pair(user, password))),
            Scheme::Token { key, secret } => (AUTHORIZATION, format!("token {}", joined(key, secret))),
            Scheme::Header { name, value } => (name.clone(), value.expose_secret().to_owned()),
            Scheme::OAuth1(signer) => (AUTHORIZATION, signer.authorization(method, url)),
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            ErpError::Misconfigured(format!(
                "the connection's {} cannot be sent: it holds a line break or another control character",
                self.fields
            ))
        })?;
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }

    /// Takes our secrets out of what a server said, for some servers repeat what they were sent.
    pub(super) fn scrub(&self, text: &str) -> String {
        let secrets = match &self.scheme {
            Scheme::None => vec![],
            Scheme::Bearer(secret) | Scheme::Header { value: secret, .. } => {
                vec![secret.expose_secret().to_owned()]
            }
            Scheme::OAuth1(signer) => signer.secrets(),
            Scheme::InBody(secrets) => {
                secrets.iter().map(|secret| secret.expose_secret().to_owned()).collect()
            }
            Scheme::Token { key, secret } => {
                vec![joined(key, secret), secret.expose_secret().to_owned(), key.expose_secret().to_owned()]
            }
            Scheme::Basic { user, password } => {
                vec![
                    pair(user, password),
                    password.expose_secret().to_owned(),
                    user.expose_secret().to_owned(),
                ]
            }
        };
        let hide = |text: String, secret: &String| text.replace(secret.as_str(), "•••");
        secrets.iter().filter(|secret| !secret.is_empty()).fold(text.to_owned(), hide)
    }
}

fn pair(user: &SecretString, password: &SecretString) -> String {
    BASE64.encode(joined(user, password))
}

fn joined(name: &SecretString, secret: &SecretString) -> String {
    format!("{}:{}", name.expose_secret(), secret.expose_secret())
}
