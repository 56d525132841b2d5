//! Their values and ours. What JSON has no form for they write as an object with `__class__`; the fields of a record
//! that another one points to are in an object of their own. Pure.

use std::borrow::Cow;

use domain::json::{Json, Kind, Members, separate, write_name};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// Their JSON in plain JSON: decimals and times as texts, and each field under the name that it was asked for by, such
/// as `party.code`.
pub(super) fn plain(json: Json<'_>) -> String {
    let mut out = String::with_capacity(json.text().len());
    write(json, &mut out);
    out
}

fn write(json: Json<'_>, out: &mut String) {
    match json.kind() {
        Kind::Array => {
            out.push('[');
            for item in json.items() {
                separate(out);
                write(item, out);
            }
            out.push(']');
        }
        Kind::Object => {
            let members = json.members();
            match scalar(&members) {
                Some(scalar) => out.push_str(&scalar),
                None => {
                    out.push('{');
                    write_members(members, "", out);
                    out.push('}');
                }
            }
        }
        _ => out.push_str(json.text()),
    }
}

/// Writes members, each with `prefix` before its name.
fn write_members(members: Members<'_>, prefix: &str, out: &mut String) {
    for (name, value) in members {
        let name = if prefix.is_empty() { name } else { Cow::Owned(format!("{prefix}{name}")) };
        match value.kind() {
            Kind::Object if name.ends_with('.') => write_members(value.members(), &name, out),
            _ if name.ends_with('.') => {}
            _ => {
                write_name(&name, out);
                write(value, out);
            }
        }
    }
}

/// A value of a class of theirs, as JSON; none for a class that is not known, and for what has none.
fn scalar<'a>(members: &[(Cow<'a, str>, Json<'a>)]) -> Option<Cow<'a, str>> {
    let part = |name: &str| members.iter().find(|(member, _)| member == name).map(|(_, part)| *part);
    let class = part("__class__")?.as_string()?;
    let number = |name: &str| part(name)?.text().parse::<u32>().ok();
    let date = || Some(format!("{:04}-{:02}-{:02}", number("year")?, number("month")?, number("day")?));
    let time = || {
        let (hour, minute, second) = (number("hour")?, number("minute")?, number("second")?);
        Some(format!("{hour:02}:{minute:02}:{second:02}.{:06}", number("microsecond").unwrap_or(0)))
    };
    Some(match class.as_ref() {
        "Decimal" => part("decimal")?.text().into(),
        "date" => format!("\"{}\"", date()?).into(),
        // All of one length, so that the later one is the greater text. They are in UTC.
        "datetime" => format!("\"{}T{}Z\"", date()?, time()?).into(),
        "time" => format!("\"{}\"", time()?).into(),
        "timedelta" => part("seconds")?.text().into(),
        "bytes" | "bytearray" => part("base64")?.text().into(),
        _ => return None,
    })
}

/// A decimal as they take one.
pub(super) fn decimal(text: &str) -> Value {
    json!({"__class__": "Decimal", "decimal": text})
}

/// A day as they take one, where the text is a day.
pub(super) fn day(text: &str) -> Option<Value> {
    let day: Date = text.parse().ok()?;
    Some(json!({"__class__": "date", "year": day.year(), "month": day.month(), "day": day.day()}))
}

/// A moment as they take one.
pub(super) fn moment(moment: Timestamp) -> Value {
    let at = moment.to_zoned(TimeZone::UTC).datetime();
    json!({"__class__": "datetime", "year": at.year(), "month": at.month(), "day": at.day(), "hour": at.hour(),
        "minute": at.minute(), "second": at.second(), "microsecond": at.subsec_nanosecond() / 1_000})
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_plain(text: &str) -> String {
        plain(Json::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn their_classes_become_texts_wherever_they_stand() {
        let theirs = r#"[{"price": {"__class__": "Decimal", "decimal": "12345678901234567.8900"}, "n": 2.50,
            "on": {"__class__": "date", "year": 2026, "month": 1, "day": 2},
            "at": {"__class__": "datetime", "year": 2026, "month": 11, "day": 20, "hour": 9, "minute": 5,
                "second": 1, "microsecond": 70},
            "left": {"__class__": "timedelta", "seconds": 90.5}, "none": null, "odd": {"__class__": "Point"}}]"#;
        let ours = concat!(
            r#"[{"price":"12345678901234567.8900","n":2.50,"on":"2026-01-02","at":"2026-11-20T09:05:01.000070Z","#,
            r#""left":90.5,"none":null,"odd":{"__class__":"Point"}}]"#
        );
        assert_eq!(in_plain(theirs), ours);
    }

    #[test]
    fn what_a_field_points_to_stands_under_the_name_it_was_asked_for_by() {
        let theirs = r#"{"party": 2, "party.": {"id": 2, "country.": {"code": "GB"}, "unit.": null}, "name": "\u00e9"}"#;
        assert_eq!(in_plain(theirs), r#"{"party":2,"party.id":2,"party.country.code":"GB","name":"\u00e9"}"#);
    }

    #[test]
    fn a_moment_that_was_sent_comes_back() {
        let at: Timestamp = "2026-11-20T10:00:00.123456Z".parse().unwrap();
        let sent = moment(at).to_string();
        assert_eq!(in_plain(&sent), r#""2026-11-20T10:00:00.123456Z""#);
        assert_eq!(in_plain(&day("2026-11-20").unwrap().to_string()), r#""2026-11-20""#);
        assert_eq!(day("soon"), None);
    }
}
