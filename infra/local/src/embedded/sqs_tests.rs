//! What the event source and the engine rely on: the three things a fake SQS tends to get wrong, asked through the
//! real client.

use std::time::{Duration, Instant};

use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::{Message, MessageSystemAttributeName};
use domain::ids::RunId;
use queue::{Message as Nudge, Queue};

use super::sqs::{Queues, Sqs, make_queue_pair, make_queues};

async fn receive(client: &Client, url: &str, wait_seconds: i32) -> Vec<Message> {
    let asked =
        client.receive_message().queue_url(url).wait_time_seconds(wait_seconds).max_number_of_messages(10);
    let asked = asked.message_system_attribute_names(MessageSystemAttributeName::All);
    asked.send().await.unwrap().messages.unwrap_or_default()
}

async fn send(client: &Client, url: &str, body: &str) {
    client.send_message().queue_url(url).message_body(body).send().await.unwrap();
}

fn run_of(message: &Message) -> RunId {
    match Nudge::from_body(message.body().unwrap()).unwrap() {
        Nudge::Run { run_id } => run_id,
        other => panic!("{other:?} is about no run"),
    }
}

fn receive_count(message: &Message) -> &str {
    &message.attributes().unwrap()[&MessageSystemAttributeName::ApproximateReceiveCount]
}

#[tokio::test]
async fn a_received_message_is_out_of_sight_until_its_time_is_up_and_gone_once_deleted() {
    let sqs = Sqs::start().await.unwrap();
    let client = sqs.client(None);
    let url = make_queue_pair(&client, "jobs", 1, 5).await.unwrap().runs;
    send(&client, &url, "once").await;

    assert_eq!(receive(&client, &url, 0).await.len(), 1);
    assert!(receive(&client, &url, 0).await.is_empty(), "it is out of sight");

    let again = receive(&client, &url, 5).await;
    assert_eq!(receive_count(&again[0]), "2");
    let handle = again[0].receipt_handle().unwrap();
    client.delete_message().queue_url(&url).receipt_handle(handle).send().await.unwrap();
    assert!(receive(&client, &url, 2).await.is_empty(), "it was deleted");
}

#[tokio::test]
async fn a_delayed_message_comes_when_its_time_has_come_and_wakes_who_waits() {
    let sqs = Sqs::start().await.unwrap();
    let client = sqs.client(None);
    let url = make_queue_pair(&client, "jobs", 30, 5).await.unwrap().runs;
    let run = RunId::generate();
    let sent = Instant::now();
    Queue::new(client.clone(), &url).send_run(&run, Duration::from_secs(1)).await.unwrap();

    assert!(receive(&client, &url, 0).await.is_empty());
    let received = receive(&client, &url, 10).await;
    assert!(sent.elapsed() >= Duration::from_secs(1));
    assert!(sent.elapsed() < Duration::from_secs(5), "the long poll is woken, it does not run out");
    assert_eq!(run_of(&received[0]), run);
}

#[tokio::test]
async fn a_message_that_is_received_in_vain_too_often_goes_to_the_dead_letters() {
    let sqs = Sqs::start().await.unwrap();
    let client = sqs.client(None);
    let Queues { runs: url, dead_letters } = make_queue_pair(&client, "jobs", 0, 2).await.unwrap();
    send(&client, &url, "poison").await;

    assert_eq!(receive(&client, &url, 2).await.len(), 1);
    assert_eq!(receive(&client, &url, 2).await.len(), 1);
    assert!(receive(&client, &url, 0).await.is_empty(), "two receives were allowed");

    let dead = receive(&client, &dead_letters, 5).await;
    assert_eq!(dead[0].body(), Some("poison"));
}

#[tokio::test]
async fn every_run_of_a_large_batch_is_sent() {
    let sqs = Sqs::start().await.unwrap();
    let client = sqs.client(None);
    let url = make_queues(&client).await.unwrap().runs;
    let mut runs: Vec<RunId> = (0..25).map(|_| RunId::generate()).collect();
    runs.sort();
    Queue::new(client.clone(), &url).send_runs(&runs).await.unwrap();

    let mut received = Vec::new();
    while received.len() < runs.len() {
        let batch = receive(&client, &url, 5).await;
        assert!(!batch.is_empty(), "{} of {} came", received.len(), runs.len());
        received.extend(batch.iter().map(run_of));
    }
    received.sort();
    assert_eq!(received, runs);
}
