//! Where traces go: to an OTLP collector from the local process, to the X-Ray daemon from a Lambda.
//!
//! A Lambda that is traced has the daemon beside it, and a datagram to it costs microseconds and is not waited for. OTLP
//! would need a collector in each function: a layer that starts with it, and an answer to wait for at the end of each
//! invocation.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

use opentelemetry::trace::TracerProvider;
use opentelemetry_aws::trace::XrayIdGenerator;
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{Sampler, SdkTracer, SdkTracerProvider, TracerProviderBuilder};
use tracing::{Level, Metadata, Subscriber};
use tracing_opentelemetry::OpenTelemetryLayer;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

use crate::StartError;
use crate::xray::XrayDaemon;

/// Our crates.
const OURS: [&str; 9] =
    ["api", "connectors", "lambda", "local", "queue", "secrets", "store", "sync", "transport"];

/// Whether this is a span of ours, whose fields belong into every log line inside it.
pub(crate) fn is_ours(metadata: &Metadata<'_>) -> bool {
    let by = metadata.target().split("::").next().unwrap_or_default();
    metadata.is_span() && *metadata.level() <= Level::INFO && OURS.contains(&by)
}

/// Whether it is a part of a trace: those are the spans that say of what kind.
fn is_traced(metadata: &Metadata<'_>) -> bool {
    is_ours(metadata) && metadata.fields().field("otel.kind").is_some()
}

/// Turns our spans into traces. Events stay out of them: they are log lines, and have the trace's id.
pub(crate) fn layer<S>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let layer: OpenTelemetryLayer<S, SdkTracer> =
        tracing_opentelemetry::layer().with_tracer(provider.tracer("causeway"));
    let bare =
        layer.with_location(false).with_threads(false).with_target(false).with_tracked_inactivity(false);
    bare.with_filter(filter_fn(is_traced))
}

/// Sends by OTLP, in protobuf over HTTP, if the environment names a collector. Otherwise each request still gets a trace
/// id, for the log, and nothing is recorded.
pub(crate) fn by_otlp() -> Result<SdkTracerProvider, StartError> {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !set("OTEL_EXPORTER_OTLP_ENDPOINT") && !set("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") {
        return Ok(named().with_sampler(Sampler::AlwaysOff).build());
    }
    let exporter = SpanExporter::builder().with_http().build();
    let exporter = exporter.map_err(|error| StartError::Traces(error.to_string()))?;
    Ok(named().with_batch_exporter(exporter).build())
}

/// Sends to the X-Ray daemon, if the environment names one, as Lambda's does. Whether a trace is recorded is Lambda's
/// decision, which comes with each event.
pub(crate) fn by_xray() -> Result<SdkTracerProvider, StartError> {
    let Ok(daemon) = std::env::var("AWS_XRAY_DAEMON_ADDRESS") else {
        return Ok(in_lambda().with_sampler(Sampler::AlwaysOff).build());
    };
    let address = daemon.to_socket_addrs().ok().and_then(|mut addresses| addresses.next());
    let address = address.ok_or_else(|| StartError::Traces(format!("{daemon} is no address")))?;
    to_daemon(address)
        .map_err(|error| StartError::Traces(format!("nothing can be sent to {daemon}: {error}")))
}

fn to_daemon(address: SocketAddr) -> io::Result<SdkTracerProvider> {
    let sampler = Sampler::ParentBased(Box::new(Sampler::AlwaysOff));
    Ok(in_lambda().with_sampler(sampler).with_simple_exporter(XrayDaemon::at(address)?).build())
}

/// Trace ids begin with the time there, as X-Ray insists.
fn in_lambda() -> TracerProviderBuilder {
    named().with_id_generator(XrayIdGenerator::default())
}

/// `OTEL_SERVICE_NAME` may name it otherwise.
fn named() -> TracerProviderBuilder {
    let name = std::env::var("OTEL_SERVICE_NAME").ok().filter(|name| !name.is_empty());
    let resource = Resource::builder().with_service_name(name.unwrap_or_else(|| "causeway".to_owned()));
    SdkTracerProvider::builder().with_resource(resource.build())
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use serde_json::Value;
    use tracing::field::Empty;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::trace;

    /// A daemon, and the documents of what was traced for it.
    fn traced(work: impl FnOnce()) -> Vec<Value> {
        let daemon = UdpSocket::bind("127.0.0.1:0").unwrap();
        let provider = to_daemon(daemon.local_addr().unwrap()).unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer(&provider)), work);
        daemon.set_nonblocking(true).unwrap();
        let mut buffer = [0; 65_536];
        let received =
            std::iter::from_fn(|| daemon.recv(&mut buffer).ok().map(|length| buffer[..length].to_vec()));
        received.map(|datagram| document(&datagram)).collect()
    }

    fn document(datagram: &[u8]) -> Value {
        let (header, document) = std::str::from_utf8(datagram).unwrap().split_once('\n').unwrap();
        assert_eq!(header, r#"{"format": "json", "version": 1}"#);
        serde_json::from_str(document).unwrap()
    }

    fn work() {
        let request = tracing::info_span!(target: "api", "request", otel.kind = "server", otel.name = "GET /erp/{id}", trace_id = Empty);
        trace::take_up(
            &request,
            None,
            Some("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"),
        );
        let _request = request.entered();
        let _call = tracing::info_span!(target: "transport", "erp_call", otel.kind = "client", provider = "Odoo", otel.status_code = "ERROR").entered();
        assert_eq!(trace::id().unwrap(), "5759e988bd862e3fe1be46a994272793");
        assert!(
            trace::aws_trace_header()
                .unwrap()
                .starts_with("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=")
        );
    }

    #[test]
    fn the_daemon_gets_each_span_as_a_subsegment_of_what_lambda_began() {
        let [call, request] = <[Value; 2]>::try_from(traced(work)).unwrap();
        assert_eq!(request["trace_id"], "1-5759e988-bd862e3fe1be46a994272793");
        assert_eq!(
            (&request["parent_id"], &request["type"]),
            (&"53995c3f42cd8ad8".into(), &"subsegment".into())
        );
        assert_eq!(request["name"], "GET /erp/id");
        assert_eq!((&call["parent_id"], &call["namespace"]), (&request["id"], &"remote".into()));
        assert_eq!((&call["fault"], &call["annotations"]["provider"]), (&true.into(), &"Odoo".into()));
        assert!(request["start_time"].as_f64() <= request["end_time"].as_f64());
    }

    #[test]
    fn what_lambda_does_not_record_is_not_sent_but_has_an_id() {
        let documents = traced(|| {
            let request =
                tracing::info_span!(target: "api", "request", otel.kind = "server", trace_id = Empty);
            trace::take_up(
                &request,
                None,
                Some("Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=0"),
            );
            let _request = request.entered();
            assert_eq!(trace::traceparent().unwrap()[..36], *"00-5759e988bd862e3fe1be46a994272793-");
        });
        assert_eq!(documents, Vec::<Value>::new());
    }

    #[test]
    fn where_no_trace_is_told_one_begins_and_what_is_no_header_is_let_be() {
        let documents = traced(|| {
            for traceparent in
                [None, Some("nonsense"), Some("00-00000000000000000000000000000000-0000000000000000-01")]
            {
                let request =
                    tracing::info_span!(target: "api", "request", otel.kind = "server", trace_id = Empty);
                trace::take_up(&request, traceparent, Some("Root=1-"));
                let _request = request.entered();
                assert_eq!(trace::id().unwrap().len(), 32);
            }
        });
        assert_eq!(documents, Vec::<Value>::new());
    }
}
