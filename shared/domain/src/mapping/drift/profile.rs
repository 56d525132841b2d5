//! The profile of an ERP's records, which is remembered from pull to pull.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize, Serializer};

use super::Shape;
use crate::mapping::Presence;

/// Profiles the records of a collection: the fields they have, and which of our fields they fill.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Stored")]
pub struct Profile {
    /// Their fields.
    pub shape: Shape,
    /// Ours that they fill.
    pub presence: Presence,
    /// Tells whether it was learnt from a pull that read everything.
    pub complete: bool,
    /// Names the program (mapping, transformations and filters) it was learnt under.
    pub program: Option<u64>,
    /// Of fields that nothing fills where the mapping says, the path that was perhaps meant. Kept while a run is at work.
    pub suggestions: BTreeMap<String, String>,
}

/// A profile as it lies in the table. Until there was more, a shape alone lay there.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    Profile(Shape, Presence, bool, Option<u64>, BTreeMap<String, String>),
    Shape(Shape),
}

impl Serialize for Profile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.shape, &self.presence, self.complete, self.program, &self.suggestions).serialize(serializer)
    }
}

impl From<Stored> for Profile {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Profile(shape, presence, complete, program, suggestions) => {
                Self { shape, presence, complete, program, suggestions }
            }
            Stored::Shape(shape) => Self { shape, ..Self::default() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mapping::Occurrence;

    #[test]
    fn what_was_kept_is_read_again_in_its_old_form_too() {
        let mut profile = Profile::default();
        profile
            .presence
            .add("price".to_owned(), Occurrence { first: 3, times: 2, always: false, held: true });
        profile.suggestions.insert("name".to_owned(), "bez".to_owned());
        let text = serde_json::to_string(&profile).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&text).unwrap(), profile);

        let shape: Shape =
            serde_json::from_str(r#"{"id": {"types": 2}, "o": {"types": 16, "fields": {"a": 4}}}"#).unwrap();
        let old = serde_json::to_string(&shape).unwrap();
        assert_eq!(serde_json::from_str::<Profile>(&old).unwrap(), Profile { shape, ..Profile::default() });
        assert_eq!(serde_json::from_str::<Profile>("{}").unwrap(), Profile::default());
    }
}
