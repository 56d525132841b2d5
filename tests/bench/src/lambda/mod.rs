//! `make bench-lambda`: our functions as they are deployed, each started twenty times, beside the same `GET connection`
//! on the Lambda runtimes of Python and Node.
//!
//! All of them read one embedded DynamoDB, so that what differs is the functions. AWS adds what the bench cannot show:
//! fetching the zip, making the sandbox, the way to DynamoDB.

mod events;
mod function;
mod runtime_api;
mod stage;

use std::path::Path;

use anyhow::{Context, Result};

use self::function::Function;
pub(crate) use self::function::Started;
use self::stage::Stage;

/// How often each function is started, unless `BENCH_STARTS` says otherwise.
const STARTS: usize = 20;

/// Measures every function of `functions/`, and the two beside them. One that cannot be measured is told and left out.
#[expect(clippy::print_stderr, reason = "tells why a function is not in the table")]
pub(crate) async fn measure() -> Result<Vec<Started>> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let stage = Stage::set().await?;
    let starts = crate::number("BENCH_STARTS", STARTS)?;
    let mut functions: Vec<Function> = Vec::new();
    for name in names(&workspace)? {
        functions.push(Function::ours(&workspace, &name, events::of(&name, &stage)));
    }
    functions.push(Function::python(&workspace, events::get_connection(&stage)));
    functions.push(Function::node(&workspace, events::get_connection(&stage)));
    let mut rows = Vec::new();
    for function in functions {
        match function.measure(&stage, starts).await {
            Ok(row) => rows.push(row),
            Err(error) => eprintln!("{} is not measured: {error:#}", function.name),
        }
    }
    Ok(rows)
}

/// The functions there are: the folders of `functions/`, in order.
fn names(workspace: &Path) -> Result<Vec<String>> {
    let folders = std::fs::read_dir(workspace.join("functions")).context("there are no functions")?;
    let mut names = Vec::new();
    for folder in folders {
        let folder = folder?;
        if folder.path().join("Cargo.toml").exists() {
            names.push(folder.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort();
    Ok(names)
}
