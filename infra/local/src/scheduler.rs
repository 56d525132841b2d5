//! The clock of one machine: calls the scheduler function as EventBridge does in the cloud, and lets expired items go
//! as DynamoDB does there.

use std::time::Duration;

use dynoxide::Database;
use jiff::Timestamp;
use sync::Engine;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

/// How often expired items are let go.
const SWEEP: Duration = Duration::from_secs(60);

/// Ticks every `period` until `stop`.
pub(crate) async fn run(engine: Engine, database: Database, period: Duration, stop: CancellationToken) {
    let mut ticks = interval(period);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut swept = Instant::now();
    while stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let function = tracing::info_span!("invocation", function = "scheduler");
        if let Err(error) = sync::tick(&engine, Timestamp::now()).instrument(function).await {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                "the scheduler could not look for what is due"
            );
        }
        if swept.elapsed() >= SWEEP {
            swept = Instant::now();
            let database = database.clone();
            match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
                Ok(Ok(expired)) => tracing::debug!(expired, "expired items were let go"),
                Ok(Err(error)) => tracing::warn!(%error, "expired items could not be let go"),
                Err(error) => tracing::warn!(%error, "expired items could not be let go"),
            }
        }
    }
}
