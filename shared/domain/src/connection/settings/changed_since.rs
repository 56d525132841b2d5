//! How to ask an HTTP API for nothing but what changed.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::validation::Checks;

/// The query parameter that leaves out what did not change since a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChangedSince {
    /// Its name.
    #[schema(example = "updated_after")]
    pub param: String,
    /// How the moment is written.
    #[serde(default)]
    pub format: MomentFormat,
}

/// A way to write a moment; all are in UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MomentFormat {
    /// `2026-11-21T06:00:00Z`
    #[default]
    Rfc3339,
    /// The day alone: `2026-11-21`
    Date,
    /// Seconds since 1970.
    Unix,
    /// Milliseconds since 1970.
    UnixMs,
}

impl MomentFormat {
    /// Writes a moment. What the format cannot express is cut off, so that what is asked for only ever begins earlier.
    #[must_use]
    pub fn write(self, moment: Timestamp) -> String {
        let seconds = moment.as_millisecond().div_euclid(1000);
        match self {
            Self::Rfc3339 => Timestamp::from_second(seconds).unwrap_or(moment).to_string(),
            Self::Date => moment.to_zoned(TimeZone::UTC).date().to_string(),
            Self::Unix => seconds.to_string(),
            Self::UnixMs => moment.as_millisecond().to_string(),
        }
    }
}

impl ChangedSince {
    /// Checks the parameter's name; `field` is where it stands.
    pub(super) fn check(&self, field: &str, checks: &mut Checks) {
        let name = &self.param;
        checks.require(
            !name.is_empty() && name.len() <= 255 && !name.chars().any(char::is_control),
            &format!("{field}.param"),
            "must be the name of a query parameter",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_written_in_each_format_and_never_later_than_it_is() {
        let moment: Timestamp = "2026-11-21T06:07:08.999Z".parse().unwrap();
        let written = |format: MomentFormat| format.write(moment);
        assert_eq!(written(MomentFormat::Rfc3339), "2026-11-21T06:07:08Z");
        assert_eq!(written(MomentFormat::Date), "2026-11-21");
        assert_eq!(written(MomentFormat::Unix), "1795241228");
        assert_eq!(written(MomentFormat::UnixMs), "1795241228999");
    }
}
