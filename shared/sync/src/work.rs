//! The worker: takes nudges from the queue. The same function serves the Lambda and the local event-source loop.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::ids::{ConnectionId, RunId};
use queue::{Message, NotAMessage};
use store::StoreError;
use tokio::time::Instant;
use tracing::Instrument;

use crate::course::work_run;
use crate::engine::{Engine, now};
use crate::health::probe;
use crate::observed;

/// Does what a batch of messages asks for, one after the other, until `deadline`. A message that is answered as failed
/// comes back, and after some tries goes to the dead-letter queue.
pub async fn work(engine: &Engine, event: SqsEvent, deadline: Instant) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        let worked = async {
            observed::arrived(&message);
            let worked = work_message(engine, &message, deadline).await;
            worked.inspect_err(|error| {
                tracing::error!(%error, "a message could not be worked and will come back");
            })
        };
        if worked.instrument(observed::message_span(&message)).await.is_err() {
            response.add_failure(message.message_id.unwrap_or_default());
        }
    }
    response
}

async fn work_message(engine: &Engine, message: &SqsMessage, deadline: Instant) -> Result<(), WorkError> {
    match Message::from_body(message.body.as_deref().unwrap_or_default())? {
        Message::Probe { probe_connection_id: connection } => {
            observed::concerns_connection(&connection);
            probe(engine, &connection).await.map_err(|error| WorkError::Probe(connection, error))
        }
        Message::Run { run_id } => {
            observed::concerns_run(&run_id);
            let Err(error) = work_run(engine, &run_id, deadline).await else { return Ok(()) };
            // For the sentence in which the run is closed should its message be given up. What keeps us from noting it
            // is most likely the very error, which is logged.
            let noted = engine.store.note_work_error(&run_id, &error.to_string(), now()).await;
            noted
                .unwrap_or_else(|error| tracing::warn!(run = %run_id, %error, "an error could not be noted"));
            Err(WorkError::Run(run_id, error))
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum WorkError {
    #[error(transparent)]
    Unreadable(#[from] NotAMessage),
    #[error("run {0} could not be moved on: {1}")]
    Run(RunId, StoreError),
    #[error("connection {0} could not be probed: {1}")]
    Probe(ConnectionId, StoreError),
}
