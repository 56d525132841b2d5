//! A client of Causeway's API.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use reqwest::Method;
use serde_json::{Value, json};

/// How the bench signs in.
pub(crate) const EMAIL: &str = "bench@causeway.local";
pub(crate) const PASSWORD: &str = "a bench needs no secrets";

/// How often a run is asked whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Signed in to a Causeway.
#[derive(Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    address: String,
    token: String,
}

impl Api {
    /// Signs in to the Causeway at `address` as soon as it answers.
    #[expect(clippy::disallowed_methods, reason = "a client of our own API, on loopback")]
    pub(crate) async fn sign_in(address: String) -> Result<Self> {
        let mut api = Self { http: reqwest::Client::builder().build()?, address, token: String::new() };
        for _ in 0..200 {
            let body = json!({ "email": EMAIL, "password": PASSWORD });
            match api.call(Method::POST, "/api/v1/auth/login", Some(body)).await {
                Ok(answer) => {
                    answer["data"]["access_token"].as_str().context("no token")?.clone_into(&mut api.token);
                    return Ok(api);
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            }
        }
        bail!("Causeway did not start within ten seconds")
    }

    /// The token that requests carry.
    pub(crate) fn token(&self) -> &str {
        &self.token
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

    /// Syncs all `products` over a connection, from the trigger to the closed run. Answers how long it took.
    pub(crate) async fn sync(&self, connection: &str, products: usize) -> Result<Duration> {
        let begun = Instant::now();
        let path = format!("/erp/connections/{connection}/sync");
        let run = self.call(Method::POST, &path, Some(json!({ "dataType": "products" }))).await?;
        let path = format!("/erp/sync-logs/{}", run["id"].as_str().unwrap_or_default());
        let log = loop {
            tokio::time::sleep(LOOK_EVERY).await;
            let log = self.call(Method::GET, &path, None).await?;
            if log["status"] != "syncing" {
                break log;
            }
        };
        let took = begun.elapsed();
        ensure!(log["status"] == "success", "the sync failed: {log}");
        ensure!(log["recordsProcessed"] == products, "not every product was read: {log}");
        Ok(took)
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
