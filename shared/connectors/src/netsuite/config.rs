//! From a connection's settings and credentials to addresses and a way to sign in. Pure.

use domain::connection::{ConnectionSettings, Credentials};
use transport::ErpError;
use transport::http::{Auth, OAuth1};
use transport::session::{ClientCredentials, ClientProof, SigningKey};
use url::Url;

use crate::patience::{retry, timeout};

const SCOPE: &str = "rest_webservices";

/// Where below the API tokens are given out.
const TOKEN_PATH: &str = "auth/oauth2/v1/token";

/// What to check when the sign-in is refused: the certificate is known only to the account it was uploaded to.
const CERTIFICATE_FIELDS: &str = "account, clientId, keyId and privateKey, and that the certificate is mapped to the \
                                  application, a user and a role on the page OAuth 2.0 Client Credentials (M2M) Setup of \
                                  this very account";
const TOKEN_FIELDS: &str = "account, consumerKey, consumerSecret, tokenId and tokenSecret, and NetSuite's page Login Audit \
                            Trail, which tells why";

/// How to sign in.
#[derive(Debug)]
pub(super) enum SignIn {
    /// At the account's token endpoint.
    Certificate(Box<ClientCredentials>),
    /// With each request.
    Fixed(Auth),
}

/// The account's id as NetSuite shows it: `1234567_SB1`.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn account(credentials: &Credentials) -> Result<String, ErpError> {
    let account = needed(credentials.account.as_deref(), "account")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    if account.is_empty() || account.len() > 60 || !account.chars().all(plain) {
        return Err(misconfigured("account must be the id of the account, such as 1234567 or 1234567_SB1"));
    }
    Ok(account.to_ascii_uppercase().replace('-', "_"))
}

/// Where the API's paths begin.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn base(account: &str, credentials: &Credentials) -> Result<Url, ErpError> {
    let host = account.to_ascii_lowercase().replace('_', "-");
    let own = || format!("https://{host}.suitetalk.api.netsuite.com/services/rest");
    let address = credentials.api_url.clone().unwrap_or_else(own);
    Url::parse(&address).map_err(|_| misconfigured("apiUrl must be an http or https address"))
}

/// The way to sign in that the credentials allow.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn sign_in(
    settings: &ConnectionSettings,
    credentials: Credentials,
    account: &str,
    base: &Url,
) -> Result<SignIn, ErpError> {
    if let Some(token) = credentials.oauth_token {
        return Ok(SignIn::Fixed(Auth::bearer(token, "oauthToken")));
    }
    match &credentials.private_key {
        Some(pem) => {
            let key = SigningKey::from_pem(pem, credentials.private_key_passphrase.as_ref())?;
            let key = key.with_key_id(credentials.key_id.clone()).with_scope_in_claims();
            certificate(settings, credentials, key, base)
        }
        None => signature(credentials, account),
    }
}

fn certificate(
    settings: &ConnectionSettings,
    credentials: Credentials,
    key: SigningKey,
    base: &Url,
) -> Result<SignIn, ErpError> {
    needed(credentials.key_id.as_deref(), "keyId")?;
    let own = || format!("{}/{TOKEN_PATH}", base.as_str().trim_end_matches('/'));
    let token_url = credentials.token_url.unwrap_or_else(own);
    Ok(SignIn::Certificate(Box::new(ClientCredentials {
        token_url: Url::parse(&token_url).map_err(|_| misconfigured("tokenUrl must be an address"))?,
        client_id: needed(credentials.client_id.as_deref(), "clientId")?.to_owned(),
        proof: ClientProof::Assertion(Box::new(key)),
        scope: Some(credentials.scope.unwrap_or_else(|| SCOPE.to_owned())),
        audience: None,
        timeout: timeout(settings),
        retry: retry(settings),
        fields: CERTIFICATE_FIELDS,
    })))
}

fn signature(credentials: Credentials, account: &str) -> Result<SignIn, ErpError> {
    let signer = OAuth1 {
        consumer_key: needed(credentials.consumer_key, "privateKey, or consumerKey,")?,
        consumer_secret: needed(credentials.consumer_secret, "consumerSecret")?,
        token: needed(credentials.token_id, "tokenId")?,
        token_secret: needed(credentials.token_secret, "tokenSecret")?,
        realm: Some(account.to_owned()),
    };
    Ok(SignIn::Fixed(Auth::oauth1(signer, TOKEN_FIELDS)))
}

fn needed<T>(field: Option<T>, name: &str) -> Result<T, ErpError> {
    field.ok_or_else(|| misconfigured(&format!("{name} is needed")))
}

fn misconfigured(sentence: &str) -> ErpError {
    ErpError::Misconfigured(format!("the connection's {sentence}"))
}
