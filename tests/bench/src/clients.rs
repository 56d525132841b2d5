//! How long the API takes under many clients at once, while nothing else happens and while a catalogue is loaded.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::Result;
use futures::future::try_join_all;
use reqwest::Method;
use serde_json::json;

use crate::causeway::Causeway;
use crate::erp::Erp;

/// Clients that ask at once.
const CLIENTS: usize = 64;

/// Requests of each, where nothing else ends the measuring.
const REQUESTS: usize = 100;

/// How long requests took.
pub(crate) struct Latency {
    pub(crate) what: &'static str,
    pub(crate) median_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) per_second: f64,
}

/// Times reading and changing a connection, and reading it during a load.
pub(crate) async fn measure(erp: &Erp) -> Result<Vec<Latency>> {
    let causeway = Causeway::start().await?;
    let connection = causeway.api.connect(&erp.address).await?;
    let path = format!("/erp/connections/{connection}");
    let read = async |_| causeway.api.call(Method::GET, &path, None).await.map(drop);
    let idle = time(read, |requests| requests < REQUESTS).await?;

    let mut own = Vec::new();
    for _ in 0..CLIENTS {
        own.push(format!("/erp/connections/{}", causeway.api.connect(&erp.address).await?));
    }
    let change = async |client: usize| {
        let body = json!({ "name": format!("bench {client}") });
        causeway.api.call(Method::PATCH, &own[client], Some(body)).await.map(drop)
    };
    let changed = time(change, |requests| requests < REQUESTS).await?;

    let loaded = AtomicBool::new(false);
    let load = async {
        let took = causeway.api.sync(&connection, erp.products).await;
        loaded.store(true, Ordering::Relaxed);
        took
    };
    let (took, during) = tokio::join!(load, time(read, |_| !loaded.load(Ordering::Relaxed)));
    took?;
    Ok(vec![
        summarize("GET /erp/connections/{id}, idle", idle),
        summarize("GET /erp/connections/{id}, during a first load", during?),
        summarize("PATCH /erp/connections/{id}, idle", changed),
    ])
}

struct Timed {
    each: Vec<Duration>,
    whole: Duration,
}

/// Lets every client send request after request for as long as `goes_on` says, by how many it has sent.
async fn time(request: impl AsyncFn(usize) -> Result<()>, goes_on: impl Fn(usize) -> bool) -> Result<Timed> {
    let begun = Instant::now();
    let clients = (0..CLIENTS).map(async |client| {
        let mut each = Vec::with_capacity(REQUESTS);
        while goes_on(each.len()) {
            let begun = Instant::now();
            request(client).await?;
            each.push(begun.elapsed());
        }
        anyhow::Ok(each)
    });
    let each = try_join_all(clients).await?.into_iter().flatten().collect();
    Ok(Timed { each, whole: begun.elapsed() })
}

#[expect(clippy::cast_precision_loss, reason = "a figure for people")]
fn summarize(what: &'static str, Timed { mut each, whole }: Timed) -> Latency {
    each.sort_unstable();
    let at = |percent: usize| each.get(each.len() * percent / 100).map_or(0.0, |d| d.as_secs_f64() * 1_000.0);
    Latency { what, median_ms: at(50), p99_ms: at(99), per_second: each.len() as f64 / whole.as_secs_f64() }
}
