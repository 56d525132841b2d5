use proptest::prelude::*;

use super::*;

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").unwrap()
}

fn moment(text: &str, zone: &TimeZone) -> String {
    match read_moment(text, zone) {
        Ok(Told::Time(moment)) => moment.to_string(),
        Ok(Told::Last(moment)) => format!("last {moment}"),
        Ok(Told::Nothing) => "none".to_owned(),
        Err(Fault::Unreadable(_)) => "unreadable".to_owned(),
        Err(Fault::Doubtful(_)) => "two readings".to_owned(),
    }
}

fn day(text: &str, zone: &TimeZone) -> String {
    match read_day(text, zone) {
        Ok(Told::Time(day) | Told::Last(day)) => day.to_string(),
        Ok(Told::Nothing) => "none".to_owned(),
        Err(Fault::Unreadable(_)) => "unreadable".to_owned(),
        Err(Fault::Doubtful(_)) => "two readings".to_owned(),
    }
}

#[test]
fn moments_of_every_form_are_read() {
    for (text, utc, in_berlin) in [
        ("2026-07-01T00:30:00Z", "2026-07-01T00:30:00Z", "2026-07-01T00:30:00Z"),
        ("2026-07-01T00:30:00+02:00", "2026-06-30T22:30:00Z", "2026-06-30T22:30:00Z"),
        ("2026-07-01T00:30:00+0200", "2026-06-30T22:30:00Z", "2026-06-30T22:30:00Z"),
        ("2026-07-01 00:30:00", "2026-07-01T00:30:00Z", "2026-06-30T22:30:00Z"),
        ("2026-07-01T00:30:00.0000000", "2026-07-01T00:30:00Z", "2026-06-30T22:30:00Z"),
        ("2026-07-01", "2026-07-01T00:00:00Z", "2026-06-30T22:00:00Z"),
        ("20260701", "2026-07-01T00:00:00Z", "2026-06-30T22:00:00Z"),
        ("20260701T003000", "2026-07-01T00:30:00Z", "2026-06-30T22:30:00Z"),
        ("20260701003000", "2026-07-01T00:30:00Z", "2026-06-30T22:30:00Z"),
        ("2026/07/01 00:30", "2026-07-01T00:30:00Z", "2026-06-30T22:30:00Z"),
        ("01.07.2026 00:30", "2026-07-01T00:30:00Z", "2026-06-30T22:30:00Z"),
        ("1.7.2026", "2026-07-01T00:00:00Z", "2026-06-30T22:00:00Z"),
        ("7/31/2026 1:30 PM", "2026-07-31T13:30:00Z", "2026-07-31T11:30:00Z"),
        ("/Date(1492098664000+0060)/", "2017-04-13T15:51:04Z", "2017-04-13T15:51:04Z"),
        ("1612208477", "2021-02-01T19:41:17Z", "2021-02-01T19:41:17Z"),
        ("1612208477943", "2021-02-01T19:41:17.943Z", "2021-02-01T19:41:17.943Z"),
        ("1612208477.5", "2021-02-01T19:41:17.5Z", "2021-02-01T19:41:17.5Z"),
        ("Sat, 31 Jan 2026 10:15:00 GMT", "2026-01-31T10:15:00Z", "2026-01-31T10:15:00Z"),
    ] {
        assert_eq!(
            (moment(text, &TimeZone::UTC), moment(text, &berlin())),
            (utc.to_owned(), in_berlin.to_owned()),
            "{text}"
        );
    }
}

#[test]
fn what_means_no_time_is_none_and_for_ever_is_the_last_one() {
    for text in [
        "00000000",
        "0000-00-00",
        "0000-00-00 00:00:00",
        "0001-01-01T00:00:00Z",
        "/Date(NaN)/",
        "NaT",
        "/Date(-62135596800000)/",
        "/Date(-62135769600000)/",
        "1899-12-30T00:00:00",
    ] {
        assert_eq!((moment(text, &berlin()), day(text, &berlin())), ("none".into(), "none".into()), "{text}");
    }
    for text in [
        "9999-12-31",
        "99991231",
        "9999-12-31T23:59:59Z",
        "9999-12-31 00:00:00",
        "/Date(253402214400000)/",
        "/Date(253402300799000)/",
        "253402214400000",
    ] {
        let last = "last 9999-12-30T22:00:00Z".to_owned();
        assert_eq!((moment(text, &berlin()), day(text, &berlin())), (last, "9999-12-31".into()), "{text}");
    }
}

#[test]
fn a_day_is_the_one_that_stands_there() {
    for text in [
        "2026-07-01",
        "20260701",
        "2026-07-01T00:00:00",
        "2026-07-01T00:00:00+02:00",
        "2026-07-01T00:00:00.000+09:00",
        "2026-07-01T00:00:00Z",
        "2026-07-01T23:59:59-05:00",
        "01.07.2026",
        "2026-07-01 10:00:00",
    ] {
        for zone in ["UTC", "Europe/Berlin", "America/New_York", "Asia/Tokyo"] {
            assert_eq!(day(text, &TimeZone::get(zone).unwrap()), "2026-07-01", "{text} {zone}");
        }
    }
    assert_eq!(day("2026-06-30T22:00:00Z", &berlin()), "2026-07-01", "local midnight, turned into UTC");
    assert_eq!(day("2026-06-30T22:00:00Z", &TimeZone::UTC), "2026-06-30");
    assert_eq!(day("/Date(1492041600000)/", &berlin()), "2017-04-13");
}

#[test]
fn what_can_be_read_two_ways_is_not_guessed() {
    for text in ["01/02/2026", "1-2-2026", "01/02/2026 10:00"] {
        assert_eq!(
            (moment(text, &berlin()), day(text, &berlin())),
            ("two readings".into(), "two readings".into())
        );
    }
    assert_eq!(
        (day("13/02/2026", &berlin()), day("02/13/2026", &berlin())),
        ("2026-02-13".into(), "2026-02-13".into())
    );
    assert_eq!(day("05/05/2026", &berlin()), "2026-05-05");
    assert_eq!(moment("2026-10-25 02:30:00", &berlin()), "unreadable", "it is there twice");
    assert_eq!(moment("2026-03-29 02:30:00", &berlin()), "unreadable", "it is not there at all");
    assert_eq!(moment("2026-10-25T02:30:00+01:00", &berlin()), "2026-10-25T01:30:00Z");
}

#[test]
fn what_is_no_time_is_said_to_be_none() {
    for text in
        ["soon", "32.01.2026", "2026-13-01", "45000", "10:30", "1", "2026", "13/13/2026", "-1", "12345678"]
    {
        assert_eq!(
            (moment(text, &berlin()), day(text, &berlin())),
            ("unreadable".into(), "unreadable".into()),
            "{text}"
        );
    }
}

proptest! {
    #[test]
    fn a_moment_comes_out_as_itself_whatever_offset_it_is_written_with(
        seconds in 0_i64..4_000_000_000, minutes in -14 * 60_i64..14 * 60, zone in 0_usize..4, compact in any::<bool>(),
    ) {
        let zone = TimeZone::get(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"][zone]).unwrap();
        let time = Timestamp::from_second(seconds).unwrap();
        let offset = Offset::from_seconds(i32::try_from(minutes * 60).unwrap()).unwrap();
        let civil = offset.to_datetime(time);
        let form = if compact { "%Y%m%dT%H%M%S" } else { "%Y-%m-%dT%H:%M:%S" };
        let sign = if minutes < 0 { '-' } else { '+' };
        let text = format!("{}{sign}{:02}:{:02}", civil.strftime(form), minutes.abs() / 60, minutes.abs() % 60);
        prop_assert_eq!(moment(&text, &zone), time.to_string(), "{}", text);
        // A day is the one in front of the offset, or the zone's own where that is its midnight.
        let told = day(&text, &zone);
        let local = zone.to_datetime(time);
        prop_assert!(told == civil.date().to_string() || local.time() == Time::midnight(), "{} {}", text, told);
    }

    #[test]
    fn a_local_time_is_read_in_its_zone_or_not_at_all(
        seconds in 0_i64..4_000_000_000, zone in 0_usize..4, form in 0_usize..5,
    ) {
        let zone = TimeZone::get(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"][zone]).unwrap();
        let time = Timestamp::from_second(seconds).unwrap();
        let forms = ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M:%S", "%Y%m%d%H%M%S", "%Y/%m/%d %H:%M:%S"];
        let text = zone.to_datetime(time).strftime(forms[form]).to_string();
        let told = moment(&text, &zone);
        prop_assert!(told == time.to_string() || told == "unreadable" || told == "none", "{} {}", text, told);
        if zone == TimeZone::UTC {
            prop_assert_eq!(told, time.to_string(), "{}", text);
        }
    }

    #[test]
    fn no_text_ends_the_process(text in "\\PC{0,40}") {
        let _ = (moment(&text, &berlin()), day(&text, &berlin()));
    }
}
