//! Where metrics go: CloudWatch reads them out of a Lambda's log; a Prometheus may ask the local process.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::sync::OnceLock;
use std::time::Duration;

use metrics_cloudwatch_embedded::{Builder, Collector};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::{StartError, metric};

/// The namespace in CloudWatch.
const NAMESPACE: &str = "Causeway";

/// How often metrics are written while an invocation lasts: at most 100 values of one kind are kept between two writes,
/// and an ERP may answer some hundred times a second.
const WRITE_EVERY: Duration = Duration::from_millis(250);

/// How often the local process lets go of the single values behind its histograms.
const TIDY_EVERY: Duration = Duration::from_secs(30);

/// The upper ends of the histograms' buckets, in seconds.
const BUCKETS: [f64; 12] = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3_600.0];

/// Metrics in CloudWatch's embedded format, on standard output.
#[derive(Clone, Copy)]
pub(crate) struct Embedded(&'static Collector);

impl fmt::Debug for Embedded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedded")
    }
}

impl Embedded {
    /// Writes what was counted since the last time.
    pub(crate) fn flush(&self) {
        if let Err(error) = self.0.flush(standard_output()) {
            tracing::warn!(%error, "metrics could not be written");
        }
    }
}

/// Standard output, written to in whole lines: others write there too.
fn standard_output() -> impl Write + Send {
    BufWriter::with_capacity(256 * 1024, io::stdout())
}

/// Counts for CloudWatch. Needs a runtime of tokio.
pub(crate) fn embedded() -> Result<Embedded, StartError> {
    let builder = Builder::new().cloudwatch_namespace(NAMESPACE);
    let builder = builder.with_auto_flush_writer(WRITE_EVERY, standard_output);
    let collector = builder.init().map_err(|error| StartError::Metrics(error.to_string()))?;
    if let Ok(function) = std::env::var("AWS_LAMBDA_FUNCTION_NAME") {
        collector.set_property("function", function);
    }
    metric::describe();
    Ok(Embedded(collector))
}

static SCRAPED: OnceLock<PrometheusHandle> = OnceLock::new();

/// Counts for Prometheus. Needs a runtime of tokio.
pub(crate) fn scraped() -> Result<(), StartError> {
    let failed = |error: &dyn fmt::Display| StartError::Metrics(error.to_string());
    let builder = PrometheusBuilder::new().set_buckets(&BUCKETS).map_err(|error| failed(&error))?;
    let recorder = builder.build_recorder();
    let handle = SCRAPED.get_or_init(|| recorder.handle()).clone();
    metrics::set_global_recorder(recorder).map_err(|error| failed(&error))?;
    metric::describe();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(TIDY_EVERY).await;
            handle.run_upkeep();
        }
    });
    Ok(())
}

/// What was counted so far, in Prometheus' text format; nothing where nobody counts for it.
#[must_use]
pub fn scrape() -> String {
    SCRAPED.get().map(PrometheusHandle::render).unwrap_or_default()
}
