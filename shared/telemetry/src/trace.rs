//! How a trace goes on from one part to the next: taken up from a header or a message's attribute, and handed on by one.
//!
//! `traceparent` is W3C Trace Context (<https://www.w3.org/TR/trace-context/>); the other form is AWS's, in the header
//! `X-Amzn-Trace-Id`, the environment of a Lambda and the attribute `AWSTraceHeader` of a message.

use std::collections::HashMap;

use opentelemetry::Context;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{SpanContext, TraceContextExt};
use opentelemetry_aws::trace::xray_propagator::{span_context_from_str, span_context_to_string};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The W3C header, and the attribute of our messages.
pub const TRACEPARENT: &str = "traceparent";

/// AWS's header.
pub const X_AMZN_TRACE_ID: &str = "x-amzn-trace-id";

/// Lets `span`, which must not have been entered yet, go on with a trace that began elsewhere, by `traceparent` or else
/// by AWS's header, and notes the trace's id in the span's field `trace_id`. Where neither is good it begins a trace.
pub fn take_up(span: &Span, traceparent: Option<&str>, aws: Option<&str>) {
    let begun = traceparent.and_then(parse).or_else(|| aws.and_then(span_context_from_str));
    if let Some(begun) = begun.filter(SpanContext::is_valid) {
        // Fails only where nobody traces.
        span.set_parent(Context::new().with_remote_span_context(begun)).unwrap_or_default();
    }
    if let Some(here) = place(span) {
        span.record("trace_id", tracing::field::display(here.trace_id()));
    }
}

/// The `traceparent` by which others go on from here.
#[must_use]
pub fn traceparent() -> Option<String> {
    let here = place(&Span::current())?;
    Some(format!("00-{}-{}-{:02x}", here.trace_id(), here.span_id(), here.trace_flags()))
}

/// The same in AWS's form.
#[must_use]
pub fn aws_trace_header() -> Option<String> {
    span_context_to_string(&place(&Span::current())?)
}

/// The id of the trace we are in.
#[must_use]
pub fn id() -> Option<String> {
    Some(place(&Span::current())?.trace_id().to_string())
}

fn parse(traceparent: &str) -> Option<SpanContext> {
    let header = HashMap::from([(TRACEPARENT.to_owned(), traceparent.to_owned())]);
    let context = TraceContextPropagator::new().extract_with_context(&Context::new(), &header);
    Some(context.span().span_context().clone())
}

fn place(span: &Span) -> Option<SpanContext> {
    Some(span.context().span().span_context().clone()).filter(SpanContext::is_valid)
}
