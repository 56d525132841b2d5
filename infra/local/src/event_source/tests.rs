use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::*;
use crate::embedded::{Sqs, make_queue_pair};

/// A source over a queue whose messages are out of sight for a second, and the tasks that empty it.
struct Running {
    _sqs: Sqs,
    client: Client,
    url: String,
    source: EventSource,
    tasks: TaskTracker,
    stop: CancellationToken,
}

impl Running {
    async fn new() -> Self {
        let sqs = Sqs::start().await.unwrap();
        let client = sqs.client(None);
        let url = make_queue_pair(&client, "jobs", 1, 3).await.unwrap().runs;
        let source = EventSource::new(client.clone(), &url, 8);
        Self { _sqs: sqs, client, url, source, tasks: TaskTracker::new(), stop: CancellationToken::new() }
    }

    async fn send(&self, body: &str) {
        self.client.send_message().queue_url(&self.url).message_body(body).send().await.unwrap();
    }

    /// Waits until the workers are done with what they hold.
    async fn stop(&self) {
        self.stop.cancel();
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Visible and invisible messages.
    async fn left(&self) -> Vec<String> {
        use aws_sdk_sqs::types::QueueAttributeName::{
            ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible,
        };
        let asked = self.client.get_queue_attributes().queue_url(&self.url);
        let names = [ApproximateNumberOfMessages, ApproximateNumberOfMessagesNotVisible];
        let answer = asked.set_attribute_names(Some(names.to_vec())).send().await.unwrap();
        let attributes = answer.attributes.unwrap();
        names.iter().map(|name| attributes[name].clone()).collect()
    }
}

fn failing(ids: &[&str]) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for id in ids {
        response.add_failure(*id);
    }
    response
}

#[tokio::test]
async fn an_event_looks_as_lambda_makes_it() {
    let running = Running::new().await;
    let (seen, mut events) = mpsc::unbounded_channel();
    let work = move |event: SqsEvent, deadline| {
        seen.send((event, deadline)).unwrap();
        async { SqsBatchResponse::default() }
    };
    running.source.start(work, &running.tasks, &running.stop);
    running.send(r#"{"runId":"run_1"}"#).await;

    let (event, deadline) = events.recv().await.unwrap();
    let record = &event.records[0];
    assert_eq!(record.body.as_deref(), Some(r#"{"runId":"run_1"}"#));
    assert_eq!(record.event_source.as_deref(), Some("aws:sqs"));
    assert!(record.event_source_arn.as_deref().unwrap().ends_with(":jobs"), "{record:?}");
    assert_eq!(record.attributes["ApproximateReceiveCount"], "1");
    assert!(record.message_id.is_some() && record.receipt_handle.is_some() && record.md5_of_body.is_some());
    assert!(deadline > Instant::now());
    running.stop().await;
    assert_eq!(running.left().await, ["0", "0"], "what succeeded is deleted");
}

#[tokio::test]
async fn what_failed_comes_again_and_what_succeeded_does_not() {
    let running = Running::new().await;
    running.send("good").await;
    running.send("bad").await;
    let (seen, mut bodies) = mpsc::unbounded_channel();
    let work = move |event: SqsEvent, _| {
        let mut failed = Vec::new();
        for record in event.records {
            let body = record.body.unwrap();
            if body == "bad" && record.attributes["ApproximateReceiveCount"] == "1" {
                failed.push(record.message_id.unwrap());
            }
            seen.send(body).unwrap();
        }
        async move { failing(&failed.iter().map(String::as_str).collect::<Vec<_>>()) }
    };
    running.source.start(work, &running.tasks, &running.stop);

    let mut received = Vec::new();
    for _ in 0..3 {
        received.push(bodies.recv().await.unwrap());
    }
    received.sort();
    assert_eq!(received, ["bad", "bad", "good"]);
    running.stop().await;
    assert_eq!(running.left().await, ["0", "0"]);
}

#[tokio::test]
async fn a_worker_that_panics_takes_neither_the_message_nor_the_others_with_it() {
    let running = Running::new().await;
    let (seen, mut bodies) = mpsc::unbounded_channel();
    let fuse = Arc::new(Mutex::new(true));
    let work = move |event: SqsEvent, _| {
        let (seen, fuse) = (seen.clone(), Arc::clone(&fuse));
        async move {
            let first = std::mem::take(&mut *fuse.lock().unwrap());
            assert!(!first, "the first worker dies");
            for record in event.records {
                seen.send(record.body.unwrap()).unwrap();
            }
            SqsBatchResponse::default()
        }
    };
    running.source.start(work, &running.tasks, &running.stop);
    running.send("survivor").await;
    assert_eq!(bodies.recv().await.unwrap(), "survivor");
    running.stop().await;
}

#[test]
fn an_answer_that_names_an_unknown_message_fails_them_all() {
    let batch: Vec<Message> = ["a", "b"].map(|id| Message::builder().message_id(id).build()).to_vec();
    let ids = |failures: &[&str]| {
        let kept = succeeded(&batch, &failing(failures));
        kept.iter().map(|message| message.message_id().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(ids(&[]), ["a", "b"]);
    assert_eq!(ids(&["a"]), ["b"]);
    assert!(ids(&["c"]).is_empty());
}
