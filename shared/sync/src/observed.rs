//! What the engine tells of its work: the span of a message, which its log lines and its trace hang on, and the metrics of
//! messages and runs.
//!
//! A run is counted by whoever wrote its end, right after that write, which succeeds once. A worker that dies in between
//! leaves a run uncounted; none is counted twice. What must be exact is counted in the table.

use aws_lambda_events::event::sqs::SqsMessage;
use domain::connection::Provider;
use domain::ids::{ConnectionId, RunId};
use domain::run::{Run, RunOutcome, RunStatus};
use metrics::{counter, histogram};
use telemetry::metric::{self, DATA_TYPE, PROVIDER};
use telemetry::trace;
use tracing::Span;
use tracing::field::{Empty, display};

/// The span in which `message` is worked; it goes on with the trace of whoever sent it.
pub(crate) fn message_span(message: &SqsMessage) -> Span {
    let id = message.message_id.as_deref().unwrap_or_default();
    let span = tracing::info_span!(
        "message",
        otel.kind = "consumer",
        message_id = id,
        run = Empty,
        connection = Empty,
        data_type = Empty,
        trace_id = Empty
    );
    let traceparent = own_attribute(message, trace::TRACEPARENT);
    let aws = message.attributes.get(queue::AWS_TRACE_HEADER).map(String::as_str);
    trace::take_up(&span, traceparent, aws);
    span
}

/// Says in the span at hand which run it is about.
pub(crate) fn concerns_run(run: &RunId) {
    Span::current().record("run", display(run));
}

/// Says in the span at hand which connection it is about.
pub(crate) fn concerns_connection(connection: &ConnectionId) {
    Span::current().record("connection", display(connection));
}

/// Says in the span at hand what run it works on.
pub(crate) fn works_on(run: &Run) {
    concerns_connection(&run.erp_connection_id);
    Span::current().record("data_type", run.data_type.as_str());
}

/// Counts a message that a worker has got.
pub(crate) fn arrived(message: &SqsMessage) {
    let number = |name: &str| message.attributes.get(name)?.parse::<u64>().ok();
    if number("ApproximateReceiveCount").is_some_and(|times| times > 1) {
        counter!(metric::QUEUE_REDELIVERIES).increment(1);
        return;
    }
    let times = number("ApproximateFirstReceiveTimestamp").zip(number("SentTimestamp"));
    let Some((received_ms, sent_ms)) = times else { return };
    let kept_back =
        own_attribute(message, queue::DELAY_SECONDS).and_then(|seconds| seconds.parse::<u64>().ok());
    let lag_ms = received_ms.saturating_sub(sent_ms + kept_back.unwrap_or_default() * 1_000);
    histogram!(metric::QUEUE_LAG_SECONDS).record(seconds(lag_ms));
}

/// Counts a run that is closed. Its parts are counted in it, and a dry run does nothing that would count.
pub(crate) fn run_closed(run: &Run, provider: Option<Provider>) {
    if run.part.is_some() || run.dry_run {
        return;
    }
    let labels =
        [(PROVIDER, provider.map_or("unknown", Provider::as_str)), (DATA_TYPE, run.data_type.as_str())];
    let count = |name: &'static str, by: u64| {
        if by > 0 {
            counter!(name, &labels).increment(by);
        }
    };
    count(metric::RUNS, 1);
    let is_partial = run.status == RunStatus::Success && run.outcome() == Some(RunOutcome::Partial);
    count(metric::RUNS_PARTIAL, u64::from(is_partial));
    count(metric::RUNS_FAILED, u64::from(run.status == RunStatus::Error));
    count(metric::RUNS_CANCELLED, u64::from(run.status == RunStatus::Cancelled));
    let mut counts = run.counts;
    counts.add(&run.pushed);
    count(metric::RECORDS_READ, counts.read);
    count(metric::RECORDS_CREATED, counts.created);
    count(metric::RECORDS_UPDATED, counts.updated);
    count(metric::RECORDS_UNCHANGED, counts.unchanged);
    count(metric::RECORDS_DELETED, counts.deleted);
    count(metric::RECORDS_SKIPPED, counts.skipped);
    count(metric::RECORDS_FAILED, counts.failed);
    count(metric::RECORDS_CONFLICTS, counts.conflicts);
    let took = run.completed_at.unwrap_or(run.started_at).duration_since(run.started_at);
    histogram!(metric::RUN_SECONDS, &labels).record(took.as_secs_f64());
}

fn own_attribute<'m>(message: &'m SqsMessage, name: &str) -> Option<&'m str> {
    message.message_attributes.get(name)?.string_value.as_deref()
}

#[expect(clippy::cast_precision_loss, reason = "2^53 ms are 285,000 years")]
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1_000.0
}
