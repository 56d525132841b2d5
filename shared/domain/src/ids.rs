//! A newtype for every id, so that a client is never passed where a site is meant.
//!
//! An id is 1 to 128 ASCII letters, digits, `-`, `_`, `.`, `~` or `@`: safe in a path segment and in a table key.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use ulid::Ulid;
use utoipa::ToSchema;

/// Longest accepted id, in bytes.
pub const MAX_ID_BYTES: usize = 128;

/// Why a string is not an id.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("must be 1 to {MAX_ID_BYTES} letters, digits or any of - _ . ~ @")]
pub struct InvalidId;

fn check(id: &str) -> Result<(), InvalidId> {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-_.~@".contains(&b);
    let dots_only = id.bytes().all(|b| b == b'.');
    if id.is_empty() || id.len() > MAX_ID_BYTES || dots_only || !id.bytes().all(allowed) {
        return Err(InvalidId);
    }
    Ok(())
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident $(, prefix $prefix:literal)?) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String")]
        #[schema(value_type = String)]
        pub struct $name(String);

        impl $name {
            $(
                /// Mints a new id; later ids sort after earlier ones.
                #[must_use]
                pub fn generate() -> Self {
                    Self(format!(concat!($prefix, "{}"), Ulid::generate()))
                }
            )?

            /// The id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(id: &str) -> Result<Self, InvalidId> {
                check(id)?;
                Ok(Self(id.to_owned()))
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidId;
            fn try_from(id: String) -> Result<Self, InvalidId> {
                check(&id)?;
                Ok(Self(id))
            }
        }
    };
}

id!(
    /// A connection to one ERP.
    ConnectionId, prefix "erp_"
);
id!(
    /// A sync config.
    SyncConfigId, prefix "cfg_"
);
id!(
    /// A run. Run ids sort by start time.
    RunId, prefix "run_"
);
id!(
    /// The assignment of a connection to a client or a site.
    AssignmentId, prefix "asg_"
);
id!(
    /// A mapping kept under a name.
    TemplateId, prefix "tpl_"
);
id!(
    /// Someone who signs in.
    UserId, prefix "usr_"
);
id!(
    /// A key that signs access tokens; the `kid` of their headers.
    SigningKeyId, prefix "key_"
);
id!(
    /// An audit event. They sort by time.
    AuditEventId, prefix "evt_"
);
id!(
    /// A change of ours that waits for the ERP. Ids sort by time.
    ChangeId, prefix "chg_"
);
id!(
    /// A conflict between a change of ours and one at the ERP. Ids sort by time.
    ConflictId, prefix "con_"
);
id!(
    /// One contact with an ERP. Ids sort by time.
    ContactId, prefix "ctc_"
);
id!(
    /// A message that was given up.
    DeadLetterId, prefix "dlt_"
);
id!(
    /// A record that a run set aside: the run and the position in it.
    SetAsideId
);
id!(
    /// A tenant company; named by the platform that uses us.
    ClientId
);
id!(
    /// One shop of a client; named by the platform that uses us.
    SiteId
);

impl SetAsideId {
    /// The id of what `run` set aside at `position`.
    #[must_use]
    pub fn of(run: &RunId, position: u64) -> Self {
        Self(format!("{run}.{position}"))
    }

    /// The run, and the position in it.
    #[must_use]
    pub fn parts(&self) -> Option<(RunId, u64)> {
        let (run, position) = self.0.rsplit_once('.')?;
        Some((run.parse().ok()?, position.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_would_break_a_key_or_a_path_are_refused() {
        for bad in ["", "a:b", "a/b", "a b", "a\n", "ü", ".", "..", &"x".repeat(129)] {
            assert!(bad.parse::<ConnectionId>().is_err(), "{bad:?}");
        }
        for good in ["erp_001", "a", "client@acme.example", &"x".repeat(128)] {
            assert!(good.parse::<ConnectionId>().is_ok(), "{good:?}");
        }
    }

    #[test]
    fn run_ids_sort_by_time() {
        let first = RunId::generate();
        std::thread::sleep(std::time::Duration::from_millis(2));
        assert!(first < RunId::generate());
    }
}
