//! When a sync is due: a five-field cron line in a time zone, or a plain interval.

use croner::parser::{CronParser, Seconds, Year};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A checked schedule.
#[derive(Debug, Clone)]
pub enum Schedule {
    /// A cron line, read in a time zone.
    Cron(Box<croner::Cron>, TimeZone),
    /// Every so often after the last start.
    Interval(SignedDuration),
}

impl Schedule {
    /// Reads a cron line of five fields (minute, hour, day of month, month, day of week; Vixie rules) in an IANA zone.
    ///
    /// # Errors
    /// With a sentence naming what cannot be read.
    pub fn cron(line: &str, zone: &str) -> Result<Self, String> {
        let zone = parse_zone(zone)?;
        let fields = line.split_whitespace().count();
        if fields != 5 {
            return Err(format!(
                "a cron line has five fields (minute hour day month weekday), this one has {fields}"
            ));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser.parse(line).map_err(|error| format!("is not a cron line: {error}"))?;
        Ok(Self::Cron(Box::new(cron), zone))
    }

    /// The first due time after `after`; `None` when the line names a day that never comes.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Cron(cron, zone) => {
                let from = after.to_zoned(zone.clone());
                cron.find_next_occurrence(&from, false).ok().map(|next| next.timestamp())
            }
            Self::Interval(every) => after.checked_add(*every).ok(),
        }
    }
}

/// Finds an IANA time zone such as `Europe/London`.
///
/// # Errors
/// With a sentence when there is no such zone.
pub fn parse_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| format!("{name:?} is not an IANA time zone such as Europe/London"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn next(line: &str, zone: &str, after: &str) -> String {
        let schedule = Schedule::cron(line, zone).unwrap();
        schedule.next_after(after.parse().unwrap()).unwrap().to_string()
    }

    #[test]
    fn a_line_is_read_in_its_zone() {
        assert_eq!(next("0 2 * * *", "UTC", "2026-11-20T10:00:00Z"), "2026-11-21T02:00:00Z");
        assert_eq!(next("0 2 * * *", "Asia/Tokyo", "2026-11-20T10:00:00Z"), "2026-11-20T17:00:00Z");
    }

    #[test]
    fn what_is_not_five_fields_is_refused_with_the_reason() {
        assert!(Schedule::cron("0 0 2 * * *", "UTC").unwrap_err().contains("this one has 6"));
        assert!(Schedule::cron("61 * * * *", "UTC").unwrap_err().contains("not a cron line"));
        assert!(Schedule::cron("0 2 * * *", "Mars/Olympus").unwrap_err().contains("time zone"));
    }

    #[test]
    fn an_impossible_day_never_comes() {
        assert!(Schedule::cron("0 0 30 2 *", "UTC").unwrap().next_after(Timestamp::UNIX_EPOCH).is_none());
    }
}
