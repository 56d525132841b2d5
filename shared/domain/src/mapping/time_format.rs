//! Times in a form of the user's own, written with `strftime`'s letters.

use jiff::civil::Time;
use jiff::fmt::strtime::{BrokenDownTime, format};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// Whether times can be read in this form: it holds at least a whole day.
pub(super) fn can_read(form: &str) -> bool {
    let sample = Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
    format(form, &sample).is_ok_and(|text| read(form, &text, &TimeZone::UTC).is_some())
}

/// Whether times can be written in this form.
pub(super) fn can_write(form: &str) -> bool {
    format(form, &Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC)).is_ok()
}

/// Reads a time; in `zone` where it names none, without a time of day its first instant. A local time that is there twice,
/// or not at all, is none.
pub(super) fn read(form: &str, text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let parts = BrokenDownTime::parse(form, text).ok()?;
    let day = || Some(parts.to_date().ok()?.to_datetime(parts.to_time().unwrap_or(Time::midnight())));
    parts.to_timestamp().ok().or_else(|| zone.to_ambiguous_timestamp(day()?).unambiguous().ok())
}

/// Writes a time as it is in `zone`.
pub(super) fn write(form: &str, time: Timestamp, zone: &TimeZone) -> Option<String> {
    let zoned: Zoned = time.to_zoned(zone.clone());
    format(form, &zoned).ok()
}
