//! The AWS services of one machine, each served on a free loopback port inside this process.

use std::convert::Infallible;
use std::error::Error;

use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::HttpService;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

mod dynamodb;
#[cfg(test)]
mod dynamodb_tests;
mod sqs;
#[cfg(test)]
mod sqs_tests;

pub(crate) use dynamodb::DynamoDb;
#[cfg(test)]
pub(crate) use sqs::make_queue_pair;
pub(crate) use sqs::{Queues, Sqs, make_queues};

/// Serves an embedded service on `listener`. Connections end with the task: the set aborts them when it is dropped.
pub async fn serve<S, B>(listener: TcpListener, service: S)
where
    S: HttpService<Incoming, ResBody = B, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let mut connections = JoinSet::new();
    loop {
        while connections.try_join_next().is_some() {}
        let Ok((stream, _)) = listener.accept().await else { continue };
        let nodelay = stream.set_nodelay(true);
        let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service.clone());
        connections.spawn(async move {
            if let Err(error) = nodelay.map_err(anyhow::Error::from).and(connection.await.map_err(Into::into))
            {
                tracing::debug!(%error, "a connection to an embedded service ended");
            }
        });
    }
}
