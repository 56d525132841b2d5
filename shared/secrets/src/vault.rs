//! The vault: AES-256-GCM under one data key.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::connection::{Credentials, CredentialsOf, SealedSecret, SecretField, SecretInput};
use domain::ids::ConnectionId;
use secrecy::{ExposeSecret, SecretString};

use crate::{SecretsError, key_file};

/// Length of a data key, in bytes.
const KEY_LEN: usize = 32;

/// What a sealed secret begins with; another way of sealing would begin with another.
const FORMAT: &str = "v1.";

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    key: Arc<RandomizedNonceKey>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(..)")
    }
}

impl Vault {
    /// A vault under the key in a file, which is made on first start.
    ///
    /// # Errors
    /// When the file cannot be read or made, or holds no key.
    pub fn from_key_file(path: &Path) -> Result<Self, SecretsError> {
        let bytes = key_file::load_or_make(path, || {
            let mut key = vec![0; KEY_LEN];
            aws_lc_rs::rand::fill(&mut key).map_err(|_| SecretsError::Unsealable)?;
            Ok(key)
        })?;
        let key = <[u8; KEY_LEN]>::try_from(bytes).map_err(|bytes| {
            key_file::failed(path, format!("it holds {} bytes instead of {KEY_LEN}", bytes.len()))
        })?;
        Ok(Self::from_key(key))
    }

    /// A vault under `key`.
    #[must_use]
    pub fn from_key(key: [u8; KEY_LEN]) -> Self {
        #[expect(clippy::expect_used, reason = "any 32 bytes are a key of AES-256")]
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key).expect("a key of the right length");
        Self { key: Arc::new(key) }
    }

    /// Seals what a user sent; secrets sent as their mask are taken from `before`.
    ///
    /// # Errors
    /// With [`SecretsError::NothingToKeep`] for a mask where `before` has no secret.
    pub fn seal(
        &self,
        connection: &ConnectionId,
        input: CredentialsOf<SecretInput>,
        before: &CredentialsOf<SealedSecret>,
    ) -> Result<CredentialsOf<SealedSecret>, SecretsError> {
        input.turn_secrets(before, |field, secret, old| match (secret, old) {
            (SecretInput::Set(secret), _) => self.seal_one(connection, field, &secret).map(Some),
            (SecretInput::Keep, Some(old)) => Ok(Some(old.clone())),
            (SecretInput::Keep, None) => Err(SecretsError::NothingToKeep(field.0)),
        })
    }

    /// Opens the credentials of a connection, for the connector that uses them.
    ///
    /// # Errors
    /// With the first secret that does not fit this vault's key, the connection or its field.
    pub fn open(
        &self,
        connection: &ConnectionId,
        sealed: &CredentialsOf<SealedSecret>,
    ) -> Result<Credentials, SecretsError> {
        let nothing = CredentialsOf::<()>::default();
        sealed.clone().turn_secrets(&nothing, |field, secret, _| {
            let opened = self.open_one(connection, field, &secret);
            opened
                .ok_or(SecretsError::Unopenable { connection: connection.clone(), field: field.0 })
                .map(Some)
        })
    }

    fn seal_one(
        &self,
        connection: &ConnectionId,
        field: SecretField,
        secret: &SecretString,
    ) -> Result<SealedSecret, SecretsError> {
        let mut text = secret.expose_secret().as_bytes().to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(binding(connection, field), &mut text)
            .map_err(|_| SecretsError::Unsealable)?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.extend_from_slice(&text);
        Ok(SealedSecret(format!("{FORMAT}{}", STANDARD.encode(sealed))))
    }

    fn open_one(
        &self,
        connection: &ConnectionId,
        field: SecretField,
        sealed: &SealedSecret,
    ) -> Option<SecretString> {
        let bytes = STANDARD.decode(sealed.0.strip_prefix(FORMAT)?).ok()?;
        let (nonce, text) = bytes.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut text = text.to_vec();
        let open = self.key.open_in_place(nonce, binding(connection, field), &mut text).ok()?;
        std::str::from_utf8(open).ok().map(SecretString::from)
    }
}

/// What a sealed secret is bound to. Neither part can hold a colon, so no two bindings read alike.
fn binding(connection: &ConnectionId, field: SecretField) -> Aad<Vec<u8>> {
    Aad::from(format!("{connection}:{}", field.0).into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vault() -> Vault {
        Vault::from_key([7; KEY_LEN])
    }

    fn connection(id: &str) -> ConnectionId {
        id.parse().unwrap()
    }

    fn sent(key: &str, secret: &str) -> CredentialsOf<SecretInput> {
        let input = |text: &str| Some(serde_json::from_value(serde_json::json!(text)).unwrap());
        CredentialsOf { api_key: input(key), api_secret: input(secret), ..CredentialsOf::default() }
    }

    fn sealed() -> CredentialsOf<SealedSecret> {
        vault().seal(&connection("erp_1"), sent("the-key", "the-secret"), &CredentialsOf::default()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_again_and_does_not_show() {
        let sealed = sealed();
        let text = serde_json::to_string(&sealed).unwrap();
        assert!(!text.contains("the-key") && text.contains("v1."));
        let open = vault().open(&connection("erp_1"), &sealed).unwrap();
        assert_eq!(open.api_key.unwrap().expose_secret(), "the-key");
        assert_eq!(open.api_secret.unwrap().expose_secret(), "the-secret");
    }

    #[test]
    fn the_same_secret_never_seals_to_the_same_text() {
        assert_ne!(sealed().api_key, sealed().api_key);
    }

    #[test]
    fn a_mask_keeps_the_old_secret_and_is_refused_where_there_is_none() {
        let before = sealed();
        let mask = domain::connection::MASK;
        let kept = vault().seal(&connection("erp_1"), sent(mask, "new"), &before).unwrap();
        assert_eq!(kept.api_key, before.api_key);
        assert_ne!(kept.api_secret, before.api_secret);
        let error = vault().seal(&connection("erp_1"), sent(mask, "new"), &CredentialsOf::default());
        assert!(matches!(error, Err(SecretsError::NothingToKeep("apiKey"))));
    }

    #[test]
    fn a_secret_moved_to_another_connection_or_field_does_not_open() {
        let sealed = sealed();
        assert!(vault().open(&connection("erp_2"), &sealed).is_err());
        let swapped = CredentialsOf {
            api_key: sealed.api_secret.clone(),
            api_secret: sealed.api_key.clone(),
            ..CredentialsOf::default()
        };
        let error = vault().open(&connection("erp_1"), &swapped).unwrap_err();
        assert!(matches!(error, SecretsError::Unopenable { field: "apiKey", .. }));
    }

    #[test]
    fn another_key_or_an_altered_text_is_refused_without_showing_anything() {
        let other = Vault::from_key([8; KEY_LEN]);
        let error = other.open(&connection("erp_1"), &sealed()).unwrap_err().to_string();
        assert!(error.contains("apiKey of erp_1") && !error.contains("v1."), "{error}");
        for altered in ["", "v1.", "v1.AAAA", "v2.AAAA", "v1.%%%%"] {
            let credentials =
                CredentialsOf { api_key: Some(SealedSecret(altered.to_owned())), ..CredentialsOf::default() };
            assert!(vault().open(&connection("erp_1"), &credentials).is_err(), "{altered:?}");
        }
    }

    #[test]
    fn the_key_survives_a_restart_and_debug_shows_none_of_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret.key");
        let first = Vault::from_key_file(&path).unwrap();
        let sealed = first.seal(&connection("erp_1"), sent("k", "s"), &CredentialsOf::default()).unwrap();
        assert!(Vault::from_key_file(&path).unwrap().open(&connection("erp_1"), &sealed).is_ok());
        assert_eq!(format!("{first:?}"), "Vault(..)");
        std::fs::write(&path, [1; 5]).unwrap();
        let error = Vault::from_key_file(&path).unwrap_err().to_string();
        assert!(error.contains("5 bytes instead of 32"), "{error}");
    }
}
