//! Events as AWS sends them, through the very handlers that the functions run, over an embedded table and queue.

mod events;
mod requests;

use std::time::Duration;

use local::{LocalProcess, LogFilter, LogFormat, Settings, Storage};
use tempfile::TempDir;

pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// A Causeway whose table and queue the handlers work on. Its own clock does not tick.
pub(crate) async fn causeway() -> (LocalProcess, TempDir) {
    let data_dir = tempfile::tempdir().unwrap();
    let process = LocalProcess::start(Settings {
        port: 0,
        data_dir: data_dir.path().to_owned(),
        storage: Storage::Memory,
        base_path: "".parse().unwrap(),
        admin_email: "admin@causeway.local".to_owned(),
        admin_password: Some(PASSWORD.into()),
        egress: "127.0.0.0/8".parse().unwrap(),
        cors_origins: "".parse().unwrap(),
        trusted_issuers: "".parse().unwrap(),
        rate_limits: local::RateLimits::default(),
        log: LogFilter::default(),
        log_format: LogFormat::Text,
        tick: Duration::from_secs(600),
    });
    (process.await.unwrap(), data_dir)
}
