//! A private key that signs assertions of who we are (RFC 7523), and the certificate that goes with it.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use jsonwebtoken::crypto::sign;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use pkcs8::der::pem::PemLabel as _;
use pkcs8::{EncryptedPrivateKeyInfoRef, LineEnding, PrivateKeyInfoRef, SecretDocument};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use serde_json::{Value, json};
use url::Url;

use crate::ErpError;

/// How long an assertion holds, in seconds.
const LIFE_SECONDS: i64 = 300;

/// Signs assertions.
#[derive(Clone)]
pub struct SigningKey {
    key: EncodingKey,
    header: Header,
    scope_in_claims: bool,
    audience: Option<String>,
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SigningKey({:?})", self.header.alg)
    }
}

impl SigningKey {
    /// Reads a private key in PEM form: an RSA key, which signs by PS256, or one on the curve P-256, which signs by
    /// ES256.
    ///
    /// # Errors
    /// `Misconfigured`, naming the field that does not fit.
    pub fn from_pem(pem: &SecretString, passphrase: Option<&SecretString>) -> Result<Self, ErpError> {
        let plain = decrypted(pem, passphrase)?;
        let plain = plain.expose_secret();
        let rsa = || EncodingKey::from_rsa_pem(plain).ok().map(|key| (key, Algorithm::PS256));
        let curve = || EncodingKey::from_ec_pem(plain).ok().map(|key| (key, Algorithm::ES256));
        let (key, algorithm) = rsa().or_else(curve).ok_or_else(|| {
            misconfigured("privateKey cannot be read: it must be an RSA or P-256 key in PEM form")
        })?;
        Ok(Self { key, header: Header::new(algorithm), scope_in_claims: false, audience: None })
    }

    /// The same, but an RSA key signs by RS256, for servers that know no better.
    #[must_use]
    pub fn with_rs256(mut self) -> Self {
        if self.header.alg == Algorithm::PS256 {
            self.header.alg = Algorithm::RS256;
        }
        self
    }

    /// The same, naming the key as the server knows it.
    #[must_use]
    pub fn with_key_id(mut self, key_id: Option<String>) -> Self {
        self.header.kid = key_id;
        self
    }

    /// The same, naming the certificate by its SHA-256 (`x5t#S256`, RFC 7515 section 4.1.8), as Microsoft Entra wants.
    ///
    /// # Errors
    /// `Misconfigured`, if the text holds no certificate.
    pub fn with_certificate(mut self, pem: &str) -> Result<Self, ErpError> {
        self.header.x5t_s256 = Some(thumbprint(pem, &digest::SHA256)?);
        Ok(self)
    }

    /// The same, naming the certificate by its SHA-1 (`x5t`, RFC 7515 section 4.1.7), as Oracle wants.
    ///
    /// # Errors
    /// `Misconfigured`, if the text holds no certificate.
    pub fn with_certificate_by_sha1(mut self, pem: &str) -> Result<Self, ErpError> {
        self.header.x5t = Some(thumbprint(pem, &digest::SHA1_FOR_LEGACY_USE_ONLY)?);
        Ok(self)
    }

    /// The same, with assertions meant for another audience than the address of the token endpoint.
    #[must_use]
    pub fn with_audience(mut self, audience: String) -> Self {
        self.audience = Some(audience);
        self
    }

    /// The same, with the scope among the claims, as NetSuite wants: then the assertion says all, and the request for a
    /// token repeats neither scope nor client.
    #[must_use]
    pub const fn with_scope_in_claims(mut self) -> Self {
        self.scope_in_claims = true;
        self
    }

    /// Whether the scope is among the claims.
    pub(super) const fn tells_scope(&self) -> bool {
        self.scope_in_claims
    }

    /// Says who we are to a token endpoint.
    ///
    /// # Errors
    /// `Misconfigured`, if the key cannot sign.
    pub(super) fn assertion(
        &self,
        client_id: &str,
        token_url: &Url,
        scope: Option<&str>,
    ) -> Result<SecretString, ErpError> {
        let now = Timestamp::now().as_second();
        let mut claims = json!({
            "iss": client_id,
            "sub": client_id,
            "aud": self.audience.as_deref().unwrap_or(token_url.as_str()),
            "jti": format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..)),
            "iat": now,
            "nbf": now,
            "exp": now + LIFE_SECONDS,
        });
        if let Some(scope) = scope.filter(|_| self.scope_in_claims) {
            claims["scope"] = scope.split_whitespace().collect();
        }
        self.sign(&claims)
    }

    /// A JSON Web Token with these claims.
    ///
    /// # Errors
    /// `Misconfigured`, if the key cannot sign.
    pub(super) fn sign(&self, claims: &Value) -> Result<SecretString, ErpError> {
        // The library's error may quote the key.
        let signed = encode(&self.header, claims, &self.key)
            .map_err(|_| misconfigured("privateKey cannot sign: it must be an RSA or P-256 key"))?;
        Ok(signed.into())
    }

    /// Signs any text with an RSA key by RSASSA-PKCS1-v1_5 and SHA-256 (RS256), as XML signatures have it.
    ///
    /// # Errors
    /// `Misconfigured`, if the key is none of RSA.
    pub(super) fn rsa_sha256(&self, text: &str) -> Result<Vec<u8>, ErpError> {
        let refused = || misconfigured("privateKey cannot sign: it must be an RSA key in PEM form");
        let is_rsa = matches!(self.header.alg, Algorithm::PS256 | Algorithm::RS256);
        let signed = is_rsa.then(|| sign(text.as_bytes(), &self.key, Algorithm::RS256).ok()).flatten();
        signed.and_then(|signed| URL_SAFE_NO_PAD.decode(signed).ok()).ok_or_else(refused)
    }
}

/// By what a certificate is known.
fn thumbprint(pem: &str, algorithm: &'static digest::Algorithm) -> Result<String, ErpError> {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| misconfigured("certificate cannot be read: it must be one in PEM form"))?;
    Ok(URL_SAFE_NO_PAD.encode(digest::digest(algorithm, &certificate)))
}

/// The key as plain PEM.
fn decrypted(pem: &SecretString, passphrase: Option<&SecretString>) -> Result<SecretSlice<u8>, ErpError> {
    let text = pem.expose_secret();
    if !text.contains(EncryptedPrivateKeyInfoRef::PEM_LABEL) {
        return Ok(text.as_bytes().to_vec().into());
    }
    let passphrase =
        passphrase.ok_or_else(|| misconfigured("privateKey is encrypted: set privateKeyPassphrase"))?;
    let unreadable = |_| misconfigured("privateKey cannot be read: it must be a PKCS #8 key in PEM form");
    let (_, document) = SecretDocument::from_pem(text.trim()).map_err(|_| unreadable(()))?;
    let sealed = EncryptedPrivateKeyInfoRef::try_from(document.as_bytes()).map_err(|_| unreadable(()))?;
    let opened = sealed
        .decrypt(passphrase.expose_secret())
        .map_err(|_| misconfigured("privateKey does not open with privateKeyPassphrase"))?;
    let plain = opened.to_pem(PrivateKeyInfoRef::PEM_LABEL, LineEnding::LF).map_err(|_| unreadable(()))?;
    Ok(plain.as_bytes().to_vec().into())
}

fn misconfigured(sentence: &str) -> ErpError {
    ErpError::Misconfigured(format!("the connection's {sentence}"))
}
