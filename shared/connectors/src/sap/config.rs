//! From a connection's settings and credentials to addresses and a way to sign in. Pure.

use std::sync::Arc;

use domain::connection::providers::sap::{ODataVersion, SapService, SapSettings, SapSystem};
use domain::connection::{ConnectionSettings, Credentials, TokenAuth};
use http::HeaderName;
use transport::ErpError;
use transport::http::Auth;
use transport::session::{ClientCredentials, ClientProof, Grant, SamlBearer, SamlSubject, SigningKey};
use url::Url;

use crate::patience::{retry, timeout};

/// The header that carries the key of SAP's API Business Hub and of an API Management before the system.
const API_KEY: HeaderName = HeaderName::from_static("apikey");

/// To whom an assertion for SuccessFactors is said.
const AUDIENCE: &str = "www.successfactors.com";

/// How to sign in.
#[derive(Debug)]
pub(super) enum SignIn {
    /// With each request.
    Fixed(Auth),
    /// By an access token.
    Token(Arc<dyn Grant>),
}

/// Where all paths begin.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn base(credentials: &Credentials) -> Result<Url, ErpError> {
    address(credentials.api_url.as_deref(), "apiUrl")
}

/// The path of a service under the base.
pub(super) fn path(settings: &SapSettings, service: SapService) -> &str {
    let own = settings.services.get(&service).and_then(|service| service.path.as_deref());
    own.unwrap_or_else(|| usual_path(service, settings.version(service))).trim_matches('/')
}

const fn usual_path(service: SapService, version: ODataVersion) -> &'static str {
    match (service, version) {
        (SapService::Products, ODataVersion::V2) => "sap/opu/odata/sap/API_PRODUCT_SRV",
        (SapService::Products, ODataVersion::V4) => {
            "sap/opu/odata4/sap/api_product/srvd_a2x/sap/product/0002"
        }
        (SapService::Stock, _) => "sap/opu/odata/sap/API_MATERIAL_STOCK_SRV",
        (SapService::Orders, ODataVersion::V2) => "sap/opu/odata/sap/API_SALES_ORDER_SRV",
        (SapService::Orders, ODataVersion::V4) => {
            "sap/opu/odata4/sap/api_salesorder/srvd_a2x/sap/salesorder/0001"
        }
        (SapService::Deliveries, _) => "sap/opu/odata/sap/API_OUTBOUND_DELIVERY_SRV;v=0002",
        (SapService::Invoices, _) => "sap/opu/odata/sap/API_BILLING_DOCUMENT_SRV",
        (SapService::BusinessPartners, _) => "sap/opu/odata/sap/API_BUSINESS_PARTNER",
        (SapService::Users, _) => "odata/v2",
    }
}

/// The way to sign in that the credentials allow.
///
/// # Errors
/// `Misconfigured`, naming the field.
pub(super) fn sign_in(
    settings: &ConnectionSettings,
    credentials: Credentials,
    base: &Url,
) -> Result<SignIn, ErpError> {
    if let Some(token) = credentials.oauth_token {
        return Ok(SignIn::Fixed(Auth::bearer(token, "oauthToken")));
    }
    if credentials.private_key.is_some() {
        let grant = saml_bearer(settings, credentials, base)?;
        return Ok(SignIn::Token(Arc::new(grant)));
    }
    if let (Some(user), Some(password)) = (&credentials.username, &credentials.password) {
        let auth = Auth::basic(user.clone().into(), password.clone(), "username and password");
        return Ok(SignIn::Fixed(auth));
    }
    if let Some(secret) = credentials.client_secret {
        return Ok(SignIn::Token(Arc::new(ClientCredentials {
            token_url: address(credentials.token_url.as_deref(), "tokenUrl")?,
            client_id: needed(credentials.client_id, "clientId")?,
            proof: match settings.api.token_auth {
                TokenAuth::Header => ClientProof::Header(secret),
                TokenAuth::Body => ClientProof::Body(secret),
            },
            scope: credentials.scope,
            audience: None,
            timeout: timeout(settings),
            retry: retry(settings),
            fields: "clientId, clientSecret and scope",
        })));
    }
    match credentials.api_key {
        Some(key) => Ok(SignIn::Fixed(Auth::in_header(API_KEY, key, "apiKey"))),
        None => Err(misconfigured("username and password are needed")),
    }
}

fn saml_bearer(
    settings: &ConnectionSettings,
    credentials: Credentials,
    base: &Url,
) -> Result<SamlBearer, ErpError> {
    if settings.sap.system != SapSystem::SuccessFactors {
        return Err(misconfigured(
            "settings.sap.system must be success_factors to sign in by privateKey: S/4HANA takes username and password",
        ));
    }
    let pem = needed(credentials.private_key, "privateKey")?;
    let token_url = match credentials.token_url.as_deref() {
        None => base.join("/oauth/token").map_err(|_| misconfigured("apiUrl must be an address"))?,
        own => address(own, "tokenUrl")?,
    };
    let client_id = needed(credentials.client_id, "clientId")?;
    let attributes = [("api_key", client_id.as_str()), ("use_username", "false"), ("external_user", "false")];
    Ok(SamlBearer {
        token_url,
        subject: SamlSubject {
            issuer: AUDIENCE.to_owned(),
            audience: AUDIENCE.to_owned(),
            user: needed(credentials.username, "username")?,
            attributes: attributes.map(|(name, value)| (name, value.to_owned())).into(),
        },
        client_id,
        key: SigningKey::from_pem(&pem, credentials.private_key_passphrase.as_ref())?,
        form: vec![("company_id", needed(credentials.company, "company")?)],
        timeout: timeout(settings),
        retry: retry(settings),
        fields: "company, clientId, username (the user id) and privateKey, and that its certificate is the one of the \
                 OAuth client application",
    })
}

fn address(text: Option<&str>, name: &str) -> Result<Url, ErpError> {
    let text = text.ok_or_else(|| misconfigured(&format!("{name} is needed")))?;
    Url::parse(text).map_err(|_| misconfigured(&format!("{name} must be an http or https address")))
}

fn needed<T>(field: Option<T>, name: &str) -> Result<T, ErpError> {
    field.ok_or_else(|| misconfigured(&format!("{name} is needed")))
}

pub(super) fn misconfigured(sentence: &str) -> ErpError {
    ErpError::Misconfigured(format!("the connection's {sentence}"))
}
