//! The messages that wake workers, and how they are sent. The only crate that names SQS.
//!
//! A message is a nudge, never the truth: what a run is and how far it has come stands in the table. It does no harm
//! when one is lost, repeated or late.

mod attributes;
mod message;

pub use attributes::{AWS_TRACE_HEADER, DELAY_SECONDS};
pub use message::{Message, NotAMessage};

use std::time::Duration;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::{BuildError, SdkError};
use aws_sdk_sqs::types::{QueueAttributeName, SendMessageBatchRequestEntry};
use aws_types::SdkConfig;
use domain::ids::{ConnectionId, RunId};
use thiserror::Error;

/// The longest SQS keeps a message back, in seconds.
const MAX_DELAY_SECONDS: u64 = 900;

/// How many messages one request may carry.
const BATCH: usize = 10;

/// The queue of workers.
#[derive(Debug, Clone)]
pub struct Queue {
    client: Client,
    runs_url: String,
}

/// Why a message could not be sent.
#[derive(Debug, Error)]
pub enum QueueError {
    /// SQS could not be reached or refused the request; the SDK's retries are used up.
    #[error("the queue could not be reached")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// SQS took the request, but not each of its messages.
    #[error("the queue refused {refused} of {sent} messages: {reason}")]
    Refused {
        /// How many were refused.
        refused: usize,
        /// How many the request carried.
        sent: usize,
        /// The first refusal, in the words of SQS.
        reason: String,
    },
}

impl<E, R> From<SdkError<E, R>> for QueueError
where
    E: std::error::Error + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    fn from(error: SdkError<E, R>) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl From<BuildError> for QueueError {
    fn from(error: BuildError) -> Self {
        Self::Unavailable(Box::new(error))
    }
}

impl Queue {
    /// Sends through `client` to the queue at `runs_url`.
    pub fn new(client: Client, runs_url: impl Into<String>) -> Self {
        Self { client, runs_url: runs_url.into() }
    }

    /// Sends to the queue at `runs_url`, as `config` says, as in the cloud.
    pub fn connect(config: &SdkConfig, runs_url: impl Into<String>) -> Self {
        Self::new(Client::new(config), runs_url)
    }

    /// Wakes a worker for `run`, after `delay`. A delay beyond 15 minutes, the longest SQS knows, becomes 15 minutes.
    ///
    /// # Errors
    /// When SQS cannot be reached or refuses.
    pub async fn send_run(&self, run: &RunId, delay: Duration) -> Result<(), QueueError> {
        self.send(Message::about_run(run), delay).await
    }

    /// Asks a worker to see whether `connection` works again.
    ///
    /// # Errors
    /// When SQS cannot be reached or refuses.
    pub async fn send_probe(&self, connection: &ConnectionId) -> Result<(), QueueError> {
        self.send(Message::probing(connection), Duration::ZERO).await
    }

    /// Sends a message that was given up once more, as it is.
    ///
    /// # Errors
    /// When SQS cannot be reached or refuses.
    pub async fn send_again(&self, body: &str) -> Result<(), QueueError> {
        self.send(body.to_owned(), Duration::ZERO).await
    }

    async fn send(&self, body: String, delay: Duration) -> Result<(), QueueError> {
        let delay = seconds(delay);
        let message = self.client.send_message().queue_url(&self.runs_url).message_body(body);
        let message = message.delay_seconds(delay).set_message_attributes(attributes::ours(delay)?);
        message.set_message_system_attributes(attributes::of_aws()?).send().await?;
        Ok(())
    }

    /// Wakes a worker for each of `runs` at once, ten to a request.
    ///
    /// # Errors
    /// When SQS cannot be reached or refuses; those before it are sent.
    pub async fn send_runs(&self, runs: &[RunId]) -> Result<(), QueueError> {
        for batch in runs.chunks(BATCH) {
            let mut request = self.client.send_message_batch().queue_url(&self.runs_url);
            for (position, run) in batch.iter().enumerate() {
                let entry = SendMessageBatchRequestEntry::builder()
                    .id(position.to_string())
                    .message_body(Message::about_run(run))
                    .set_message_attributes(attributes::ours(0)?)
                    .set_message_system_attributes(attributes::of_aws()?)
                    .build()?;
                request = request.entries(entry);
            }
            let answer = request.send().await?;
            if let Some(first) = answer.failed().first() {
                return Err(QueueError::Refused {
                    refused: answer.failed().len(),
                    sent: batch.len(),
                    reason: first.message().unwrap_or_else(|| first.code()).to_owned(),
                });
            }
        }
        Ok(())
    }
}

/// How many messages there are, as far as SQS knows at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// Those that wait for a worker.
    pub waiting: u64,
    /// Those that a worker is at.
    pub in_flight: u64,
    /// Those that are kept back for a while.
    pub delayed: u64,
}

impl Queue {
    /// Whether messages wait for a worker, as far as SQS knows at the moment.
    ///
    /// # Errors
    /// When SQS cannot be reached or refuses.
    pub async fn has_waiting(&self) -> Result<bool, QueueError> {
        Ok(self.depth().await?.waiting > 0)
    }

    /// How many messages there are.
    ///
    /// # Errors
    /// When SQS cannot be reached or refuses.
    pub async fn depth(&self) -> Result<Depth, QueueError> {
        let names = [
            QueueAttributeName::ApproximateNumberOfMessages,
            QueueAttributeName::ApproximateNumberOfMessagesNotVisible,
            QueueAttributeName::ApproximateNumberOfMessagesDelayed,
        ];
        let asked = self.client.get_queue_attributes().queue_url(&self.runs_url);
        let answer = asked.set_attribute_names(Some(names.to_vec())).send().await?;
        let [waiting, in_flight, delayed] = names.map(|name| {
            let count = answer.attributes().and_then(|attributes| attributes.get(&name)?.parse().ok());
            count.unwrap_or_default()
        });
        Ok(Depth { waiting, in_flight, delayed })
    }
}

/// Whole seconds, rounded up: a nudge must not come before what it waits for.
fn seconds(delay: Duration) -> i32 {
    let whole = delay.as_secs() + u64::from(delay.subsec_nanos() > 0);
    i32::try_from(whole.min(MAX_DELAY_SECONDS)).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delay_is_rounded_up_and_ends_at_fifteen_minutes() {
        assert_eq!(seconds(Duration::ZERO), 0);
        assert_eq!(seconds(Duration::from_millis(1)), 1);
        assert_eq!(seconds(Duration::from_millis(2_500)), 3);
        assert_eq!(seconds(Duration::from_hours(1)), 900);
    }
}
