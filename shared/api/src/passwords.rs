//! Password hashes by argon2id, made and checked off the threads that answer requests, a few at a time: each takes
//! 19 MB of memory and some 20 ms of a core.

use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many are checked at a time.
const AT_A_TIME: usize = 2;

/// How long an attempt to sign in waits for its turn.
const PATIENCE: Duration = Duration::from_secs(5);

/// The hash of no password, as costly to check as any: an account that is not there takes as long as one that is.
const DECOY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$Y2F1c2V3YXkgZGVjb3kgMQ$dGhlIGhhc2ggb2Ygbm8gcGFzc3dvcmQgdGhlcmUgaXM";

/// A password could not be hashed.
#[derive(Debug, Error)]
#[error("the password could not be hashed: {0}")]
pub struct HashError(String);

/// Hashes a password for the table. Blocks for some 20 ms.
///
/// # Errors
/// When there is no memory or no randomness to be had.
pub fn hash_password(password: &SecretString) -> Result<String, HashError> {
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes());
    hash.map(|hash| hash.to_string()).map_err(|error| HashError(error.to_string()))
}

/// Checks passwords. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Passwords {
    turns: Arc<Semaphore>,
}

/// The right to check a password now.
#[derive(Debug)]
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

impl Passwords {
    pub(crate) fn new() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_A_TIME)) }
    }

    /// Waits for a turn; `None` when too many are waiting. Counting failures is done within a turn, so that a burst of
    /// attempts cannot slip through before the first is counted.
    pub(crate) async fn turn(&self) -> Option<Turn> {
        let permit = tokio::time::timeout(PATIENCE, self.turns.clone().acquire_owned()).await.ok()?.ok()?;
        Some(Turn { _permit: permit })
    }
}

impl Turn {
    /// Whether `password` is the one behind `hash`. Takes as long where there is no hash.
    pub(crate) async fn check(&self, password: SecretString, hash: Option<String>) -> bool {
        let known = hash.is_some();
        let hash = hash.unwrap_or_else(|| DECOY.to_owned());
        let matches = move || {
            PasswordHash::new(&hash).is_ok_and(|hash| {
                Argon2::default().verify_password(password.expose_secret().as_bytes(), &hash).is_ok()
            })
        };
        let matches = tokio::task::spawn_blocking(matches).await.unwrap_or(false);
        known && matches
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_an_account_passes() {
        let passwords = Passwords::new();
        let turn = passwords.turn().await.unwrap();
        let hash = hash_password(&"correct horse".into()).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(turn.check("correct horse".into(), Some(hash.clone())).await);
        assert!(!turn.check("wrong horse".into(), Some(hash)).await);
        assert!(!turn.check("x".into(), Some("no hash".to_owned())).await);
    }

    #[test]
    fn the_decoy_is_hashed_as_every_password_is() {
        let made = hash_password(&"correct horse".into()).unwrap();
        let (made, decoy) = (PasswordHash::new(&made).unwrap(), PasswordHash::new(DECOY).unwrap());
        assert_eq!(
            (made.algorithm, made.version, made.params),
            (decoy.algorithm, decoy.version, decoy.params)
        );
        let length = |hash: Option<argon2::password_hash::phc::Output>| hash.unwrap().as_bytes().len();
        assert_eq!(length(made.hash), length(decoy.hash));
    }

    #[tokio::test]
    async fn an_unknown_account_costs_the_same_time() {
        let passwords = Passwords::new();
        let turn = passwords.turn().await.unwrap();
        let hash = hash_password(&"correct horse".into()).unwrap();
        let mut quickest = [Duration::MAX; 2];
        for _ in 0..5 {
            for (slot, hash) in [(0, Some(hash.clone())), (1, None)] {
                let begun = Instant::now();
                turn.check("wrong".into(), hash).await;
                quickest[slot] = quickest[slot].min(begun.elapsed());
            }
        }
        assert!(quickest[1] * 2 > quickest[0], "known {:?}, unknown {:?}", quickest[0], quickest[1]);
    }

    #[tokio::test]
    async fn no_more_than_two_have_their_turn_at_a_time() {
        let passwords = Passwords::new();
        let (_first, _second) = (passwords.turn().await.unwrap(), passwords.turn().await.unwrap());
        assert_eq!(passwords.turns.available_permits(), 0);
    }
}
