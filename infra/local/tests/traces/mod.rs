//! A sync as a collector of traces and a Prometheus see it.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::{get, post};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use prost::Message;
use serde_json::json;
use tokio::net::TcpListener;

use crate::program::Program;

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const CALLER: &str = "00f067aa0ba902b7";

// The collector answers while the program is waited for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trigger_is_one_trace_from_the_caller_to_the_erp() {
    let directory = tempfile::tempdir().unwrap();
    let received = Arc::new(Mutex::new(Vec::new()));
    let collector = collector(Arc::clone(&received)).await;
    let told = Arc::new(Mutex::new(None));
    let erp = erp(Arc::clone(&told)).await;

    let variables = [("OTEL_EXPORTER_OTLP_ENDPOINT", collector.as_str())];
    let mut program = Program::start_with(directory.path(), &variables);
    program.sign_in().await;
    let made = program.post("/erp/connections", connection(&erp)).await;
    let sync = format!("/erp/connections/{}/sync", made["id"].as_str().unwrap());
    let traceparent = format!("00-{TRACE}-{CALLER}-01");
    let run = program.post_in_trace(&sync, json!({"dataType": "products"}), &traceparent).await;
    assert_eq!(run["traceId"], TRACE);
    let run = program.finished_run(run["id"].as_str().unwrap()).await;
    assert_eq!((&run["status"], &run["recordsProcessed"]), (&json!("success"), &json!(1)));
    let counted = program.text("/metrics").await;
    for line in [
        r#"sync_runs{provider="Custom",data_type="products"} 1"#,
        r#"sync_records_created{provider="Custom",data_type="products"} 1"#,
        r#"erp_call_seconds_count{provider="Custom"} 1"#,
    ] {
        assert!(counted.contains(line), "no {line} in:\n{counted}");
    }
    assert!(counted.contains("queue_lag_seconds_count"), "{counted}");
    program.stop();

    let spans: Vec<Span> = received.lock().unwrap().clone();
    let spans: Vec<&Span> = spans.iter().filter(|span| hex(&span.trace_id) == TRACE).collect();
    let of_kind = |kind: SpanKind| {
        let mut of_kind = spans.iter().filter(|span| span.kind == kind as i32);
        let span = of_kind.next().unwrap_or_else(|| panic!("no {kind:?} in {spans:?}"));
        assert!(of_kind.next().is_none(), "more than one {kind:?} in {spans:?}");
        *span
    };
    let (request, message, call) =
        (of_kind(SpanKind::Server), of_kind(SpanKind::Consumer), of_kind(SpanKind::Client));
    assert_eq!(hex(&request.parent_span_id), CALLER);
    assert_eq!(request.name, "POST /erp/connections/{id}/sync");
    assert_eq!(message.parent_span_id, request.span_id, "the worker goes on from the request");
    assert_eq!(call.parent_span_id, message.span_id, "the call goes on from the worker");
    let told = told.lock().unwrap().clone();
    assert_eq!(told, Some(format!("00-{TRACE}-{}-01", hex(&call.span_id))), "the ERP goes on from the call");
}

fn connection(url: &str) -> serde_json::Value {
    json!({
        "name": "Traced", "provider": "Custom", "connectionMethod": "api", "credentials": {"apiUrl": url},
        "settings": {"enabledDataTypes": ["products"], "api": {"sendTraceparent": true, "paging": {"style": "none"}}},
    })
}

/// Takes what is exported, as `http/protobuf` of OTLP.
async fn collector(received: Arc<Mutex<Vec<Span>>>) -> String {
    let take = async move |body: Bytes| {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        received.lock().unwrap().extend(scopes.flat_map(|scope| scope.spans));
    };
    serve(axum::Router::new().route("/v1/traces", post(take))).await
}

/// Serves one product, and notes the `traceparent` it was asked with.
async fn erp(told: Arc<Mutex<Option<String>>>) -> String {
    let answer = async move |headers: HeaderMap| {
        let traceparent = headers.get("traceparent").map(|value| value.to_str().unwrap().to_owned());
        *told.lock().unwrap() = traceparent;
        Json(json!([{"sku": "A-1", "name": "Chai"}]))
    };
    serve(axum::Router::new().route("/products", get(answer))).await
}

async fn serve(routes: axum::Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
