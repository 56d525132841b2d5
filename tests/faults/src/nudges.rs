//! The queue: takes messages as SQS does and hands them out as SQS may: late, in any order, more than once.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsEvent, SqsMessage};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_sqs::config::{
    BehaviorVersion, Config, Credentials, HttpClient, Region, SharedHttpClient, StalledStreamProtectionConfig,
};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use queue::Queue;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::dice::Dice;
use crate::plan::ms;
use crate::wire::answer;

/// After so many receipts a message goes to the dead letters.
const MAX_RECEIVES: u32 = 5;

/// A message.
#[derive(Debug, Clone)]
pub(crate) struct Nudge {
    number: u64,
    body: String,
    visible_at: Instant,
    receives: u32,
}

/// The queue. Clones are the same queue.
#[derive(Debug, Clone)]
pub(crate) struct Nudges {
    waiting: Arc<Mutex<Waiting>>,
    dice: Dice,
    visibility: Duration,
    config: Config,
}

#[derive(Debug, Default)]
struct Waiting {
    sent: u64,
    nudges: Vec<Nudge>,
    dead: Vec<Nudge>,
}

impl Nudges {
    pub(crate) fn new(seed: u64, dice: Dice, visibility: Duration) -> Self {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .region(Region::from_static("local"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .endpoint_url("http://queue.test")
            .retry_partition(RetryPartition::new(format!("queue of seed {seed}")))
            .retry_config(RetryConfig::standard().with_initial_backoff(ms(1)).with_max_backoff(ms(4)))
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        Self { waiting: Arc::default(), dice, visibility, config: config.build() }
    }

    /// Sends by `wire`.
    pub(crate) fn over(&self, wire: impl HttpClient + 'static) -> Queue {
        let client = Client::from_conf(self.config.to_builder().http_client(wire).build());
        Queue::new(client, "http://queue.test/runs")
    }

    /// What a wire leads to.
    pub(crate) fn http(&self) -> SharedHttpClient {
        SharedHttpClient::new(self.clone())
    }

    /// Hands out a message, if one can be seen. It stays out of sight for a while, unless it is handed out twice.
    pub(crate) fn receive(&self) -> Option<Nudge> {
        let now = Instant::now();
        let mut waiting = self.waiting.lock().unwrap();
        let given_up = |nudge: &mut Nudge| nudge.receives >= MAX_RECEIVES && nudge.visible_at <= now;
        let dead: Vec<Nudge> = waiting.nudges.extract_if(.., given_up).collect();
        waiting.dead.extend(dead);
        let mut seen: Vec<&mut Nudge> =
            waiting.nudges.iter_mut().filter(|nudge| nudge.visible_at <= now).collect();
        if seen.is_empty() {
            return None;
        }
        let (choice, twice) = self.dice.throw(|rng| (rng.usize(..seen.len()), rng.u32(..6) == 0));
        let nudge = &mut seen[choice];
        nudge.receives += 1;
        nudge.visible_at = if twice { now } else { now + self.visibility };
        Some(nudge.clone())
    }

    /// Hands out a dead letter, if there is one.
    pub(crate) fn dead_letter(&self) -> Option<Nudge> {
        self.waiting.lock().unwrap().dead.pop()
    }

    /// Takes a dead letter back that nobody could deal with.
    pub(crate) fn still_dead(&self, letter: Nudge) {
        self.waiting.lock().unwrap().dead.push(letter);
    }

    /// Forgets a message that was worked on. This too may fail: then it comes again.
    pub(crate) fn delete(&self, nudge: &Nudge) {
        if self.dice.fault(100, &[()]).is_none() {
            self.forget(nudge);
        }
    }

    pub(crate) fn forget(&self, nudge: &Nudge) {
        self.waiting.lock().unwrap().nudges.retain(|other| other.number != nudge.number);
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        let waiting = self.waiting.lock().unwrap();
        waiting.nudges.is_empty() && waiting.dead.is_empty()
    }

    fn visible(&self) -> usize {
        let now = Instant::now();
        self.waiting.lock().unwrap().nudges.iter().filter(|nudge| nudge.visible_at <= now).count()
    }

    fn take(&self, body: &Value, delay_seconds: &Value) -> String {
        // A second of the queue is a millisecond here; and some come late.
        let late = self.dice.fault(200, &[ms(30), ms(80)]).unwrap_or_default();
        let delay = ms(delay_seconds.as_u64().unwrap_or_default()) + late;
        let mut waiting = self.waiting.lock().unwrap();
        waiting.sent += 1;
        let number = waiting.sent;
        let body = body.as_str().unwrap().to_owned();
        waiting.nudges.push(Nudge { number, body, visible_at: Instant::now() + delay, receives: 0 });
        format!("message-{number}")
    }
}

impl HttpClient for Nudges {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Nudges {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let sent: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap();
        let told = match request.headers().get("x-amz-target") {
            Some("AmazonSQS.SendMessage") => {
                json!({"MessageId": self.take(&sent["MessageBody"], &sent["DelaySeconds"])})
            }
            Some("AmazonSQS.SendMessageBatch") => {
                let entries = sent["Entries"].as_array().unwrap().iter();
                let sent = entries.map(|entry| {
                    let id = self.take(&entry["MessageBody"], &entry["DelaySeconds"]);
                    json!({"Id": entry["Id"], "MessageId": id, "MD5OfMessageBody": ""})
                });
                json!({"Successful": sent.collect::<Vec<_>>(), "Failed": []})
            }
            Some("AmazonSQS.GetQueueAttributes") => {
                json!({"Attributes": {"ApproximateNumberOfMessages": self.visible().to_string()}})
            }
            other => panic!("the queue does not know {other:?}"),
        };
        HttpConnectorFuture::ready(Ok(answer(200, &told)))
    }
}

impl Nudge {
    /// The event that a worker is woken with.
    pub(crate) fn event(&self) -> SqsEvent {
        let mut message = SqsMessage::default();
        message.message_id = Some(format!("message-{}", self.number));
        message.body = Some(self.body.clone());
        let mut event = SqsEvent::default();
        event.records = vec![message];
        event
    }
}
