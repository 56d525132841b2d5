//! Their values and ours. What JSON has no form for they write as an object with `__class__`; the fields of a record
//! that another one points to are in an object of their own. Pure.

use domain::json::{Json, Kind};
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
            for (position, item) in json.items().into_iter().enumerate() {
                separate(position, out);
                write(item, out);
            }
            out.push(']');
        }
        Kind::Object => match json.get("__class__").and_then(|class| scalar(&class.as_string()?, json)) {
            Some(scalar) => out.push_str(&scalar),
            None => {
                out.push('{');
                write_members(json, "", &mut 0, out);
                out.push('}');
            }
        },
        _ => out.push_str(json.text()),
    }
}

/// The members of an object, with `prefix` before each name.
fn write_members(json: Json<'_>, prefix: &str, written: &mut usize, out: &mut String) {
    for (name, value) in json.members() {
        let name = format!("{prefix}{name}");
        match value.kind() {
            Kind::Object if name.ends_with('.') => write_members(value, &name, written, out),
            _ if name.ends_with('.') => {}
            _ => {
                separate(*written, out);
                *written += 1;
                write_member(&name, out);
                write(value, out);
            }
        }
    }
}

/// Writes the name of a member, up to its value.
pub(super) fn write_member(name: &str, out: &mut String) {
    out.push_str(&Value::from(name).to_string());
    out.push(':');
}

pub(super) fn separate(position: usize, out: &mut String) {
    if position > 0 {
        out.push(',');
    }
}

/// A value of a class of theirs, as JSON; none for a class that is not known.
fn scalar(class: &str, json: Json<'_>) -> Option<String> {
    let number = |name: &str| json.get(name).and_then(|part| part.text().parse::<u32>().ok());
    let date = || Some(format!("{:04}-{:02}-{:02}", number("year")?, number("month")?, number("day")?));
    let time = || {
        let (hour, minute, second) = (number("hour")?, number("minute")?, number("second")?);
        Some(format!("{hour:02}:{minute:02}:{second:02}.{:06}", number("microsecond").unwrap_or(0)))
    };
    match class {
        "Decimal" => Some(json.get("decimal")?.text().to_owned()),
        "date" => Some(format!("\"{}\"", date()?)),
        // All of one length, so that the later one is the greater text. They are in UTC.
        "datetime" => Some(format!("\"{}T{}Z\"", date()?, time()?)),
        "time" => Some(format!("\"{}\"", time()?)),
        "timedelta" => Some(json.get("seconds")?.text().to_owned()),
        "bytes" | "bytearray" => Some(json.get("base64")?.text().to_owned()),
        _ => None,
    }
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
