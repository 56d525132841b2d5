//! Judges each request of a running Causeway by the policy of the function it is made for, and lets those fail that AWS
//! would refuse.
//!
//! Which function that is, its span tells: that of an HTTP request names the route, those of workers and the scheduler
//! name the function. What is asked for outside of both belongs to the process, or to a test that sets the stage.

use std::sync::LazyLock;

use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextRef;
use aws_sdk_dynamodb::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use thiserror::Error;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Level, Span, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::{LookupSpan, Registry, SpanRef};

use crate::request::requests;
use crate::{Request, Template};

/// Where the vault says that it needs its key, by an event with the field `purpose`.
const VAULT: &str = "secrets::vault";

static TEMPLATE: LazyLock<Template> = LazyLock::new(Template::default);

/// What a policy does not grant.
#[derive(Debug, Error)]
#[error("infra/template.yaml does not allow the function {function} {request}")]
struct Refused {
    function: String,
    request: Request,
}

/// An interceptor that judges each request to DynamoDB and SQS. It needs [`spans`] in the process's subscriber.
#[derive(Debug, Clone, Copy)]
pub struct Judge;

impl Intercept for Judge {
    fn name(&self) -> &'static str {
        "judge"
    }

    fn read_before_serialization(
        &self,
        context: &BeforeSerializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let Some(function) = current_function() else { return Ok(()) };
        let requests = requests(context.input()).ok_or_else(|| {
            format!("the tests cannot judge this request of {function}: {:?}", context.input())
        })?;
        Ok(requests.into_iter().try_for_each(|request| allow(&function, request))?)
    }
}

fn allow(function: &str, request: Request) -> Result<(), Refused> {
    let policy = TEMPLATE.function(function).map(|function| function.policy());
    if policy.is_some_and(|policy| policy.allows(&request)) {
        return Ok(());
    }
    let refused = Refused { function: function.to_owned(), request };
    tell(&refused);
    Err(refused)
}

#[expect(
    clippy::print_stderr,
    reason = "the API tells its callers nothing of it, and a test would just fail"
)]
fn tell(refused: &Refused) {
    eprintln!("{refused}");
}

/// The function in whose span we are.
fn current_function() -> Option<String> {
    Span::current().with_subscriber(|(id, dispatch)| {
        let registry = dispatch.downcast_ref::<Registry>()?;
        function_of(registry.span(id)?)
    })?
}

fn function_of<'s, S: LookupSpan<'s>>(span: SpanRef<'s, S>) -> Option<String> {
    span.scope().find_map(|span| span.extensions().get::<Function>().map(|function| function.0.clone()))
}

/// The folder of the function that a span stands for.
struct Function(String);

/// The layer, over a `Registry`, that knows for which function something is done; it also judges uses of the data key.
pub fn spans<S: Subscriber + for<'s> LookupSpan<'s>>() -> impl Layer<S> {
    Spans.with_filter(Targets::new().with_default(Level::INFO).with_target(VAULT, Level::TRACE))
}

struct Spans;

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        if let (Some(function), Some(span)) = (fields.function(), context.span(id)) {
            span.extensions_mut().insert(Function(function));
        }
    }

    #[expect(clippy::panic, reason = "a handler that may not use the key fails as it would on AWS")]
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let function = context.event_span(event).and_then(function_of);
        let (VAULT, Some(purpose), Some(function)) = (event.metadata().target(), fields.purpose, function)
        else {
            return;
        };
        if let Err(refused) =
            Request::for_data_key(&purpose).into_iter().try_for_each(|it| allow(&function, it))
        {
            panic!("{refused}");
        }
    }
}

#[derive(Debug, Default)]
struct Fields {
    function: Option<String>,
    method: Option<String>,
    route: Option<String>,
    purpose: Option<String>,
}

impl Fields {
    /// The function that is named, or the one that answers the route.
    fn function(self) -> Option<String> {
        let Self { function, method, route, .. } = self;
        function.or_else(|| Some(TEMPLATE.answers(&method?, &route?)?.folder().to_owned()))
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let slot = match field.name() {
            "function" => &mut self.function,
            "method" => &mut self.method,
            "route" => &mut self.route,
            "purpose" => &mut self.purpose,
            _ => return,
        };
        *slot = Some(format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }
}
