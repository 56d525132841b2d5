//! What a full pull knows of the keys at the ERP and here, to notice what is gone.
//!
//! Two sets of keys with the same number and the same sum of hashes are the same set, so that a run of which nothing
//! vanished knows it without having remembered a single key.

use serde::{Deserialize, Serialize};

/// How many keys a set has, and the sum of their 64-bit hashes, modulo 2^64.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// The sum.
    pub sum: u64,
}

impl Tally {
    /// Adds a key by its hash.
    pub const fn add(&mut self, hash: u64) {
        self.count = self.count.wrapping_add(1);
        self.sum = self.sum.wrapping_add(hash);
    }

    /// Takes away every key of `other`, which must be in it.
    pub const fn take_away(&mut self, other: &Self) {
        self.count = self.count.wrapping_sub(other.count);
        self.sum = self.sum.wrapping_sub(other.sum);
    }

    /// Adds every key of `other`, which must not be in it.
    pub const fn join(&mut self, other: &Self) {
        self.count = self.count.wrapping_add(other.count);
        self.sum = self.sum.wrapping_add(other.sum);
    }
}

/// The keys a pull met so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Census {
    /// How many records were known here when the run began.
    pub known: u64,
    /// The keys the ERP sent, those of records that failed included; a key that came twice counts twice.
    pub seen: Tally,
    /// The records that are here and not gone.
    pub live: Tally,
    /// Whether there may be records here that `live` does not count: an earlier run did not reach its end.
    pub unsure: bool,
    /// Records that failed before their key could be read: any of the known ones may be among them.
    pub unreadable: u64,
    /// How many items hold the marks of the keys that were seen.
    pub segments: u32,
    /// Up to which batch those marks are complete.
    pub marked_batches: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(hashes: &[u64]) -> Tally {
        let mut tally = Tally::default();
        hashes.iter().for_each(|hash| tally.add(*hash));
        tally
    }

    #[test]
    fn order_does_not_matter_and_a_key_more_or_less_does() {
        let all = tally(&[1, u64::MAX, 7]);
        assert_eq!(all, tally(&[7, 1, u64::MAX]));
        assert_ne!(all, tally(&[1, u64::MAX]));
        assert_ne!(all, tally(&[1, u64::MAX, 8]));
        let mut rest = all;
        rest.take_away(&tally(&[u64::MAX]));
        assert_eq!(rest, tally(&[1, 7]));
        rest.join(&tally(&[u64::MAX]));
        assert_eq!(rest, all);
    }
}
