//! What becomes of messages that were given up: the run they name is closed with the reason, and the message is kept for
//! a person, who may have it sent again, once.

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent, SqsMessage};
use domain::dead_letter::DeadLetter;
use domain::ids::{DeadLetterId, RunId};
use domain::run::{Run, RunStatus};
use metrics::counter;
use queue::{Message, QueueError};
use store::{Redriven, StoreError};
use telemetry::metric;
use thiserror::Error;
use tracing::Instrument;

use crate::engine::{Engine, now};
use crate::lease::end;
use crate::observed;
use crate::parts::wake_whole;
use crate::retry::RetryError;

/// Takes what lands in the dead-letter queue. A message that is answered as failed comes back.
pub async fn bury(engine: &Engine, event: SqsEvent) -> SqsBatchResponse {
    let mut response = SqsBatchResponse::default();
    for message in event.records {
        let buried = async {
            let buried = bury_message(engine, &message).await;
            buried.inspect_err(|error| {
                tracing::error!(%error, "a dead letter could not be kept and will come back");
            })
        };
        if buried.instrument(observed::message_span(&message)).await.is_err() {
            response.add_failure(message.message_id.unwrap_or_default());
        }
    }
    response
}

async fn bury_message(engine: &Engine, message: &SqsMessage) -> Result<(), StoreError> {
    match Message::from_body(message.body.as_deref().unwrap_or_default()) {
        Err(error) => {
            tracing::error!(%error, "a message that no worker can read is kept as a dead letter");
            keep(engine, &letter(message, error.to_string())).await
        }
        Ok(Message::Run { run_id }) => {
            observed::concerns_run(&run_id);
            bury_run(engine, message, &run_id).await
        }
        Ok(Message::Probe { probe_connection_id: connection }) => {
            tracing::error!(%connection, "a probe was given up; the connection is probed again when it is due");
            Ok(())
        }
    }
}

/// Closes the run in error and keeps the letter, the letter first: cut off in between, the message comes back and finds
/// the run still open. A run that has ended, or is at work, does not miss one of its nudges.
async fn bury_run(engine: &Engine, message: &SqsMessage, id: &RunId) -> Result<(), StoreError> {
    loop {
        let Some(mut run) = engine.store.run(id).await? else { return Ok(()) };
        if !run.is_open() || is_at_work(&run) {
            tracing::info!(run = %id, "a nudge was given up that its run does not need");
            return Ok(());
        }
        let reason = reason(engine, id).await?;
        let letter = DeadLetter { run_id: Some(run.whole().clone()), ..letter(message, reason.clone()) };
        keep(engine, &letter).await?;
        tracing::error!(run = %id, reason, "a run is closed because its message was given up");
        end(&mut run, RunStatus::Error, Some(reason));
        match engine.store.close_run(&run, None).await {
            Ok(()) => {
                observed::run_closed(&run, None);
                return wake_whole(engine, &run).await;
            }
            Err(StoreError::Changed) => {}
            Err(error) => return Err(error),
        }
    }
}

async fn keep(engine: &Engine, letter: &DeadLetter) -> Result<(), StoreError> {
    engine.store.keep_dead_letter(letter).await?;
    counter!(metric::DEAD_LETTERS_KEPT).increment(1);
    Ok(())
}

fn is_at_work(run: &Run) -> bool {
    run.open_parts() > 0 || run.lease.as_ref().is_some_and(|lease| lease.until > now())
}

async fn reason(engine: &Engine, run: &RunId) -> Result<String, StoreError> {
    Ok(match engine.store.work_errors(run).await? {
        Some(errors) => {
            let times = if errors.count == 1 { "once".to_owned() } else { format!("{} times", errors.count) };
            format!("its message failed {times}; the last error was: {}", errors.last)
        }
        None => "its message was given up: each worker that took it died without a word".to_owned(),
    })
}

fn letter(message: &SqsMessage, reason: String) -> DeadLetter {
    let id = message.message_id.as_deref().map(|id| format!("dlt_{id}").parse());
    let id = id.and_then(Result::ok).unwrap_or_else(DeadLetterId::generate);
    let received = message.attributes.get("ApproximateReceiveCount").and_then(|count| count.parse().ok());
    let body = message.body.as_deref().unwrap_or_default();
    DeadLetter::new(id, body, reason, received.unwrap_or_default(), now())
}

/// Why a letter cannot be sent again.
#[derive(Debug, Error)]
pub enum RedriveError {
    /// There is no such letter.
    #[error("there is no such letter")]
    NotFound,
    /// It was sent again before.
    #[error("the letter was sent again before")]
    Before,
    /// Only its beginning is known.
    #[error("the message was too long to be kept whole")]
    Cut,
    /// No run could be started for it.
    #[error(transparent)]
    NotStarted(#[from] RetryError),
    /// The queue did not take it.
    #[error(transparent)]
    NotSent(#[from] QueueError),
}

impl From<StoreError> for RedriveError {
    fn from(error: StoreError) -> Self {
        Self::NotStarted(error.into())
    }
}

impl Engine {
    /// Sends a letter again, for `triggered_by`: starts the run it names anew, and answers that run; a message that
    /// could not be read goes to the workers as it is.
    ///
    /// # Errors
    /// [`RedriveError`], with the reason. A letter that could not be sent may be sent again.
    pub async fn redrive(
        &self,
        id: &DeadLetterId,
        triggered_by: String,
    ) -> Result<Option<Run>, RedriveError> {
        let letter = self.store.dead_letter(id).await?.ok_or(RedriveError::NotFound)?;
        if letter.cut {
            return Err(RedriveError::Cut);
        }
        if self.store.claim_dead_letter(id, now()).await? == Redriven::Before {
            return Err(RedriveError::Before);
        }
        let sent = self.send_letter(&letter, triggered_by).await;
        let run = sent.as_ref().ok().and_then(|run| run.as_ref().map(|run| &run.id));
        if sent.is_err() || run.is_some() {
            match self.store.note_redriven(id, run).await {
                // It was deleted meanwhile: there is nothing left to note it on.
                Ok(()) | Err(StoreError::Changed) => {}
                Err(error) => return Err(error.into()),
            }
        }
        sent
    }

    async fn send_letter(
        &self,
        letter: &DeadLetter,
        triggered_by: String,
    ) -> Result<Option<Run>, RedriveError> {
        match &letter.run_id {
            Some(run) => Ok(Some(self.retry(run, triggered_by).await?)),
            None => Ok(self.queue.send_again(&letter.body).await.map(|()| None)?),
        }
    }
}
