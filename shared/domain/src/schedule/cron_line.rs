//! One cron line: five fields, read by Vixie's rules, with errors that name the field at fault.

use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::moment;

/// A checked cron line.
#[derive(Debug, Clone)]
pub struct CronLine {
    cron: Cron,
    /// Whether it names hours and minutes rather than a rhythm. What has its time runs once a day whatever the clock
    /// does: not twice when the time comes twice, and late rather than never when it does not come.
    at_fixed_times: bool,
}

impl CronLine {
    /// Reads a line of five fields: minute, hour, day of month, month, weekday.
    ///
    /// # Errors
    /// With a sentence naming the field at fault and what it may hold.
    pub fn parse(line: &str) -> Result<Self, String> {
        let texts: Vec<&str> = line.split_whitespace().collect();
        let [minute, hour, ..] = texts[..] else { return Err(not_five(texts.len())) };
        if texts.len() != FIELDS.len() {
            return Err(not_five(texts.len()));
        }
        let fields = FIELDS.iter().zip(&texts).map(|(field, text)| field.check(text));
        let fields = fields.collect::<Result<Vec<_>, _>>()?;
        let cron = parser().parse(&fields.join(" ")).map_err(|_| format!("{line:?} is not a cron line"))?;
        let at_fixed_times = !minute.contains('*') && !hour.contains('*');
        let line = Self { cron, at_fixed_times };
        match line.next_after(Timestamp::UNIX_EPOCH, &TimeZone::UTC) {
            Some(_) => Ok(line),
            None => Err("never comes: the months it names have no such day".to_owned()),
        }
    }

    /// The first time it names after `after`; `None` at the end of the calendar.
    #[must_use]
    pub fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let mut from = after.to_zoned(zone.clone());
        if !self.at_fixed_times {
            from = self.cron.find_next_occurrence(&from, false).ok()?;
            return Some(from.timestamp());
        }
        let mut clock = from.datetime();
        loop {
            clock = self.cron.find_next_occurrence(&clock, false).ok()?;
            // Where the clock went back, a time it shows again lies behind.
            let due = moment(clock, zone)?;
            if due > after {
                return Some(due);
            }
        }
    }

    /// What it says, in a sentence.
    #[must_use]
    pub fn describe(&self) -> String {
        self.cron.describe()
    }
}

fn not_five(fields: usize) -> String {
    format!("a cron line has five fields (minute hour day month weekday), this one has {fields}")
}

fn parser() -> CronParser {
    CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build()
}

/// What one of the five fields may hold.
struct Field {
    name: &'static str,
    min: u32,
    max: u32,
    /// Names that stand for numbers from `min` on.
    names: &'static [&'static str],
    /// What it may hold beside numbers, `*`, `,`, `-` and `/`.
    marks: &'static str,
}

const MONTHS: &[&str] = &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: &[&str] = &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const FIELDS: [Field; 5] = [
    Field { name: "minute", min: 0, max: 59, names: &[], marks: "" },
    Field { name: "hour", min: 0, max: 23, names: &[], marks: "" },
    Field { name: "day of the month", min: 1, max: 31, names: &[], marks: "?LW" },
    Field { name: "month", min: 1, max: 12, names: MONTHS, marks: "" },
    Field { name: "weekday", min: 0, max: 7, names: WEEKDAYS, marks: "?L#" },
];

impl Field {
    /// Checks each entry of the field's list; gives the field with numbers in the place of names.
    fn check(&self, text: &str) -> Result<String, String> {
        let entries = text.split(',').map(|entry| self.check_entry(entry));
        entries.collect::<Result<Vec<_>, _>>().map(|entries| entries.join(","))
    }

    fn check_entry(&self, entry: &str) -> Result<String, String> {
        let Self { name, min, max, .. } = self;
        let numbered = self.numbered(entry);
        let (range, step) = numbered.split_once('/').unwrap_or((&numbered, "1"));
        if step.parse() == Ok(0) {
            return Err(format!("the {name} step in {entry:?} must be at least 1"));
        }
        let day = range.split('#').next().unwrap_or_default();
        let numbers: Vec<Option<u32>> = day.split('-').map(|number| number.parse().ok()).collect();
        if let Some(wrong) = numbers.iter().flatten().find(|number| !(min..=max).contains(number)) {
            return Err(format!("the {name} must be {min} to {max}, not {wrong}"));
        }
        if let [Some(from), Some(to)] = numbers[..]
            && from > to
        {
            return Err(format!("the {name} range {entry} must go from low to high"));
        }
        let known = |mark: char| mark.is_ascii_digit() || "*-/".contains(mark) || self.marks.contains(mark);
        if entry.is_empty() || !numbered.chars().all(known) || parser().parse(&self.alone(&numbered)).is_err()
        {
            return Err(format!(
                "the {name} {entry:?} cannot be read: it takes numbers from {min} to {max}, lists (1,2), ranges \
                 (1-5), steps (*/2) and *"
            ));
        }
        Ok(numbered)
    }

    fn numbered(&self, entry: &str) -> String {
        let mut numbered = entry.to_uppercase();
        if self.names == WEEKDAYS {
            // A range that ends with Sunday means the one after Saturday.
            numbered = numbered.replace("-SUN", "-7");
        }
        for (number, name) in (self.min..).zip(self.names) {
            numbered = numbered.replace(name, &number.to_string());
        }
        numbered
    }

    /// A line with nothing but this field set.
    fn alone(&self, text: &str) -> String {
        let texts = FIELDS.iter().map(|field| if field.name == self.name { text } else { "*" });
        texts.collect::<Vec<_>>().join(" ")
    }
}
