//! What happened to many records of a run alike: told once, with how often it happened and one example.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Most kinds of notices a run keeps: further kinds are only counted.
const MAX_KINDS: usize = 100;

/// Longest example, in bytes.
const MAX_EXAMPLE_BYTES: usize = 300;

/// Notices of a run, by what they tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Notices {
    kinds: BTreeMap<String, Notice>,
    /// How many were of further kinds.
    others: u64,
}

/// One kind of notice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Notice {
    count: u64,
    example: String,
}

impl Notices {
    /// Notes `what` once more; `example` is asked for the first time only.
    pub fn add(&mut self, what: &str, example: impl FnOnce() -> String) {
        self.add_many(what, 1, example);
    }

    /// Notes `what` `count` times more; `example` is asked for the first time only.
    pub fn add_many(&mut self, what: &str, count: u64, example: impl FnOnce() -> String) {
        if let Some(notice) = self.kinds.get_mut(what) {
            notice.count += count;
        } else if self.kinds.len() < MAX_KINDS {
            self.kinds.insert(what.to_owned(), Notice { count, example: cut(example()) });
        } else {
            self.others += count;
        }
    }

    /// Adds what another batch or part noted.
    pub fn join(&mut self, more: &Self) {
        self.others += more.others;
        for (what, notice) in &more.kinds {
            if let Some(known) = self.kinds.get_mut(what) {
                known.count += notice.count;
            } else if self.kinds.len() < MAX_KINDS {
                self.kinds.insert(what.clone(), notice.clone());
            } else {
                self.others += notice.count;
            }
        }
    }

    /// Whether nothing was noted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kinds.is_empty() && self.others == 0
    }

    /// A sentence for each kind.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        let kinds = self.kinds.iter().map(|(what, Notice { count, example })| match count {
            1 => format!("{what}: {example}"),
            count => format!("{what}, {count} times; for example: {example}"),
        });
        let others = (self.others > 0).then(|| format!("{} more warnings are not listed", self.others));
        kinds.chain(others)
    }
}

fn cut(mut example: String) -> String {
    if example.len() > MAX_EXAMPLE_BYTES {
        let end =
            (0..=MAX_EXAMPLE_BYTES).rev().find(|end| example.is_char_boundary(*end)).unwrap_or_default();
        example.truncate(end);
        example.push('…');
    }
    example
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_notices_are_one_sentence_with_the_first_example() {
        let mut notices = Notices::default();
        notices.add("a field was left out", || "price of A1".to_owned());
        let mut more = Notices::default();
        more.add("a field was left out", || "price of A2".to_owned());
        more.add("a key came twice", || "A3".to_owned());
        notices.join(&more);
        let sentences: Vec<_> = notices.sentences().collect();
        assert_eq!(
            sentences,
            ["a field was left out, 2 times; for example: price of A1", "a key came twice: A3"]
        );
    }

    #[test]
    fn kinds_and_examples_are_bounded() {
        let mut notices = Notices::default();
        for kind in 0..MAX_KINDS + 7 {
            notices.add(&format!("kind {kind}"), || "ä".repeat(1_000));
        }
        assert!(notices.sentences().all(|sentence| sentence.len() < 400));
        assert_eq!(notices.sentences().last().unwrap(), "7 more warnings are not listed");
    }
}
