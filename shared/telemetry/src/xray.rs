//! Sends spans to the X-Ray daemon, one datagram each, in the form of its segment documents
//! (<https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html>).
//!
//! `opentelemetry-aws` has an exporter too. It adds 1.4 MB to each of our two dozen functions and compiles regular
//! expressions on the way of the first request; what we tell of a span fits into one function.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::{SystemTime, UNIX_EPOCH};

use opentelemetry::trace::{SpanId, SpanKind, Status, TraceId};
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::trace::{SpanData, SpanExporter};
use serde_json::{Map, Value, json};

/// What the daemon wants before each document.
const HEADER: &str = "{\"format\": \"json\", \"version\": 1}\n";

/// The longest name X-Ray takes, in characters.
const MAX_NAME: usize = 200;

/// Sends spans to the daemon, and does not wait for it.
#[derive(Debug)]
pub(crate) struct XrayDaemon(UdpSocket);

impl XrayDaemon {
    /// Sends to the daemon at `address`.
    pub(crate) fn at(address: SocketAddr) -> std::io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_nonblocking(true)?;
        socket.connect(address)?;
        Ok(Self(socket))
    }
}

impl SpanExporter for XrayDaemon {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        for span in &batch {
            let datagram = format!("{HEADER}{}", document(span));
            let sent = self.0.send(datagram.as_bytes());
            sent.map_err(|error| OTelSdkError::InternalFailure(error.to_string()))?;
        }
        Ok(())
    }
}

fn document(span: &SpanData) -> Value {
    let mut told = Map::from_iter([
        ("name".to_owned(), name(&span.name).into()),
        ("id".to_owned(), span.span_context.span_id().to_string().into()),
        ("trace_id".to_owned(), trace_id(span.span_context.trace_id()).into()),
        ("start_time".to_owned(), seconds(span.start_time).into()),
        ("end_time".to_owned(), seconds(span.end_time).into()),
        ("annotations".to_owned(), annotations(span)),
    ]);
    // Lambda has made the segment of an invocation; a worker goes on with a trace that another invocation is in.
    if span.parent_span_id != SpanId::INVALID {
        told.insert("parent_id".to_owned(), span.parent_span_id.to_string().into());
        if span.span_kind != SpanKind::Consumer {
            told.insert("type".to_owned(), "subsegment".into());
        }
    }
    if span.span_kind == SpanKind::Client {
        told.insert("namespace".to_owned(), "remote".into());
    }
    if matches!(span.status, Status::Error { .. }) {
        told.insert("fault".to_owned(), true.into());
    }
    told.into()
}

/// The attributes, by names that X-Ray takes: it searches by annotations.
fn annotations(span: &SpanData) -> Value {
    let known = span.attributes.iter().map(|attribute| {
        let name = attribute.key.as_str().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        (name, json!(attribute.value.as_str()))
    });
    Value::Object(known.collect())
}

/// Names hold letters, digits, spaces and a few signs; braces of a route are none of them.
fn name(name: &str) -> String {
    let plain = |c: &char| c.is_alphanumeric() || " _.:/%&#=+-@".contains(*c);
    name.chars().filter(plain).take(MAX_NAME).collect()
}

/// `1-`, the first 8 digits, `-`, the other 24: X-Ray's way of writing a trace id.
fn trace_id(id: TraceId) -> String {
    let id = id.to_string();
    let (epoch, unique) = id.split_at(8);
    format!("1-{epoch}-{unique}")
}

fn seconds(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}
