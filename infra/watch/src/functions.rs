//! The functions, as `cargo lambda watch` runs them: called by name, over the same API as Lambda's own.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use axum::body::Body;
use axum::extract::Request;
use axum::http::Uri;
use axum::response::Response;
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// A running `cargo lambda watch`.
#[derive(Clone)]
pub(crate) struct Functions {
    http: Client<HttpConnector, Body>,
    address: SocketAddr,
}

impl Functions {
    /// Starts it on a free port. The functions get `environment`, and this process's.
    pub(crate) async fn watch(environment: Vec<(&'static str, String)>) -> anyhow::Result<(Self, Child)> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = free.local_addr()?;
        drop(free);
        let mut child = Command::new("cargo-lambda")
            .args(["lambda", "watch", "--disable-cors"])
            .args([
                "--invoke-address",
                &address.ip().to_string(),
                "--invoke-port",
                &address.port().to_string(),
            ])
            // It looks for a function among the workspace's default members only, where the local process stands alone.
            .env("CARGO", "scripts/cargo-of-function")
            .envs(environment)
            // Ours alone: a function refuses a setting that it does not know.
            .env_remove("CAUSEWAY_PORT")
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cargo-lambda cannot be started: make watch installs it")?;
        let functions = Self { http: Client::builder(TokioExecutor::new()).build_http(), address };
        while !functions.listen().await? {
            ensure!(child.try_wait()?.is_none(), "cargo lambda watch ended at once");
            sleep(Duration::from_millis(100)).await;
        }
        Ok((functions, child))
    }

    /// Whether they can be called. It asks in a way that calls none: an invocation is a POST.
    async fn listen(&self) -> anyhow::Result<bool> {
        Ok(self.http.get(self.uri("/2015-03-31/functions/health/invocations")?).await.is_ok())
    }

    /// Hands a request to the function `name`, as a function URL would, and returns what it answers.
    pub(crate) async fn forward(&self, name: &str, mut request: Request) -> anyhow::Result<Response> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = self.uri(&format!("/lambda-url/{name}{path}"))?;
        Ok(self.http.request(request).await?.map(Body::new))
    }

    /// Calls the function `name` and returns what it answers.
    ///
    /// # Errors
    /// When it cannot be called, or failed.
    pub(crate) async fn invoke(&self, name: &str, event: &Value) -> anyhow::Result<Value> {
        let uri = self.uri(&format!("/2015-03-31/functions/{name}/invocations"))?;
        let request = Request::post(uri).body(Body::from(event.to_string()))?;
        let answer = self.http.request(request).await?;
        let (status, failed) = (answer.status(), answer.headers().contains_key("x-amz-function-error"));
        let bytes = answer.into_body().collect().await?.to_bytes();
        ensure!(status.is_success() && !failed, "{status}: {}", String::from_utf8_lossy(&bytes));
        Ok(serde_json::from_slice(&bytes).unwrap_or(Value::Null))
    }

    /// Lets the function `name` work on a batch. One that fails has failed the whole of it, as in the cloud.
    pub(crate) async fn work(self, name: &str, event: SqsEvent) -> SqsBatchResponse {
        let done: anyhow::Result<SqsBatchResponse> = async {
            let Ok(batch) = serde_json::to_value(&event) else { bail!("the event is no JSON") };
            Ok(serde_json::from_value(self.invoke(name, &batch).await?)?)
        }
        .await;
        done.unwrap_or_else(|error| {
            tracing::error!(%error, function = name, "a batch failed; its messages come again");
            let ids = event.records.into_iter().filter_map(|record| record.message_id);
            let failures = ids.map(|id| {
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                failure
            });
            let mut response = SqsBatchResponse::default();
            response.batch_item_failures = failures.collect();
            response
        })
    }

    fn uri(&self, path: &str) -> anyhow::Result<Uri> {
        Ok(format!("http://{}{path}", self.address).parse()?)
    }
}
