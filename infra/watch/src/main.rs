//! `make watch`: the functions themselves, compiled anew as they are edited, over the embedded services of one machine.
//!
//! `cargo lambda watch` compiles and runs each function when it is first called, and again when its source changes. What
//! AWS does around them stands here: the routes of `infra/template.yaml`, the event sources of the queues, the
//! scheduler's minute. Nothing is kept: the table is in memory and lives as long as this does.

mod front;
mod functions;
mod kms;

use std::net::Ipv4Addr;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context;
use jiff::Timestamp;
use local::Services;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::{interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::functions::Functions;
use crate::kms::Kms;

/// Where the API is served, unless `CAUSEWAY_PORT` says otherwise.
const PORT: u16 = 9000;

/// How often the scheduler's function is called.
const TICK: Duration = Duration::from_secs(5);

/// How long the functions may take to end.
const PATIENCE: Duration = Duration::from_secs(5);

/// The first admin. Whoever reads this can sign in, and finds an empty table on a port that only this machine reaches.
const EMAIL: &str = "admin@causeway.local";
const PASSWORD: &str = "only-while-watching";

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("The functions cannot be watched: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::WARN).init();
    let port = std::env::var("CAUSEWAY_PORT").map_or(Ok(PORT), |port| port.parse());
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, port.context("CAUSEWAY_PORT must be a port")?)).await;
    let listener = listener.context("cannot listen on that port (CAUSEWAY_PORT)")?;
    let address = listener.local_addr()?;

    let services = Services::start(None, None).await?;
    let kms = Kms::start().await?;
    services.make_admin(EMAIL, PASSWORD).await?;
    let mut environment = services.environment();
    environment.extend(kms.environment());
    environment.push(("CAUSEWAY_ADMIN_EMAIL", EMAIL.to_owned()));
    environment.push(("CAUSEWAY_EGRESS_ALLOW", "127.0.0.0/8,::1/128".to_owned()));
    let (functions, mut watching) = Functions::watch(environment).await?;

    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let workers = functions.clone();
    services.runs().start(move |event, _| workers.clone().work("sync-worker", event), &tasks, &stop);
    let workers = functions.clone();
    services.dead_letters().start(
        move |event, _| workers.clone().work("dead-letter-worker", event),
        &tasks,
        &stop,
    );
    tasks.spawn(stop.clone().run_until_cancelled_owned(tick(functions.clone())));
    tell(&format!(
        "\n  The API is on http://{address}; sign in as {EMAIL} with the password {PASSWORD}.\n  \
         A function is compiled when it is first called. Ctrl-C stops it all.\n"
    ));
    tokio::select! {
        ended = axum::serve(listener, front::routes(functions)) => ended.context("the API ended")?,
        ended = watching.wait() => anyhow::bail!("cargo lambda watch ended: {}", ended?),
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for Ctrl-C")?,
    }
    stop.cancel();
    end(&mut watching).await.context("cargo lambda watch cannot be stopped")
}

/// Asks it to end, so that it ends the functions too.
async fn end(watching: &mut Child) -> anyhow::Result<()> {
    if let Some(id) = watching.id() {
        Command::new("kill").arg(id.to_string()).status().await?;
    }
    if timeout(PATIENCE, watching.wait()).await.is_err() {
        watching.kill().await?;
    }
    Ok(())
}

/// Calls the scheduler's function as EventBridge Scheduler does in the cloud, only more often.
async fn tick(functions: Functions) {
    let mut ticks = interval(TICK);
    loop {
        ticks.tick().await;
        let event = json!({"id": "tick", "time": Timestamp::now()});
        if let Err(error) = functions.invoke("scheduler", &event).await {
            tracing::error!(%error, "the scheduler cannot be called");
        }
    }
}

#[expect(clippy::print_stderr, reason = "a person started this and waits for a word")]
fn tell(sentence: &str) {
    eprintln!("{sentence}");
}
