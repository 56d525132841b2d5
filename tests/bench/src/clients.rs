//! How long the API takes under many clients at once.

use std::time::{Duration, Instant};

use anyhow::Result;
use futures::future::try_join_all;
use reqwest::Method;
use serde_json::json;

use crate::causeway::Causeway;

/// Clients that ask at once.
const CLIENTS: usize = 64;

/// Requests of each.
const REQUESTS: usize = 100;

/// How long requests took.
pub(crate) struct Latency {
    pub(crate) what: &'static str,
    pub(crate) median_ms: f64,
    pub(crate) p99_ms: f64,
    pub(crate) per_second: f64,
}

/// Times reading and changing a connection.
pub(crate) async fn measure(causeway: &Causeway, connection: &str) -> Result<Vec<Latency>> {
    let path = format!("/erp/connections/{connection}");
    let read = time(async |_| causeway.call(Method::GET, &path, None).await.map(drop)).await?;
    let mut own = Vec::new();
    for _ in 0..CLIENTS {
        own.push(format!("/erp/connections/{}", causeway.connect("http://127.0.0.1:9").await?));
    }
    let change = async |client: usize| {
        let body = json!({ "name": format!("bench {client}") });
        causeway.call(Method::PATCH, &own[client], Some(body)).await.map(drop)
    };
    let changed = time(change).await?;
    Ok(vec![summarize("GET /erp/connections/{id}", read), summarize("PATCH /erp/connections/{id}", changed)])
}

struct Timed {
    each: Vec<Duration>,
    whole: Duration,
}

async fn time(request: impl AsyncFn(usize) -> Result<()>) -> Result<Timed> {
    let begun = Instant::now();
    let clients = (0..CLIENTS).map(async |client| {
        let mut each = Vec::with_capacity(REQUESTS);
        for _ in 0..REQUESTS {
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
