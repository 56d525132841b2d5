//! The local process: everything started in order, and stopped in the opposite one.

use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Context;
use api::{ApiConfig, ApiState};
use aws_lambda_events::event::sqs::SqsEvent;
use aws_sdk_dynamodb::config::{Intercept, SharedInterceptor};
use axum::routing::get;
use axum::serve::ListenerExt;
use secrecy::{ExposeSecret, SecretString};
use secrets::Vault;
use sync::{Engine, Pace};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::Instrument;
use transport::Transport;

use crate::data_dir::DataDir;
use crate::event_source::EventSource;
use crate::first_admin::{self, FirstAdmin};
use crate::scheduler;
use crate::services::Services;
use crate::settings::{Settings, Storage};

/// How long requests and workers may take to end when the process stops. What a worker has not checkpointed by then
/// is done again after the next start.
const GRACE: Duration = Duration::from_secs(5);

/// A running Causeway.
pub struct LocalProcess {
    address: SocketAddr,
    first_admin: Option<FirstAdmin>,
    engine: Engine,
    stop: CancellationToken,
    tasks: TaskTracker,
    services: Services,
    _data_dir: DataDir,
}

impl LocalProcess {
    /// Starts everything: table, queues, API, workers and scheduler.
    ///
    /// # Errors
    /// With what could not be started, and the setting it hangs on.
    pub async fn start(settings: Settings) -> anyhow::Result<Self> {
        Self::start_with(settings, None).await
    }

    /// The same; `watcher` sees each request to DynamoDB and SQS, so that what they consume can be counted.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub async fn start_watched(
        settings: Settings,
        watcher: impl Intercept + 'static,
    ) -> anyhow::Result<Self> {
        Self::start_with(settings, Some(SharedInterceptor::new(watcher))).await
    }

    async fn start_with(settings: Settings, watcher: Option<SharedInterceptor>) -> anyhow::Result<Self> {
        let data_dir = DataDir::claim(&settings.data_dir)?;
        let listener = listen(settings.port).await?;
        let address = listener.local_addr().context("cannot listen")?;
        let file = data_dir.file("table.sqlite");
        let file = (settings.storage == Storage::File).then_some(file.as_path());
        let services = Services::start(file, watcher).await?;
        let engine = Engine {
            store: services.store().clone(),
            queue: services.queue().clone(),
            vault: Vault::from_key_file(&data_dir.file("secret.key"))?,
            transport: Transport::new(settings.egress),
            pace: Pace::default(),
        };
        let first_admin = prepare(&engine, &settings.admin_email, settings.admin_password).await?;
        let config = ApiConfig {
            base_path: settings.base_path,
            cors_origins: settings.cors_origins,
            trusted_issuers: settings.trusted_issuers,
            rate_limits: settings.rate_limits,
            ..ApiConfig::default()
        };
        let process = Self {
            address,
            first_admin,
            engine: engine.clone(),
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            services,
            _data_dir: data_dir,
        };
        process.work(&process.services.runs());
        process.bury(&process.services.dead_letters());
        process.schedule(settings.tick);
        process.serve(listener, ApiState::new(engine, config));
        tracing::info!("serving on http://{address}");
        Ok(process)
    }

    /// Where the API is served.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The admin that this start made, if it was the first.
    #[must_use]
    pub const fn first_admin(&self) -> Option<&FirstAdmin> {
        self.first_admin.as_ref()
    }

    /// The engine the process works with, for tests that set the stage behind the API.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The services it works over.
    #[must_use]
    pub const fn services(&self) -> &Services {
        &self.services
    }

    /// Tells the person who started it where it is and, on the first start, how to sign in.
    pub fn introduce(&self) {
        let mut text =
            format!("\n  Causeway is running on http://{0} (try it: http://{0}/docs)\n", self.address);
        if let Some(FirstAdmin { email, password }) = &self.first_admin {
            let password = password.expose_secret();
            text += &format!("  Sign in as {email} with the password {password} (it is shown this once)\n");
        }
        text += "  Ctrl-C stops it.\n";
        // Nobody reads standard output of a daemon; that it is closed is no reason not to run.
        writeln!(io::stdout(), "{text}").unwrap_or(());
    }

    /// Stops taking requests and messages, gives those at work a moment to end, and closes the table.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(GRACE, self.tasks.wait()).await.is_err() {
            tracing::warn!("not everything ended in time; unfinished runs go on after the next start");
        }
        drop(self.engine);
        if tokio::time::timeout(GRACE, self.services.stop()).await.is_err() {
            tracing::warn!("the table was not closed in time; it is recovered at the next start");
        }
    }

    fn work(&self, source: &EventSource) {
        let engine = self.engine.clone();
        let work = move |event: SqsEvent, deadline: Instant| {
            let engine = engine.clone();
            let function = tracing::info_span!("invocation", function = "sync-worker");
            async move { sync::work(&engine, event, deadline).await }.instrument(function)
        };
        source.start(work, &self.tasks, &self.stop);
    }

    fn bury(&self, source: &EventSource) {
        let engine = self.engine.clone();
        let bury = move |event: SqsEvent, _deadline: Instant| {
            let engine = engine.clone();
            let function = tracing::info_span!("invocation", function = "dead-letter-worker");
            async move { sync::bury(&engine, event).await }.instrument(function)
        };
        source.start(bury, &self.tasks, &self.stop);
    }

    fn schedule(&self, tick: Duration) {
        let (engine, database) = (self.engine.clone(), self.services.database());
        self.tasks.spawn(scheduler::run(engine, database, tick, self.stop.clone()));
    }

    fn serve(&self, listener: TcpListener, state: ApiState) {
        // For a Prometheus on this machine. In the cloud, CloudWatch reads the same numbers out of the log.
        let metrics = axum::Router::new().route("/metrics", get(async || telemetry::scrape()));
        let routes = metrics.merge(api::router(state)).into_make_service_with_connect_info::<SocketAddr>();
        let listener = listener.tap_io(|stream| {
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "answers on this connection may wait for company");
            }
        });
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            if let Err(error) =
                axum::serve(listener, routes).with_graceful_shutdown(stop.cancelled_owned()).await
            {
                tracing::error!(%error, "the API ended");
            }
        });
    }
}

/// Makes the first admin where there is none, and takes up what the last process left.
async fn prepare(
    engine: &Engine,
    email: &str,
    password: Option<SecretString>,
) -> anyhow::Result<Option<FirstAdmin>> {
    // Nobody else works on this table: whatever holds a run died with the last process.
    sync::recover(engine).await.context("cannot take up the runs of the last start")?;
    first_admin::ensure(&engine.store, email, password).await
}

async fn listen(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            anyhow::anyhow!("port {port} is in use: stop what listens there, or set CAUSEWAY_PORT to another")
        }
        _ => anyhow::Error::from(error).context(format!("cannot listen on port {port} (CAUSEWAY_PORT)")),
    })
}

#[cfg(test)]
mod tests;
