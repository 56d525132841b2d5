//! From a connection's settings and credentials to addresses and a way to sign in. Pure.

use domain::connection::{ConnectionSettings, Credentials};
use secrecy::SecretString;
use transport::ErpError;
use transport::http::Auth;
use transport::session::{ClientCredentials, ClientProof, SelfSigned, SigningKey};
use url::Url;

use crate::patience::{retry, timeout};

/// For whom assertions are: all identity domains alike, not the address of the token endpoint.
const ASSERTION_AUDIENCE: &str = "https://identity.oraclecloud.com/";

/// What users copy along with the server's address, and what we add ourselves.
const ROOTS: [&str; 2] = ["/fscmRestApi", "/hcmRestApi"];

const SECRET_FIELDS: &str =
    "clientId, clientSecret and scope, and that a Fusion user is named like the client";
const ASSERTION_FIELDS: &str =
    "clientId, certificate, privateKey and scope, and that the application has the certificate";
const SIGNED_FIELDS: &str = "username, clientId (the trusted issuer), certificate and privateKey, and that they are the \
                             ones on the page API Authentication of the Security Console";

/// How to sign in.
#[derive(Debug)]
pub(super) enum SignIn {
    /// At an identity domain.
    Domain(Box<ClientCredentials>),
    /// By a token of our own.
    Signed(Box<SelfSigned>),
    /// With each request.
    Fixed(Auth),
}

/// Where the addresses of both APIs begin.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn base(credentials: &Credentials) -> Result<Url, ErpError> {
    let address = needed(credentials.api_url.as_deref(), "apiUrl")?;
    let mut url =
        Url::parse(address).map_err(|_| misconfigured("apiUrl must be an http or https address"))?;
    let end = ROOTS.iter().filter_map(|root| url.path().find(root)).min();
    let path = url.path()[..end.unwrap_or(url.path().len())].to_owned();
    url.set_path(&path);
    url.set_query(None);
    Ok(url)
}

/// The way to sign in that the credentials allow.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn sign_in(settings: &ConnectionSettings, credentials: Credentials) -> Result<SignIn, ErpError> {
    let Credentials { username, password, api_key, api_secret, oauth_token, .. } = &credentials;
    if let Some(token) = oauth_token {
        return Ok(SignIn::Fixed(Auth::bearer(token.clone(), "oauthToken")));
    }
    if let (Some(user), Some(password)) = (username, password) {
        let user = SecretString::from(user.clone());
        return Ok(SignIn::Fixed(Auth::basic(user, password.clone(), "username and password")));
    }
    match (api_key, api_secret) {
        (Some(user), Some(password)) => {
            return Ok(SignIn::Fixed(Auth::basic(user.clone(), password.clone(), "apiKey and apiSecret")));
        }
        (Some(key), None) => return Ok(SignIn::Fixed(Auth::bearer(key.clone(), "apiKey"))),
        (None, _) => {}
    }
    match (&credentials.token_url, username) {
        (None, Some(user)) => {
            let user = user.clone();
            Ok(SignIn::Signed(Box::new(SelfSigned {
                key: signing_key(&credentials)?,
                issuer: needed(credentials.client_id.as_deref(), "clientId")?.to_owned(),
                user,
                fields: SIGNED_FIELDS,
            })))
        }
        (token_url, _) => {
            let token_url = needed(token_url.as_deref(), "tokenUrl")?.to_owned();
            Ok(SignIn::Domain(Box::new(at_domain(settings, credentials, &token_url)?)))
        }
    }
}

fn at_domain(
    settings: &ConnectionSettings,
    credentials: Credentials,
    token_url: &str,
) -> Result<ClientCredentials, ErpError> {
    let (proof, fields) = match &credentials.client_secret {
        Some(secret) => (ClientProof::Header(secret.clone()), SECRET_FIELDS),
        None => {
            let audience = credentials.audience.clone().unwrap_or_else(|| ASSERTION_AUDIENCE.to_owned());
            let key = signing_key(&credentials)?.with_audience(audience);
            (ClientProof::Assertion(Box::new(key)), ASSERTION_FIELDS)
        }
    };
    Ok(ClientCredentials {
        token_url: Url::parse(token_url).map_err(|_| misconfigured("tokenUrl must be an address"))?,
        client_id: needed(credentials.client_id.as_deref(), "clientId")?.to_owned(),
        proof,
        scope: credentials.scope,
        audience: None,
        timeout: timeout(settings),
        retry: retry(settings),
        fields,
    })
}

/// Oracle takes RS256 only, and knows a certificate by `x5t`, or a key by `kid`.
fn signing_key(credentials: &Credentials) -> Result<SigningKey, ErpError> {
    let pem = credentials.private_key.as_ref().ok_or_else(|| misconfigured("privateKey is needed"))?;
    let key = SigningKey::from_pem(pem, credentials.private_key_passphrase.as_ref())?;
    let certificate = needed(credentials.certificate.as_deref(), "certificate")?;
    Ok(key.with_rs256().with_certificate_by_sha1(certificate)?.with_key_id(credentials.key_id.clone()))
}

fn needed<'c>(field: Option<&'c str>, name: &str) -> Result<&'c str, ErpError> {
    field.ok_or_else(|| misconfigured(&format!("{name} is needed")))
}

pub(super) fn misconfigured(sentence: &str) -> ErpError {
    ErpError::Misconfigured(format!("the connection's {sentence}"))
}
