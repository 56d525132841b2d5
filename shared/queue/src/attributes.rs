//! What goes along with a message: the trace it belongs to, and how long it was to be kept back.

use std::collections::HashMap;

use aws_sdk_sqs::error::BuildError;
use aws_sdk_sqs::types::{
    MessageAttributeValue, MessageSystemAttributeNameForSends, MessageSystemAttributeValue,
};
use telemetry::trace;

/// The attribute that says how long a message was to be kept back, in seconds; it is not there if not at all. What a
/// message waited beyond that, it waited for a worker.
pub const DELAY_SECONDS: &str = "delaySeconds";

/// The system attribute in which AWS carries the trace.
pub const AWS_TRACE_HEADER: &str = "AWSTraceHeader";

type Of<N, V> = Option<HashMap<N, V>>;

pub(crate) fn ours(delay_seconds: i32) -> Result<Of<String, MessageAttributeValue>, BuildError> {
    let mut attributes = HashMap::new();
    if let Some(traceparent) = trace::traceparent() {
        attributes.insert(trace::TRACEPARENT.to_owned(), attribute("String", traceparent)?);
    }
    if delay_seconds > 0 {
        attributes.insert(DELAY_SECONDS.to_owned(), attribute("Number", delay_seconds.to_string())?);
    }
    Ok(Some(attributes).filter(|attributes| !attributes.is_empty()))
}

pub(crate) fn of_aws()
-> Result<Of<MessageSystemAttributeNameForSends, MessageSystemAttributeValue>, BuildError> {
    let Some(header) = trace::aws_trace_header() else { return Ok(None) };
    let value = MessageSystemAttributeValue::builder().data_type("String").string_value(header).build()?;
    Ok(Some(HashMap::from([(MessageSystemAttributeNameForSends::AwsTraceHeader, value)])))
}

fn attribute(data_type: &str, value: String) -> Result<MessageAttributeValue, BuildError> {
    MessageAttributeValue::builder().data_type(data_type).string_value(value).build()
}
