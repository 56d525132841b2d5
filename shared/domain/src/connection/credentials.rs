//! How to sign in at an ERP. One list of fields in four forms: as sent, sealed in the table, masked in answers, and
//! open for the connector that uses them.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::{PartialSchema, ToSchema};

use super::ConnectionMethod;
use crate::validation::Checks;

/// What stands in answers where a secret is set. Sent back, it means "as it was".
pub const MASK: &str = "••••••••";

/// The name of a secret field, as in JSON. It is part of what a sealed secret is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretField(pub &'static str);

/// A secret as it lies in the table: sealed text that only the `secrets` crate can open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedSecret(pub String);

/// A secret as it is shown: its mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Masked;

impl Serialize for Masked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(MASK)
    }
}

/// A secret as a user sends it: a new one, or the mask to leave the old one.
#[derive(Debug, Clone)]
pub enum SecretInput {
    /// Leave it as it is.
    Keep,
    /// Set it.
    Set(SecretString),
}

/// In the API's description both are a string of format `password`.
macro_rules! password_schema {
    ($type:ty, $example:expr) => {
        impl PartialSchema for $type {
            fn schema() -> RefOr<Schema> {
                let password = SchemaFormat::KnownFormat(KnownFormat::Password);
                ObjectBuilder::new()
                    .schema_type(Type::String)
                    .format(Some(password))
                    .examples([serde_json::json!($example)])
                    .into()
            }
        }
        impl ToSchema for $type {}
    };
}
password_schema!(Masked, MASK);
password_schema!(SecretInput, "a-secret");

impl<'de> Deserialize<'de> for SecretInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Ok(if text == MASK { Self::Keep } else { Self::Set(text.into()) })
    }
}

/// The fields of every connection method, with secrets in the form `S`. Which are needed depends on the method.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(
    rename_all = "camelCase",
    deny_unknown_fields,
    bound(serialize = "S: Serialize", deserialize = "S: Deserialize<'de>")
)]
pub struct CredentialsOf<S> {
    /// `api`: where the API's paths begin.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "https://sap.example.com/api")]
    pub api_url: Option<String>,
    /// `api`: the key, sent as a Bearer token, in a header of your own, or as the user of Basic with `apiSecret`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key: Option<S>,
    /// `api`: with `apiKey`, makes Basic authentication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_secret: Option<S>,
    /// `api`: a token obtained elsewhere, sent as Bearer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oauth_token: Option<S>,
    /// `doi`: where order XML is posted.
    #[serde(default, skip_serializing_if = "Option::is_none", alias = "doiUrl")]
    pub doi_endpoint: Option<String>,
    /// `doi`: the user of Basic authentication.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doi_username: Option<String>,
    /// `doi`: its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doi_password: Option<S>,
    /// `sftp`: the server's name or address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "files.example.com")]
    pub sftp_host: Option<String>,
    /// `sftp`: its port; 22 if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sftp_port: Option<u16>,
    /// `sftp`: the user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sftp_username: Option<String>,
    /// `sftp`: the password, unless there is a private key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sftp_password: Option<S>,
    /// `sftp`: a private key in OpenSSH or PEM form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sftp_private_key: Option<S>,
    /// `sftp`: the private key's passphrase, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sftp_passphrase: Option<S>,
    /// `sftp`: the directory the files are in; the login's own if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "/out")]
    pub sftp_path: Option<String>,
    /// `sftp`: the server's key as `SHA256:…`. Pinned by the first test that succeeds; clear it to accept a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8")]
    pub sftp_host_key: Option<String>,
}

/// Credentials opened for use.
pub type Credentials = CredentialsOf<SecretString>;

impl<S> Default for CredentialsOf<S> {
    fn default() -> Self {
        Self {
            api_url: None,
            api_key: None,
            api_secret: None,
            oauth_token: None,
            doi_endpoint: None,
            doi_username: None,
            doi_password: None,
            sftp_host: None,
            sftp_port: None,
            sftp_username: None,
            sftp_password: None,
            sftp_private_key: None,
            sftp_passphrase: None,
            sftp_path: None,
            sftp_host_key: None,
        }
    }
}

impl<S> CredentialsOf<S> {
    /// Turns every secret into another form; the function also gets the same secret of `before`, by name.
    ///
    /// # Errors
    /// With the first error of `turn`.
    pub fn turn_secrets<B, T, E>(
        self,
        before: &CredentialsOf<B>,
        mut turn: impl FnMut(SecretField, S, Option<&B>) -> Result<Option<T>, E>,
    ) -> Result<CredentialsOf<T>, E> {
        let mut each = |name, secret: Option<S>, old: Option<&B>| match secret {
            Some(secret) => turn(SecretField(name), secret, old),
            None => Ok(None),
        };
        Ok(CredentialsOf {
            api_key: each("apiKey", self.api_key, before.api_key.as_ref())?,
            api_secret: each("apiSecret", self.api_secret, before.api_secret.as_ref())?,
            oauth_token: each("oauthToken", self.oauth_token, before.oauth_token.as_ref())?,
            doi_password: each("doiPassword", self.doi_password, before.doi_password.as_ref())?,
            sftp_password: each("sftpPassword", self.sftp_password, before.sftp_password.as_ref())?,
            sftp_private_key: each(
                "sftpPrivateKey",
                self.sftp_private_key,
                before.sftp_private_key.as_ref(),
            )?,
            sftp_passphrase: each("sftpPassphrase", self.sftp_passphrase, before.sftp_passphrase.as_ref())?,
            api_url: self.api_url,
            doi_endpoint: self.doi_endpoint,
            doi_username: self.doi_username,
            sftp_host: self.sftp_host,
            sftp_port: self.sftp_port,
            sftp_username: self.sftp_username,
            sftp_path: self.sftp_path,
            sftp_host_key: self.sftp_host_key,
        })
    }
}

impl CredentialsOf<SealedSecret> {
    /// The form that may be shown.
    #[must_use]
    pub fn masked(&self) -> CredentialsOf<Masked> {
        let nothing = CredentialsOf::<Masked>::default();
        let masked =
            self.clone().turn_secrets(&nothing, |_, _, _| Ok::<_, std::convert::Infallible>(Some(Masked)));
        match masked {
            Ok(masked) => masked,
            Err(never) => match never {},
        }
    }
}

impl CredentialsOf<SecretInput> {
    /// Checks what `method` needs.
    pub(super) fn check(&self, method: ConnectionMethod, checks: &mut Checks) {
        match method {
            ConnectionMethod::Api => check_url("credentials.apiUrl", self.api_url.as_deref(), checks),
            ConnectionMethod::Doi => {
                check_url("credentials.doiEndpoint", self.doi_endpoint.as_deref(), checks);
                let complete = self.doi_username.is_some() && self.doi_password.is_some();
                checks.require(
                    complete,
                    "credentials.doiPassword",
                    "is needed, with doiUsername: DOI uses Basic authentication",
                );
                let user = self.doi_username.as_deref().unwrap_or_default();
                checks.require(
                    user.len() <= 256 && !user.chars().any(char::is_control),
                    "credentials.doiUsername",
                    "must be at most 256 bytes without control characters",
                );
            }
            ConnectionMethod::Sftp => self.check_sftp(checks),
        }
        checks.require(
            self.api_secret.is_none() || self.api_key.is_some(),
            "credentials.apiSecret",
            "is only used together with apiKey",
        );
        self.check_secret_sizes(checks);
        self.check_unused_sizes(method, checks);
    }

    fn check_sftp(&self, checks: &mut Checks) {
        let host = self.sftp_host.as_deref().unwrap_or_default();
        let host_is_plain = host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]_".contains(c));
        checks.require(
            !host.is_empty() && host.len() <= 253 && host_is_plain,
            "credentials.sftpHost",
            "must be a host name or an address, such as files.example.com",
        );
        let user = self.sftp_username.as_deref().unwrap_or_default();
        checks.require(
            !user.is_empty() && user.len() <= 256 && !user.chars().any(char::is_control),
            "credentials.sftpUsername",
            "is needed",
        );
        checks.require(
            self.sftp_password.is_some() || self.sftp_private_key.is_some(),
            "credentials.sftpPassword",
            "is needed, or sftpPrivateKey instead",
        );
        checks.require(self.sftp_port != Some(0), "credentials.sftpPort", "must be between 1 and 65535");
        let path = self.sftp_path.as_deref().unwrap_or_default();
        checks.require(
            path.len() <= 1024
                && !path.chars().any(char::is_control)
                && !path.split('/').any(|part| part == ".."),
            "credentials.sftpPath",
            "must be a directory of at most 1024 bytes without .. or control characters",
        );
        let pinned = self.sftp_host_key.as_deref();
        checks.require(
            pinned.is_none_or(|key| key.starts_with("SHA256:") && key.len() == 50),
            "credentials.sftpHostKey",
            "must be a fingerprint such as SHA256:nThbg6kX…, as the connection test reports it",
        );
    }

    fn check_secret_sizes(&self, checks: &mut Checks) {
        let secrets = [
            ("apiKey", &self.api_key),
            ("apiSecret", &self.api_secret),
            ("oauthToken", &self.oauth_token),
            ("doiPassword", &self.doi_password),
            ("sftpPassword", &self.sftp_password),
            ("sftpPrivateKey", &self.sftp_private_key),
            ("sftpPassphrase", &self.sftp_passphrase),
        ];
        for (name, secret) in secrets {
            let Some(SecretInput::Set(secret)) = secret else { continue };
            let bytes = secret.expose_secret().len();
            if bytes == 0 || bytes > 16_384 {
                checks.fail(format!("credentials.{name}"), "must be 1 to 16384 bytes");
            }
        }
    }

    /// Fields of other methods are kept as they are, within what the table can hold.
    fn check_unused_sizes(&self, method: ConnectionMethod, checks: &mut Checks) {
        use ConnectionMethod::{Api, Doi, Sftp};
        let texts = [
            (Api, "apiUrl", &self.api_url),
            (Doi, "doiEndpoint", &self.doi_endpoint),
            (Doi, "doiUsername", &self.doi_username),
            (Sftp, "sftpHost", &self.sftp_host),
            (Sftp, "sftpUsername", &self.sftp_username),
            (Sftp, "sftpPath", &self.sftp_path),
            (Sftp, "sftpHostKey", &self.sftp_host_key),
        ];
        for (_, name, text) in texts.into_iter().filter(|(used_by, ..)| *used_by != method) {
            let bytes = text.as_ref().map_or(0, String::len);
            checks.require(bytes <= 2048, &format!("credentials.{name}"), "must be at most 2048 bytes");
        }
    }
}

fn check_url(field: &str, url: Option<&str>, checks: &mut Checks) {
    let Some(text) = url else { return checks.fail(field, "is needed") };
    let parsed =
        url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match parsed {
        None => checks.fail(field, "must be an http or https address, such as https://erp.example.com/api"),
        Some(url) if !url.username().is_empty() || url.password().is_some() => {
            checks.fail(field, "must not carry a password: use the credential fields, which are sealed");
        }
        Some(_) => checks.require(text.len() <= 2048, field, "must be at most 2048 bytes"),
    }
}
