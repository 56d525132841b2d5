//! Starts Causeway on this machine and stops it on Ctrl-C or SIGTERM.

use std::process::ExitCode;

use anyhow::Context;
use local::{LocalProcess, Settings};
use mimalloc::MiMalloc;
use tokio::signal::unix::{SignalKind, signal};

#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&format!("Causeway cannot run: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

async fn run() -> anyhow::Result<()> {
    let mut settings = Settings::from_env()?;
    let telemetry = telemetry::start_in_process(std::mem::take(&mut settings.log), settings.log_format)?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let process = LocalProcess::start(settings).await?;
    process.introduce();
    tokio::select! {
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot listen for Ctrl-C")?,
        _ = terminate.recv() => {}
    }
    process.stop().await;
    // It waits for the collector of traces, outside of the runtime's threads.
    tokio::task::spawn_blocking(move || telemetry.flush()).await.context("telemetry could not be flushed")?;
    Ok(())
}

#[expect(clippy::print_stderr, reason = "the log may not have begun yet, and a person waits for the reason")]
fn tell(sentence: &str) {
    eprintln!("{sentence}");
}
