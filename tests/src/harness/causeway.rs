//! A Causeway to test: one of its own in this process, or the deployed one (see `deployment`).

use std::time::Duration;

use aws_sdk_dynamodb::config::Intercept;
use local::{LocalProcess, LogFormat, RateLimits, Settings, Storage};
use serde_json::{Value, json};
use tempfile::TempDir;
use template::Judge;

use super::{Client, Deployment, listener};

/// The admin's e-mail address.
pub(crate) const ADMIN: &str = "admin@causeway.local";

/// The admin's password.
pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// The prefix under which a Causeway serves everything a second time, if it has one.
pub(crate) const BASE_PATH: &str = "/make-server-6fcaeea3";

/// A running Causeway. It ends with the test's runtime, or is handed on to the next test.
pub(crate) struct Causeway {
    home: Home,
    client: Client,
}

/// Where it runs.
#[expect(clippy::large_enum_variant, reason = "a test has one of them")]
enum Home {
    Process { process: LocalProcess, _data_dir: TempDir },
    Cloud(Deployment),
}

impl Causeway {
    /// Starts one with an empty table and signs in; or empties the deployed one's.
    pub(crate) async fn start() -> Self {
        Self::start_under("").await
    }

    /// The same, with everything served under [`BASE_PATH`] too.
    pub(crate) async fn start_with_base_path() -> Self {
        Self::start_under(BASE_PATH).await
    }

    /// Starts one in this process, wherever the others are.
    pub(crate) async fn start_another() -> Self {
        Self::start_with(|_| ()).await
    }

    /// The same, with outside issuers trusted as the setting `issuers` says.
    pub(crate) async fn start_trusting(issuers: &str) -> Self {
        Self::start_with(|settings| settings.trusted_issuers = issuers.parse().unwrap()).await
    }

    /// The same, with some settings changed.
    pub(crate) async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        Self::signed_in(Home::process(change).await).await
    }

    /// The same; `watcher` sees each request to table and queue.
    pub(crate) async fn start_watched(watcher: impl Intercept + 'static) -> Self {
        Self::signed_in(Home::watched(|_| (), watcher).await).await
    }

    async fn start_under(base_path: &str) -> Self {
        listener::listen();
        match Deployment::claim().await {
            Some(deployment) => Self::signed_in(Home::Cloud(deployment)).await,
            None => Self::start_with(|settings| settings.base_path = base_path.parse().unwrap()).await,
        }
    }

    async fn signed_in(home: Home) -> Self {
        listener::check();
        let mut client = Client::new(&home.address());
        client.sign_in(ADMIN, PASSWORD).await;
        Self { home, client }
    }

    /// Signed in as the admin.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Signed in as nobody.
    pub(crate) fn stranger(&self) -> Client {
        Client::new(&self.home.address())
    }

    /// The engine behind the API, for tests that set the stage: over the same table and queue.
    pub(crate) const fn engine(&self) -> &sync::Engine {
        match &self.home {
            Home::Process { process, .. } => process.engine(),
            Home::Cloud(deployment) => deployment.engine(),
        }
    }

    /// Makes a connection and returns it.
    pub(crate) async fn connect(&self, connection: Value) -> Value {
        self.client.post("/erp/connections", connection).await.expect(201)
    }

    /// Makes a connection to an ERP that speaks plain HTTP, all data types enabled, and returns its id.
    pub(crate) async fn connect_http(&self, url: &str) -> String {
        self.connect_http_with(url, json!({})).await
    }

    /// [`Self::connect_http`] with the `api` settings given.
    pub(crate) async fn connect_http_with(&self, url: &str, api: Value) -> String {
        let all = ["orders", "products", "order_status", "inventory", "employees", "invoices"];
        let made = self.connect(json!({
            "name": "An ERP over HTTP", "provider": "custom", "connectionMethod": "api",
            "credentials": {"apiUrl": url},
            "settings": {"enabledDataTypes": all, "retryAttempts": 0, "api": api},
        }));
        made.await["id"].as_str().unwrap().to_owned()
    }

    /// Syncs a data type over a connection and returns the finished run.
    pub(crate) async fn sync(&self, connection: &str, data_type: &str) -> Value {
        self.sync_as(connection, "", json!({"dataType": data_type})).await
    }

    /// Syncs as `query` (`&dryRun=true`) and `body` say, and returns the finished run.
    pub(crate) async fn sync_as(&self, connection: &str, query: &str, body: Value) -> Value {
        let path = format!("/erp/connections/{connection}/sync?wait=20{query}");
        let started = self.client.post(&path, body).await;
        match started.status {
            200 => started.body,
            202 => self.finished(started.body["id"].as_str().unwrap()).await,
            _ => started.expect(200),
        }
    }

    /// Waits for a run to end and returns it; gives up after a minute.
    pub(crate) async fn finished(&self, run: &str) -> Value {
        for _ in 0..600 {
            let log = self.client.get(&format!("/erp/sync-logs/{run}")).await.expect(200);
            if log["status"] != "syncing" {
                return log;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("run {run} does not end");
    }

    /// Every item of a list, page by page.
    pub(crate) async fn list(&self, path: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut next = Some(path.to_owned());
        while let Some(path) = next {
            let answer = self.client.get(&path).await;
            next = answer.next();
            items.extend(answer.expect(200).as_array().unwrap().iter().cloned());
        }
        items
    }
}

impl Home {
    /// Each request to table and queue is held against what the template allows the function it is made for.
    async fn process(change: impl FnOnce(&mut Settings)) -> Self {
        Self::watched(change, Judge).await
    }

    async fn watched(change: impl FnOnce(&mut Settings), watcher: impl Intercept + 'static) -> Self {
        listener::listen();
        let data_dir = tempfile::tempdir().unwrap();
        let mut settings = Settings {
            port: 0,
            data_dir: data_dir.path().to_owned(),
            storage: Storage::Memory,
            base_path: "".parse().unwrap(),
            admin_email: ADMIN.to_owned(),
            admin_password: Some(PASSWORD.into()),
            egress: "127.0.0.0/8,::1/128".parse().unwrap(),
            cors_origins: "https://admin.example.com".parse().unwrap(),
            trusted_issuers: "".parse().unwrap(),
            rate_limits: RateLimits::default(),
            log: local::LogFilter::default(),
            log_format: LogFormat::Text,
            tick: Duration::from_millis(500),
        };
        change(&mut settings);
        let process = LocalProcess::start_watched(settings, watcher);
        Self::Process { process: process.await.unwrap(), _data_dir: data_dir }
    }

    fn address(&self) -> String {
        match self {
            Self::Process { process, .. } => format!("http://{}", process.address()),
            Self::Cloud(deployment) => deployment.address().to_owned(),
        }
    }
}

impl Drop for Causeway {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            listener::check();
        }
    }
}
