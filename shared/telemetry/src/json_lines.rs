//! Log lines as JSON objects: the fields of the spans around an event stand beside its own, so that every line of a
//! request has its `request_id`, and every line of a run its `run`, without a program having to walk a list of spans.
//!
//! `tracing-subscriber` nests the spans; `json-subscriber` flattens them and writes a name twice that a span and its
//! event share. Here the inner one wins.

use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};
use tracing::{Event, Subscriber};
use tracing_subscriber::fmt::format::{JsonFields, Writer};
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields};
use tracing_subscriber::registry::LookupSpan;

use crate::text_fields::OF_TRACES;

/// Formats an event as one JSON object.
pub(crate) struct JsonLines;

#[derive(Serialize)]
struct Line<'a> {
    timestamp: String,
    level: &'a str,
    message: Value,
    target: Value,
    #[serde(flatten)]
    fields: Map<String, Value>,
}

impl<S> FormatEvent<S, JsonFields> for JsonLines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut fields = Map::new();
        for span in context.event_scope().into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(told) = span.extensions().get::<FormattedFields<JsonFields>>() {
                lay_over(&mut fields, &told.fields);
            }
        }
        let mut told = String::new();
        context.format_fields(Writer::new(&mut told), event)?;
        lay_over(&mut fields, &told);
        let mut timestamp = String::new();
        SystemTime.format_time(&mut Writer::new(&mut timestamp))?;
        let line = Line {
            timestamp,
            level: event.metadata().level().as_str(),
            message: fields.remove("message").unwrap_or_default(),
            target: target(event, &mut fields),
            fields,
        };
        writeln!(writer, "{}", serde_json::to_string(&line).map_err(|_| fmt::Error)?)
    }
}

fn lay_over(fields: &mut Map<String, Value>, object: &str) {
    if let Ok(more) = serde_json::from_str::<Map<String, Value>>(object) {
        fields.extend(more.into_iter().filter(|(name, _)| !name.starts_with(OF_TRACES)));
    }
}

/// Where an event comes from. Those of the `log` crate say it in fields of their own.
fn target(event: &Event<'_>, fields: &mut Map<String, Value>) -> Value {
    let logged = fields.remove("log.target");
    if logged.is_some() {
        fields.retain(|name, _| !name.starts_with("log."));
    }
    logged.unwrap_or_else(|| event.metadata().target().into())
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex};

    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::{LogFormat, log_layer};

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn logged(filter: &str, told: impl FnOnce()) -> Vec<Value> {
        let lines = Lines::default();
        let writer = lines.clone();
        let layer = log_layer(filter.parse().unwrap(), LogFormat::Json, move || writer.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), told);
        let bytes = lines.0.lock().unwrap();
        bytes
            .split(|b| *b == b'\n')
            .filter(|line| !line.is_empty())
            .map(|line| serde_json::from_slice(line).unwrap())
            .collect()
    }

    #[test]
    fn a_line_has_the_fields_of_the_spans_around_it_and_each_name_once() {
        let lines = logged("info", || {
            let request = tracing::info_span!(target: "api", "request", request_id = "r1", run = "old");
            let _request = request.enter();
            let run = tracing::info_span!(target: "sync", "run", run = tracing::field::Empty, unset = tracing::field::Empty);
            run.record("run", "run_1");
            let _run = run.enter();
            tracing::info!(records = 3, request_id = "r1", "stored");
        });
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(
            (&line["request_id"], &line["run"], &line["records"]),
            (&"r1".into(), &"run_1".into(), &3.into())
        );
        assert_eq!((&line["message"], &line["level"]), (&"stored".into(), &"INFO".into()));
        assert!(line.get("unset").is_none() && line["timestamp"].is_string(), "{line}");
    }

    #[test]
    fn a_filter_that_leaves_out_our_spans_level_leaves_their_fields_in() {
        let lines = logged("warn", || {
            let _request = tracing::info_span!(target: "api::router", "request", request_id = "r1").entered();
            tracing::info!("not heard");
            tracing::warn!("heard");
        });
        let [line] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!((&line["request_id"], &line["message"]), (&"r1".into(), &"heard".into()));
    }
}
