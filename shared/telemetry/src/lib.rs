//! What Causeway tells about itself: log lines, metrics and traces. Set up here and nowhere else, once per process, for
//! the local process by [`start_in_process`] and for a Lambda by [`start_in_lambda`].
//!
//! The other crates speak to the facades `tracing` and `metrics`, and know neither where it goes nor whether anybody
//! listens.

mod json_lines;
mod logs;
pub mod metric;
mod recorder;
mod text_fields;
pub mod trace;
mod tracer;
mod xray;

pub use logs::{LogFormat, log_layer};
pub use recorder::scrape;

use std::io;

use opentelemetry_sdk::trace::SdkTracerProvider;
use thiserror::Error;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use recorder::Embedded;

/// Why nothing can be told.
#[derive(Debug, Error)]
pub enum StartError {
    /// Somebody began to log before.
    #[error("the process logs already")]
    Logs(#[from] TryInitError),
    /// Somebody began to count before.
    #[error("the process counts already: {0}")]
    Metrics(String),
    /// The collector of traces cannot be reached as the environment says.
    #[error("traces cannot be sent (OTEL_EXPORTER_OTLP_… or AWS_XRAY_DAEMON_ADDRESS): {0}")]
    Traces(String),
}

/// Everything that was set up. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry {
    tracer: SdkTracerProvider,
    embedded: Option<Embedded>,
}

/// Sets up the local process: log lines on standard error, metrics for [`scrape`], traces by OTLP if
/// `OTEL_EXPORTER_OTLP_ENDPOINT` or `OTEL_EXPORTER_OTLP_TRACES_ENDPOINT` is set.
///
/// # Errors
/// [`StartError`]
///
/// # Panics
/// Outside of a runtime of tokio.
pub fn start_in_process(filter: Targets, format: LogFormat) -> Result<Telemetry, StartError> {
    recorder::scraped()?;
    start(filter, format, tracer::by_otlp()?, None)
}

/// Sets up a Lambda function: log lines on standard error, metrics as CloudWatch's embedded format on standard output,
/// traces by the X-Ray daemon that Lambda runs beside a function that is traced. Counts the cold start.
///
/// # Errors
/// [`StartError`]
///
/// # Panics
/// Outside of a runtime of tokio.
pub fn start_in_lambda(filter: Targets, format: LogFormat) -> Result<Telemetry, StartError> {
    let embedded = recorder::embedded()?;
    metrics::counter!(metric::COLD_STARTS).increment(1);
    start(filter, format, tracer::by_xray()?, Some(embedded))
}

fn start(
    filter: Targets,
    format: LogFormat,
    tracer: SdkTracerProvider,
    embedded: Option<Embedded>,
) -> Result<Telemetry, StartError> {
    tracing_subscriber::registry()
        .with(tracer::layer(&tracer))
        .with(log_layer(filter, format, io::stderr))
        .try_init()?;
    Ok(Telemetry { tracer, embedded })
}

impl Telemetry {
    /// Sends off what was counted and traced so far: at the end of each invocation of a Lambda, which may be frozen
    /// right after, and at the end of a process. May take as long as the collector of traces does; in a Lambda nothing
    /// is waited for.
    pub fn flush(&self) {
        if let Some(embedded) = &self.embedded {
            embedded.flush();
        }
        if let Err(error) = self.tracer.force_flush() {
            tracing::debug!(%error, "some traces could not be sent");
        }
    }
}
