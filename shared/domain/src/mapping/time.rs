//! Reads times and days as ERPs write them. What says "none" or "for ever" in their own way is known; what can be read two
//! ways is not guessed.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{SignedDuration, Timestamp, fmt};

use super::coerce::{Fault, shown};

/// Texts that stand for no time, by their beginning: SAP's and MySQL's zeros; the first day of .NET, which Business Central
/// sends for an empty field; the first day of SQL Server's `datetime`; day 0 of Access and Excel.
const NO_TIME: [&str; 7] =
    ["00000000", "0000-00-00", "00.00.0000", "00/00/0000", "0001-01-01", "1753-01-01", "1899-12-30"];

/// Words that stand for no time: those of JavaScript, pandas and OData's adapters for a time that could not be read.
const NO_TIME_WORDS: [&str; 6] = ["/Date(NaN)/", "NaT", "null", "None", "Invalid Date", "Invalid date"];

/// Milliseconds before which a moment lies in the year 1 or before: none, in .NET's way.
const YEAR_TWO_MS: i64 = -62_104_060_800_000;

/// The first millisecond of 9999-12-31, which SAP and .NET mean by "for ever".
const FOR_EVER_MS: i64 = 253_402_214_400_000;

/// The last moment that can be kept: half a day before the end of the year 9999, because of time zones.
const LAST: &str = "9999-12-30T22:00:00Z";

/// What a text says of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told<T> {
    /// Nothing: it stands for no time.
    Nothing,
    /// A time.
    Time(T),
    /// A time later than any that can be kept, which is the last of those.
    Last(T),
}

/// What a text is, before a zone is known.
enum Parsed<'t> {
    /// A moment, and the civil time that was told with it.
    Moment(Timestamp, There<'t>),
    /// Without a zone.
    Civil(DateTime),
    Nothing,
    ForEver,
}

/// The civil time that was told with a moment.
enum There<'t> {
    /// It stands in front of the offset of this text.
    InFront(&'t str),
    Civil(DateTime),
    /// None was: the moment was told as a number.
    Utc,
}

impl There<'_> {
    fn of(&self, moment: Timestamp) -> DateTime {
        let told = match self {
            Self::InFront(text) => civil_in_front(text),
            Self::Civil(time) => Some(*time),
            Self::Utc => None,
        };
        told.unwrap_or_else(|| Offset::UTC.to_datetime(moment))
    }
}

/// The moment that a text without blanks around it tells; in `zone` where it names none, a day as its first instant.
///
/// # Errors
/// [`Fault`], also where a local time is there twice or not at all, as when clocks change.
pub(super) fn read_moment(text: &str, zone: &TimeZone) -> Result<Told<Timestamp>, Fault> {
    match parse(text)? {
        None => Err(Fault::Unreadable(format!(
            "must be a time such as 2026-01-31T10:00:00Z or 2026-01-31 10:00:00, the ERP sent {}",
            shown(text)
        ))),
        Some(Parsed::Nothing) => Ok(Told::Nothing),
        Some(Parsed::ForEver) => Ok(Told::Last(last())),
        Some(Parsed::Moment(moment, _)) => Ok(Told::Time(moment)),
        Some(Parsed::Civil(time)) => match zone.to_ambiguous_timestamp(time).offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                Ok(offset.to_timestamp(time).map_or_else(|_| Told::Last(last()), Told::Time))
            }
            AmbiguousOffset::Gap { .. } | AmbiguousOffset::Fold { .. } => Err(Fault::Unreadable(format!(
                "is {}, which is there twice or not at all on that day, when clocks change in {}: have the ERP send the \
                 offset from UTC",
                shown(text),
                zone.iana_name().unwrap_or("settings.timeZone")
            ))),
        },
    }
}

/// The day that a text without blanks around it tells: the one that stands there, in front of an offset. Midnight of `zone`
/// that was turned into UTC is the day of `zone`.
///
/// # Errors
/// [`Fault`]
pub(super) fn read_day(text: &str, zone: &TimeZone) -> Result<Told<Date>, Fault> {
    match parse(text)? {
        None => {
            Err(Fault::Unreadable(format!("must be a date such as 2026-01-31, the ERP sent {}", shown(text))))
        }
        Some(Parsed::Nothing) => Ok(Told::Nothing),
        Some(Parsed::ForEver) => Ok(Told::Time(Date::constant(9999, 12, 31))),
        Some(Parsed::Civil(time)) => Ok(Told::Time(time.date())),
        Some(Parsed::Moment(moment, there)) => {
            let there = there.of(moment);
            let local = zone.to_datetime(moment);
            let is_local_midnight = local.time() == Time::midnight() && there.time() != Time::midnight();
            Ok(Told::Time(if is_local_midnight { local.date() } else { there.date() }))
        }
    }
}

/// Any moment that a text tells, for comparing; in UTC where it names no zone.
pub(super) fn parse_moment(text: &str) -> Option<Timestamp> {
    match read_moment(text, &TimeZone::UTC).ok()? {
        Told::Time(moment) | Told::Last(moment) => Some(moment),
        Told::Nothing => None,
    }
}

fn last() -> Timestamp {
    LAST.parse().unwrap_or(Timestamp::MAX)
}

fn parse(text: &str) -> Result<Option<Parsed<'_>>, Fault> {
    // Nothing below means anything but itself that begins as the times of this millennium do, which are most of them.
    if text.starts_with('2')
        && let Some(parsed) = with_offset(text)
    {
        return Ok(Some(parsed));
    }
    if NO_TIME.iter().any(|none| text.starts_with(none)) || NO_TIME_WORDS.contains(&text) {
        return Ok(Some(Parsed::Nothing));
    }
    if text.starts_with("9999-12-31") || text.starts_with("99991231") || text.starts_with("31.12.9999") {
        return Ok(Some(Parsed::ForEver));
    }
    if let Some(ticks) = text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        return Ok(ticks_of_odata(ticks));
    }
    if let Some(parsed) = with_offset(text).or_else(|| iso(text)).or_else(|| epoch(text)) {
        return Ok(Some(parsed));
    }
    day_in_front(text)
}

/// OData V2's `1492098664000+0060`: milliseconds since 1970 in UTC, and the minutes by which they were shown.
fn ticks_of_odata(ticks: &str) -> Option<Parsed<'static>> {
    let sign = ticks.get(1..)?.find(['+', '-']).map_or(ticks.len(), |at| at + 1);
    let (ms, minutes) = ticks.split_at(sign);
    let ms: i64 = ms.parse().ok()?;
    let parsed = moment_of_ms(ms)?;
    let Parsed::Moment(moment, _) = parsed else { return Some(parsed) };
    let minutes: i64 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    let there = moment.checked_add(SignedDuration::from_mins(minutes)).ok()?;
    Some(Parsed::Moment(moment, There::Civil(Offset::UTC.to_datetime(there))))
}

fn moment_of_ms(ms: i64) -> Option<Parsed<'static>> {
    match ms {
        ..YEAR_TWO_MS => Some(Parsed::Nothing),
        FOR_EVER_MS.. => Some(Parsed::ForEver),
        ms => Timestamp::from_millisecond(ms).ok().map(|moment| Parsed::Moment(moment, There::Utc)),
    }
}

/// RFC 3339 and its relatives, with an offset; RFC 2822, as `Last-Modified` has it.
fn with_offset(text: &str) -> Option<Parsed<'_>> {
    if text.len() <= 10 {
        return None;
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(Parsed::Moment(moment, There::InFront(text)));
    }
    let zoned = fmt::rfc2822::parse(text).ok()?;
    Some(Parsed::Moment(zoned.timestamp(), There::Civil(zoned.datetime())))
}

/// The civil time in front of an offset.
fn civil_in_front(text: &str) -> Option<DateTime> {
    let at = text.get(10..)?.find(['Z', 'z', '+', '-'])? + 10;
    text.get(..at)?.parse().ok()
}

/// `2026-01-31`, `20260131`, `2026/01/31`, with or without a time of day: `T` or a blank before it; `20260131101500` as SAP
/// has it.
fn iso(text: &str) -> Option<Parsed<'static>> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits && text.len() == 14 {
        return format!("{}T{}", &text[..8], &text[8..]).parse().ok().map(Parsed::Civil);
    }
    if digits && text.len() != 8 {
        return None;
    }
    let year_first = text.len() >= 8 && text.bytes().take(4).all(|byte| byte.is_ascii_digit());
    if !year_first {
        return None;
    }
    let dashed = match text.get(4..5) {
        Some("/" | ".") => std::borrow::Cow::Owned(text.replacen(['/', '.'], "-", 2)),
        _ => std::borrow::Cow::Borrowed(text),
    };
    let civil = dashed.parse::<DateTime>().ok();
    let date = || dashed.parse::<Date>().ok().filter(|_| matches!(dashed.len(), 8 | 10));
    civil.or_else(|| Some(date()?.to_datetime(Time::midnight()))).map(Parsed::Civil)
}

/// Seconds or milliseconds since 1970, told apart by how many they are: from 1973 on they differ in their digits.
fn epoch(text: &str) -> Option<Parsed<'static>> {
    let (whole, fraction) = text.split_once('.').map_or((text, ""), |(whole, fraction)| (whole, fraction));
    if !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    match whole.len() {
        9 | 10 => {
            let nanos: i32 = format!("{fraction:0<9}").get(..9)?.parse().ok()?;
            let moment = Timestamp::new(number, nanos).ok()?;
            Some(Parsed::Moment(moment, There::Utc))
        }
        12..=15 => moment_of_ms(number),
        _ => None,
    }
}

/// `31.01.2026`, `31/01/2026` and `31-01-2026`, with or without a time of day. Behind points the month comes second; with
/// the others it may come first, and a day that could be a month is not guessed.
fn day_in_front(text: &str) -> Result<Option<Parsed<'static>>, Fault> {
    let (date, time) = text.split_once(' ').or_else(|| text.split_once('T')).unwrap_or((text, ""));
    let Some(sign) = date.chars().find(|c| !c.is_ascii_digit()).filter(|c| matches!(c, '.' | '/' | '-'))
    else {
        return Ok(None);
    };
    let parts: Vec<&str> = date.split(sign).collect();
    let [first, second, year] = parts[..] else { return Ok(None) };
    let is_number = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    let (Some(first), Some(second), Some(year)) = (
        first.parse::<i8>().ok().filter(|_| is_number(first)),
        second.parse::<i8>().ok().filter(|_| is_number(second)),
        year.parse::<i16>().ok().filter(|_| year.len() == 4),
    ) else {
        return Ok(None);
    };
    let Some(time) = time_of_day(time) else { return Ok(None) };
    let of = |day, month| Date::new(year, month, day).ok().map(|date| Parsed::Civil(date.to_datetime(time)));
    match (of(first, second), of(second, first)) {
        (day_first, _) if sign == '.' => Ok(day_first),
        (Some(_), Some(_)) if first != second => Err(Fault::Doubtful(format!(
            "is {}, which can be read with the day or with the month first: say which by the transformation date, such as \
             {{\"from\": \"%d/%m/%Y\"}}",
            shown(text)
        ))),
        (day_first, month_first) => Ok(day_first.or(month_first)),
    }
}

/// `10:15`, `10:15:00.5`, `10:15 PM`; midnight where it is left out.
fn time_of_day(text: &str) -> Option<Time> {
    if text.is_empty() {
        return Some(Time::midnight());
    }
    let upper = text.to_ascii_uppercase();
    let (clock, half) = match upper
        .strip_suffix("AM")
        .map(|rest| (rest, 0))
        .or(upper.strip_suffix("PM").map(|rest| (rest, 12)))
    {
        Some((rest, half)) => (rest.trim_end(), Some(half)),
        None => (upper.as_str(), None),
    };
    let clock = if clock.find(':') == Some(1) { format!("0{clock}") } else { clock.to_owned() };
    let time: Time = clock.parse().ok()?;
    match half {
        None => Some(time),
        Some(half) if (1..=12).contains(&time.hour()) => {
            time.with().hour(time.hour() % 12 + half).build().ok()
        }
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests;
