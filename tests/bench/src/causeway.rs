//! Causeway as a user runs it: the release binary, with a fresh data directory on disk.

use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::api::{Api, EMAIL, PASSWORD};
use crate::erp::Erp;
use crate::measured::Measured;
use crate::process::Running;

/// A running Causeway, signed in to.
pub(crate) struct Causeway {
    pub(crate) api: Api,
    process: Running,
    _data_dir: tempfile::TempDir,
}

impl Causeway {
    /// Starts it on a free port and signs in.
    pub(crate) async fn start() -> Result<Self> {
        let data_dir = tempfile::tempdir()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let program = std::env::current_exe()?.with_file_name("causeway");
        let child = Command::new(&program)
            .env("CAUSEWAY_PORT", port.to_string())
            .env("CAUSEWAY_DATA_DIR", data_dir.path())
            .env("CAUSEWAY_ADMIN_EMAIL", EMAIL)
            .env("CAUSEWAY_ADMIN_PASSWORD", PASSWORD)
            .env("CAUSEWAY_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("{} is not built", program.display()))?;
        let process = Running::new(child);
        let api = Api::sign_in(format!("http://127.0.0.1:{port}")).await?;
        Ok(Self { api, process, _data_dir: data_dir })
    }

    /// Syncs the catalogue once and measures the process meanwhile.
    pub(crate) async fn measure(&self, what: &str, connection: &str, products: usize) -> Result<Measured> {
        let cpu_before = self.process.cpu_seconds()?;
        let took = self.api.sync(connection, products).await?;
        Ok(Measured {
            what: format!("Causeway, {what}"),
            products,
            seconds: took.as_secs_f64(),
            cpu_seconds: self.process.cpu_seconds()? - cpu_before,
            peak_mb: self.process.peak_mb()?,
        })
    }
}

/// Loads the catalogue into a fresh Causeway, and syncs it again unchanged.
pub(crate) async fn measure(erp: &Erp) -> Result<[Measured; 2]> {
    let causeway = Causeway::start().await?;
    let connection = causeway.api.connect(&erp.address).await?;
    let first = causeway.measure("first load", &connection, erp.products).await?;
    let again = causeway.measure("the same again, unchanged", &connection, erp.products).await?;
    Ok([first, again])
}
