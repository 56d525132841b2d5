//! One function: how it is started, and what twenty starts took.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde_json::Value;

use super::runtime_api::RuntimeApi;
use super::stage::Stage;
use crate::process::Running;

/// Invocations after the first, per start. Their median is told.
const WARM: usize = 50;

/// A function that can be started.
pub(crate) struct Function {
    pub(crate) name: String,
    program: PathBuf,
    arguments: Vec<String>,
    directory: PathBuf,
    event: Option<Value>,
    /// Whether `program` is what is deployed.
    ships: bool,
}

/// What its starts took: medians.
pub(crate) struct Started {
    pub(crate) name: String,
    /// What is uploaded, in bytes; `None` where AWS's own runtime and SDK do the work.
    pub(crate) zip_bytes: Option<u64>,
    /// From its start to its first question for an event.
    pub(crate) init: Duration,
    pub(crate) first: Option<Duration>,
    pub(crate) warm: Option<Duration>,
    pub(crate) peak_mb: f64,
}

/// What one start took.
struct Once {
    init: Duration,
    first: Option<Duration>,
    warm: Option<Duration>,
    peak_mb: f64,
}

impl Function {
    /// One of ours, as `cargo lambda build` made it.
    pub(crate) fn ours(workspace: &Path, name: &str, event: Option<Value>) -> Self {
        let directory = workspace.join("target/lambda").join(name);
        let program = directory.join("bootstrap");
        Self { name: name.to_owned(), program, arguments: Vec::new(), directory, event, ships: true }
    }

    /// The same `GET connection` on Python's runtime.
    pub(crate) fn python(workspace: &Path, event: Value) -> Self {
        Self {
            name: "Python: awslambdaric, boto3".to_owned(),
            program: workspace.join("target/lambda-venv/bin/python"),
            arguments: ["-m", "awslambdaric", "get_connection.handler"].map(str::to_owned).to_vec(),
            directory: workspace.join("tests/bench/lambda"),
            event: Some(event),
            ships: false,
        }
    }

    /// The same `GET connection` on Node.
    pub(crate) fn node(workspace: &Path, event: Value) -> Self {
        Self {
            name: "Node: bare loop, @aws-sdk/client-dynamodb".to_owned(),
            program: PathBuf::from("node"),
            arguments: vec!["get_connection.mjs".to_owned()],
            directory: workspace.join("target/lambda-node"),
            event: Some(event),
            ships: false,
        }
    }

    /// Starts it `starts` times.
    pub(crate) async fn measure(&self, stage: &Stage, starts: usize) -> Result<Started> {
        let mut all = Vec::with_capacity(starts);
        for _ in 0..starts {
            all.push(self.start(stage).await?);
        }
        let zip_bytes = if self.ships { Some(zipped(&self.program)?) } else { None };
        Ok(Started {
            name: self.name.clone(),
            zip_bytes,
            init: median(all.iter().map(|once| once.init)).context("it was not started")?,
            first: median(all.iter().filter_map(|once| once.first)),
            warm: median(all.iter().filter_map(|once| once.warm)),
            peak_mb: all.iter().map(|once| once.peak_mb).fold(0.0, f64::max),
        })
    }

    async fn start(&self, stage: &Stage) -> Result<Once> {
        let mut api = RuntimeApi::start().await?;
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.directory).envs(stage.environment());
        command.env("AWS_LAMBDA_RUNTIME_API", api.address.to_string());
        command
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let begun = Instant::now();
        let child = command.spawn().with_context(|| format!("{} is not there", self.program.display()))?;
        let process = Running::new(child);
        let init = api.asked().await? - begun;
        let (first, warm) = match &self.event {
            Some(event) => self.invoke(&mut api, event).await?,
            None => (None, None),
        };
        Ok(Once { init, first, warm, peak_mb: process.peak_mb()? })
    }

    async fn invoke(
        &self,
        api: &mut RuntimeApi,
        event: &Value,
    ) -> Result<(Option<Duration>, Option<Duration>)> {
        let (first, answer) = api.invoke(event).await?;
        let good = answer.get("statusCode").is_none_or(|status| status == 200);
        ensure!(good, "it answers {answer}");
        let mut warm = Vec::with_capacity(WARM);
        for _ in 0..WARM {
            warm.push(api.invoke(event).await?.0);
        }
        Ok((Some(first), median(warm.into_iter())))
    }
}

/// What a zip of one file takes, its few bytes of directory left out.
fn zipped(program: &Path) -> Result<u64> {
    struct Count(u64);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len() as u64;
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut encoder = DeflateEncoder::new(Count(0), Compression::default());
    io::copy(&mut File::open(program)?, &mut encoder)?;
    Ok(encoder.finish()?.0)
}

fn median(times: impl Iterator<Item = Duration>) -> Option<Duration> {
    let mut times: Vec<_> = times.collect();
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}
