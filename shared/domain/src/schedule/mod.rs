//! When a sync is due: five-field cron lines in a time zone, or a plain interval, with windows in which nothing starts.

mod blackout;
mod cron_line;
mod reading;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

pub use blackout::{Blackout, ClockTime, Day, MAX_BLACKOUTS};
pub use cron_line::CronLine;
pub use reading::MAX_LINES;

use blackout::Blackouts;

/// What an error repeats of a text that was sent, in characters.
const LONGEST_SHOWN: usize = 60;

/// A checked schedule.
///
/// It stands for a fixed set of due times: those its lines name, each one that falls into a blackout moved to the end
/// of it. So the answer does not depend on how often, or when, it is asked.
#[derive(Debug, Clone)]
pub struct Schedule {
    zone: TimeZone,
    times: Times,
    blackouts: Blackouts,
}

/// What the due times come from.
#[derive(Debug, Clone)]
enum Times {
    /// Whenever any of these lines says so.
    Lines(Vec<CronLine>),
    /// Every so often after the last due time that was taken.
    Every(SignedDuration),
}

impl Schedule {
    /// The first due time after `after`; `None` at the end of the calendar.
    #[must_use]
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let lines = match &self.times {
            Times::Every(every) => {
                return self.blackouts.release(after.checked_add(*every).ok()?, &self.zone);
            }
            Times::Lines(lines) => lines,
        };
        // A time that a blackout holds back at this moment is still to come.
        let mut from = self.blackouts.start_before(after, &self.zone).unwrap_or(after);
        loop {
            from = lines.iter().filter_map(|line| line.next_after(from, &self.zone)).min()?;
            let due = self.blackouts.release(from, &self.zone)?;
            // A blackout that the clock goes back into holds twice; what its first end let go is past.
            if due > after {
                return Some(due);
            }
        }
    }

    /// When the blackout that holds at `at` ends; `None` if none does.
    #[must_use]
    pub fn held_until(&self, at: Timestamp) -> Option<Timestamp> {
        self.blackouts.release(at, &self.zone).filter(|end| *end > at)
    }
}

/// Finds an IANA time zone such as `Europe/London`.
///
/// # Errors
/// With a sentence when there is no such zone.
pub fn parse_zone(name: &str) -> Result<TimeZone, String> {
    TimeZone::get(name).map_err(|_| {
        let mut shown: String = name.chars().take(LONGEST_SHOWN).collect();
        if shown.len() < name.len() {
            shown.push('…');
        }
        format!("{shown:?} is not an IANA time zone such as Europe/London")
    })
}

/// The moment a wall clock first shows `time` or, on a day that leaves it out, the first moment it is past it.
fn moment(time: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(time);
    let in_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    let earlier = ambiguous.earlier().ok()?;
    if in_gap { zone.following(earlier).next().map(|change| change.timestamp()) } else { Some(earlier) }
}

#[cfg(test)]
mod tests;
