//! Causeway as a user runs it: the release binary, with a fresh data directory on disk.

use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::Method;
use serde_json::{Value, json};

use crate::process::Running;

const EMAIL: &str = "bench@causeway.local";
const PASSWORD: &str = "a bench needs no secrets";

/// A running Causeway, signed in to.
pub(crate) struct Causeway {
    pub(crate) process: Running,
    pub(crate) http: reqwest::Client,
    pub(crate) address: String,
    pub(crate) token: String,
    _data_dir: tempfile::TempDir,
}

impl Causeway {
    /// Starts it on a free port and signs in.
    #[expect(clippy::disallowed_methods, reason = "a client of our own API, on loopback")]
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
        let mut causeway = Self {
            process: Running::new(child),
            http: reqwest::Client::builder().build()?,
            address: format!("http://127.0.0.1:{port}"),
            token: String::new(),
            _data_dir: data_dir,
        };
        causeway.sign_in().await?;
        Ok(causeway)
    }

    async fn sign_in(&mut self) -> Result<()> {
        for _ in 0..200 {
            let body = json!({ "email": EMAIL, "password": PASSWORD });
            match self.call(Method::POST, "/api/v1/auth/login", Some(body)).await {
                Ok(answer) => {
                    let token = answer["data"]["access_token"].as_str().context("no token")?;
                    token.clone_into(&mut self.token);
                    return Ok(());
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        bail!("Causeway did not start within ten seconds")
    }

    /// Makes a connection to an ERP.
    pub(crate) async fn connect(&self, erp: &str) -> Result<String> {
        let body = json!({
            "name": "bench",
            "provider": "Custom",
            "connectionMethod": "api",
            "credentials": { "apiUrl": erp, "apiKey": "key" },
        });
        let made = self.call(Method::POST, "/erp/connections", Some(body)).await?;
        Ok(made["id"].as_str().context("no id")?.to_owned())
    }

    /// Calls the API.
    pub(crate) async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value> {
        let mut request =
            self.http.request(method, format!("{}{path}", self.address)).bearer_auth(&self.token);
        if let Some(body) = body {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            bail!("{path} answered {status}: {text}");
        }
        Ok(serde_json::from_str(&text)?)
    }
}
