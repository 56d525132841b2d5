//! Proving who we are: by private key, by password, or by a password asked for at a prompt.

use std::sync::Arc;

use domain::connection::Credentials;
use russh::client::{AuthResult, Handle, KeyboardInteractiveAuthResponse as Prompted};
use russh::keys::{Error as KeyError, HashAlg, PrivateKey, PrivateKeyWithHashAlg, decode_secret_key};
use russh::{MethodKind, MethodSet};
use secrecy::{ExposeSecret, SecretString};

use super::host_key::HostKeyCheck;
use super::{Server, fault};
use crate::ErpError;

/// How often a server may prompt before we give up on it.
const MAX_PROMPTS: usize = 8;

/// What the server answered to one way of signing in.
enum Answer {
    Welcome,
    /// Not this way; these ways are left. `true` when this one was right and another is wanted besides.
    Refused(MethodSet, bool),
}

impl From<AuthResult> for Answer {
    fn from(result: AuthResult) -> Self {
        match result {
            AuthResult::Success => Self::Welcome,
            AuthResult::Failure { remaining_methods, partial_success } => {
                Self::Refused(remaining_methods, partial_success)
            }
        }
    }
}

/// Signs in with the private key if there is one, then with the password if there is one.
pub(super) async fn authenticate(
    connection: &mut Handle<HostKeyCheck>,
    server: &Server,
    user: &str,
    credentials: &Credentials,
) -> Result<(), ErpError> {
    let refused = |reason: String| {
        ErpError::Unauthorized(format!("SFTP login to {server} as {user} was refused: {reason}"))
    };
    let mut reason = None;
    if let Some(key) = &credentials.sftp_private_key {
        let key = read_key(key, credentials.sftp_passphrase.as_ref())?;
        let kind = key.algorithm().to_string();
        match by_key(connection, server, user, key).await? {
            Answer::Welcome => return Ok(()),
            Answer::Refused(left, partly) => reason = Some(key_refused(&kind, &left, partly)),
        }
    }
    if let Some(password) = &credentials.sftp_password {
        match by_password(connection, server, user, password).await? {
            Answer::Welcome => return Ok(()),
            Answer::Refused(left, partly) => reason = Some(password_refused(&left, partly)),
        }
    }
    Err(refused(reason.unwrap_or_else(|| "there is neither sftpPassword nor sftpPrivateKey".to_owned())))
}

async fn by_key(
    connection: &mut Handle<HostKeyCheck>,
    server: &Server,
    user: &str,
    key: PrivateKey,
) -> Result<Answer, ErpError> {
    let lost = |error: russh::Error| fault::lost(server, &error);
    // RSA with SHA-1 is refused by every current server; one that names no algorithm is given SHA-512.
    let hash = if key.algorithm().is_rsa() {
        connection.best_supported_rsa_hash().await.map_err(lost)?.flatten().or(Some(HashAlg::Sha512))
    } else {
        None
    };
    let key = PrivateKeyWithHashAlg::new(Arc::new(key), hash);
    Ok(connection.authenticate_publickey(user, key).await.map_err(lost)?.into())
}

async fn by_password(
    connection: &mut Handle<HostKeyCheck>,
    server: &Server,
    user: &str,
    password: &SecretString,
) -> Result<Answer, ErpError> {
    let lost = |error: russh::Error| fault::lost(server, &error);
    let answer = connection.authenticate_password(user, password.expose_secret()).await.map_err(lost)?;
    let Answer::Refused(left, partly) = answer.into() else { return Ok(Answer::Welcome) };
    // Where `password` itself is on offer it was wrong: a second try at the prompt would only feed a lockout.
    if left.contains(&MethodKind::Password) || !left.contains(&MethodKind::KeyboardInteractive) {
        return Ok(Answer::Refused(left, partly));
    }
    let mut prompted = connection.authenticate_keyboard_interactive_start(user, None).await.map_err(lost)?;
    for _ in 0..MAX_PROMPTS {
        let prompts = match prompted {
            Prompted::Success => return Ok(Answer::Welcome),
            Prompted::Failure { remaining_methods, partial_success } => {
                return Ok(Answer::Refused(remaining_methods, partial_success));
            }
            Prompted::InfoRequest { prompts, .. } => prompts,
        };
        // A prompt that shows what is typed asks for something else than the password.
        let answers = prompts
            .iter()
            .map(|prompt| if prompt.echo { String::new() } else { password.expose_secret().to_owned() });
        prompted =
            connection.authenticate_keyboard_interactive_respond(answers.collect()).await.map_err(lost)?;
    }
    Ok(Answer::Refused(left, partly))
}

fn key_refused(kind: &str, left: &MethodSet, partly: bool) -> String {
    if partly {
        return format!("it wants a second proof besides the key ({})", names(left));
    }
    if left.contains(&MethodKind::PublicKey) {
        return format!(
            "it does not know this {kind} key; add its public half to the user's authorized keys"
        );
    }
    format!("it takes no keys (it offers {})", names(left))
}

fn password_refused(left: &MethodSet, partly: bool) -> String {
    if partly {
        return format!("it wants a second proof besides the password ({})", names(left));
    }
    if left.contains(&MethodKind::Password) || left.contains(&MethodKind::KeyboardInteractive) {
        return "wrong password".to_owned();
    }
    format!("it takes no passwords (it offers {})", names(left))
}

fn names(methods: &MethodSet) -> String {
    if methods.is_empty() {
        return "nothing else".to_owned();
    }
    methods.iter().map(<&str>::from).collect::<Vec<_>>().join(", ")
}

/// Opens the private key. What is wrong with it is told without a word of its text.
fn read_key(key: &SecretString, passphrase: Option<&SecretString>) -> Result<PrivateKey, ErpError> {
    let text = key.expose_secret().trim();
    let wrong = |sentence: &str| Err(ErpError::Misconfigured(format!("credentials.{sentence}")));
    if text.starts_with("ssh-") || text.starts_with("ecdsa-") || text.contains("PUBLIC KEY") {
        return wrong("sftpPrivateKey holds a public key: set the private one");
    }
    let opened = decode_secret_key(text, passphrase.map(ExposeSecret::expose_secret));
    match opened {
        Ok(key) if key.is_encrypted() => wrong("sftpPrivateKey is encrypted: set sftpPassphrase too"),
        Ok(key) => Ok(key),
        Err(KeyError::KeyIsEncrypted) => wrong("sftpPrivateKey is encrypted: set sftpPassphrase too"),
        Err(KeyError::UnsupportedKeyType { key_type_string, .. }) => wrong(&format!(
            "sftpPrivateKey is of the kind {key_type_string}, which cannot be used: make an ed25519 or RSA key"
        )),
        Err(error) => {
            tracing::debug!(%error, "the private key cannot be read");
            if passphrase.is_some() {
                return wrong("sftpPassphrase does not open sftpPrivateKey, or the key is damaged");
            }
            // ssh-key 0.7.0-rc.11 reads no P-256 key whose number begins with a zero byte.
            wrong(
                "sftpPrivateKey is no private key in OpenSSH, PEM or PuTTY form that can be read: paste the whole file; \
                 if that is all of it, make an ed25519 key, for of ECDSA keys one in 512 cannot be read",
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(key: &str, passphrase: Option<&str>) -> String {
        let passphrase = passphrase.map(SecretString::from);
        read_key(&SecretString::from(key), passphrase.as_ref()).unwrap_err().to_string()
    }

    #[test]
    fn a_key_that_cannot_be_used_is_told_without_its_text() {
        assert!(reason("ssh-ed25519 AAAAC3Nz me@here", None).contains("public key"));
        let damaged = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----";
        assert!(reason(damaged, None).contains("OpenSSH, PEM or PuTTY"));
        assert!(!reason(damaged, None).contains("c2VjcmV0"));
        assert!(reason("hello", None).contains("no private key"));
        assert!(reason("hello", Some("word")).contains("sftpPassphrase does not open"));
    }

    #[test]
    fn an_ecdsa_key_that_begins_with_a_zero_byte_is_not_taken_for_a_damaged_one() {
        let sentence = reason(include_str!("short_ecdsa_key"), None);
        assert!(sentence.contains("make an ed25519 key"), "{sentence}");
    }
}
