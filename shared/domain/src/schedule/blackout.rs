//! Windows of the week in which no sync starts by itself.

use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::moment;

/// Most windows of one config.
pub const MAX_BLACKOUTS: usize = 20;

const DAY_MINUTES: i64 = 24 * 60;
const WEEK_MINUTES: i64 = 7 * DAY_MINUTES;

/// A window in which no sync starts by itself: what is due in it starts once, at its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Blackout {
    /// When it begins, in the config's time zone.
    #[schema(value_type = String, example = "22:00")]
    pub from: ClockTime,
    /// When it ends: on the next day, if that is not after `from`.
    #[schema(value_type = String, example = "02:00")]
    pub to: ClockTime,
    /// The days it begins on; every day if left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = json!(["mon", "tue"]))]
    pub days: Option<Vec<Day>>,
}

/// A time of day to the minute, written `22:00`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClockTime {
    /// Since midnight.
    minutes: i64,
}

impl TryFrom<String> for ClockTime {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let read = || {
            let (hour, minute) = text.split_once(':')?;
            let number = |digits: &str| {
                let sound = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
                sound.then(|| digits.parse::<i64>().ok()).flatten()
            };
            let (hour, minute) = (number(hour)?, number(minute)?);
            (hour < 24 && minute < 60).then_some(Self { minutes: hour * 60 + minute })
        };
        read().ok_or_else(|| "must be a time of day from 00:00 to 23:59, such as 22:00".to_owned())
    }
}

impl From<ClockTime> for String {
    fn from(time: ClockTime) -> Self {
        format!("{:02}:{:02}", time.minutes / 60, time.minutes % 60)
    }
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "days need no words")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];
}

/// All windows of a config: stretches of the week in minutes since Monday's midnight, sorted, none touching another.
#[derive(Debug, Clone, Default)]
pub(super) struct Blackouts(Vec<(i64, i64)>);

impl Blackouts {
    /// Joins the windows; `None` if they leave no time at all.
    pub(super) fn join(windows: &[Blackout]) -> Option<Self> {
        let mut stretches: Vec<_> = windows.iter().flat_map(stretches).collect();
        stretches.sort_unstable();
        let mut joined: Vec<(i64, i64)> = Vec::new();
        for (start, end) in stretches {
            match joined.last_mut() {
                Some(last) if start <= last.1 => last.1 = last.1.max(end),
                _ => joined.push((start, end)),
            }
        }
        (joined != [(0, WEEK_MINUTES)]).then_some(Self(joined))
    }

    /// The first moment from `at` on that no window holds.
    pub(super) fn release(&self, mut at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        while let Some((_, end)) = self.around(at, zone) {
            let (monday, _) = week_of(at, zone)?;
            let clock = monday.checked_add(end.minutes()).ok()?;
            let moved = moment(clock, zone)?;
            // Where the clock went back, the end comes twice: in its second hour the first lies behind.
            at = if moved > at { moved } else { zone.to_ambiguous_timestamp(clock).later().ok()? };
        }
        Some(at)
    }

    /// The last moment before the window that holds at `at`; `None` if none does.
    pub(super) fn start_before(&self, at: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut start = None;
        let mut within = at;
        while let Some((from, _)) = self.around(within, zone) {
            let (monday, _) = week_of(within, zone)?;
            let begins = moment(monday.checked_add(from.minutes()).ok()?, zone)?;
            within = begins.min(within).checked_sub(SignedDuration::from_nanos(1)).ok()?;
            start = Some(within);
        }
        start
    }

    fn around(&self, at: Timestamp, zone: &TimeZone) -> Option<(i64, i64)> {
        if self.0.is_empty() {
            return None;
        }
        let (_, minute) = week_of(at, zone)?;
        self.0.iter().copied().find(|(start, end)| (*start..*end).contains(&minute))
    }
}

/// Monday's midnight of the week that `at` lies in, and the minutes since then by the wall clock.
fn week_of(at: Timestamp, zone: &TimeZone) -> Option<(jiff::civil::DateTime, i64)> {
    let clock = zone.to_datetime(at);
    let days = i64::from(clock.weekday().since(Weekday::Monday));
    let monday = clock.date().checked_sub(days.days()).ok()?.to_datetime(jiff::civil::Time::midnight());
    Some((monday, days * DAY_MINUTES + i64::from(clock.hour()) * 60 + i64::from(clock.minute())))
}

/// The stretches of the week a window takes; one that goes past the week's end is two.
fn stretches(window: &Blackout) -> impl Iterator<Item = (i64, i64)> {
    let days = window.days.as_deref().unwrap_or(&Day::ALL).to_vec();
    let length = match window.to.minutes - window.from.minutes {
        length if length > 0 => length,
        length => length + DAY_MINUTES,
    };
    let from = window.from.minutes;
    days.into_iter()
        .flat_map(move |day| {
            let start = day as i64 * DAY_MINUTES + from;
            let end = start + length;
            [(start, end.min(WEEK_MINUTES)), (0, (end - WEEK_MINUTES).max(0))]
        })
        .filter(|(start, end)| start < end)
}
