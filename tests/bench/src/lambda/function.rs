//! One function: how it is started, and what twenty starts took.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use flate2::Compression;
use flate2::write::DeflateEncoder;

use super::events::Asked;
use super::runtime_api::RuntimeApi;
use super::stage::Stage;
use crate::process::Running;

/// Invocations after the first, per start. Their median is told.
const WARM: usize = 50;

/// How much of what a function said is told when it fails, from the end, in bytes.
const LAST_WORDS: usize = 2_000;

/// A function that can be started.
pub(crate) struct Function {
    pub(crate) name: String,
    program: PathBuf,
    arguments: Vec<String>,
    directory: PathBuf,
    asked: Option<Asked>,
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
    pub(crate) fn ours(workspace: &Path, name: &str, asked: Option<Asked>) -> Self {
        let directory = workspace.join("target/lambda").join(name);
        let program = directory.join("bootstrap");
        Self { name: name.to_owned(), program, arguments: Vec::new(), directory, asked, ships: true }
    }

    /// The same `GET connection` on Python's runtime.
    pub(crate) fn python(workspace: &Path, asked: Asked) -> Self {
        Self {
            name: "Python: awslambdaric, boto3".to_owned(),
            program: workspace.join("target/lambda-venv/bin/python"),
            arguments: ["-m", "awslambdaric", "get_connection.handler"].map(str::to_owned).to_vec(),
            directory: workspace.join("tests/bench/lambda"),
            asked: Some(asked),
            ships: false,
        }
    }

    /// The same `GET connection` on Node.
    pub(crate) fn node(workspace: &Path, asked: Asked) -> Self {
        Self {
            name: "Node: bare loop, @aws-sdk/client-dynamodb".to_owned(),
            program: PathBuf::from("node"),
            arguments: vec!["get_connection.mjs".to_owned()],
            directory: workspace.join("target/lambda-node"),
            asked: Some(asked),
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

    /// Starts it once. What it said goes into the error, if there is one.
    async fn start(&self, stage: &Stage) -> Result<Once> {
        let mut log = tempfile::tempfile()?;
        let once = self.observe(stage, &log).await;
        match once {
            Ok(once) => Ok(once),
            Err(error) => {
                let said = last_words(&mut log)?;
                Err(error.context(format!("it said: {said}")))
            }
        }
    }

    async fn observe(&self, stage: &Stage, log: &File) -> Result<Once> {
        let mut api = RuntimeApi::start().await?;
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.directory).envs(stage.environment());
        command.env("AWS_LAMBDA_RUNTIME_API", api.address.to_string()).env("PYTHONDONTWRITEBYTECODE", "1");
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log.try_clone()?);
        let begun = Instant::now();
        let child = command.spawn().with_context(|| format!("{} is not there", self.program.display()))?;
        let process = Running::new(child);
        let init = api.asked().await? - begun;
        let (first, warm) = match &self.asked {
            Some(asked) => invoke(&mut api, asked).await?,
            None => (None, None),
        };
        Ok(Once { init, first, warm, peak_mb: process.peak_mb()? })
    }
}

async fn invoke(api: &mut RuntimeApi, asked: &Asked) -> Result<(Option<Duration>, Option<Duration>)> {
    let (first, answer) = api.invoke(&asked.event).await?;
    let mut answers = vec![answer];
    let mut warm = Vec::with_capacity(WARM);
    for _ in 0..WARM {
        let (took, answer) = api.invoke(&asked.event).await?;
        warm.push(took);
        answers.push(answer);
    }
    let other = asked.status.and_then(|status| answers.iter().find(|answer| answer["statusCode"] != status));
    if let Some(answer) = other {
        bail!("it answers {answer}");
    }
    Ok((Some(first), median(warm.into_iter())))
}

/// The end of what a function said.
fn last_words(log: &mut File) -> Result<String> {
    let mut said = Vec::new();
    log.rewind()?;
    log.read_to_end(&mut said)?;
    let end = said.split_off(said.len().saturating_sub(LAST_WORDS));
    Ok(String::from_utf8_lossy(&end).into_owned())
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
