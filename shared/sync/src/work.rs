//! The worker: takes nudges from the queue. The same function serves the Lambda and the local event-source loop.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::ids::RunId;
use queue::RunMessage;
use store::StoreError;
use tokio::time::Instant;

use crate::Engine;
use crate::course::work_run;

/// Works the runs a batch of messages names, one after the other, until `deadline`. A message that is answered as
/// failed comes back, and after some tries goes to the dead-letter queue.
pub async fn work(engine: &Engine, event: SqsEvent, deadline: Instant) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        let id = message.message_id.clone().unwrap_or_default();
        if let Err(error) = work_message(engine, &message, deadline).await {
            tracing::error!(message = id, %error, "a message could not be worked and will come back");
            response.add_failure(id);
        }
    }
    response
}

async fn work_message(engine: &Engine, message: &SqsMessage, deadline: Instant) -> Result<(), WorkError> {
    let body = message.body.as_deref().unwrap_or_default();
    let RunMessage { run_id } =
        RunMessage::from_body(body).map_err(|error| WorkError::Unreadable(error.to_string()))?;
    work_run(engine, &run_id, deadline).await.map_err(|error| WorkError::Run(run_id, error))
}

#[derive(Debug, thiserror::Error)]
enum WorkError {
    #[error("{0}")]
    Unreadable(String),
    #[error("run {0} could not be moved on: {1}")]
    Run(RunId, StoreError),
}
