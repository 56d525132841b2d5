//! What queues and the clock send.

use lambda_runtime::Context;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::causeway;
use crate::*;

const BATCH: &str = include_str!("fixtures/sqs_batch.json");
const TICK: &str = include_str!("fixtures/scheduler_tick.json");

/// An event with a minute to work on it.
fn event<T: DeserializeOwned>(text: &str) -> LambdaEvent<T> {
    let mut context = Context::default();
    context.deadline = u64::try_from(Timestamp::now().as_millisecond()).unwrap() + 60_000;
    LambdaEvent::new(serde_json::from_str(text).unwrap(), context)
}

fn failed(response: &SqsBatchResponse) -> Value {
    serde_json::to_value(response).unwrap()["batchItemFailures"].clone()
}

#[tokio::test]
async fn only_the_message_that_failed_comes_back() {
    let (process, _data_dir) = causeway().await;
    let response = worked(process.engine(), event(BATCH)).await;
    assert_eq!(failed(&response), json!([{"itemIdentifier": "2e1424d4-f796-459a-8184-9c92662be6da"}]));
}

#[tokio::test]
async fn a_message_that_was_given_up_is_kept() {
    let (process, _data_dir) = causeway().await;
    let response = buried(process.engine(), event(BATCH)).await;
    assert_eq!(failed(&response), json!([]));
    let kept = process.engine().store.list_dead_letters(10, None).await.unwrap().items;
    assert_eq!(kept.iter().map(|letter| letter.body.as_str()).collect::<Vec<_>>(), ["hello"]);
}

#[tokio::test]
async fn the_clock_is_heard_whatever_it_says() {
    let (process, _data_dir) = causeway().await;
    for text in [TICK, "{}", "null"] {
        ticked(process.engine(), event(text)).await.unwrap();
    }
}
