//! A run watched live: server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use domain::run::{Run, SyncLog};
use futures::stream::{self, Stream};
use http::{HeaderMap, HeaderName};
use store::StoreError;
use tokio::time::Instant;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::path::{Path, RunPath};
use crate::sync_logs::find;
use crate::{ApiError, ApiState};
use sync::now;

/// The shortest time between two looks at the run, and so between two events.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How long one answer goes on: a Lambda must end it before its own time is up.
const LONGEST: Duration = Duration::from_secs(20);

/// The last event that a client has seen, which it tells when it comes back.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// After how much silence a comment tells that we are still there.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// How long a client waits before it connects again.
const RECONNECT: Duration = Duration::from_secs(1);

/// The route.
pub fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new().routes(routes!(watch_sync_log))
}

/// Watch a sync log
///
/// Server-sent events. `progress` carries the log whenever it has changed, at most twice a second; `done` carries it
/// once the run has ended and is the last. The stream ends after 20 seconds, and where answers cannot be streamed (behind
/// API Gateway) after one event: a client connects again, as an `EventSource` does by itself, and goes on with what has
/// changed since the event it names in `Last-Event-ID`.
#[utoipa::path(get, path = "/erp/sync-logs/{id}/events", tag = "syncs", 
    params(RunPath, ("Last-Event-ID" = Option<String>, Header, description = "The last event seen", example = "7")),
    responses((status = 200, description = "The events; the data of each is a sync log", body = String,
        content_type = "text/event-stream",
        example = "event: progress\ndata: {\"id\":\"run_01KAHV3Z8M6W6W1Z0Q3T4N5P6R\",\"status\":\"syncing\"}\n\n"),
        (status = 404)))]
pub(crate) async fn watch_sync_log(
    State(state): State<ApiState>,
    Path(path): Path<RunPath>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let run = find(&state, &path.id).await?;
    let watch = Watch::new(state, run, last_seen(&headers));
    let events =
        stream::unfold(watch, |watch| async { watch.next().await.map(|(event, rest)| (Ok(event), rest)) });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(HEARTBEAT)))
}

/// The version of the run that a client has seen.
fn last_seen(headers: &HeaderMap) -> Option<u64> {
    headers.get(LAST_EVENT_ID)?.to_str().ok()?.parse().ok()
}

/// A run that is being watched.
struct Watch {
    state: ApiState,
    run: Run,
    /// The log as it was last shown, without what only the passing of time changes.
    shown: Option<SyncLog>,
    until: Instant,
    has_told: bool,
    ended: bool,
}

impl Watch {
    fn new(state: ApiState, run: Run, seen: Option<u64>) -> Self {
        let is_known = run.is_open() && seen == Some(run.version);
        let shown = is_known.then(|| SyncLog::of(run.clone(), run.checkpointed_at));
        Self { state, run, shown, until: Instant::now() + LONGEST, has_told: false, ended: false }
    }

    /// Waits for the next event; `None` when the stream is over.
    async fn next(mut self) -> Option<(Event, Self)> {
        let is_over = |watch: &Self| watch.ended || (watch.has_told && watch.state.config.answers_whole);
        while !is_over(&self) {
            if self.shown.is_some() && !self.look_again().await {
                return None;
            }
            let log = SyncLog::of(self.run.clone(), self.run.checkpointed_at);
            self.ended = !self.run.is_open();
            if self.ended || self.shown.as_ref() != Some(&log) {
                self.shown = Some(log);
                return self.event().map(|event| (event, self));
            }
        }
        None
    }

    /// Waits a little and reads the run again; `false` when time is up or the run cannot be read: the client comes back.
    async fn look_again(&mut self) -> bool {
        let look_at = Instant::now() + LOOK_EVERY;
        if look_at >= self.until {
            return false;
        }
        tokio::time::sleep_until(look_at).await;
        match self.state.store().run_so_far(&self.run.id).await {
            Ok(Some(run)) => self.run = run,
            Ok(None) => return false,
            Err(error) => return tell(&error),
        }
        true
    }

    fn event(&mut self) -> Option<Event> {
        let name = if self.ended { "done" } else { "progress" };
        let event = Event::default().event(name).id(self.run.version.to_string());
        let event = if self.has_told { event } else { event.retry(RECONNECT) };
        self.has_told = true;
        event.json_data(SyncLog::of(self.run.clone(), now())).ok()
    }
}

fn tell(error: &StoreError) -> bool {
    tracing::warn!(%error, "a run that is being watched could not be read; its watcher comes back");
    false
}
