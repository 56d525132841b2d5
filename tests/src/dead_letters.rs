//! Messages that were given up: the run is closed with the reason, and the letter can be sent again.

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use domain::DataType;
use domain::run::{Lease, Run, Trigger};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::harness::{Causeway, Erp};

const LETTERS: &str = "/erp/dead-letters";

/// What the dead-letter queue hands out.
fn event(id: &str, body: &str) -> SqsEvent {
    let mut message = SqsMessage::default();
    message.message_id = Some(id.to_owned());
    message.body = Some(body.to_owned());
    message.attributes.insert("ApproximateReceiveCount".to_owned(), "6".to_owned());
    let mut event = SqsEvent::default();
    event.records = vec![message];
    event
}

async fn bury(causeway: &Causeway, id: &str, body: &str) {
    let response = sync::bury(causeway.engine(), event(id, body)).await;
    assert!(response.batch_item_failures.is_empty());
}

/// A connection to an ERP with one product, and a run over it that nobody was told of.
async fn forgotten_run(causeway: &Causeway) -> (String, Run) {
    let erp = Erp::start().await;
    erp.set("products", vec![json!({"sku": "A"})]);
    let connection = causeway.connect_http(erp.url()).await;
    let now = Timestamp::now();
    let run =
        Run::start(connection.parse().unwrap(), DataType::Products, Trigger::Manual, "usr_1".to_owned(), now);
    causeway.engine().store.start_run(&run, None).await.unwrap();
    (connection, run)
}

fn nudge(run: &Run) -> String {
    json!({"runId": run.id}).to_string()
}

#[tokio::test]
async fn a_run_whose_message_was_given_up_is_closed_with_the_reason_and_started_again_once() {
    let causeway = Causeway::start().await;
    let (_, run) = forgotten_run(&causeway).await;
    for error in ["first", "the table is not available: throttled"] {
        causeway.engine().store.note_work_error(&run.id, error, Timestamp::now()).await.unwrap();
    }
    for _ in 0..2 {
        bury(&causeway, "m-1", &nudge(&run)).await; // the queue may hand it out twice
    }
    let closed = causeway.client().get(&format!("/erp/sync-logs/{}", run.id)).await.expect(200);
    let sentence = "its message failed 2 times; the last error was: the table is not available: throttled";
    assert_eq!((&closed["status"], &closed["error"]), (&json!("error"), &json!(sentence)));
    assert!(causeway.engine().store.active_runs(10).await.unwrap().is_empty(), "its lock is gone");

    let letters = causeway.list(LETTERS).await;
    assert_eq!(letters.len(), 1);
    let expected = json!({"id": "dlt_m-1", "at": letters[0]["at"], "body": nudge(&run), "cut": false,
        "reason": sentence, "runId": run.id, "received": 6});
    assert_eq!(letters[0], expected);

    let path = format!("{LETTERS}/dlt_m-1");
    let sent = causeway.client().post(&format!("{path}/redrive"), json!({})).await.expect(202);
    let again = causeway.finished(sent["redrivenAs"].as_str().unwrap()).await;
    assert_eq!((&again["status"], &again["retryOf"]), (&json!("success"), &json!(run.id)), "{again}");
    let twice = causeway.client().post(&format!("{path}/redrive"), json!({})).await.expect(409);
    assert!(twice["error"].as_str().unwrap().contains("sent again before"), "{twice}");

    causeway.client().delete(&path).await.expect(204);
    causeway.client().get(&path).await.expect(404);
    causeway.client().delete(&path).await.expect(404);
    let actions = ["erp_dead_letter_redriven", "erp_dead_letter_deleted"];
    for action in actions {
        let found = causeway.client().get(&format!("/api/v1/audit-events?action={action}")).await.expect(200);
        assert_eq!(found["data"][0]["target"], "dlt_m-1", "{found}");
    }
}

#[tokio::test]
async fn a_message_nobody_can_read_is_kept_and_may_be_sent_again() {
    let causeway = Causeway::start().await;
    bury(&causeway, "m-2", "hello").await;
    let letter = causeway.client().get(&format!("{LETTERS}/dlt_m-2")).await.expect(200);
    assert_eq!((&letter["body"], &letter["runId"]), (&json!("hello"), &Value::Null), "{letter}");
    assert!(letter["reason"].as_str().unwrap().contains("not one of ours"), "{letter}");
    let path = format!("{LETTERS}/dlt_m-2/redrive");
    let sent = causeway.client().post(&path, json!({})).await.expect(202);
    assert!(sent["redrivenAt"].is_string() && sent["redrivenAs"].is_null(), "{sent}");
    causeway.client().post(&path, json!({})).await.expect(409);

    bury(&causeway, "m-3", &"x".repeat(100_000)).await;
    let long = causeway.client().get(&format!("{LETTERS}/dlt_m-3")).await.expect(200);
    assert_eq!((long["body"].as_str().unwrap().len(), &long["cut"]), (64 << 10, &json!(true)));
    causeway.client().post(&format!("{LETTERS}/dlt_m-3/redrive"), json!({})).await.expect(409);
    let newest: Vec<_> = causeway.list(&format!("{LETTERS}?limit=1")).await;
    assert_eq!([&newest[0]["id"], &newest[1]["id"]], ["dlt_m-3", "dlt_m-2"]);
    causeway.client().get(&format!("{LETTERS}/dlt_none")).await.expect(404);
}

#[tokio::test]
async fn a_letter_whose_sync_cannot_be_started_may_be_sent_again_later() {
    let causeway = Causeway::start().await;
    let (connection, run) = forgotten_run(&causeway).await;
    bury(&causeway, "m-4", &nudge(&run)).await;
    let connection = format!("/erp/connections/{connection}");
    causeway.client().patch(&connection, json!({"status": "inactive"})).await.expect(200);
    let path = format!("{LETTERS}/dlt_m-4/redrive");
    let refused = causeway.client().post(&path, json!({})).await.expect(409);
    assert!(refused["error"].as_str().unwrap().contains("switched off"), "{refused}");
    causeway.client().patch(&connection, json!({"status": "active"})).await.expect(200);
    causeway.client().post(&path, json!({})).await.expect(202);
}

#[tokio::test]
async fn a_nudge_that_its_run_does_not_need_leaves_no_letter() {
    let causeway = Causeway::start().await;
    let (_, run) = forgotten_run(&causeway).await;
    let mut held = causeway.engine().store.run(&run.id).await.unwrap().unwrap();
    held.lease =
        Some(Lease { holder: "alive".to_owned(), until: Timestamp::now() + SignedDuration::from_mins(1) });
    held.version += 1;
    causeway.engine().store.checkpoint_run(&held).await.unwrap();
    bury(&causeway, "m-5", &nudge(&run)).await;
    bury(&causeway, "m-6", r#"{"runId":"run_none"}"#).await;
    bury(&causeway, "m-7", r#"{"probeConnectionId":"erp_none"}"#).await;
    assert!(causeway.list(LETTERS).await.is_empty());
    assert_eq!(causeway.engine().store.run(&run.id).await.unwrap(), Some(held));
}
