//! When syncs run by themselves: several lines, blackouts, missed times, and lines tried before they are saved.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

/// A config for products over a new connection to an ERP with one product: the connection's id and the config.
async fn configured(causeway: &Causeway, config: Value) -> (String, Value) {
    let erp = Erp::start().await;
    erp.set("products", vec![json!({"sku": "S1"})]);
    let connection = causeway.connect_http(erp.url()).await;
    let mut whole = json!({"erpConnectionId": connection, "dataType": "products"});
    whole.as_object_mut().unwrap().extend(config.as_object().unwrap().clone());
    let made = causeway.client().post("/erp/sync-configs", whole).await.expect(201);
    (connection, made)
}

fn path(config: &Value) -> String {
    format!("/erp/sync-configs/{}", config["id"].as_str().unwrap())
}

fn next(config: &Value) -> Timestamp {
    config["nextSyncAt"].as_str().unwrap_or_else(|| panic!("it has a next time: {config}")).parse().unwrap()
}

async fn runs_of(causeway: &Causeway, connection: &str) -> usize {
    causeway.list(&format!("/erp/sync-logs?erpConnectionId={connection}")).await.len()
}

#[tokio::test]
async fn a_time_missed_while_nothing_ran_is_made_up_for_once() {
    let causeway = Causeway::start().await;
    let (connection, config) = configured(&causeway, json!({"schedule": "0 * * * *"})).await;
    let later = next(&config) + SignedDuration::from_hours(5) + SignedDuration::from_mins(10);
    assert_eq!(sync::tick(causeway.engine(), later).await.unwrap().started, 1);
    assert_eq!(sync::tick(causeway.engine(), later).await.unwrap().started, 0);
    assert_eq!(runs_of(&causeway, &connection).await, 1);
    let after = causeway.client().get(&path(&config)).await.expect(200);
    assert_eq!(next(&after), next(&config) + SignedDuration::from_hours(6));
}

#[tokio::test]
async fn a_config_follows_all_its_lines_and_a_patch_that_retimes_it() {
    let causeway = Causeway::start().await;
    let settings = json!({"schedules": ["0 12 * * *", "*/5 * * * *"], "timeZone": "Europe/London"});
    let (_, config) = configured(&causeway, json!({"schedule": "0 3 1 1 *", "settings": settings})).await;
    assert!(next(&config) <= Timestamp::now() + SignedDuration::from_mins(5), "{config}");

    let patch = json!({"settings": {"schedules": null}});
    let patched = causeway.client().patch(&path(&config), patch).await.expect(200);
    assert!(patched["nextSyncAt"].as_str().unwrap().contains("-01-01T03:00:00"), "{patched}");
    let off = causeway.client().patch(&path(&config), json!({"enabled": false})).await.expect(200);
    assert_eq!(off["nextSyncAt"], Value::Null);
    let on = causeway.client().patch(&path(&config), json!({"enabled": true})).await.expect(200);
    assert_eq!(next(&on), next(&patched));
}

#[tokio::test]
async fn a_patch_of_something_else_does_not_put_an_interval_off() {
    let causeway = Causeway::start().await;
    let (_, config) = configured(&causeway, json!({"settings": {"syncInterval": 60}})).await;
    let mapping = json!({"fieldMapping": {"sku": "sku"}});
    let patched = causeway.client().patch(&path(&config), mapping).await.expect(200);
    assert_eq!(patched["nextSyncAt"], config["nextSyncAt"]);
    let stored = causeway.client().get(&path(&config)).await.expect(200);
    assert_eq!(stored["nextSyncAt"], config["nextSyncAt"]);
}

#[tokio::test]
async fn a_blackout_holds_back_what_was_missed_but_not_what_is_started_by_hand() {
    let causeway = Causeway::start().await;
    let settings = json!({"blackouts": [{"from": "00:00", "to": "23:59"}]});
    let (connection, config) =
        configured(&causeway, json!({"schedule": "0 12 * * *", "settings": settings})).await;
    let end = next(&config);
    assert!(end.to_string().contains("T23:59:00"), "{config}");

    // Nothing ran in the one minute that is free: it is late, and the blackout holds again.
    let late = end + SignedDuration::from_hours(2);
    assert_eq!(sync::tick(causeway.engine(), late).await.unwrap().started, 0);
    let held = causeway.client().get(&path(&config)).await.expect(200);
    assert_eq!(next(&held), end + SignedDuration::from_hours(24));
    assert_eq!(causeway.sync(&connection, "products").await["counts"]["created"], 1);
}

#[tokio::test]
async fn a_bad_schedule_is_refused_by_the_name_of_its_field() {
    let causeway = Causeway::start().await;
    let (_, config) = configured(&causeway, json!({})).await;
    let cases = [
        (json!({"schedule": "0 25 * * *"}), "schedule"),
        (json!({"settings": {"schedules": ["0 2 * * *", "0 0 2 * * *"]}}), "settings.schedules.1"),
        (json!({"settings": {"timeZone": "Mars/Olympus"}}), "settings.timeZone"),
        (json!({"settings": {"blackouts": [{"from": "22:00", "to": "2"}]}}), "settings.blackouts.0.to"),
        (json!({"settings": {"blackouts": [{"from": "22:00", "to": "22:00"}]}}), "settings.blackouts"),
    ];
    for (patch, field) in cases {
        let refused = causeway.client().patch(&path(&config), patch).await.expect(422);
        assert_eq!(refused["details"][0]["field"], field, "{refused}");
    }
    let stored = causeway.client().get(&path(&config)).await.expect(200);
    assert_eq!(stored["version"], config["version"], "nothing is stored");
}

#[tokio::test]
async fn a_line_is_tried_before_it_is_saved() {
    let causeway = Causeway::start().await;
    let validate = "/erp/schedules/validate-cron";
    let line = json!({"cron": "30 6 * * *", "timeZone": "Asia/Kolkata"});
    let told = causeway.client().post(validate, line.clone()).await.expect(200);
    assert_eq!((&told["valid"], &told["description"]), (&json!(true), &json!("At 06:30.")));
    let times = told["nextTimes"].as_array().unwrap();
    assert_eq!(times.len(), 5);
    assert!(times.iter().all(|time| time.as_str().unwrap().ends_with("T06:30:00+05:30")), "{told}");

    let bad = json!({"cron": "0 25 * * *", "timeZone": "Mars/Olympus"});
    let refused = causeway.client().post(validate, bad).await.expect(422);
    assert_eq!(
        refused["details"][0],
        json!({"field": "cron", "message": "the hour must be 0 to 23, not 25"})
    );
    assert_eq!(refused["details"][1]["field"], "timeZone");
    let long = json!({"cron": "0 6 * * *", "timeZone": "x".repeat(900_000)});
    let refused = causeway.client().post(validate, long).await.expect(422);
    assert!(refused.to_string().len() < 1_000, "what was sent is not repeated in full");
    causeway.stranger().post(validate, line).await.expect(401);
}
