//! Times in a form of the user's own, written with `strftime`'s letters.

use jiff::civil::Time;
use jiff::fmt::strtime::{BrokenDownTime, format};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use super::coerce;

/// Whether times can be read in this form: it holds at least a whole day.
pub(super) fn can_read(form: &str) -> bool {
    let sample = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    format(form, &sample).is_ok_and(|text| read(form, &text).is_some())
}

/// Whether times can be written in this form.
pub(super) fn can_write(form: &str) -> bool {
    format(form, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC)).is_ok()
}

/// Reads a time; without a zone it is UTC, without a time of day its first instant.
pub(super) fn read(form: &str, text: &str) -> Option<Timestamp> {
    let parts = BrokenDownTime::parse(form, text).ok()?;
    let day = || Some(parts.to_date().ok()?.to_datetime(parts.to_time().unwrap_or(Time::midnight())));
    parts.to_timestamp().ok().or_else(|| coerce::utc(day()?))
}

/// Writes a time, in UTC.
pub(super) fn write(form: &str, time: Timestamp) -> Option<String> {
    let zoned: Zoned = time.to_zoned(TimeZone::UTC);
    format(form, &zoned).ok()
}
