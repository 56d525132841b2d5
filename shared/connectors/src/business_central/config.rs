//! From a connection's settings and credentials to addresses and a way to sign in. Pure.

use domain::connection::{ConnectionSettings, Credentials};
use transport::ErpError;
use transport::http::Auth;
use transport::session::{ClientCredentials, ClientProof, SigningKey};
use url::Url;

use crate::patience::{retry, timeout};

/// Microsoft's own addresses, for all tenants alike.
const API: &str = "https://api.businesscentral.dynamics.com/v2.0";
const LOGIN: &str = "https://login.microsoftonline.com";
const SCOPE: &str = "https://api.businesscentral.dynamics.com/.default";

/// What to check when the sign-in is refused: the application must be known to the company's Business Central too.
const SECRET_FIELDS: &str = "tenant, clientId and clientSecret, and that the application is enabled, with permission \
                             sets, on the page Microsoft Entra applications of Business Central";
const CERTIFICATE_FIELDS: &str = "tenant, clientId, certificate and privateKey, and that the application is enabled, \
                                  with permission sets, on the page Microsoft Entra applications of Business Central";

/// How to sign in.
#[derive(Debug)]
pub(super) enum SignIn {
    /// At Microsoft Entra.
    Entra(Box<ClientCredentials>),
    /// With each request.
    Fixed(Auth),
}

/// Where the API's paths begin.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn base(settings: &ConnectionSettings, credentials: &Credentials) -> Result<Url, ErpError> {
    let address = match &credentials.api_url {
        Some(url) => url.clone(),
        None => {
            let tenant = needed(credentials.tenant.as_deref(), "tenant")?;
            format!("{API}/{tenant}/{}/api/v2.0", settings.business_central.environment)
        }
    };
    Url::parse(&address).map_err(|_| misconfigured("apiUrl must be an http or https address"))
}

/// The way to sign in that the credentials allow.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn sign_in(settings: &ConnectionSettings, credentials: Credentials) -> Result<SignIn, ErpError> {
    if let Some(token) = credentials.oauth_token {
        return Ok(SignIn::Fixed(Auth::bearer(token, "oauthToken")));
    }
    if let (Some(user), Some(password)) = (&credentials.username, &credentials.password) {
        let auth = Auth::basic(user.clone().into(), password.clone(), "username and password");
        return Ok(SignIn::Fixed(auth));
    }
    let tenant = needed(credentials.tenant.as_deref(), "tenant")?;
    let token_url = credentials.token_url.unwrap_or_else(|| format!("{LOGIN}/{tenant}/oauth2/v2.0/token"));
    let (proof, fields) = match (credentials.client_secret, &credentials.private_key) {
        (Some(secret), _) => (ClientProof::Body(secret), SECRET_FIELDS),
        (None, Some(pem)) => {
            let key = SigningKey::from_pem(pem, credentials.private_key_passphrase.as_ref())?;
            let certificate = needed(credentials.certificate.as_deref(), "certificate")?;
            (ClientProof::Assertion(Box::new(key.with_certificate(certificate)?)), CERTIFICATE_FIELDS)
        }
        (None, None) => return Err(misconfigured("clientSecret is needed")),
    };
    Ok(SignIn::Entra(Box::new(ClientCredentials {
        token_url: Url::parse(&token_url).map_err(|_| misconfigured("tokenUrl must be an address"))?,
        client_id: needed(credentials.client_id.as_deref(), "clientId")?.to_owned(),
        proof,
        scope: Some(credentials.scope.unwrap_or_else(|| SCOPE.to_owned())),
        audience: None,
        timeout: timeout(settings),
        retry: retry(settings),
        fields,
    })))
}

fn needed<'c>(field: Option<&'c str>, name: &str) -> Result<&'c str, ErpError> {
    field.ok_or_else(|| misconfigured(&format!("{name} is needed")))
}

pub(super) fn misconfigured(sentence: &str) -> ErpError {
    ErpError::Misconfigured(format!("the connection's {sentence}"))
}
