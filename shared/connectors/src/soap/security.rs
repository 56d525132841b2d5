//! WS-Security: the UsernameToken, and the Timestamp that says how long a message is valid.

use aws_lc_rs::{digest, rand};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use domain::template::xml_escaped;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use transport::ErpError;

use super::config::misconfigured;

pub(super) const WSSE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
pub(super) const WSU: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd";
pub(super) const PROFILE: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0";
pub(super) const BASE64_BINARY: &str =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-soap-message-security-1.0#Base64Binary";

/// Who we are, as each message tells it anew.
#[derive(Debug)]
pub(super) struct UsernameToken {
    pub(super) username: String,
    pub(super) password: SecretString,
    /// Whether a digest stands for the password.
    pub(super) as_digest: bool,
    /// For how long a message is valid, if it says so.
    pub(super) valid_seconds: Option<u32>,
}

impl UsernameToken {
    /// The header of one message. No two have the same nonce: a server may refuse one that it saw before.
    ///
    /// # Errors
    /// `Misconfigured` if user or password cannot be written in XML; `Unavailable` if there is no chance to be had.
    pub(super) fn header(&self) -> Result<String, ErpError> {
        let mut nonce = [0_u8; 16];
        rand::fill(&mut nonce)
            .map_err(|_| ErpError::Unavailable("the system gave no random bytes for a nonce".to_owned()))?;
        self.written(&nonce, Timestamp::now())
    }

    fn written(&self, nonce: &[u8], now: Timestamp) -> Result<String, ErpError> {
        let written = |text: &str, field: &str| {
            xml_escaped(text)
                .ok_or_else(|| misconfigured(&format!("the connection's {field} holds a control character")))
        };
        let created = format!("{now:.0}");
        let username = written(&self.username, "username")?;
        let password = if self.as_digest {
            format!(
                "<wsse:Password Type=\"{PROFILE}#PasswordDigest\">{}</wsse:Password>\
                 <wsse:Nonce EncodingType=\"{BASE64_BINARY}\">{}</wsse:Nonce><wsu:Created>{created}</wsu:Created>",
                digest(nonce, &created, &self.password),
                BASE64.encode(nonce),
            )
        } else {
            let password = written(self.password.expose_secret(), "password")?;
            format!("<wsse:Password Type=\"{PROFILE}#PasswordText\">{password}</wsse:Password>")
        };
        let timestamp = self.valid_seconds.map(|seconds| {
            let expires = now + SignedDuration::from_secs(seconds.into());
            format!(
                "<wsu:Timestamp><wsu:Created>{created}</wsu:Created><wsu:Expires>{expires:.0}</wsu:Expires>\
                 </wsu:Timestamp>"
            )
        });
        Ok(format!(
            "<wsse:Security xmlns:wsse=\"{WSSE}\" xmlns:wsu=\"{WSU}\" soap:mustUnderstand=\"1\">{}\
             <wsse:UsernameToken><wsse:Username>{username}</wsse:Username>{password}</wsse:UsernameToken>\
             </wsse:Security>",
            timestamp.unwrap_or_default()
        ))
    }
}

/// `Base64(SHA-1(nonce + created + password))`, as the UsernameToken Profile 1.0 has it.
pub(super) fn digest(nonce: &[u8], created: &str, password: &SecretString) -> String {
    let mut sha1 = digest::Context::new(&digest::SHA1_FOR_LEGACY_USE_ONLY);
    sha1.update(nonce);
    sha1.update(created.as_bytes());
    sha1.update(password.expose_secret().as_bytes());
    BASE64.encode(sha1.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(as_digest: bool, valid_seconds: Option<u32>) -> String {
        let password = "secret".to_owned().into();
        let token = UsernameToken { username: "a<b".to_owned(), password, as_digest, valid_seconds };
        token.written(b"0123456789abcdef", "2026-11-20T10:00:00.9Z".parse().unwrap()).unwrap()
    }

    #[test]
    fn the_digest_is_that_of_the_profile() {
        let digest = digest(b"0123456789abcdef", "2026-11-20T10:00:00Z", &"secret".to_owned().into());
        assert_eq!(digest, "Fprs3xiaPX4CtmKT8GBEpT4GfqU=");
        let written = token(true, None);
        assert!(
            written.contains("#PasswordDigest\">Fprs3xiaPX4CtmKT8GBEpT4GfqU=</wsse:Password>"),
            "{written}"
        );
        assert!(written.contains(">MDEyMzQ1Njc4OWFiY2RlZg==</wsse:Nonce>"), "{written}");
        assert!(!written.contains("secret"), "{written}");
    }

    #[test]
    fn a_timestamp_says_how_long_a_message_is_valid() {
        insta::assert_snapshot!(token(false, Some(300)));
    }
}
