//! How to sign in at an ERP. One list of fields in four forms: as sent, sealed in the table, masked in answers, and
//! open for the connector that uses them.

mod checks;
mod secret;

pub use secret::{MASK, Masked, SealedSecret, SecretField, SecretInput};

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Makes the type from the list of its fields: name in Rust, name in JSON, and `S` for a secret, else what it is. All
/// that goes over every field is made here, so that a new one is one line. The name in JSON is taken as `tt`, since a
/// `literal` comes wrapped, and utoipa does not see what is in it.
macro_rules! credentials {
    (
        $(#[$of_all:meta])*
        $credentials:ident<S> { $($(#[$about:meta])* $field:ident $name:tt: $type:ident,)* }
    ) => {
        $(#[$of_all])*
        pub struct $credentials<S> {
            $(
                $(#[$about])*
                #[serde(rename = $name, default, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
        }

        impl<S> Default for CredentialsOf<S> {
            fn default() -> Self {
                Self { $($field: None),* }
            }
        }

        impl<S> CredentialsOf<S> {
            /// The names of all fields, as in JSON.
            pub const NAMES: &'static [&'static str] = &[$($name),*];

            /// Whether the field of this name is set.
            #[must_use]
            pub fn is_set(&self, name: &str) -> bool {
                match name {
                    $($name => self.$field.is_some(),)*
                    _ => false,
                }
            }

            /// The texts that are set, by name; secrets are not among them.
            #[must_use]
            pub fn texts(&self) -> Vec<(&'static str, &str)> {
                let texts = [$(credentials!(@text $type $name, self.$field)),*];
                texts.into_iter().filter_map(|(name, text)| text.map(|text| (name, text))).collect()
            }

            /// The secrets that are set, by name.
            #[must_use]
            pub fn secrets(&self) -> Vec<(&'static str, &S)> {
                let secrets = [$(credentials!(@secret $type $name, self.$field)),*];
                secrets.into_iter().filter_map(|(name, secret)| secret.map(|secret| (name, secret))).collect()
            }

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
                    $($field: credentials!(@turn $type each, $name, self.$field, before.$field)),*
                })
            }
        }
    };
    (@text String $name:literal, $value:expr) => { ($name, $value.as_deref()) };
    (@text $other:ident $name:literal, $value:expr) => { ($name, None) };
    (@secret S $name:literal, $value:expr) => { ($name, $value.as_ref()) };
    (@secret $other:ident $name:literal, $value:expr) => { ($name, None) };
    (@turn S $each:ident, $name:literal, $value:expr, $before:expr) => { $each($name, $value, $before.as_ref())? };
    (@turn $other:ident $each:ident, $name:literal, $value:expr, $before:expr) => { $value };
}

credentials! {
    /// The fields of every way to sign in, with secrets in the form `S`. Which are needed depends on provider and
    /// method.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
    #[serde(
        deny_unknown_fields,
        bound(serialize = "S: Serialize", deserialize = "S: Deserialize<'de>")
    )]
    CredentialsOf<S> {
        /// `api`: where the API's paths begin. ERPs in the cloud that have one address for everybody do without.
        #[schema(example = "https://sap.example.com/api")]
        api_url "apiUrl": String,
        /// `api`: the key, sent as a Bearer token, in a header of your own, or as the user of Basic with `apiSecret`.
        api_key "apiKey": S,
        /// `api`: with `apiKey`, makes Basic authentication.
        api_secret "apiSecret": S,
        /// `api`: a token obtained elsewhere, sent as Bearer.
        oauth_token "oauthToken": S,
        /// The user that signs in.
        username "username": String,
        /// The password of `username`, or the access key it has in its place.
        password "password": S,
        /// OAuth 2.0: the id of the application that signs in.
        #[schema(example = "5d6f0c1e-6f4b-4f0a-9d53-0c3f2c1d7a55")]
        client_id "clientId": String,
        /// OAuth 2.0: the secret of `clientId`.
        client_secret "clientSecret": S,
        /// OAuth 2.0: where access tokens are given out; left out where the ERP has one address for everybody.
        #[schema(example = "https://login.example.com/oauth2/token")]
        token_url "tokenUrl": String,
        /// OAuth 2.0: what is asked for, separated by spaces; left out where the ERP has one scope for everybody.
        scope "scope": String,
        /// OAuth 2.0: for whom the token is to be, where the token endpoint wants to be told.
        audience "audience": String,
        /// The tenant or directory at the ERP.
        #[schema(example = "contoso.onmicrosoft.com")]
        tenant "tenant": String,
        /// The company within the ERP, by its name or id.
        company "company": String,
        /// The account at the ERP.
        account "account": String,
        /// The database at the ERP.
        database "database": String,
        /// The certificate that goes with `privateKey`, as PEM.
        certificate "certificate": String,
        /// The private key that proves who we are, as PEM.
        private_key "privateKey": S,
        /// The passphrase of `privateKey`, if it has one.
        private_key_passphrase "privateKeyPassphrase": S,
        /// Under which id the ERP knows the certificate or key.
        key_id "keyId": String,
        /// OAuth 1.0: the key of the application that signs.
        consumer_key "consumerKey": S,
        /// OAuth 1.0: the secret of `consumerKey`.
        consumer_secret "consumerSecret": S,
        /// OAuth 1.0: the id of the token.
        token_id "tokenId": S,
        /// OAuth 1.0: the secret of `tokenId`.
        token_secret "tokenSecret": S,
        /// `doi`: where order XML is posted.
        #[serde(alias = "doiUrl")]
        doi_endpoint "doiEndpoint": String,
        /// `doi`: the user of Basic authentication.
        doi_username "doiUsername": String,
        /// `doi`: its password.
        doi_password "doiPassword": S,
        /// `doi`: cXML's shared secret, which goes into each document beside Basic authentication.
        doi_shared_secret "doiSharedSecret": S,
        /// `sftp`: the server's name or address.
        #[schema(example = "files.example.com")]
        sftp_host "sftpHost": String,
        /// `sftp`: its port; 22 if left out.
        sftp_port "sftpPort": u16,
        /// `sftp`: the user.
        sftp_username "sftpUsername": String,
        /// `sftp`: the password, unless there is a private key.
        sftp_password "sftpPassword": S,
        /// `sftp`: a private key in OpenSSH or PEM form.
        sftp_private_key "sftpPrivateKey": S,
        /// `sftp`: the private key's passphrase, if it has one.
        sftp_passphrase "sftpPassphrase": S,
        /// `sftp`: the directory the files are in; the login's own if left out.
        #[schema(example = "/out")]
        sftp_path "sftpPath": String,
        /// `sftp`: the server's key as `SHA256:…`. Pinned by the first test that succeeds; clear it to accept a new one.
        #[schema(example = "SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8")]
        sftp_host_key "sftpHostKey": String,
    }
}

/// Credentials opened for use.
pub type Credentials = CredentialsOf<SecretString>;

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
