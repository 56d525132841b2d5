//! The site's clock: ERPNext writes times as its own wall clock showed them, without a zone. Pure.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// What tells the site's wall clock from UTC.
#[derive(Debug, Clone)]
pub(super) struct Clock(pub(super) TimeZone);

impl Clock {
    /// The moment at which the clock showed `text`; the earlier one where it showed it twice, so that what is asked for
    /// next only ever begins earlier.
    pub(super) fn moment(&self, text: &str) -> Option<Timestamp> {
        let shown: DateTime = text.parse().ok()?;
        self.0.to_ambiguous_timestamp(shown).compatible().ok()
    }

    /// The earliest that the clock shows at `since` or after it, as a condition has it. Where the clock is soon put back,
    /// that is what it shows then: a change in the hour that comes twice bears an earlier time than one before it.
    pub(super) fn earliest_since(&self, since: Timestamp) -> String {
        let shown = self.0.to_datetime(since);
        let change = self.0.following(since).next();
        let put_to = change.map(|change| change.offset().to_datetime(change.timestamp()));
        let earliest = put_to.map_or(shown, |put_to| shown.min(put_to));
        format!("{earliest:.6}").replace('T', " ")
    }

    /// The day the clock shows.
    pub(super) fn today(&self) -> Date {
        self.0.to_datetime(Timestamp::now()).date()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clock(zone: &str) -> Clock {
        Clock(TimeZone::get(zone).unwrap())
    }

    fn asked(zone: &str, since: &str) -> String {
        clock(zone).earliest_since(since.parse().unwrap())
    }

    #[test]
    fn times_without_a_zone_are_those_of_the_site() {
        let moment = |zone, text| clock(zone).moment(text).map(|moment| moment.to_string());
        let noon = "2026-11-20 12:00:00.123456";
        assert_eq!(moment("Asia/Kolkata", noon).unwrap(), "2026-11-20T06:30:00.123456Z");
        assert_eq!(moment("America/New_York", noon).unwrap(), "2026-11-20T17:00:00.123456Z");
        assert_eq!(moment("UTC", "2026-11-20 12:00:00").unwrap(), "2026-11-20T12:00:00Z");
        assert_eq!(moment("UTC", "yesterday"), None);
    }

    #[test]
    fn a_condition_is_written_in_the_time_of_the_site() {
        assert_eq!(asked("Asia/Kolkata", "2026-11-20T06:30:00Z"), "2026-11-20 12:00:00.000000");
        assert_eq!(asked("America/New_York", "2026-11-20T17:00:00.123456789Z"), "2026-11-20 12:00:00.123456");
    }

    #[test]
    fn what_changed_while_the_clock_was_put_back_is_asked_for() {
        // In Berlin the clock is put back from 3:00 to 2:00 at 1:00 UTC.
        assert_eq!(asked("Europe/Berlin", "2026-10-24T23:30:00Z"), "2026-10-25 01:30:00.000000");
        assert_eq!(asked("Europe/Berlin", "2026-10-25T00:40:00Z"), "2026-10-25 02:00:00.000000");
        assert_eq!(asked("Europe/Berlin", "2026-10-25T01:40:00Z"), "2026-10-25 02:40:00.000000");
        // A time that was shown twice is taken for the earlier one.
        let twice = clock("Europe/Berlin").moment("2026-10-25 02:40:00").unwrap();
        assert_eq!(twice.to_string(), "2026-10-25T00:40:00Z");
    }

    #[test]
    fn a_clock_that_is_put_forward_loses_nothing() {
        assert_eq!(asked("Europe/Berlin", "2026-03-29T00:59:00Z"), "2026-03-29 01:59:00.000000");
        assert_eq!(asked("Europe/Berlin", "2026-03-29T01:00:00Z"), "2026-03-29 03:00:00.000000");
    }
}
