//! What is told of each call: a span in the trace, and metrics for the kind of ERP.

use std::time::Instant;

use http::StatusCode;
use metrics::{counter, histogram};
use telemetry::metric::{self, PROVIDER};
use tracing::field::{Empty, display};
use tracing::{Instrument, Span};

use super::{HttpAnswer, HttpRequest, Unanswered, retry};

/// Makes one try, number `retries` after the first, and tells how it went. Of the address nothing but the server is
/// told: paths may hold the keys of records.
pub(super) async fn observe(
    provider: &'static str,
    request: &HttpRequest,
    retries: u32,
    call: impl Future<Output = Result<HttpAnswer, Unanswered>>,
) -> Result<HttpAnswer, Unanswered> {
    let span = tracing::info_span!(
        "erp_call",
        otel.kind = "client",
        otel.status_code = Empty,
        provider,
        "http.request.method" = %request.method,
        "server.address" = request.url.host_str(),
        "http.request.resend_count" = retries,
        "http.response.status_code" = Empty,
    );
    let begun = Instant::now();
    let outcome = call.instrument(span.clone()).await;
    histogram!(metric::ERP_CALL_SECONDS, PROVIDER => provider).record(begun.elapsed().as_secs_f64());
    if retries > 0 {
        counter!(metric::ERP_CALLS_RETRIED, PROVIDER => provider).increment(1);
    }
    tell(&span, provider, outcome.as_ref().ok().map(|answer| answer.status));
    outcome
}

fn tell(span: &Span, provider: &'static str, status: Option<StatusCode>) {
    if let Some(status) = status {
        span.record("http.response.status_code", status.as_u16());
    }
    if status == Some(StatusCode::TOO_MANY_REQUESTS) {
        counter!(metric::ERP_CALLS_THROTTLED, PROVIDER => provider).increment(1);
    }
    if status.is_none_or(retry::is_passing) {
        span.record("otel.status_code", display("ERROR"));
        counter!(metric::ERP_CALLS_FAILED, PROVIDER => provider).increment(1);
    }
}
