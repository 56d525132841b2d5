//! The tools a user would take instead, in the same run on the same machine: each a short Python program in `peers/`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::erp::Erp;
use crate::measured::Measured;

/// Where `scripts/bench-peers` installs them, seen from the workspace.
const PYTHON: &str = "target/bench-venv/bin/python";

/// A peer's program, and what the table calls it.
const PEERS: [(&str, &str); 5] = [
    ("dlt_rest_parquet", "dlt, rest_api into parquet"),
    ("dlt_arrow_append", "dlt, Arrow tables appended to parquet"),
    ("dlt_merge_duckdb", "dlt, rest_api merged by id into DuckDB"),
    ("airbyte_cdk_file", "Airbyte CDK into a file"),
    ("python_sqlite_upsert", "bare Python loop, orjson into an SQLite upsert"),
];

/// What a peer's program tells.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Told {
    seconds: f64,
    cpu_seconds: f64,
    peak_mb: f64,
}

/// Lets each peer load the catalogue, `rounds` times, and keeps its best. A peer that cannot is left out, with a word.
#[expect(clippy::print_stderr, reason = "tells why a peer is not in the table")]
pub(crate) fn measure(erp: &Erp, rounds: usize) -> Vec<Measured> {
    let mut best = Vec::new();
    for (program, name) in PEERS {
        let measured = (0..rounds).map(|_| load(erp, program, name)).collect::<Result<Vec<_>>>();
        match measured {
            Ok(measured) => best.extend(measured.into_iter().reduce(Measured::best)),
            Err(error) => eprintln!("{name} is not measured: {error:#}"),
        }
    }
    best
}

fn load(erp: &Erp, program: &str, name: &str) -> Result<Measured> {
    let directory = tempfile::tempdir()?;
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let script: PathBuf = workspace.join("tests/bench/peers").join(program).with_extension("py");
    let output = Command::new(workspace.join(PYTHON))
        .arg(script)
        .args([erp.address.as_str(), &directory.path().to_string_lossy(), &erp.products.to_string()])
        .current_dir(directory.path())
        // Nothing of what runs here is anybody else's business.
        .envs([("RUNTIME__DLTHUB_TELEMETRY", "false"), ("DO_NOT_TRACK", "1")])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .output()
        .context("it is not installed (scripts/bench-peers does it)")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let told = text.lines().find_map(|line| serde_json::from_str::<Told>(line).ok());
    let Some(Told { seconds, cpu_seconds, peak_mb }) = told.filter(|_| output.status.success()) else {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
        anyhow::bail!("it failed: {last}");
    };
    Ok(Measured { what: name.to_owned(), products: erp.products, seconds, cpu_seconds, peak_mb })
}
