//! SQS in memory, by `rustack`. What it forgets when the process ends, the scheduler's sweep sends anew.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::SharedInterceptor;
use aws_sdk_sqs::types::QueueAttributeName;
use rustack_sqs_core::config::SqsConfig;
use rustack_sqs_core::handler::RustackSqsHandler;
use rustack_sqs_core::provider::RustackSqs;
use rustack_sqs_http::service::{SqsHttpConfig, SqsHttpService};
use tokio::net::TcpListener;
use tokio::task::AbortHandle;

use super::serve;
use crate::clients::{self, REGION};

/// How long a message that was received stays out of sight, in seconds: longer than a worker may work.
const VISIBILITY_SECONDS: u32 = 90;

/// How often a message is received before it goes to the dead letters.
const MAX_RECEIVES: u32 = 5;

/// A running SQS. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Sqs {
    address: SocketAddr,
    serving: AbortHandle,
}

impl Sqs {
    /// Serves an SQS without queues.
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.context("cannot listen for the embedded SQS")?;
        let address = listener.local_addr().context("cannot listen for the embedded SQS")?;
        let provider = RustackSqs::new(SqsConfig {
            default_region: REGION.to_owned(),
            host: address.ip().to_string(),
            port: address.port(),
            ..SqsConfig::default()
        });
        let handler = Arc::new(RustackSqsHandler::new(Arc::new(provider)));
        let service = SqsHttpService::new(
            handler,
            SqsHttpConfig { region: REGION.to_owned(), ..SqsHttpConfig::default() },
        );
        let serving = tokio::spawn(serve(listener, service)).abort_handle();
        Ok(Self { address, serving })
    }

    /// Where it is served.
    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A client that reaches it; `watcher` sees each request.
    pub(crate) fn client(&self, watcher: Option<SharedInterceptor>) -> Client {
        clients::sqs(self.address, watcher)
    }
}

#[cfg(test)]
impl Sqs {
    /// Ends it under its clients.
    pub(crate) fn fall_silent(&self) {
        self.serving.abort();
    }
}

impl Drop for Sqs {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Where the queues are: their URLs.
#[derive(Debug)]
pub(crate) struct Queues {
    /// The queue of runs.
    pub(crate) runs: String,
    /// Where what was received too often goes.
    pub(crate) dead_letters: String,
}

/// Makes the queue of runs and the one its dead letters go to, as the cloud's template does.
pub(crate) async fn make_queues(client: &Client) -> anyhow::Result<Queues> {
    make_queue_pair(client, "causeway-runs", VISIBILITY_SECONDS, MAX_RECEIVES).await
}

/// Makes the queue `name`, and `{name}-dlq` for what was received `max_receives` times in vain.
pub(crate) async fn make_queue_pair(
    client: &Client,
    name: &str,
    visibility_seconds: u32,
    max_receives: u32,
) -> anyhow::Result<Queues> {
    let of_letters = [(QueueAttributeName::VisibilityTimeout, visibility_seconds.to_string())].into();
    let dead_letters = make_queue(client, &format!("{name}-dlq"), of_letters).await?;
    let arn = client
        .get_queue_attributes()
        .queue_url(&dead_letters)
        .attribute_names(QueueAttributeName::QueueArn)
        .send()
        .await
        .ok()
        .and_then(|answer| answer.attributes?.remove(&QueueAttributeName::QueueArn))
        .with_context(|| format!("the embedded SQS does not tell the name of {name}-dlq"))?;
    let redrive = format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{max_receives}}}"#);
    let attributes = HashMap::from([
        (QueueAttributeName::VisibilityTimeout, visibility_seconds.to_string()),
        (QueueAttributeName::RedrivePolicy, redrive),
    ]);
    Ok(Queues { runs: make_queue(client, name, attributes).await?, dead_letters })
}

async fn make_queue(
    client: &Client,
    name: &str,
    attributes: HashMap<QueueAttributeName, String>,
) -> anyhow::Result<String> {
    let made = client.create_queue().queue_name(name).set_attributes(Some(attributes)).send().await;
    let made = made.with_context(|| format!("cannot make the queue {name}"))?;
    made.queue_url.with_context(|| format!("the embedded SQS does not tell the address of {name}"))
}
