//! OAuth 2.0 client credentials (RFC 6749, section 4.4), by a secret or by a signed assertion (RFC 7523). A crate for
//! OAuth would bring an HTTP client's interface, a clock and errors of its own for what is one request.

use std::time::Duration;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use url::form_urlencoded::{Serializer, byte_serialize};

use super::token_endpoint::TokenEndpoint;
use super::{AccessToken, Grant, SigningKey};
use crate::ErpError;
use crate::http::{Auth, HttpClient, RetryPolicy};

/// Gets access tokens for an application of its own right.
#[derive(Debug, Clone)]
pub struct ClientCredentials {
    /// Where tokens are given out.
    pub token_url: Url,
    /// The application.
    pub client_id: String,
    /// What proves that we are that application.
    pub proof: ClientProof,
    /// What is asked for.
    pub scope: Option<String>,
    /// For whom the token is to be.
    pub audience: Option<String>,
    /// How long one try may take.
    pub timeout: Duration,
    /// How often a failed try is repeated.
    pub retry: RetryPolicy,
    /// The fields of the connection to check when the server refuses.
    pub fields: &'static str,
}

/// What proves that we are the application.
#[derive(Debug, Clone)]
pub enum ClientProof {
    /// The secret, in `Authorization: Basic`.
    Header(SecretString),
    /// The secret, in the body.
    Body(SecretString),
    /// An assertion signed by this key.
    Assertion(Box<SigningKey>),
}

impl ClientProof {
    /// Whether the scope stands in the proof itself.
    fn tells_scope(&self) -> bool {
        matches!(self, Self::Assertion(key) if key.tells_scope())
    }
}

#[async_trait]
impl Grant for ClientCredentials {
    fn name(&self) -> &'static str {
        "client_credentials"
    }

    async fn fetch(&self, http: &HttpClient) -> Result<AccessToken, ErpError> {
        let (form, auth) = self.form()?;
        let endpoint = TokenEndpoint {
            url: &self.token_url,
            timeout: self.timeout,
            retry: self.retry,
            fields: self.fields,
        };
        endpoint.ask(http, form, auth).await
    }

    fn auth(&self, token: &AccessToken) -> Auth {
        Auth::bearer(token.secret.clone(), self.fields)
    }
}

impl ClientCredentials {
    /// What is sent, and how the client shows itself.
    fn form(&self) -> Result<(String, Auth), ErpError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("grant_type", "client_credentials");
        let auth = match &self.proof {
            // RFC 6749 has both form-encoded before they are joined.
            ClientProof::Header(secret) => {
                let encoded =
                    |text: &str| SecretString::from(byte_serialize(text.as_bytes()).collect::<String>());
                Auth::basic(encoded(&self.client_id), encoded(secret.expose_secret()), self.fields)
            }
            ClientProof::Body(secret) => {
                form.append_pair("client_id", &self.client_id);
                form.append_pair("client_secret", secret.expose_secret());
                Auth::in_body(vec![secret.clone()], self.fields)
            }
            ClientProof::Assertion(key) => {
                let assertion = key.assertion(&self.client_id, &self.token_url, self.scope.as_deref())?;
                if !key.tells_scope() {
                    form.append_pair("client_id", &self.client_id);
                }
                form.append_pair(
                    "client_assertion_type",
                    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                );
                form.append_pair("client_assertion", assertion.expose_secret());
                Auth::in_body(vec![assertion], self.fields)
            }
        };
        let scope = self.scope.as_ref().filter(|_| !self.proof.tells_scope());
        for (name, value) in [("scope", scope), ("audience", self.audience.as_ref())] {
            if let Some(value) = value {
                form.append_pair(name, value);
            }
        }
        Ok((form.finish(), auth))
    }
}
