//! Reads a config's schedule from its settings, naming every field at fault.

use jiff::SignedDuration;

use super::blackout::{Blackouts, MAX_BLACKOUTS};
use super::{CronLine, Schedule, Times, parse_zone};
use crate::sync_config::SyncSettings;
use crate::validation::{Checks, Invalid};

/// Most further lines of one config.
pub const MAX_LINES: usize = 10;

impl Schedule {
    /// The schedule of a config: `schedule` and `settings.schedules` together, else `settings.syncInterval`. `None` if
    /// it has neither.
    ///
    /// # Errors
    /// With each field at fault, by its path in the config.
    pub fn of(line: Option<&str>, settings: &SyncSettings) -> Result<Option<Self>, Invalid> {
        Self::read(settings, |checks| {
            let first = line.map(|line| ("schedule".to_owned(), line));
            let lines = read_lines(first, "settings.schedules", &settings.schedules, checks);
            let every = settings.sync_interval.map(|minutes| SignedDuration::from_mins(i64::from(minutes)));
            if lines.is_empty() { every.map(Times::Every) } else { Some(Times::Lines(lines)) }
        })
    }

    /// The times of a config's full pulls: `settings.fullSchedules`. `None` if it has none.
    ///
    /// # Errors
    /// With each field at fault, by its path in the config.
    pub fn of_full_pulls(settings: &SyncSettings) -> Result<Option<Self>, Invalid> {
        Self::read(settings, |checks| {
            let lines = read_lines(None, "settings.fullSchedules", &settings.full_schedules, checks);
            (!lines.is_empty()).then_some(Times::Lines(lines))
        })
    }

    fn read(
        settings: &SyncSettings,
        times: impl FnOnce(&mut Checks) -> Option<Times>,
    ) -> Result<Option<Self>, Invalid> {
        let mut checks = Checks::default();
        let zone = parse_zone(settings.time_zone.as_deref().unwrap_or("UTC"))
            .map_err(|message| checks.fail("settings.timeZone", message));
        let times = times(&mut checks);
        let blackouts = read_blackouts(settings, &mut checks);
        checks.finish()?;
        let (Ok(zone), Some(blackouts)) = (zone, blackouts) else { return Ok(None) };
        Ok(times.map(|times| Self { zone, times, blackouts }))
    }
}

fn read_lines(
    first: Option<(String, &str)>,
    name: &str,
    further: &[String],
    checks: &mut Checks,
) -> Vec<CronLine> {
    checks.require(further.len() <= MAX_LINES, name, "must be 10 lines at most");
    let further = further.iter().take(MAX_LINES).enumerate();
    let further = further.map(|(at, line)| (format!("{name}.{at}"), line.as_str()));
    let mut lines = Vec::new();
    for (field, line) in first.into_iter().chain(further) {
        match CronLine::parse(line) {
            Ok(line) => lines.push(line),
            Err(message) => checks.fail(field, message),
        }
    }
    lines
}

fn read_blackouts(settings: &SyncSettings, checks: &mut Checks) -> Option<Blackouts> {
    let windows = &settings.blackouts;
    checks.require(windows.len() <= MAX_BLACKOUTS, "settings.blackouts", "must be 20 windows at most");
    for (at, window) in windows.iter().enumerate() {
        if window.days.as_ref().is_some_and(Vec::is_empty) {
            checks.fail(
                format!("settings.blackouts.{at}.days"),
                "must name a day, or be left out for every day",
            );
        }
    }
    let joined = Blackouts::join(windows);
    checks.require(joined.is_some(), "settings.blackouts", "must leave some time of the week to run in");
    joined
}
