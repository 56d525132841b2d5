//! The keys that sign access tokens: several at once, so that tokens outlive a change of keys.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::SigningKeyId;

/// A key signs nothing in its first minute: by then whoever checks tokens may look it up.
const PUBLISHED_BEFORE: SignedDuration = SignedDuration::from_mins(1);

/// How long a key that has a successor still checks tokens. Longer than its last token lasts: a process may sign with it
/// for some minutes more, until it learns of the successor, and a token is good for an hour.
const OVERLAP: SignedDuration = SignedDuration::from_hours(2);

/// After how long a sign-in makes a new key.
const RENEWED_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The public half of an Ed25519 key pair.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SigningKey {
    /// The key's id, as tokens name it in `kid`.
    #[schema(example = "key_01KAHV3Z8M6W6W1Z0Q3T4N5P6R")]
    pub id: SigningKeyId,
    /// Which one it is, counted from 1.
    pub generation: u32,
    /// The key itself: 32 bytes in unpadded base64url, the `x` of RFC 8037.
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    pub public_key: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on tokens are signed with it.
    pub signs_from: Timestamp,
    /// Until when it checks tokens, once it has a successor.
    #[schema(required = false)]
    pub good_until: Option<Timestamp>,
}

impl SigningKey {
    /// The key that follows `before`, or the first.
    #[must_use]
    pub fn following(before: Option<&Self>, public_key: String, now: Timestamp) -> Self {
        // Where no other key may sign there is nothing to wait for.
        let signs = before.is_some_and(|before| before.good_until.is_none());
        let wait = if signs { PUBLISHED_BEFORE } else { SignedDuration::ZERO };
        Self {
            id: SigningKeyId::generate(),
            generation: before.map_or(0, |before| before.generation) + 1,
            public_key,
            created_at: now,
            signs_from: now + wait,
            good_until: None,
        }
    }

    /// The same key once it has a successor.
    #[must_use]
    pub fn retired(&self, now: Timestamp) -> Self {
        Self { good_until: Some(self.good_until.unwrap_or(now + OVERLAP)), ..self.clone() }
    }

    /// Whether a token it signed is to be believed.
    #[must_use]
    pub fn checks_tokens(&self, now: Timestamp) -> bool {
        self.good_until.is_none_or(|until| now < until)
    }

    /// Whether it is time for a successor.
    #[must_use]
    pub fn is_old(&self, now: Timestamp) -> bool {
        now.duration_since(self.created_at) > RENEWED_AFTER
    }

    /// Which of `keys` signs at `now`: the newest whose time has come.
    #[must_use]
    pub fn signing(keys: &[Self], now: Timestamp) -> Option<&Self> {
        let good = || keys.iter().filter(|key| key.checks_tokens(now));
        let ready = good().filter(|key| key.signs_from <= now).max_by_key(|key| key.generation);
        // If its predecessor was revoked, the newest need not wait.
        ready.or_else(|| good().max_by_key(|key| key.generation))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::UNIX_EPOCH;

    fn two_keys() -> [SigningKey; 2] {
        let first = SigningKey::following(None, "a".to_owned(), START);
        let second = SigningKey::following(Some(&first), "b".to_owned(), START);
        [first.retired(START), second]
    }

    fn signing(keys: &[SigningKey], now: Timestamp) -> u32 {
        SigningKey::signing(keys, now).unwrap().generation
    }

    #[test]
    fn a_new_key_signs_once_everybody_may_know_it() {
        let keys = two_keys();
        assert_eq!(signing(&keys[..1], START), 1);
        assert_eq!(signing(&keys, START), 1);
        assert_eq!(signing(&keys, START + PUBLISHED_BEFORE), 2);
        assert_eq!(signing(&keys[1..], START), 2, "there is no other");
    }

    #[test]
    fn a_key_whose_predecessor_signs_no_more_signs_at_once() {
        let [first, _] = two_keys();
        let third = SigningKey::following(Some(&first), "c".to_owned(), START);
        assert_eq!(signing(&[first, third], START), 2);
    }

    #[test]
    fn a_key_with_a_successor_checks_tokens_for_as_long_as_there_may_be_some() {
        let [first, second] = two_keys();
        let last = START + OVERLAP;
        assert!(first.checks_tokens(last - SignedDuration::from_secs(1)) && !first.checks_tokens(last));
        assert!(second.checks_tokens(last));
        assert_eq!(first.retired(last).good_until, Some(last), "retired twice is retired once");
    }

    #[test]
    fn a_key_is_old_after_thirty_days() {
        let [first, _] = two_keys();
        assert!(!first.is_old(START + RENEWED_AFTER));
        assert!(first.is_old(START + RENEWED_AFTER + SignedDuration::from_secs(1)));
    }
}
