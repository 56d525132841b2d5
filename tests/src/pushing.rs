//! Pushing: what was placed and edited here reaches the ERP exactly once, whatever goes wrong on the way.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use domain::run::{Phase, Run, Trigger};
use domain::{DataType, Direction};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::harness::{Causeway, Desk, Mood};

/// A Causeway and a desk that finds orders by their reference; and the connection.
async fn with_lookup() -> (Causeway, Desk, String) {
    let push = json!({"orders": {"lookup": {"path": "/orders?externalId={reference}"}}});
    with_settings(json!({"push": push})).await
}

async fn with_settings(api: Value) -> (Causeway, Desk, String) {
    let (causeway, desk) = (Causeway::start().await, Desk::start().await);
    let connection = causeway.connect(json!({
        "name": "Desk", "provider": "custom", "connectionMethod": "api", "credentials": {"apiUrl": desk.url()},
        "settings": {"enabledDataTypes": ["orders", "products"], "retryAttempts": 0, "api": api},
    }));
    let id = connection.await["id"].as_str().unwrap().to_owned();
    (causeway, desk, id)
}

async fn place(causeway: &Causeway, connection: &str, reference: &str) {
    let order = json!({
        "reference": reference, "customerId": "C1", "total": "25.10",
        "lines": [{"sku": "A", "quantity": 2, "unitPrice": "12.55"}],
    });
    let path = format!("/erp/records/orders?erpConnectionId={connection}");
    causeway.client().post(&path, order).await.expect(201);
}

async fn sync(causeway: &Causeway, connection: &str, data_type: &str, direction: &str) -> Value {
    let path = format!("/erp/connections/{connection}/sync?wait=20");
    let wanted = json!({"dataType": data_type, "direction": direction});
    let started = causeway.client().post(&path, wanted).await;
    let run = match started.status {
        200 => started.body,
        _ => causeway.finished(started.expect(202)["id"].as_str().unwrap()).await,
    };
    let counts = &run["counts"];
    let of = |name: &str| counts[name].as_u64().unwrap();
    let parts = ["created", "updated", "unchanged", "deleted", "skipped", "failed", "conflicts"];
    assert_eq!(of("read"), parts.map(of).iter().sum::<u64>(), "{run}");
    run
}

async fn changes(causeway: &Causeway) -> Vec<Value> {
    causeway.list("/erp/changes").await
}

fn references(desk: &Desk) -> Vec<String> {
    let orders = desk.records("orders");
    orders.iter().map(|order| order["reference"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_placed_order_reaches_the_erp_once_and_takes_its_number() {
    let (causeway, desk, connection) = with_lookup().await;
    place(&causeway, &connection, "web-1").await;
    place(&causeway, &connection, "web-2").await;
    let run = sync(&causeway, &connection, "orders", "push").await;
    assert_eq!((&run["status"], &run["pushed"]["created"]), (&json!("success"), &json!(2)), "{run}");
    assert_eq!(references(&desk), ["web-1", "web-2"], "oldest first");
    assert!(changes(&causeway).await.is_empty());

    let path = format!("/erp/records/orders/web-1?erpConnectionId={connection}");
    let order = causeway.client().get(&path).await.expect(200);
    assert_eq!((&order["id"], &order["pending"]), (&json!("SO-1"), &json!(false)), "found under our key too");
    assert_eq!((&order["data"]["orderNumber"], &order["data"]["total"]), (&json!("SO-1"), &json!("25.10")));

    let again = sync(&causeway, &connection, "orders", "bidirectional").await;
    assert_eq!((&again["counts"]["unchanged"], &again["counts"]["read"]), (&json!(2), &json!(2)), "{again}");
    assert_eq!(desk.writes().len(), 2, "nothing is sent twice, nor what came from the ERP back to it");
    assert_eq!(causeway.list(&format!("/erp/records/orders?erpConnectionId={connection}")).await.len(), 2);
}

#[tokio::test]
async fn an_edit_under_our_key_or_the_erps_updates_the_same_order() {
    let (causeway, desk, connection) = with_lookup().await;
    place(&causeway, &connection, "web-1").await;
    sync(&causeway, &connection, "orders", "push").await;
    let path = |key: &str| format!("/erp/records/orders/{key}?erpConnectionId={connection}");
    let client = causeway.client();
    client.patch(&path("web-1"), json!({"notes": "ring twice"})).await.expect(200);
    let whole = json!({"orderNumber": "web-1", "reference": "web-1", "notes": "ring once"});
    assert_eq!(client.put(&path("web-1"), whole).await.expect(200)["id"], "SO-1");
    client.patch(&path("SO-1"), json!({"email": "a@b.example"})).await.expect(200);
    let run = sync(&causeway, &connection, "orders", "push").await;
    assert_eq!((&run["pushed"]["updated"], &run["pushed"]["read"]), (&json!(1), &json!(1)), "{run}");
    let order = &desk.records("orders")[0];
    assert_eq!((&order["notes"], &order["email"]), (&json!("ring once"), &json!("a@b.example")));
    client.delete(&path("web-1")).await.expect(202);
    let run = sync(&causeway, &connection, "orders", "push").await;
    assert_eq!(run["pushed"]["deleted"], 1, "{run}");
    assert!(desk.records("orders").is_empty());
    assert_eq!(client.get(&path("web-1")).await.expect(200)["deleted"], true);
    assert!(changes(&causeway).await.is_empty());
    let methods: Vec<String> = desk.writes().into_iter().map(|(method, ..)| method).collect();
    assert_eq!(methods, ["POST", "PUT", "DELETE"]);
}

#[tokio::test]
async fn an_order_whose_answer_got_lost_is_looked_up_and_not_sent_again() {
    for mood in [Mood::CutsOff, Mood::Fails] {
        let (causeway, desk, connection) = with_lookup().await;
        place(&causeway, &connection, "web-1").await;
        desk.be([mood.clone()]);
        let run = sync(&causeway, &connection, "orders", "bidirectional").await;
        assert_eq!(
            (&run["status"], &run["pushed"]["created"]),
            (&json!("success"), &json!(1)),
            "{mood:?}: {run}"
        );
        assert_eq!((references(&desk), desk.writes().len()), (vec!["web-1".to_owned()], 1));
        assert!(changes(&causeway).await.is_empty());
        let again = sync(&causeway, &connection, "orders", "bidirectional").await;
        assert_eq!((&again["counts"]["unchanged"], desk.writes().len()), (&json!(1), 1), "{again}");
    }
}

#[tokio::test]
async fn an_erp_that_heeds_idempotency_keys_is_asked_again_under_the_same_key() {
    let (causeway, desk, connection) = with_settings(json!({"push": {"orders": {"idempotent": true}}})).await;
    desk.heed_idempotency_keys();
    place(&causeway, &connection, "web-1").await;
    desk.be([Mood::CutsOff]);
    let run = sync(&causeway, &connection, "orders", "push").await;
    assert_eq!(run["pushed"]["failed"], 1, "{run}");
    let waiting = changes(&causeway).await;
    assert_eq!((&waiting[0]["state"], &waiting[0]["attempts"]), (&json!("unknown"), &json!(1)));
    let run = sync(&causeway, &connection, "orders", "push").await;
    assert_eq!(run["pushed"]["created"], 1, "{run}");
    let keys: Vec<String> = desk.writes().into_iter().map(|(.., key)| key).collect();
    assert_eq!((keys.len(), &keys[0]), (2, &keys[1]));
    assert_eq!(references(&desk), ["web-1"]);
    assert!(changes(&causeway).await.is_empty());
}

#[tokio::test]
async fn what_nobody_can_find_out_waits_for_a_person() {
    let (causeway, desk, connection) = with_settings(json!({})).await;
    place(&causeway, &connection, "web-1").await;
    place(&causeway, &connection, "web-2").await;
    desk.be([Mood::Fails]);
    let run = sync(&causeway, &connection, "orders", "push").await;
    assert_eq!((&run["pushed"]["failed"], &run["pushed"]["created"]), (&json!(1), &json!(1)), "{run}");
    let waiting = changes(&causeway).await;
    assert_eq!((waiting.len(), &waiting[0]["state"]), (1, &json!("unknown")));
    assert!(waiting[0]["waitingBecause"].as_str().unwrap().contains("web-1"), "{}", waiting[0]);
    let run = sync(&causeway, &connection, "orders", "push").await;
    assert_eq!((&run["pushed"]["read"], desk.writes().len()), (&json!(0), 2), "it is left alone: {run}");
    let change = format!("/erp/changes/{}", waiting[0]["id"].as_str().unwrap());
    desk.forget("orders", "SO-1");
    causeway.client().post(&format!("{change}/retry"), json!({})).await.expect(200);
    sync(&causeway, &connection, "orders", "push").await;
    assert_eq!(references(&desk), ["web-2", "web-1"]);
    assert!(changes(&causeway).await.is_empty());
}

#[tokio::test]
async fn a_busy_erp_ends_the_run_and_the_change_waits_for_the_next() {
    let (causeway, desk, connection) = with_lookup().await;
    place(&causeway, &connection, "web-1").await;
    place(&causeway, &connection, "web-2").await;
    desk.be([Mood::Busy]);
    let run = sync(&causeway, &connection, "orders", "push").await;
    assert_eq!((&run["status"], &run["counts"]["read"]), (&json!("error"), &json!(0)), "{run}");
    let waiting = changes(&causeway).await;
    assert_eq!((waiting.len(), &waiting[0]["state"]), (2, &json!("pending")));
    assert!(waiting[0]["lastError"].as_str().unwrap().contains("503"), "{}", waiting[0]);
    let run = sync(&causeway, &connection, "orders", "push").await;
    assert_eq!(run["pushed"]["created"], 2, "{run}");
    assert_eq!(references(&desk), ["web-1", "web-2"]);
}

#[tokio::test]
async fn a_refused_order_is_set_aside_and_goes_once_it_is_mended() {
    let (causeway, desk, connection) = with_lookup().await;
    place(&causeway, &connection, "web-1").await;
    place(&causeway, &connection, "web-2").await;
    desk.be([Mood::Refuses("customer C1 is blocked")]);
    let run = sync(&causeway, &connection, "orders", "push").await;
    assert_eq!((&run["status"], &run["pushed"]["failed"]), (&json!("success"), &json!(1)), "{run}");
    assert_eq!((&run["pushed"]["created"], references(&desk)), (&json!(1), vec!["web-2".to_owned()]));
    let errors = causeway.list(&format!("/erp/sync-logs/{}/errors", run["id"].as_str().unwrap())).await;
    assert_eq!(errors[0]["key"], "web-1");
    assert!(errors[0]["errors"][0]["message"].as_str().unwrap().contains("blocked"), "{}", errors[0]);
    let waiting = changes(&causeway).await;
    assert_eq!((waiting.len(), &waiting[0]["state"]), (1, &json!("rejected")));

    let run = sync(&causeway, &connection, "orders", "push").await;
    assert_eq!(run["pushed"]["read"], 0, "what was refused is not sent again by itself");
    let path = format!("/erp/records/orders/web-1?erpConnectionId={connection}");
    causeway.client().patch(&path, json!({"customerId": "C2"})).await.expect(200);
    let run = sync(&causeway, &connection, "orders", "push").await;
    assert_eq!(run["pushed"]["created"], 1, "{run}");
    assert_eq!(desk.records("orders")[1]["customerId"], "C2");
}

#[tokio::test]
async fn an_order_that_does_not_fit_is_parked_until_its_settings_do() {
    let (causeway, desk, connection) =
        with_settings(json!({"push": {"orders": {"requires": ["email"]}}})).await;
    place(&causeway, &connection, "web-1").await;
    let run = sync(&causeway, &connection, "orders", "push").await;
    assert_eq!((&run["pushed"]["failed"], desk.writes().len()), (&json!(1), 0), "{run}");
    let waiting = changes(&causeway).await;
    assert_eq!(waiting[0]["state"], "needs_mapping");
    assert!(waiting[0]["lastError"].as_str().unwrap().contains("email"), "{}", waiting[0]);
    let change = format!("/erp/changes/{}", waiting[0]["id"].as_str().unwrap());
    let settings = json!({"settings": {"api": {"push": {"orders": {"requires": []}}}}});
    causeway.client().patch(&format!("/erp/connections/{connection}"), settings).await.expect(200);
    causeway.client().post(&format!("{change}/retry"), json!({})).await.expect(200);
    sync(&causeway, &connection, "orders", "push").await;
    assert_eq!(references(&desk), ["web-1"]);
}

#[tokio::test]
async fn an_edit_while_the_order_is_on_its_way_follows_it() {
    let (causeway, desk, connection) = with_lookup().await;
    let client = causeway.client();
    place(&causeway, &connection, "web-1").await;
    let gate = Arc::new(Semaphore::new(0));
    desk.be([Mood::Waits(Arc::clone(&gate))]);
    let wanted = json!({"dataType": "orders", "direction": "push"});
    let path = format!("/erp/connections/{connection}/sync");
    let run = client.post(&path, wanted).await.expect(202)["id"].as_str().unwrap().to_owned();
    while desk.writes().is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let change = changes(&causeway).await[0].clone();
    assert_eq!(change["state"], "sending");
    client.delete(&format!("/erp/changes/{}", change["id"].as_str().unwrap())).await.expect(409);
    let order = format!("/erp/records/orders/web-1?erpConnectionId={connection}");
    client.patch(&order, json!({"notes": "ring twice"})).await.expect(200);
    gate.add_permits(1);
    let run = causeway.finished(&run).await;
    assert_eq!((&run["pushed"]["created"], &run["pushed"]["read"]), (&json!(1), &json!(1)), "{run}");

    let rest = changes(&causeway).await;
    assert_eq!((&rest[0]["recordId"], &rest[0]["operation"]), (&json!("SO-1"), &json!("update")));
    let shown = client.get(&order).await.expect(200);
    assert_eq!((&shown["id"], &shown["data"]["notes"]), (&json!("SO-1"), &json!("ring twice")));
    let run = sync(&causeway, &connection, "orders", "push").await;
    assert_eq!(run["pushed"]["updated"], 1, "{run}");
    assert_eq!(
        (&desk.records("orders")[0]["notes"], desk.records("orders").len()),
        (&json!("ring twice"), 1)
    );
    assert!(changes(&causeway).await.is_empty());
}

#[tokio::test]
async fn a_dry_run_tells_what_would_be_pushed_and_sends_nothing() {
    let (causeway, desk, connection) = with_lookup().await;
    place(&causeway, &connection, "web-1").await;
    let path = format!("/erp/connections/{connection}/sync?wait=20&dryRun=true");
    let run =
        causeway.client().post(&path, json!({"dataType": "orders", "direction": "push"})).await.expect(200);
    assert_eq!((&run["pushed"]["created"], desk.writes().len()), (&json!(1), 0), "{run}");
    let plan = causeway.list(&format!("/erp/sync-logs/{}/plan", run["id"].as_str().unwrap())).await;
    assert_eq!((&plan[0]["action"], &plan[0]["key"]), (&json!("push"), &json!("web-1")), "{plan:?}");
    assert_eq!(changes(&causeway).await[0]["state"], "pending");
}

/// Work that is dropped after so many polls, as if the worker had been killed there.
struct KilledAfter<F>(usize, Pin<Box<F>>);

impl<F: Future> Future for KilledAfter<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.0 == 0 {
            return Poll::Ready(None);
        }
        self.0 -= 1;
        self.1.as_mut().poll(context).map(Some)
    }
}

fn message(run: &Run) -> SqsEvent {
    let mut message = SqsMessage::default();
    message.message_id = Some("1".to_owned());
    message.body = Some(json!({"runId": run.id}).to_string());
    let mut event = SqsEvent::default();
    event.records.push(message);
    event
}

#[tokio::test]
async fn an_order_arrives_once_wherever_its_worker_is_killed() {
    let (causeway, desk, connection) = with_lookup().await;
    let engine = causeway.engine();
    let id: domain::ids::ConnectionId = connection.parse().unwrap();
    for polls in 1.. {
        let reference = format!("web-{polls}");
        place(&causeway, &connection, &reference).await;
        let now = Timestamp::now();
        let mut run = Run::start(id.clone(), DataType::Orders, Trigger::Manual, "usr_1".to_owned(), now);
        (run.direction, run.phase) = (Direction::Push, Phase::Push);
        engine.store.start_run(&run, None).await.unwrap();
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        let work = Box::pin(sync::work(engine, message(&run), deadline));
        let survived = KilledAfter(polls, work).await.is_some();
        sync::recover(engine).await.unwrap();
        let done = causeway.finished(run.id.as_str()).await;
        assert_eq!(
            (&done["status"], &done["pushed"]["created"]),
            (&json!("success"), &json!(1)),
            "{polls}: {done}"
        );
        let got = references(&desk);
        assert_eq!(got.iter().filter(|one| **one == reference).count(), 1, "{polls}: {got:?}");
        assert!(changes(&causeway).await.is_empty(), "{polls}");
        if survived {
            break;
        }
    }
    let orders = desk.records("orders").len();
    let run = sync(&causeway, &connection, "orders", "bidirectional").await;
    assert_eq!(run["counts"]["unchanged"], orders, "{run}");
    assert!(orders > 5, "the worker was killed at many points");
}
