//! The vault: AES-256-GCM under one data key.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::aead::{Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_types::SdkConfig;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use domain::connection::{Credentials, CredentialsOf, SealedSecret, SecretField, SecretInput};
use domain::ids::ConnectionId;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use store::Store;

use crate::data_key::{DataKey, KEY_LEN};
use crate::kms::Kms;
use crate::{SecretsError, key_file};

/// What a sealed secret begins with; another way of sealing would begin with another.
const FORMAT: &str = "v1.";

/// What the data key is needed for.
const SEAL: &str = "seal";
const OPEN: &str = "open";

/// Seals and opens secrets. Cheap to clone.
#[derive(Clone)]
pub struct Vault {
    key: Arc<DataKey>,
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
        Self { key: Arc::new(DataKey::known(&key)) }
    }

    /// A vault under a data key that the table keeps, wrapped by the KMS key `key_id`. Nothing is asked for before the
    /// first secret is sealed or opened, so that who does neither needs no right to the key.
    #[must_use]
    pub fn from_kms(config: SdkConfig, key_id: impl Into<String>, store: Store) -> Self {
        Self { key: Arc::new(DataKey::wrapped(Kms::new(config, key_id.into(), store))) }
    }

    /// Seals what a user sent; secrets sent as their mask are taken from `before`.
    ///
    /// # Errors
    /// With [`SecretsError::NothingToKeep`] for a mask where `before` has no secret; if the data key is not to be had.
    pub async fn seal(
        &self,
        connection: &ConnectionId,
        input: CredentialsOf<SecretInput>,
        before: &CredentialsOf<SealedSecret>,
    ) -> Result<CredentialsOf<SealedSecret>, SecretsError> {
        let key = self.key_to(SEAL).await?;
        input.turn_secrets(before, |field, secret, old| match (secret, old) {
            (SecretInput::Set(secret), _) => {
                let sealed = seal(key, binding(connection, field), secret.expose_secret().as_bytes())?;
                Ok(Some(SealedSecret(sealed)))
            }
            (SecretInput::Keep, Some(old)) => Ok(Some(old.clone())),
            (SecretInput::Keep, None) => Err(SecretsError::NothingToKeep(field.0)),
        })
    }

    /// Opens the credentials of a connection, for the connector that uses them.
    ///
    /// # Errors
    /// With the first secret that does not fit this vault's key, the connection or its field; if the data key is not
    /// to be had.
    pub async fn open(
        &self,
        connection: &ConnectionId,
        sealed: &CredentialsOf<SealedSecret>,
    ) -> Result<Credentials, SecretsError> {
        let key = self.key_to(OPEN).await?;
        let nothing = CredentialsOf::<()>::default();
        sealed.clone().turn_secrets(&nothing, |field, secret, _| {
            let opened = open(key, binding(connection, field), &secret.0).and_then(text);
            opened
                .ok_or_else(|| SecretsError::Unopenable { what: format!("{} of {connection}", field.0) })
                .map(Some)
        })
    }

    /// Asks KMS anew for the data key. A vault that has never sealed anything has none, and is well.
    ///
    /// # Errors
    /// If the data key is not to be had.
    pub async fn check(&self) -> Result<(), SecretsError> {
        self.key.check().await
    }

    /// Seals any other secret, bound to the item that will hold it: `bound_to` names that item.
    ///
    /// # Errors
    /// If the data key is not to be had.
    pub async fn seal_bytes(&self, bound_to: &str, secret: &[u8]) -> Result<String, SecretsError> {
        seal(self.key_to(SEAL).await?, binding_to_item(bound_to), secret)
    }

    /// Seals what somebody was given who had opened a secret before, such as an access token. The data key is there by
    /// then, so whoever may open secrets may do this, and needs no right to make a key.
    ///
    /// # Errors
    /// If the data key is not to be had.
    pub async fn seal_given(&self, bound_to: &str, secret: &[u8]) -> Result<String, SecretsError> {
        seal(self.key_to(OPEN).await?, binding_to_item(bound_to), secret)
    }

    /// Opens what [`Self::seal_bytes`] or [`Self::seal_given`] sealed for the same item.
    ///
    /// # Errors
    /// When it does not fit this vault's key or the item; if the data key is not to be had.
    pub async fn open_bytes(&self, bound_to: &str, sealed: &str) -> Result<SecretSlice<u8>, SecretsError> {
        let opened = open(self.key_to(OPEN).await?, binding_to_item(bound_to), sealed);
        let opened = opened.ok_or_else(|| SecretsError::Unopenable { what: bound_to.to_owned() })?;
        Ok(SecretSlice::from(opened))
    }

    /// The data key. The tests of the template hear what for, and hold it to what the function at work may do.
    async fn key_to(&self, purpose: &str) -> Result<&RandomizedNonceKey, SecretsError> {
        tracing::trace!(purpose, "the data key is needed");
        self.key.get().await
    }
}

fn seal(key: &RandomizedNonceKey, bound_to: Aad<Vec<u8>>, secret: &[u8]) -> Result<String, SecretsError> {
    let mut text = secret.to_vec();
    let nonce = key.seal_in_place_append_tag(bound_to, &mut text).map_err(|_| SecretsError::Unsealable)?;
    let mut sealed = nonce.as_ref().to_vec();
    sealed.extend_from_slice(&text);
    Ok(format!("{FORMAT}{}", STANDARD.encode(sealed)))
}

fn open(key: &RandomizedNonceKey, bound_to: Aad<Vec<u8>>, sealed: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(sealed.strip_prefix(FORMAT)?).ok()?;
    let (nonce, text) = bytes.split_at_checked(NONCE_LEN)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
    let mut text = text.to_vec();
    let open = key.open_in_place(nonce, bound_to, &mut text).ok()?;
    Some(open.to_vec())
}

fn text(secret: Vec<u8>) -> Option<SecretString> {
    String::from_utf8(secret).ok().map(SecretString::from)
}

/// What a connection's secret is bound to. Neither part can hold a colon, so no two bindings read alike.
fn binding(connection: &ConnectionId, field: SecretField) -> Aad<Vec<u8>> {
    Aad::from(format!("{connection}:{}", field.0).into_bytes())
}

/// What another secret is bound to. No id of a connection is empty, so it reads like no binding of one.
fn binding_to_item(name: &str) -> Aad<Vec<u8>> {
    Aad::from(format!(":{name}").into_bytes())
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

    async fn sealed() -> CredentialsOf<SealedSecret> {
        let sent = sent("the-key", "the-secret");
        vault().seal(&connection("erp_1"), sent, &CredentialsOf::default()).await.unwrap()
    }

    #[tokio::test]
    async fn what_is_sealed_opens_again_and_does_not_show() {
        let sealed = sealed().await;
        let text = serde_json::to_string(&sealed).unwrap();
        assert!(!text.contains("the-key") && text.contains("v1."));
        let open = vault().open(&connection("erp_1"), &sealed).await.unwrap();
        assert_eq!(open.api_key.unwrap().expose_secret(), "the-key");
        assert_eq!(open.api_secret.unwrap().expose_secret(), "the-secret");
    }

    #[tokio::test]
    async fn the_same_secret_never_seals_to_the_same_text() {
        assert_ne!(sealed().await.api_key, sealed().await.api_key);
    }

    #[tokio::test]
    async fn a_mask_keeps_the_old_secret_and_is_refused_where_there_is_none() {
        let before = sealed().await;
        let mask = domain::connection::MASK;
        let kept = vault().seal(&connection("erp_1"), sent(mask, "new"), &before).await.unwrap();
        assert_eq!(kept.api_key, before.api_key);
        assert_ne!(kept.api_secret, before.api_secret);
        let error = vault().seal(&connection("erp_1"), sent(mask, "new"), &CredentialsOf::default()).await;
        assert!(matches!(error, Err(SecretsError::NothingToKeep("apiKey"))));
    }

    #[tokio::test]
    async fn a_secret_moved_to_another_connection_or_field_does_not_open() {
        let sealed = sealed().await;
        assert!(vault().open(&connection("erp_2"), &sealed).await.is_err());
        let swapped = CredentialsOf {
            api_key: sealed.api_secret.clone(),
            api_secret: sealed.api_key.clone(),
            ..CredentialsOf::default()
        };
        let error = vault().open(&connection("erp_1"), &swapped).await.unwrap_err();
        assert!(error.to_string().contains("apiKey of erp_1"), "{error}");
    }

    #[tokio::test]
    async fn another_key_or_an_altered_text_is_refused_without_showing_anything() {
        let other = Vault::from_key([8; KEY_LEN]);
        let error = other.open(&connection("erp_1"), &sealed().await).await.unwrap_err().to_string();
        assert!(error.contains("apiKey of erp_1") && !error.contains("v1."), "{error}");
        for altered in ["", "v1.", "v1.AAAA", "v2.AAAA", "v1.%%%%"] {
            let credentials =
                CredentialsOf { api_key: Some(SealedSecret(altered.to_owned())), ..CredentialsOf::default() };
            assert!(vault().open(&connection("erp_1"), &credentials).await.is_err(), "{altered:?}");
        }
    }

    #[tokio::test]
    async fn the_key_survives_a_restart_and_debug_shows_none_of_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret.key");
        let first = Vault::from_key_file(&path).unwrap();
        let sealed =
            first.seal(&connection("erp_1"), sent("k", "s"), &CredentialsOf::default()).await.unwrap();
        assert!(Vault::from_key_file(&path).unwrap().open(&connection("erp_1"), &sealed).await.is_ok());
        assert_eq!(format!("{first:?}"), "Vault(..)");
        std::fs::write(&path, [1; 5]).unwrap();
        let error = Vault::from_key_file(&path).unwrap_err().to_string();
        assert!(error.contains("5 bytes instead of 32"), "{error}");
    }

    #[tokio::test]
    async fn another_secret_opens_for_the_item_it_was_sealed_for_alone() {
        let sealed = vault().seal_bytes("signing_key:a", &[1, 2, 3]).await.unwrap();
        let given = vault().seal_given("signing_key:a", &[1, 2, 3]).await.unwrap();
        for sealed in [sealed, given] {
            let opened = vault().open_bytes("signing_key:a", &sealed).await.unwrap();
            assert_eq!(opened.expose_secret(), [1, 2, 3]);
            let error = vault().open_bytes("signing_key:b", &sealed).await.unwrap_err().to_string();
            assert!(error.contains("signing_key:b") && !error.contains(&sealed), "{error}");
        }
    }
}
