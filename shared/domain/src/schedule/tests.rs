use jiff::ToSpan;
use proptest::prelude::*;

use super::*;
use crate::run::Mode;
use crate::sync_config::{SyncConfig, SyncSettings};
use crate::validation::Invalid;

fn schedule(line: &str, zone: &str) -> Schedule {
    let settings = SyncSettings { time_zone: Some(zone.to_owned()), ..SyncSettings::default() };
    Schedule::of(Some(line), &settings).unwrap().unwrap()
}

fn settings(json: serde_json::Value) -> SyncSettings {
    serde_json::from_value(json).unwrap()
}

fn at(time: &str) -> Timestamp {
    time.parse().unwrap()
}

/// The next `count` due times after `after`, in UTC.
fn due(schedule: &Schedule, after: &str, count: usize) -> Vec<String> {
    let next = |time: &Timestamp| schedule.next_after(*time);
    let times = std::iter::successors(Some(at(after)), next).skip(1).take(count);
    times.map(|time| time.to_string()).collect()
}

fn refused(json: serde_json::Value) -> Vec<(String, String)> {
    let Invalid(errors) = Schedule::of(None, &settings(json)).unwrap_err();
    errors.into_iter().map(|error| (error.field, error.message)).collect()
}

#[test]
fn a_line_is_read_in_its_zone() {
    assert_eq!(due(&schedule("0 2 * * *", "UTC"), "2026-11-20T10:00:00Z", 1), ["2026-11-21T02:00:00Z"]);
    assert_eq!(
        due(&schedule("0 2 * * *", "Asia/Tokyo"), "2026-11-20T10:00:00Z", 1),
        ["2026-11-20T17:00:00Z"]
    );
}

#[test]
fn a_line_that_cannot_be_read_is_refused_with_the_field_at_fault() {
    let cases = [
        ("0 0 2 * * *", "this one has 6"),
        ("", "this one has 0"),
        ("61 * * * *", "the minute must be 0 to 59, not 61"),
        ("0 25 * * *", "the hour must be 0 to 23, not 25"),
        ("0 8-24 * * *", "the hour must be 0 to 23, not 24"),
        ("0 0 0 * *", "the day of the month must be 1 to 31, not 0"),
        ("0 0 1 13 *", "the month must be 1 to 12, not 13"),
        ("0 0 * * 8", "the weekday must be 0 to 7, not 8"),
        ("0 17-9 * * *", "the hour range 17-9 must go from low to high"),
        ("0 0 * * fri-mon", "the weekday range fri-mon must go from low to high"),
        ("*/0 * * * *", "the minute step in \"*/0\" must be at least 1"),
        ("0 mon * * *", "the hour \"mon\" cannot be read"),
        ("0 1,,2 * * *", "the hour \"\" cannot be read"),
        ("0 0 1 januar *", "the month \"januar\" cannot be read"),
        ("@daily * * * *", "the minute \"@daily\" cannot be read"),
        ("0 0 30 2 *", "never comes"),
    ];
    for (line, reason) in cases {
        let error = CronLine::parse(line).unwrap_err();
        assert!(error.contains(reason), "{line}: {error}");
    }
}

#[test]
fn names_and_vixie_marks_are_read() {
    for line in [
        "*/15 8-17 * * MON-fri",
        "0 0 L * ?",
        "0 0 15W jan,jul *",
        "0 6 * * 1#2",
        "0 6 * * sat-sun",
        "5 4 * * 7",
    ] {
        assert!(CronLine::parse(line).is_ok(), "{line}");
    }
}

#[test]
fn a_zone_that_does_not_exist_and_each_bad_line_are_named() {
    let errors =
        refused(serde_json::json!({"timeZone": "Mars/Olympus", "schedules": ["0 2 * * *", "0 25 * * *"]}));
    assert_eq!(errors[0].0, "settings.timeZone");
    assert_eq!(errors[1], ("settings.schedules.1".into(), "the hour must be 0 to 23, not 25".into()));
    assert_eq!(refused(serde_json::json!({"schedules": vec!["0 2 * * *"; 11]}))[0].0, "settings.schedules");
}

#[test]
fn of_several_lines_the_earliest_is_next() {
    let day_and_night = settings(serde_json::json!({"schedules": ["0 12 * * *", "30 1 * * *"]}));
    let both = Schedule::of(Some("0 9 * * *"), &day_and_night).unwrap().unwrap();
    let times = ["2026-11-20T12:00:00Z", "2026-11-21T01:30:00Z", "2026-11-21T09:00:00Z"];
    assert_eq!(due(&both, "2026-11-20T10:00:00Z", 3), times);
}

#[test]
fn a_time_that_is_left_out_in_spring_runs_once_when_the_clock_is_past_it() {
    // London goes from 01:00 to 02:00 on 2026-03-29, New York from 02:00 to 03:00 on 2026-03-08.
    let times = ["2026-03-28T01:30:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"];
    assert_eq!(due(&schedule("30 1 * * *", "Europe/London"), "2026-03-28T00:00:00Z", 3), times);
    let times = ["2026-03-07T07:30:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"];
    assert_eq!(due(&schedule("30 2 * * *", "America/New_York"), "2026-03-07T05:00:00Z", 3), times);
    let times = ["2026-03-29T01:00:00Z", "2026-03-29T12:30:00Z"];
    assert_eq!(due(&schedule("30 1,13 * * *", "Europe/London"), "2026-03-28T20:00:00Z", 2), times);
}

#[test]
fn a_time_that_comes_twice_in_autumn_runs_once() {
    // London goes from 02:00 back to 01:00 on 2026-10-25, New York from 02:00 to 01:00 on 2026-11-01.
    let times = ["2026-10-24T00:30:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"];
    assert_eq!(due(&schedule("30 1 * * *", "Europe/London"), "2026-10-23T20:00:00Z", 3), times);
    let times = ["2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"];
    assert_eq!(due(&schedule("30 1 * * *", "America/New_York"), "2026-10-31T20:00:00Z", 2), times);
    let times = ["2026-10-25T00:15:00Z", "2026-10-25T00:45:00Z", "2026-10-26T01:15:00Z"];
    assert_eq!(due(&schedule("15,45 1 * * *", "Europe/London"), "2026-10-24T20:00:00Z", 3), times);
    // Asked in the second 01:10, what was due at the first 01:30 is not due again.
    assert_eq!(
        due(&schedule("30 1 * * *", "Europe/London"), "2026-10-25T01:10:00Z", 1),
        ["2026-10-26T01:30:00Z"]
    );
}

#[test]
fn a_rhythm_goes_on_through_both_changes_of_the_clock() {
    for (zone, hours) in [
        ("Europe/London", ["2026-03-29T00:30:00Z", "2026-10-25T00:30:00Z"]),
        ("America/New_York", ["2026-03-08T06:30:00Z", "2026-11-01T05:30:00Z"]),
    ] {
        for start in hours {
            let times = due(&schedule("0 * * * *", zone), start, 3);
            let start = at(start) + 30.minutes();
            assert_eq!(times, [0, 1, 2].map(|hour| (start + hour.hours()).to_string()), "{zone}");
        }
    }
}

#[test]
fn what_is_due_in_a_blackout_starts_once_at_its_end() {
    let nights = settings(serde_json::json!({"blackouts": [{"from": "22:00", "to": "02:00"}]}));
    let hourly = Schedule::of(Some("0 * * * *"), &nights).unwrap().unwrap();
    let times = ["2026-11-20T21:00:00Z", "2026-11-21T02:00:00Z", "2026-11-21T03:00:00Z"];
    assert_eq!(due(&hourly, "2026-11-20T20:30:00Z", 3), times);
    assert_eq!(hourly.held_until(at("2026-11-20T22:00:00Z")), Some(at("2026-11-21T02:00:00Z")));
    assert_eq!(hourly.held_until(at("2026-11-21T02:00:00Z")), None);

    let daily = Schedule::of(Some("0 23 * * *"), &nights).unwrap().unwrap();
    assert_eq!(due(&daily, "2026-11-21T00:30:00Z", 1), ["2026-11-21T02:00:00Z"], "it is still to come");
}

#[test]
fn a_blackout_holds_on_its_days_into_the_next_and_windows_that_touch_are_one() {
    let windows = serde_json::json!({"timeZone": "Europe/London", "blackouts": [
        {"from": "22:00", "to": "02:00", "days": ["sun"]}, {"from": "02:00", "to": "03:00", "days": ["mon"]}]});
    let hourly = Schedule::of(Some("0 * * * *"), &settings(windows)).unwrap().unwrap();
    // 2026-11-22 is a Sunday.
    let times = ["2026-11-22T21:00:00Z", "2026-11-23T03:00:00Z"];
    assert_eq!(due(&hourly, "2026-11-22T20:00:00Z", 2), times);
    assert_eq!(due(&hourly, "2026-11-23T21:30:00Z", 2), ["2026-11-23T22:00:00Z", "2026-11-23T23:00:00Z"]);
    assert_eq!(due(&hourly, "2026-11-23T00:10:00Z", 1), ["2026-11-23T03:00:00Z"]);
}

#[test]
fn an_interval_respects_blackouts_too() {
    let json = serde_json::json!({"syncInterval": 60, "blackouts": [{"from": "22:00", "to": "02:00"}]});
    let hourly = Schedule::of(None, &settings(json)).unwrap().unwrap();
    assert_eq!(due(&hourly, "2026-11-20T21:30:00Z", 2), ["2026-11-21T02:00:00Z", "2026-11-21T03:00:00Z"]);
}

#[test]
fn blackouts_that_leave_no_time_or_name_no_day_are_refused() {
    let whole_day = serde_json::json!({"blackouts": [{"from": "08:00", "to": "08:00"}]});
    assert_eq!(refused(whole_day)[0].0, "settings.blackouts");
    let halves = serde_json::json!({"blackouts": [{"from": "08:00", "to": "20:00"}, {"from": "19:00", "to": "08:00"}]});
    assert!(refused(halves)[0].1.contains("leave some time"));
    let no_day = serde_json::json!({"blackouts": [{"from": "08:00", "to": "09:00", "days": []}]});
    assert_eq!(refused(no_day)[0].0, "settings.blackouts.0.days");
    for bad in ["24:00", "8:00", "08:60", "noon", "+8:00"] {
        assert!(ClockTime::try_from(bad.to_owned()).is_err(), "{bad}");
    }
}

const ZONES: [&str; 4] = ["UTC", "Europe/London", "America/New_York", "Australia/Lord_Howe"];

/// Moments in hours around both changes of the clock, and anywhere in a year.
fn moments() -> impl Strategy<Value = Timestamp> {
    let edges =
        ["2026-03-08T07:00:00Z", "2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z", "2026-11-01T06:00:00Z"];
    let edge = proptest::sample::select(edges.map(at).to_vec());
    let near =
        (edge, -180_000i64..180_000).prop_map(|(edge, seconds)| edge + SignedDuration::from_secs(seconds));
    let anywhere = (0i64..31_536_000_000)
        .prop_map(|millis| at("2026-01-01T00:00:00Z") + SignedDuration::from_millis(millis));
    prop_oneof![near, anywhere]
}

fn schedules() -> impl Strategy<Value = Schedule> {
    let minute = prop_oneof![
        Just("*".to_owned()),
        Just("*/20".to_owned()),
        (0..60u8).prop_map(|m| m.to_string()),
        Just("0,30".to_owned())
    ];
    let hour = prop_oneof![
        Just("*".to_owned()),
        (0..24u8).prop_map(|h| h.to_string()),
        Just("1,2".to_owned()),
        Just("0-3".to_owned())
    ];
    let windows = proptest::collection::vec((0..24u8, 1..12u8), 0..2);
    (minute, hour, proptest::sample::select(ZONES.to_vec()), windows).prop_map(|(minute, hour, zone, windows)| {
        let windows: Vec<_> = windows.into_iter()
            .map(|(from, hours)| serde_json::json!({"from": format!("{from:02}:15"), "to": format!("{:02}:45", (from + hours) % 24)}))
            .collect();
        let settings = settings(serde_json::json!({"timeZone": zone, "blackouts": windows}));
        Schedule::of(Some(&format!("{minute} {hour} * * *")), &settings).unwrap().unwrap()
    })
}

proptest! {
    #[test]
    fn the_next_time_is_after_and_outside_every_blackout(schedule in schedules(), after in moments()) {
        let next = schedule.next_after(after).unwrap();
        prop_assert!(next > after);
        prop_assert_eq!(schedule.held_until(next), None);
    }

    #[test]
    fn asking_in_between_changes_nothing(schedule in schedules(), after in moments(), share in 0.0..1.0f64) {
        let next = schedule.next_after(after).unwrap();
        let between = after + next.duration_since(after).mul_f64(share);
        prop_assume!(between < next);
        prop_assert_eq!(schedule.next_after(between), Some(next));
    }

    #[test]
    fn every_minute_is_every_minute(zone in proptest::sample::select(ZONES.to_vec()), after in moments()) {
        let minute = after.as_second().div_euclid(60) + 1;
        let next = schedule("* * * * *", zone).next_after(after);
        prop_assert_eq!(next, Some(Timestamp::from_second(minute * 60).unwrap()));
    }
}

#[test]
fn full_pulls_have_times_of_their_own_and_a_slot_knows_which_it_is() {
    let config = |settings: serde_json::Value| -> SyncConfig {
        let now = at("2026-11-20T10:00:00Z");
        serde_json::from_value(serde_json::json!({
            "id": "cfg_1", "erpConnectionId": "erp_1", "dataType": "products", "direction": "pull", "enabled": true,
            "status": "idle", "schedule": "0 * * * *", "settings": settings, "createdAt": now, "updatedAt": now,
            "version": 1,
        }))
        .unwrap()
    };
    let weekly = config(serde_json::json!({"fullSchedules": ["30 3 * * sun"]}));
    assert_eq!(weekly.next_due(at("2026-11-22T03:00:00Z")), Some(at("2026-11-22T03:30:00Z")));
    assert_eq!(weekly.mode_of_slot(at("2026-11-22T03:30:00Z")), Some(Mode::Full));
    assert_eq!(weekly.mode_of_slot(at("2026-11-22T04:00:00Z")), Some(Mode::Incremental));
    assert_eq!(config(serde_json::json!({})).mode_of_slot(at("2026-11-22T04:00:00Z")), None);
    let wrong = settings(serde_json::json!({"fullSchedules": ["0 25 * * *"]}));
    assert_eq!(Schedule::of_full_pulls(&wrong).unwrap_err().0[0].field, "settings.fullSchedules.0");
}
