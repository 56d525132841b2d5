//! Which lines are logged, and how they look.

use std::io::{self, IsTerminal};

use tracing::level_filters::LevelFilter;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::JsonFields;
use tracing_subscriber::registry::LookupSpan;

use crate::json_lines::JsonLines;
use crate::text_fields::TextFields;
use crate::tracer;

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// Libraries that write what they carry into their lines, requests and answers with all they hold, and up to which level
/// they do not. Beyond it they are never heard, whatever the filter asks for.
///
/// The AWS SDK writes requests and answers of the table at `TRACE`, and the answer behind each error at `DEBUG`; the
/// embedded DynamoDB each request's body; axum the text that could not be read.
const CAPS: [(&str, LevelFilter); 6] = [
    ("aws_runtime", LevelFilter::DEBUG),
    ("aws_sigv4", LevelFilter::DEBUG),
    ("aws_smithy_runtime", LevelFilter::INFO),
    ("aws_smithy_runtime_api", LevelFilter::INFO),
    ("axum", LevelFilter::DEBUG),
    ("dynoxide", LevelFilter::DEBUG),
];

/// Writes the lines that `filter` lets through, each with the fields of the spans around it.
///
/// Two things are not up to the filter: our own spans are always there, so that a line has its request's id at every
/// level, and the libraries in [`CAPS`] are never heard beyond their cap.
pub fn log_layer<S, W>(filter: Targets, format: LogFormat, writer: W) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    W: for<'writer> MakeWriter<'writer> + Send + Sync + 'static,
{
    let filter = filter.or(filter_fn(tracer::is_ours)).and(filter_fn(is_within_cap));
    let lines = tracing_subscriber::fmt::layer().with_writer(writer);
    match format {
        LogFormat::Text => {
            let lines = lines.fmt_fields(TextFields).with_ansi(io::stderr().is_terminal());
            lines.with_filter(filter).boxed()
        }
        LogFormat::Json => {
            lines.fmt_fields(JsonFields::new()).event_format(JsonLines).with_filter(filter).boxed()
        }
    }
}

fn is_within_cap(metadata: &Metadata<'_>) -> bool {
    let of_library = |library: &str| {
        let rest = metadata.target().strip_prefix(library);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    CAPS.iter().all(|(library, cap)| metadata.level() <= cap || !of_library(library))
}
