//! Which of the ERP's records say that they are deleted.

use jiff::tz::TimeZone;

use super::filter::{Filter, Filters};
use super::{FieldMapping, coerce};
use crate::json::{Json, Opened};
use crate::notation::Notations;

/// Members by whose usual meaning a record says that it is deleted, where they say yes.
const FLAGS: [&str; 6] = ["deleted", "Deleted", "isDeleted", "IsDeleted", "is_deleted", "_deleted"];

/// Members that tell when a record was deleted, where they hold a moment.
const MOMENTS: [&str; 3] = ["deletedAt", "DeletedAt", "deleted_at"];

/// Tells the records that are deleted at the ERP from the others.
#[derive(Debug)]
pub enum Deletion {
    /// By the usual names, without those that the mapping takes for a field of ours.
    UsualNames {
        /// Members that say yes.
        flags: Vec<&'static str>,
        /// Members that hold a moment.
        moments: Vec<&'static str>,
    },
    /// By conditions that must all hold.
    When(Filter),
    /// No record says so.
    Never,
}

impl Deletion {
    /// By `settings.deletedWhen`, or by the usual names where that is left out. Empty conditions switch it off.
    #[must_use]
    pub fn new(when: Option<&Filters>, mapping: &FieldMapping) -> Self {
        let is_mapped = |name: &&'static str| mapping.values().flatten().any(|source| source == name);
        let unmapped =
            |names: &[&'static str]| names.iter().copied().filter(|name| !is_mapped(name)).collect();
        match when {
            None => Self::UsualNames { flags: unmapped(&FLAGS), moments: unmapped(&MOMENTS) },
            Some(when) if when.is_empty() => Self::Never,
            Some(when) => Self::When(Filter::new(when)),
        }
    }

    /// Whether a record says that it is deleted.
    #[must_use]
    pub fn is_told_by(&self, record: &Opened<'_>, notations: &Notations) -> bool {
        match self {
            Self::Never => false,
            Self::When(filter) => filter.holds_for(record, notations),
            Self::UsualNames { flags, moments } => record.members.iter().any(|(name, value)| {
                // Nearly no member of any record has such a name: nothing else of it is looked at.
                let may_tell = (7..=10).contains(&name.len())
                    && matches!(name.as_bytes()[0], b'd' | b'D' | b'i' | b'I' | b'_');
                let says_yes = || flags.contains(&name.as_ref()) && is_yes(*value);
                let tells_when =
                    || moments.contains(&name.as_ref()) && coerce::moment(*value, &TimeZone::UTC).is_some();
                may_tell && (says_yes() || tells_when())
            }),
        }
    }
}

fn is_yes(value: Json<'_>) -> bool {
    let text = coerce::text(value).ok().flatten();
    text.and_then(|text| coerce::parse_flag(text.trim())).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn is_deleted(when: Option<Value>, mapping: Value, record: Value) -> bool {
        let when: Option<Filters> = when.map(|when| serde_json::from_value(when).unwrap());
        let mapping: FieldMapping = serde_json::from_value(mapping).unwrap();
        let text = record.to_string();
        Deletion::new(when.as_ref(), &mapping)
            .is_told_by(&Opened::parse(text.as_bytes()).unwrap(), &Notations::default())
    }

    #[test]
    fn a_record_says_by_the_usual_names_that_it_is_deleted() {
        for deleted in [
            json!({"sku": "A", "deleted": true}),
            json!({"sku": "A", "isDeleted": "true"}),
            json!({"sku": "A", "_deleted": 1}),
            json!({"sku": "A", "deleted_at": "2026-01-31T10:00:00Z"}),
        ] {
            assert!(is_deleted(None, json!({}), deleted.clone()), "{deleted}");
        }
        for live in [
            json!({"sku": "A"}),
            json!({"sku": "A", "deleted": false}),
            json!({"sku": "A", "deleted": null, "deletedAt": null}),
            json!({"sku": "A", "deleted": ""}),
            json!({"sku": "A", "deleted": {"by": "me"}}),
            json!({"sku": "A", "deletedAt": "0001-01-01T00:00:00"}),
            json!({"sku": "A", "undeleted": true, "deletedBy": "me"}),
        ] {
            assert!(!is_deleted(None, json!({}), live.clone()), "{live}");
        }
    }

    #[test]
    fn settings_decide_before_the_usual_names_do() {
        let record = json!({"sku": "A", "deleted": true, "state": "gone"});
        assert!(!is_deleted(Some(json!({})), json!({}), record.clone()), "switched off");
        assert!(!is_deleted(Some(json!({"state": "archived"})), json!({}), record.clone()));
        assert!(is_deleted(Some(json!({"state": {"in": ["gone"]}})), json!({}), record.clone()));
        assert!(!is_deleted(None, json!({"discontinued": "deleted"}), record), "it fills a field of ours");
    }
}
