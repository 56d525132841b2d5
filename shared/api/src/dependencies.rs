//! Whether what Causeway stands on answers, and whether its work gets done: for a person at night, or their monitoring.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use sync::now;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::ApiState;

/// How long a dependency may take to answer.
const PATIENCE: Duration = Duration::from_secs(3);

/// Dead letters counted at most.
const MAX_LETTERS: u32 = 100;

/// The route.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(get_dependencies))
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Condition {
    /// It answers, and nothing waits that should not.
    Ok,
    /// It answers, and a person should have a look.
    Degraded,
    /// It does not answer.
    Unavailable,
}

/// One thing that Causeway needs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Dependency {
    /// How it is.
    status: Condition,
    /// How long it took to answer, in milliseconds.
    #[serde(rename = "latencyMs")]
    #[schema(example = 4)]
    latency_ms: u64,
    /// What is wrong, in a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// What was counted.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(example = json!({"waiting": 0, "inFlight": 1, "delayed": 0}))]
    figures: BTreeMap<&'static str, u64>,
}

/// Everything that Causeway needs.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Dependencies {
    /// The worst of them.
    status: Condition,
    /// When they were asked.
    checked_at: Timestamp,
    /// The table in DynamoDB.
    table: Dependency,
    /// The queue of runs in SQS.
    queue: Dependency,
    /// What seals credentials: KMS, or the key file of a local process.
    vault: Dependency,
    /// The workers and the scheduler, by what waits for them in the table.
    work: Dependency,
    /// Messages that were given up and that nobody has sent again.
    dead_letters: Dependency,
}

/// Check everything that Causeway needs
///
/// Asks all of it at once, each for at most three seconds. 200 also if the status is `degraded`: it works, and a person
/// should have a look. 503 if something does not answer. `GET /health` is the one for load balancers.
#[utoipa::path(get, path = "/health/dependencies", tag = "service",
    responses((status = 200, description = "All of it answers", body = Dependencies),
        (status = 503, description = "Something does not answer", body = Dependencies)))]
pub(crate) async fn get_dependencies(State(state): State<ApiState>) -> (StatusCode, Json<Dependencies>) {
    let (table, queue, vault, work, dead_letters) = tokio::join!(
        ask(table(&state)),
        ask(queue(&state)),
        ask(vault(&state)),
        ask(work(&state)),
        ask(dead_letters(&state)),
    );
    let all = [&table, &queue, &vault, &work, &dead_letters].map(|one| one.status);
    let status = all.into_iter().max().unwrap_or(Condition::Ok);
    let code =
        if status == Condition::Unavailable { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (code, Json(Dependencies { status, checked_at: now(), table, queue, vault, work, dead_letters }))
}

/// What one of them answered: figures, and what is wrong in spite of it.
#[derive(Default)]
struct Found {
    figures: BTreeMap<&'static str, u64>,
    amiss: Option<String>,
}

async fn ask(check: impl Future<Output = Result<Found, String>>) -> Dependency {
    let begun = Instant::now();
    let answered = tokio::time::timeout(PATIENCE, check).await;
    let latency_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
    let silent = || Err(format!("it did not answer within {} seconds", PATIENCE.as_secs()));
    let (status, message, figures) = match answered.unwrap_or_else(|_| silent()) {
        Ok(Found { figures, amiss: None }) => (Condition::Ok, None, figures),
        Ok(Found { figures, amiss }) => (Condition::Degraded, amiss, figures),
        Err(reason) => (Condition::Unavailable, Some(reason), BTreeMap::new()),
    };
    Dependency { status, latency_ms, message, figures }
}

async fn table(state: &ApiState) -> Result<Found, String> {
    let read = state.store().wrapped_data_key().await;
    read.map(|_| Found::default()).map_err(|error| error.to_string())
}

async fn queue(state: &ApiState) -> Result<Found, String> {
    let depth = state.engine.queue.depth().await.map_err(|error| error.to_string())?;
    let figures =
        [("waiting", depth.waiting), ("inFlight", depth.in_flight), ("delayed", depth.delayed)].into();
    Ok(Found { figures, amiss: None })
}

async fn vault(state: &ApiState) -> Result<Found, String> {
    state.vault().check().await.map(|()| Found::default()).map_err(|error| error.to_string())
}

async fn work(state: &ApiState) -> Result<Found, String> {
    let backlog = state.engine.backlog().await.map_err(|error| error.to_string())?;
    let figures = [
        ("atWork", backlog.at_work),
        ("waiting", backlog.waiting),
        ("longestWaitSeconds", backlog.longest_wait_seconds),
        ("overdueSyncs", backlog.overdue_syncs),
    ];
    let amiss = if backlog.lacks_workers() {
        Some("runs wait for a worker for minutes: do the workers fail, or are there too few?")
    } else if backlog.overdue_syncs > 0 {
        Some("syncs that were due minutes ago have not been started: does the scheduler run?")
    } else {
        None
    };
    Ok(Found { figures: figures.into(), amiss: amiss.map(str::to_owned) })
}

async fn dead_letters(state: &ApiState) -> Result<Found, String> {
    let letters = state.store().list_dead_letters(MAX_LETTERS, None).await;
    let letters = letters.map_err(|error| error.to_string())?.items;
    let left = letters.iter().filter(|letter| letter.redriven_at.is_none()).count();
    let amiss = (left > 0).then(|| "messages were given up: see GET /erp/dead-letters".to_owned());
    let left = u64::try_from(left).unwrap_or(u64::MAX);
    Ok(Found { figures: [("waiting", left)].into(), amiss })
}
