//! The runtime API that Lambda offers inside its sandbox, as far as a bench needs it: it hands out one event after the
//! other and notes when a function asks and answers.
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result, bail};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, mpsc};
use tokio::task::AbortHandle;

/// How long a function may take to ask or to answer before the bench gives up.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a function is told that it has.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What a function did.
enum Deed {
    Asked,
    Answered(Value),
    Failed(String),
}

/// Serves one function.
pub(crate) struct RuntimeApi {
    pub(crate) address: SocketAddr,
    events: mpsc::UnboundedSender<Value>,
    deeds: mpsc::UnboundedReceiver<(Instant, Deed)>,
    serving: AbortHandle,
}

#[derive(Clone)]
struct Side {
    events: Arc<Mutex<mpsc::UnboundedReceiver<Value>>>,
    deeds: mpsc::UnboundedSender<(Instant, Deed)>,
}

impl RuntimeApi {
    /// Listens on a free port.
    pub(crate) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (events, theirs) = mpsc::unbounded_channel();
        let (told, deeds) = mpsc::unbounded_channel();
        let side = Side { events: Arc::new(Mutex::new(theirs)), deeds: told };
        let routes = axum::Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route("/2018-06-01/runtime/invocation/{id}/{outcome}", post(outcome))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .with_state(side);
        let serving = tokio::spawn(async move { axum::serve(listener, routes).await }).abort_handle();
        Ok(Self { address, events, deeds, serving })
    }

    /// Waits until the function asks for an event; returns when it did.
    pub(crate) async fn asked(&mut self) -> Result<Instant> {
        match self.deed().await? {
            (at, Deed::Asked) => Ok(at),
            (_, Deed::Answered(answer)) => bail!("the function answered without a question: {answer}"),
            (_, Deed::Failed(reason)) => bail!("the function did not start: {reason}"),
        }
    }

    /// Hands `event` to the function, which is asking; returns how long the answer took, and the answer.
    pub(crate) async fn invoke(&mut self, event: &Value) -> Result<(Duration, Value)> {
        let begun = Instant::now();
        self.events.send(event.clone())?;
        let answered = match self.deed().await? {
            (at, Deed::Answered(answer)) => (at - begun, answer),
            (_, Deed::Asked) => bail!("the function asked again and has not answered"),
            (_, Deed::Failed(reason)) => bail!("the function failed: {reason}"),
        };
        self.asked().await?;
        Ok(answered)
    }

    async fn deed(&mut self) -> Result<(Instant, Deed)> {
        let deed = tokio::time::timeout(PATIENCE, self.deeds.recv()).await;
        deed.context("the function says nothing")?.context("the runtime API ended")
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn next(State(side): State<Side>) -> impl IntoResponse {
    let asked = side.deeds.send((Instant::now(), Deed::Asked));
    let event = side.events.lock().await.recv().await;
    let Some(event) = event.filter(|_| asked.is_ok()) else { return StatusCode::GONE.into_response() };
    let deadline = SystemTime::now() + TIMEOUT;
    let deadline = deadline.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
    let headers = [
        ("lambda-runtime-aws-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd".to_owned()),
        ("lambda-runtime-deadline-ms", deadline.to_string()),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:local:000000000000:function:bench".to_owned(),
        ),
        ("lambda-runtime-trace-id", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=0".to_owned()),
        ("content-type", "application/json".to_owned()),
    ];
    (headers, event.to_string()).into_response()
}

async fn outcome(
    State(side): State<Side>,
    Path((_id, outcome)): Path<(String, String)>,
    body: String,
) -> StatusCode {
    let at = Instant::now();
    let deed = match serde_json::from_str(&body) {
        Ok(answer) if outcome == "response" => Deed::Answered(answer),
        _ => Deed::Failed(body),
    };
    side.deeds.send((at, deed)).map_or(StatusCode::GONE, |()| StatusCode::ACCEPTED)
}

async fn init_error(State(side): State<Side>, body: String) -> StatusCode {
    let deed = (Instant::now(), Deed::Failed(body));
    side.deeds.send(deed).map_or(StatusCode::GONE, |()| StatusCode::ACCEPTED)
}
