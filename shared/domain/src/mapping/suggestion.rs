//! Which path was perhaps meant by one that no record has.

use std::collections::BTreeSet;

use strsim::jaro_winkler;

use super::path::FieldPath;
use crate::json::{Json, Kind};
use crate::records::fold;

/// Most paths that are remembered of the first records.
const MAX_PATHS: usize = 1_000;

/// How many objects and lists inside one another are looked into.
const MAX_DEPTH: usize = 8;

/// How alike two names must be, from 0 to 1, for one to be taken for the other.
const ALIKE: f64 = 0.85;

/// The paths that lead to values in some records.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paths(BTreeSet<String>);

impl Paths {
    /// Adds the paths of a record. Of a list the first item stands for all.
    pub fn add(&mut self, record: Json<'_>) {
        self.walk(record, &FieldPath::default(), 0);
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn walk(&mut self, value: Json<'_>, at: &FieldPath, depth: usize) {
        match value.kind() {
            Kind::Object if depth < MAX_DEPTH => {
                value.each_member(|name, inner| self.walk(inner, &at.member(name), depth + 1));
            }
            Kind::Array if depth < MAX_DEPTH => {
                if let Some(first) = value.items().first() {
                    self.walk(*first, &at.item(0), depth + 1);
                }
            }
            _ if at.as_str().is_empty() || self.0.len() >= MAX_PATHS => {}
            _ => {
                self.0.insert(at.as_str().to_owned());
            }
        }
    }

    /// The path that was perhaps meant by `missed`, where one is much like it: its last name first of all.
    #[must_use]
    pub fn closest_to(&self, missed: &str) -> Option<&str> {
        let (whole, last) = (fold_path(missed), fold(last_name(missed)));
        let alike = |path: &str| {
            let by_last = jaro_winkler(&last, &fold(last_name(path)));
            let by_whole = jaro_winkler(&whole, &fold_path(path));
            // Of two with the same last name the one that stands in the same place is nearer.
            by_last.max(by_whole) + by_whole / 100.0
        };
        let best = self.0.iter().map(|path| (alike(path), path)).max_by(|a, b| a.0.total_cmp(&b.0))?;
        (best.0 >= ALIKE).then_some(best.1.as_str())
    }
}

/// A path without its marks and positions, folded.
fn fold_path(path: &str) -> String {
    fold(&path.replace(|c: char| c.is_ascii_digit(), ""))
}

/// The last name of a path.
fn last_name(path: &str) -> &str {
    let mut names = path.split(['.', '[', ']', '\'', '"', '$']);
    names.rfind(|name| !name.is_empty() && name.parse::<usize>().is_err()).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn perhaps(missed: &str, record: &str) -> Option<String> {
        let mut paths = Paths::default();
        paths.add(Json::parse(record.as_bytes()).unwrap());
        paths.closest_to(missed).map(str::to_owned)
    }

    #[test]
    fn the_path_that_was_meant_is_found() {
        let record = r#"{"kopf": {"nr": 1, "bez": "Tee"}, "preise": [{"betrag": 2, "waehrung": "EUR"}],
            "Preis netto": 3, "einheit": "ST", "tags": [], "note": null}"#;
        for (missed, meant) in [
            ("kopf.bez1", "kopf.bez"),
            ("bez", "kopf.bez"),
            ("preise.betrag", "preise[0].betrag"),
            ("$.preise.betrag", "preise[0].betrag"),
            ("Kopf.Nr", "kopf.nr"),
            ("Preis", "Preis netto"),
            ("Einheiten", "einheit"),
        ] {
            assert_eq!(perhaps(missed, record).as_deref(), Some(meant), "{missed}");
        }
        assert_eq!(perhaps("lieferant", record), None, "nothing is alike");
        assert_eq!(perhaps("sku", "{}"), None);
    }

    #[test]
    fn records_that_invent_names_do_not_fill_the_memory() {
        let mut paths = Paths::default();
        for n in 0..2_000 {
            paths.add(Json::parse(format!(r#"{{"f{n}": {n}}}"#).as_bytes()).unwrap());
        }
        assert_eq!(paths.0.len(), MAX_PATHS);
        let deep = format!(r#"{{"a": {}1{}}}"#, "[".repeat(100), "]".repeat(100));
        let mut paths = Paths::default();
        paths.add(Json::parse(deep.as_bytes()).unwrap());
        assert_eq!(paths.0.len(), 1);
    }
}
