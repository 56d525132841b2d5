//! How requests say who we are, from a connection's settings and credentials.

use std::sync::Arc;

use domain::connection::{ApiAuth, ApiSettings, ConnectionSettings, Credentials, TokenAuth};
use http::HeaderName;
use secrecy::SecretString;
use transport::http::Auth;
use transport::session::{AccessTokens, ClientCredentials, ClientProof, Session, SigningKey};
use transport::{ErpError, Transport};
use url::Url;

use super::config::misconfigured;
use crate::patience::{retry, timeout};

const DEFAULT_AUTH_HEADER: &str = "X-API-Key";

/// The session of a connection.
///
/// # Errors
/// `Misconfigured`, naming the field that does not fit.
pub(super) fn session(
    settings: &ConnectionSettings,
    credentials: Credentials,
    transport: &Transport,
    tokens: Arc<dyn AccessTokens>,
) -> Result<Session, ErpError> {
    let http = transport.http()?;
    if settings.api.auth == Some(ApiAuth::Oauth2) {
        let grant = client_credentials(settings, credentials)?;
        return Ok(Session::with_token(http, Arc::new(grant), tokens));
    }
    Ok(Session::new(http, auth(&settings.api, credentials)?))
}

/// The OAuth 2.0 grant of a connection.
fn client_credentials(
    settings: &ConnectionSettings,
    credentials: Credentials,
) -> Result<ClientCredentials, ErpError> {
    let missing = || misconfigured("auth is oauth2: set tokenUrl, clientId and clientSecret or privateKey");
    let token_url = credentials.token_url.as_deref().ok_or_else(missing)?;
    let (proof, fields) = match (credentials.client_secret, &credentials.private_key) {
        (Some(secret), _) => {
            let proof = match settings.api.token_auth {
                TokenAuth::Header => ClientProof::Header(secret),
                TokenAuth::Body => ClientProof::Body(secret),
            };
            (proof, "clientId, clientSecret and scope")
        }
        (None, Some(pem)) => {
            let key = SigningKey::from_pem(pem, credentials.private_key_passphrase.as_ref())?
                .with_key_id(credentials.key_id);
            let key = match &credentials.certificate {
                Some(certificate) => key.with_certificate(certificate)?,
                None => key,
            };
            (ClientProof::Assertion(Box::new(key)), "clientId, privateKey and scope")
        }
        (None, None) => return Err(missing()),
    };
    Ok(ClientCredentials {
        token_url: Url::parse(token_url).map_err(|_| misconfigured("tokenUrl must be an address"))?,
        client_id: credentials.client_id.ok_or_else(missing)?,
        proof,
        scope: credentials.scope,
        audience: credentials.audience,
        timeout: timeout(settings),
        retry: retry(settings),
        fields,
    })
}

/// The credentials that every request carries.
fn auth(api: &ApiSettings, credentials: Credentials) -> Result<Auth, ErpError> {
    let Credentials { api_key, api_secret, oauth_token, .. } = credentials;
    match api.auth {
        Some(ApiAuth::None) => Ok(Auth::none()),
        Some(ApiAuth::Bearer) => match (oauth_token, api_key) {
            (Some(token), _) => Ok(Auth::bearer(token, "oauthToken")),
            (None, Some(key)) => Ok(Auth::bearer(key, "apiKey")),
            (None, None) => Err(misconfigured("auth is bearer: set oauthToken or apiKey")),
        },
        Some(ApiAuth::Basic) => match (api_key, api_secret) {
            (Some(user), password) => Ok(basic(user, password.unwrap_or_default())),
            (None, _) => {
                Err(misconfigured("auth is basic: set apiKey (the user) and apiSecret (the password)"))
            }
        },
        Some(ApiAuth::Header) => {
            let name = api.auth_header.as_deref().unwrap_or(DEFAULT_AUTH_HEADER);
            let name: HeaderName =
                name.parse().map_err(|_| misconfigured("authHeader is no name of a header"))?;
            let key = api_key.ok_or_else(|| misconfigured("auth is header: set apiKey"))?;
            Ok(Auth::in_header(name, key, "apiKey and authHeader"))
        }
        Some(ApiAuth::Oauth2) | None => Ok(match (oauth_token, api_key, api_secret) {
            (Some(token), ..) => Auth::bearer(token, "oauthToken"),
            (None, Some(user), Some(password)) => basic(user, password),
            (None, Some(key), None) => Auth::bearer(key, "apiKey"),
            (None, None, _) => Auth::none(),
        }),
    }
}

fn basic(user: SecretString, password: SecretString) -> Auth {
    Auth::basic(user, password, "apiKey and apiSecret")
}
