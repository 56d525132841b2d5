//! Where a field of a level is taken from.

use crate::json::{Json, Kind, Members};
use crate::mapping::path::Path;

/// Where a slot is taken from.
#[derive(Debug)]
pub(super) enum Source {
    UsualNames,
    Path(Path),
    Nowhere,
}

impl Source {
    /// Replaces what was found by usual names, if a mapping says so.
    pub(super) fn overrule<'a>(
        &self,
        found: &mut Option<Json<'a>>,
        explicitly_empty: &mut bool,
        record: Json<'a>,
        members: &Members<'a>,
    ) {
        let value = match self {
            Self::UsualNames => return,
            Self::Path(path) => path.find(record, members),
            Self::Nowhere => None,
        };
        *explicitly_empty = value.is_some_and(|value| value.kind() == Kind::Null);
        *found = value.filter(|_| !*explicitly_empty);
    }

    /// What is wrong with a record without a field that it must have.
    pub(super) fn sent_none(&self) -> String {
        match self {
            Self::Path(path) => format!("is required, the ERP sent none at {path}"),
            Self::UsualNames | Self::Nowhere => "is required, the ERP sent none".to_owned(),
        }
    }
}
