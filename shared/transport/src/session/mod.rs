//! A session with one ERP: sends requests as somebody. Where that takes an access token, it gets one from the
//! connection's [`AccessTokens`], and a new one, once, when the ERP refuses it.

mod assertion;
mod client_credentials;
mod saml_bearer;
mod self_signed;
#[cfg(test)]
mod tests;
mod token;
mod token_endpoint;

pub use assertion::SigningKey;
pub use client_credentials::{ClientCredentials, ClientProof};
pub use saml_bearer::{SamlBearer, SamlSubject};
pub use self_signed::SelfSigned;
pub use token::{AccessToken, AccessTokens, Grant};

use std::sync::Arc;

use http::StatusCode;
use jiff::Timestamp;
use tokio::sync::Mutex;

use crate::ErpError;
use crate::http::{Auth, HttpAnswer, HttpClient, HttpRequest, Unanswered};

/// Sends requests to one ERP, each with the credentials of the connection. Whatever stands in a request's `auth` is
/// replaced.
#[derive(Debug)]
pub struct Session {
    http: HttpClient,
    sign_in: SignIn,
}

#[derive(Debug)]
enum SignIn {
    /// The same credentials each time.
    Fixed(Auth),
    /// An access token that ends.
    Token(TokenSignIn),
}

#[derive(Debug)]
struct TokenSignIn {
    grant: Arc<dyn Grant>,
    tokens: Arc<dyn AccessTokens>,
    /// The token as it was last handed out: not every request asks the table.
    held: Mutex<Option<AccessToken>>,
}

impl Session {
    /// A session whose requests all carry `auth`.
    #[must_use]
    pub const fn new(http: HttpClient, auth: Auth) -> Self {
        Self { http, sign_in: SignIn::Fixed(auth) }
    }

    /// A session whose requests carry an access token, as `grant` gets it and `tokens` keeps it.
    #[must_use]
    pub fn with_token(http: HttpClient, grant: Arc<dyn Grant>, tokens: Arc<dyn AccessTokens>) -> Self {
        let held = Mutex::new(None);
        Self { http, sign_in: SignIn::Token(TokenSignIn { grant, tokens, held }) }
    }

    /// Sends a request, again if that may help, and returns the final answer whatever its status.
    ///
    /// # Errors
    /// When no answer came, it is too large, or it leads to another host; when no access token is to be had.
    pub async fn exchange(&self, request: &HttpRequest) -> Result<HttpAnswer, ErpError> {
        let (signed, token) = self.signed(request, None).await?;
        let answer = self.http.exchange(&signed).await?;
        match self.renewed(request, &answer, token).await? {
            Some(signed) => self.http.exchange(&signed).await,
            None => Ok(answer),
        }
    }

    /// As [`Self::exchange`], but only a success is an answer.
    ///
    /// # Errors
    /// Also when the server answered with anything but 2xx.
    pub async fn send(&self, request: &HttpRequest) -> Result<HttpAnswer, ErpError> {
        let answer = self.exchange(request).await?;
        if answer.status.is_success() { Ok(answer) } else { Err(answer.failure(request)) }
    }

    /// As [`Self::exchange`], for requests that change something: see [`HttpClient::deliver`].
    ///
    /// # Errors
    /// As there. Without an access token nothing was sent.
    pub async fn deliver(&self, request: &HttpRequest) -> Result<HttpAnswer, Unanswered> {
        let (signed, token) = self.signed(request, None).await.map_err(Unanswered::NotSent)?;
        let answer = self.http.deliver(&signed).await?;
        // A request that was refused for its token did nothing.
        match self.renewed(request, &answer, token).await.map_err(Unanswered::NotSent)? {
            Some(signed) => self.http.deliver(&signed).await,
            None => Ok(answer),
        }
    }

    /// The request with credentials, and the token among them.
    async fn signed(
        &self,
        request: &HttpRequest,
        refused: Option<&AccessToken>,
    ) -> Result<(HttpRequest, Option<AccessToken>), ErpError> {
        let (auth, token) = match &self.sign_in {
            SignIn::Fixed(auth) => (auth.clone(), None),
            SignIn::Token(sign_in) => {
                let token = sign_in.token(&self.http, refused).await?;
                (sign_in.grant.auth(&token), Some(token))
            }
        };
        Ok((HttpRequest { auth, ..request.clone() }, token))
    }

    /// The request with another token, if the ERP refused the one it was sent with.
    async fn renewed(
        &self,
        request: &HttpRequest,
        answer: &HttpAnswer,
        token: Option<AccessToken>,
    ) -> Result<Option<HttpRequest>, ErpError> {
        let Some(refused) = token.filter(|_| answer.status == StatusCode::UNAUTHORIZED) else {
            return Ok(None);
        };
        let (signed, _) = self.signed(request, Some(&refused)).await?;
        Ok(Some(signed))
    }
}

impl TokenSignIn {
    /// A token in force, and not the one that was refused.
    async fn token(&self, http: &HttpClient, refused: Option<&AccessToken>) -> Result<AccessToken, ErpError> {
        let mut held = self.held.lock().await;
        if let Some(token) = &*held
            && token.serves(Timestamp::now(), refused)
        {
            return Ok(token.clone());
        }
        let token = self.tokens.token(&*self.grant, http, refused).await?;
        *held = Some(token.clone());
        Ok(token)
    }
}
