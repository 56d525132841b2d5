//! Makes Lambda functions of our handlers: [`serve`] of routes, [`work`], [`bury`] and [`tick`] of the engine. The `main`
//! of a function calls one of them and does nothing else.
//!
//! The only crate that names the Lambda runtime. At its start a function reads its settings and makes clients, which
//! connect to nothing; keys, certificates and whatever else only some requests need are got when the first needs them.
#![recursion_limit = "256"] // The runtime around the engine is a future too deep for the compiler's default.

mod aws;
mod gateway;
mod home;
mod settings;
#[cfg(test)]
mod tests;

use std::process::ExitCode;

use api::ApiState;
use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use jiff::Timestamp;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::de::IgnoredAny;
use sync::{Engine, Tick};
use telemetry::{Telemetry, trace};
use tokio::runtime;
use tokio::time::Instant;
use tracing::{Instrument, field};
use utoipa_axum::router::OpenApiRouter;

use crate::home::Home;
use crate::settings::Settings;

/// Serves routes behind API Gateway: those of `public` to everyone, those of `guarded` to who has signed in.
#[must_use]
pub fn serve(public: OpenApiRouter<ApiState>, guarded: OpenApiRouter<ApiState>) -> ExitCode {
    run(async |home, telemetry| {
        let app = api::serve(public, guarded, home.api_state());
        lambda_http::run(gateway::flushing(gateway::behind(app), telemetry)).await
    })
}

/// Works on the runs that messages of the queue name.
#[must_use]
pub fn work() -> ExitCode {
    run(async |home, telemetry| {
        let answer = async |event| {
            let answer = Box::pin(worked(&home.engine, event)).await;
            telemetry.flush();
            Ok::<_, Error>(answer)
        };
        lambda_runtime::run(service_fn(answer)).await
    })
}

/// Closes the runs whose messages were given up, and keeps those messages.
#[must_use]
pub fn bury() -> ExitCode {
    run(async |home, telemetry| {
        let answer = async |event| {
            let answer = buried(&home.engine, event).await;
            telemetry.flush();
            Ok::<_, Error>(answer)
        };
        lambda_runtime::run(service_fn(answer)).await
    })
}

/// Starts what is due and nudges what has gone quiet, each time the clock calls.
#[must_use]
pub fn tick() -> ExitCode {
    run(async |home, telemetry| {
        let answer = async |event| {
            let answer = Box::pin(ticked(&home.engine, event)).await;
            telemetry.flush();
            answer
        };
        lambda_runtime::run(service_fn(answer)).await
    })
}

async fn worked(engine: &Engine, event: LambdaEvent<SqsEvent>) -> SqsBatchResponse {
    let left = event.context.deadline().duration_since(std::time::SystemTime::now()).unwrap_or_default();
    let span = tracing::info_span!("work", function = "sync-worker");
    sync::work(engine, event.payload, Instant::now() + left).instrument(span).await
}

async fn buried(engine: &Engine, event: LambdaEvent<SqsEvent>) -> SqsBatchResponse {
    let span = tracing::info_span!("bury", function = "dead-letter-worker");
    sync::bury(engine, event.payload).instrument(span).await
}

/// What the clock sends does not matter, only that it does.
async fn ticked(engine: &Engine, event: LambdaEvent<IgnoredAny>) -> Result<(), Error> {
    let span =
        tracing::info_span!("tick", otel.kind = "consumer", function = "scheduler", trace_id = field::Empty);
    trace::take_up(&span, None, event.context.xray_trace_id.as_deref());
    let ticked = async {
        let Tick { started, nudged, probed } = sync::tick(engine, Timestamp::now()).await?;
        tracing::info!(started, nudged, probed, "looked for what is due");
        Ok(())
    };
    ticked.instrument(span).await
}

/// Runs a function until Lambda ends it.
fn run(function: impl AsyncFnOnce(Home, Telemetry) -> Result<(), Error>) -> ExitCode {
    match start(function) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("this function cannot run: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// One thread does: a function has one event at a time, and mostly a part of one processor.
fn start(function: impl AsyncFnOnce(Home, Telemetry) -> Result<(), Error>) -> Result<(), Error> {
    let mut settings = Settings::from_env()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let telemetry = telemetry::start_in_lambda(std::mem::take(&mut settings.log), settings.log_format)?;
        // A function that panics is gone: what it says of it must be a line like the others.
        std::panic::set_hook(Box::new(|panic| tracing::error!(%panic, "a bug ends this function")));
        function(Home::open(settings)?, telemetry).await
    })
}

#[expect(clippy::print_stderr, reason = "the log may not have begun yet; Lambda keeps what is printed")]
fn tell(sentence: &str) {
    eprintln!("{sentence}");
}
