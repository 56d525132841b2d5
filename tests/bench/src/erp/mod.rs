//! An ERP that is no bottleneck: it serves pages it rendered before the first request.

mod catalogue;
mod server;
mod unparsed;

pub(crate) use catalogue::Change;
pub(crate) use server::serve;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::process::Running;

/// What makes this program be the ERP.
pub(crate) const COMMAND: &str = "serve-erp";

/// An ERP in a process of its own.
pub(crate) struct Erp {
    pub(crate) address: String,
    pub(crate) products: usize,
    _process: Running,
}

/// Starts the ERP with a catalogue of `products`.
pub(crate) async fn start(products: usize) -> Result<Erp> {
    let program = std::env::current_exe()?;
    let mut child =
        Command::new(program).args([COMMAND, &products.to_string()]).stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().context("the ERP has no output")?;
    let process = Running::new(child);
    let address = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).map(|_| line.trim().to_owned())
    });
    Ok(Erp { address: address.await??, products, _process: process })
}

impl Erp {
    /// Changes some of its products. Answers when it serves them.
    #[expect(clippy::disallowed_methods, reason = "a client of our own ERP, on loopback")]
    pub(crate) async fn change(&self, change: Change) -> Result<()> {
        let address = format!("{}/change/{}", self.address, change.name());
        let answer = reqwest::Client::builder().build()?.post(address).send().await?;
        ensure!(answer.status().is_success(), "the ERP cannot change: {}", answer.status());
        Ok(())
    }

    /// How many records a second it serves to a client that only takes the bytes in.
    pub(crate) async fn records_per_second(&self) -> Result<f64> {
        let (address, products) = (self.address.clone(), self.products);
        tokio::task::spawn_blocking(move || unparsed::records_per_second(&address, products)).await?
    }
}
