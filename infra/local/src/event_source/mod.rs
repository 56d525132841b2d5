//! The event-source mapping of one machine: does for our worker function what Lambda does in the cloud.
//!
//! It hands over batches in the form Lambda does, deletes what succeeded, and leaves what failed to the queue's
//! visibility timeout and dead-letter rule.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage, SqsMessageAttribute};
use aws_sdk_sqs::Client;
use aws_sdk_sqs::error::DisplayErrorContext;
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clients::REGION;

/// How many messages a batch has at most. One: a worker takes the runs of a batch one after the other, and a quick sync
/// must not wait behind a long one while other workers idle.
const BATCH: i32 = 1;

/// How long a worker may take for a batch; less than the queue's visibility timeout.
const WORK_TIME: Duration = Duration::from_secs(60);

/// How long to wait before asking again a queue that could not be asked.
const PAUSE: Duration = Duration::from_secs(1);

/// A queue, and where its messages come from in the events.
#[derive(Debug, Clone)]
pub struct EventSource {
    client: Client,
    url: String,
    arn: String,
    /// How many batches are worked on side by side.
    concurrency: usize,
}

impl EventSource {
    /// Takes messages from the queue at `url`, and works on `concurrency` batches side by side.
    pub(crate) fn new(client: Client, url: &str, concurrency: usize) -> Self {
        let mut steps = url.rsplit('/');
        let (name, account) = (steps.next().unwrap_or_default(), steps.next().unwrap_or_default());
        let arn = format!("arn:aws:sqs:{REGION}:{account}:{name}");
        Self { client, url: url.to_owned(), arn, concurrency }
    }

    /// Begins to hand batches to `work`, until `stop`.
    pub fn start<W, F>(&self, work: W, tasks: &TaskTracker, stop: &CancellationToken)
    where
        W: Fn(SqsEvent, Instant) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = SqsBatchResponse> + Send + 'static,
    {
        for _ in 0..self.concurrency {
            let (source, work, stop) = (self.clone(), work.clone(), stop.clone());
            tasks.spawn(async move {
                while let Some(batch) = source.next_batch(&stop).await {
                    source.hand_over(batch, &work).await;
                }
            });
        }
    }

    /// The next batch that is not empty; `None` when it is time to stop.
    async fn next_batch(&self, stop: &CancellationToken) -> Option<Vec<Message>> {
        loop {
            match stop.run_until_cancelled(self.receive()).await? {
                Ok(batch) if batch.is_empty() => {}
                Ok(batch) => return Some(batch),
                Err(error) => {
                    tracing::error!(%error, queue = self.arn, "a queue cannot be asked");
                    stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await?;
                }
            }
        }
    }

    async fn receive(&self) -> Result<Vec<Message>, String> {
        let asked = self.client.receive_message().queue_url(&self.url).max_number_of_messages(BATCH);
        let asked =
            asked.wait_time_seconds(20).message_system_attribute_names(MessageSystemAttributeName::All);
        let asked = asked.message_attribute_names("All");
        let answer = asked.send().await.map_err(|error| DisplayErrorContext(error).to_string())?;
        Ok(answer.messages.unwrap_or_default())
    }

    /// A worker that panics has failed the whole batch, as one that crashes does in the cloud.
    async fn hand_over<W, F>(&self, batch: Vec<Message>, work: &W)
    where
        W: Fn(SqsEvent, Instant) -> F,
        F: Future<Output = SqsBatchResponse> + Send + 'static,
    {
        let mut event = SqsEvent::default();
        event.records = batch.iter().map(|message| self.record(message)).collect();
        match tokio::spawn(work(event, Instant::now() + WORK_TIME)).await {
            Ok(response) => self.delete(succeeded(&batch, &response)).await,
            Err(error) => {
                tracing::error!(%error, messages = batch.len(), "a worker died; its messages come again")
            }
        }
    }

    fn record(&self, message: &Message) -> SqsMessage {
        let mut record = SqsMessage::default();
        record.message_id.clone_from(&message.message_id);
        record.receipt_handle.clone_from(&message.receipt_handle);
        record.body.clone_from(&message.body);
        record.md5_of_body.clone_from(&message.md5_of_body);
        let attributes = message.attributes.iter().flatten();
        record.attributes =
            attributes.map(|(name, value)| (name.as_str().to_owned(), value.clone())).collect();
        let own = message.message_attributes.iter().flatten();
        record.message_attributes = own
            .map(|(name, value)| {
                let mut attribute = SqsMessageAttribute::default();
                attribute.data_type = Some(value.data_type.clone());
                attribute.string_value.clone_from(&value.string_value);
                (name.clone(), attribute)
            })
            .collect();
        record.event_source_arn = Some(self.arn.clone());
        record.event_source = Some("aws:sqs".to_owned());
        record.aws_region = Some(REGION.to_owned());
        record
    }

    async fn delete(&self, messages: Vec<&Message>) {
        if messages.is_empty() {
            return;
        }
        let entries = messages.iter().enumerate().map(|(position, message)| {
            DeleteMessageBatchRequestEntry::builder()
                .id(position.to_string())
                .set_receipt_handle(message.receipt_handle.clone())
                .build()
        });
        let entries: Vec<_> = entries.filter_map(Result::ok).collect();
        let deleted = self.client.delete_message_batch().queue_url(&self.url).set_entries(Some(entries));
        if let Err(error) = deleted.send().await {
            let error = DisplayErrorContext(error);
            tracing::warn!(%error, "finished messages could not be deleted; they come again and do nothing");
        }
    }
}

/// The messages that did not fail. As in the cloud, an answer that names a message we did not send fails them all.
fn succeeded<'a>(batch: &'a [Message], response: &SqsBatchResponse) -> Vec<&'a Message> {
    let failed: HashSet<&str> =
        response.batch_item_failures.iter().map(|failure| failure.item_identifier.as_str()).collect();
    let sent: HashSet<&str> = batch.iter().filter_map(Message::message_id).collect();
    if !failed.is_subset(&sent) {
        return Vec::new();
    }
    batch.iter().filter(|message| message.message_id().is_some_and(|id| !failed.contains(id))).collect()
}
