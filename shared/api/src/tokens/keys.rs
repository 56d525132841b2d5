//! The keys that sign tokens, as a process knows them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::ids::SigningKeyId;
use domain::signing_key::SigningKey;
use jiff::Timestamp;
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::ExposeSecret;
use secrets::{SecretsError, Vault};
use store::{Store, StoreError};

use super::remembered::Remembered;
use crate::ApiError;

/// How long the keys that were read are taken for all there are.
const KNOWN_FOR: Duration = Duration::from_secs(300);

/// How often a token with an unknown key makes us look again, at most: garbage must not become load on the table. A
/// new key is shown for longer than this before it signs.
const LOOK_AGAIN_AFTER: Duration = Duration::from_secs(5);

/// The keys in the table, remembered.
pub(super) struct Keys {
    store: Store,
    vault: Vault,
    known: Remembered<KnownKeys>,
    signer: Mutex<Option<Arc<Signer>>>,
}

/// The keys there were when they were read, newest first.
pub(super) struct KnownKeys {
    keys: Vec<SigningKey>,
    decoding: HashMap<SigningKeyId, DecodingKey>,
}

/// A key to sign with.
pub(super) struct Signer {
    pub(super) id: SigningKeyId,
    pub(super) private: EncodingKey,
}

impl KnownKeys {
    fn new(keys: Vec<SigningKey>) -> Self {
        let decode =
            |key: &SigningKey| Some((key.id.clone(), DecodingKey::from_ed_components(&key.public_key).ok()?));
        Self { decoding: keys.iter().filter_map(decode).collect(), keys }
    }

    /// The public halves.
    pub(super) fn public(&self) -> &[SigningKey] {
        &self.keys
    }

    fn find(&self, id: &SigningKeyId) -> Option<&SigningKey> {
        self.keys.iter().find(|key| key.id == *id)
    }
}

impl Keys {
    pub(super) fn new(store: Store, vault: Vault) -> Self {
        Self { store, vault, known: Remembered::default(), signer: Mutex::default() }
    }

    /// All keys as the table had them at most `age` ago.
    pub(super) async fn known(&self, age: Duration) -> Result<Arc<KnownKeys>, StoreError> {
        let read = async { self.store.signing_keys().await.map(KnownKeys::new) };
        self.known.no_older_than(age, read).await
    }

    async fn read_again(&self) -> Result<Arc<KnownKeys>, StoreError> {
        self.known(Duration::ZERO).await
    }

    /// The public half of a key that checks tokens at `now`.
    pub(super) async fn find(
        &self,
        id: &SigningKeyId,
        now: Timestamp,
    ) -> Result<Option<DecodingKey>, StoreError> {
        let mut known = self.known(KNOWN_FOR).await?;
        if known.find(id).is_none() {
            // The first key signs as soon as it is made, so where there was none we look at once.
            let age = if known.keys.is_empty() { Duration::ZERO } else { LOOK_AGAIN_AFTER };
            known = self.known(age).await?;
        }
        let good = known.find(id).is_some_and(|key| key.checks_tokens(now));
        Ok(known.decoding.get(id).filter(|_| good).cloned())
    }

    /// The key to sign with at `now`. Makes one where there is none, and its successor where it has grown old.
    pub(super) async fn signer(&self, now: Timestamp) -> Result<Arc<Signer>, ApiError> {
        let mut known = self.known(KNOWN_FOR).await?;
        if needs_successor(&known, now) {
            known = self.make_successor(now).await?;
        }
        let signing = SigningKey::signing(&known.keys, now).ok_or_else(no_key)?;
        match self.open(signing).await? {
            Some(signer) => Ok(signer),
            None => {
                // It was revoked since we read it, or sealed under a key that is lost: it never signs again.
                self.revoke(&signing.id).await?;
                let known = self.make_successor(now).await?;
                let signing = SigningKey::signing(&known.keys, now).ok_or_else(no_key)?;
                self.open(signing).await?.ok_or_else(no_key)
            }
        }
    }

    async fn make_successor(&self, now: Timestamp) -> Result<Arc<KnownKeys>, ApiError> {
        let known = self.read_again().await?;
        if !needs_successor(&known, now) {
            return Ok(known);
        }
        match self.follow(&known, now).await {
            Ok(_) => Ok(self.known(KNOWN_FOR).await?),
            // Somebody else was quicker, and theirs will do.
            Err(_) if !needs_successor(&*self.read_again().await?, now) => Ok(self.known(KNOWN_FOR).await?),
            Err(error) => Err(error),
        }
    }

    pub(super) async fn renew(&self, now: Timestamp) -> Result<SigningKey, ApiError> {
        let known = self.read_again().await?;
        self.follow(&known, now).await
    }

    /// Makes the key that follows the newest of those `known`, unless there is one by now.
    async fn follow(&self, known: &KnownKeys, now: Timestamp) -> Result<SigningKey, ApiError> {
        let before = known.keys.first();
        let (private, public) = make_pair()?;
        let key = SigningKey::following(before, public, now);
        let sealed = self.vault.seal_bytes(&bound_to(&key.id), &private).await?;
        let retired = before.map(|before| before.retired(now));
        self.store.add_signing_key(&key, sealed, retired.as_ref()).await?;
        self.read_again().await?;
        tracing::info!(key = %key.id, signs_from = %key.signs_from, "a key was made to sign tokens with");
        Ok(key)
    }

    pub(super) async fn revoke(&self, id: &SigningKeyId) -> Result<bool, StoreError> {
        let known = self.read_again().await?;
        let Some(key) = known.find(id) else { return Ok(false) };
        self.store.delete_signing_key(key).await?;
        self.read_again().await?;
        Ok(true)
    }

    async fn open(&self, key: &SigningKey) -> Result<Option<Arc<Signer>>, ApiError> {
        let held = self.signer.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(signer) = held.filter(|signer| signer.id == key.id) {
            return Ok(Some(signer));
        }
        let Some(sealed) = self.store.private_signing_key(key).await? else { return Ok(None) };
        let private = match self.vault.open_bytes(&bound_to(&key.id), &sealed).await {
            Ok(private) => EncodingKey::from_ed_der(private.expose_secret()),
            Err(error @ SecretsError::Unopenable { .. }) => {
                tracing::warn!(%error, key = %key.id, "another key is made to sign tokens with");
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let signer = Arc::new(Signer { id: key.id.clone(), private });
        *self.signer.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&signer));
        Ok(Some(signer))
    }
}

fn needs_successor(known: &KnownKeys, now: Timestamp) -> bool {
    known.keys.first().is_none_or(|newest| newest.is_old(now) || newest.good_until.is_some())
}

/// A new pair: the private half in PKCS #8 form, the public one as JWKs write it.
fn make_pair() -> Result<(Vec<u8>, String), ApiError> {
    let failed = |_| ApiError::internal("no key could be made to sign tokens with");
    let pair = Ed25519KeyPair::generate().map_err(failed)?;
    let private = pair.to_pkcs8v1().map_err(failed)?.as_ref().to_vec();
    Ok((private, URL_SAFE_NO_PAD.encode(pair.public_key())))
}

/// What a private half is sealed for: its own item alone.
fn bound_to(id: &SigningKeyId) -> String {
    format!("signing_key:{id}")
}

fn no_key() -> ApiError {
    ApiError::conflict("The keys that sign tokens are being changed; try again.")
}
