//! What credentials must be like, whatever the provider. Which of them a provider needs is for `providers` to say.

use secrecy::ExposeSecret;

use super::{CredentialsOf, SecretInput};
use crate::connection::ConnectionMethod;
use crate::validation::Checks;

/// Most bytes of a secret, and of a certificate.
const LONGEST_SECRET: usize = 16_384;

/// Most bytes of any other text. Fields that the method does not use are kept too, within what the table can hold.
const LONGEST_TEXT: usize = 2048;

/// The texts that are addresses.
const ADDRESSES: [&str; 3] = ["apiUrl", "tokenUrl", "doiEndpoint"];

impl CredentialsOf<SecretInput> {
    /// Checks each field that is set by itself.
    pub(in crate::connection) fn check(&self, method: ConnectionMethod, checks: &mut Checks) {
        for (name, text) in self.texts() {
            check_text(name, text, is_used(name, method), checks);
        }
        for (name, secret) in self.secrets() {
            let SecretInput::Set(secret) = secret else { continue };
            let bytes = secret.expose_secret().len();
            if bytes == 0 || bytes > LONGEST_SECRET {
                checks.fail(format!("credentials.{name}"), "must be 1 to 16384 bytes");
            }
        }
        let pairs = [("apiSecret", "apiKey"), ("privateKeyPassphrase", "privateKey")];
        for (name, with) in pairs {
            if self.is_set(name) && !self.is_set(with) {
                checks.fail(format!("credentials.{name}"), format!("is only used together with {with}"));
            }
        }
        if method == ConnectionMethod::Sftp {
            self.check_sftp(checks);
        }
    }

    fn check_sftp(&self, checks: &mut Checks) {
        let plain = |host: &str| host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]_".contains(c));
        let fits = |host: &str| (1..=253).contains(&host.len()) && plain(host);
        checks.require(
            self.sftp_host.as_deref().is_none_or(fits),
            "credentials.sftpHost",
            "must be a host name or an address, such as files.example.com",
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
}

/// Whether a field is one that connections of this method use. Others may hold what they like.
fn is_used(name: &str, method: ConnectionMethod) -> bool {
    match method {
        ConnectionMethod::Api => !name.starts_with("doi") && !name.starts_with("sftp"),
        ConnectionMethod::Doi => name.starts_with("doi"),
        ConnectionMethod::Sftp => name.starts_with("sftp"),
    }
}

fn check_text(name: &str, text: &str, used: bool, checks: &mut Checks) {
    let field = &format!("credentials.{name}");
    match name {
        "certificate" => checks.require(text.len() <= LONGEST_SECRET, field, "must be at most 16384 bytes"),
        _ => checks.require(text.len() <= LONGEST_TEXT, field, "must be at most 2048 bytes"),
    }
    match name {
        _ if !used => {}
        "certificate" => checks.require(
            text.contains("-----BEGIN CERTIFICATE-----"),
            field,
            "must be a certificate in PEM form: it begins with -----BEGIN CERTIFICATE-----",
        ),
        "sftpHost" | "sftpPath" | "sftpHostKey" => {}
        _ if ADDRESSES.contains(&name) => check_url(field, text, checks),
        _ => checks.require(
            !text.trim().is_empty() && !text.chars().any(char::is_control),
            field,
            "must not be empty, nor hold control characters",
        ),
    }
}

fn check_url(field: &str, text: &str, checks: &mut Checks) {
    let parsed =
        url::Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match parsed {
        None => checks.fail(field, "must be an http or https address, such as https://erp.example.com/api"),
        Some(url) if !url.username().is_empty() || url.password().is_some() => {
            checks.fail(field, "must not carry a password: use the credential fields, which are sealed");
        }
        Some(_) => {}
    }
}
