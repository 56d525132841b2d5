//! Workers that outlive their lease: a run is closed under a worker while ERP and table keep it waiting. Whatever it does
//! once it wakes, the run stays closed, and what was stored since stays as it is.

use std::time::Duration;

use aws_lambda_events::event::sqs::SqsBatchResponse;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use domain::Direction;
use domain::connection::Connection;
use domain::ids::ConnectionId;
use domain::run::{Run, RunStatus, Trigger};
use serde_json::{Value, json};
use store::Collection;
use sync::{Engine, Pace, TriggerRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::lab::{DATA_TYPE, Lab};
use crate::plan::ms;

/// How long a worker has a run; it looks after it less often than that.
const LEASE: Duration = ms(300);
const RENEW_EVERY: Duration = ms(1_500);

/// A way to the table on which some calls wait.
#[derive(Debug, Clone)]
struct Held {
    inner: SharedHttpClient,
    which: fn(&str, &Value) -> bool,
    until: CancellationToken,
}

#[derive(Debug, Clone)]
struct Laid {
    held: Held,
    inner: SharedHttpConnector,
}

impl HttpClient for Held {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Laid { held: self.clone(), inner })
    }
}

impl HttpConnector for Laid {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self { held: Held { which, until, .. }, inner } = self.clone();
        let sent: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap();
        let waits = which(request.headers().get("x-amz-target").unwrap_or_default(), &sent);
        HttpConnectorFuture::new(async move {
            if waits {
                until.cancelled().await;
            }
            inner.call(request).await
        })
    }
}

fn writes_records(target: &str, sent: &Value) -> bool {
    target.ends_with("PutItem") && sent["Item"].get("outline").is_some()
}

fn reads_outlines(target: &str, sent: &Value) -> bool {
    target.ends_with("Query") && sent["IndexName"] == "by_block"
}

#[tokio::test]
async fn a_run_that_was_closed_under_a_worker_stays_closed() {
    let lab = calm_lab().await;
    let connection = connection(&lab, erp().await).await;
    let pace = Pace { lease: LEASE, renew_every: RENEW_EVERY, batch_records: 1, ..Pace::default() };
    let (run, worker) = start(&lab, &connection, pace, writes_records, CancellationToken::new()).await;

    let cancelled = cancel_once_the_lease_has_ended(&lab, &run).await;
    let ended = timeout(RENEW_EVERY * 3, worker).await;

    let stored = lab.store.run(&run.id).await.unwrap().unwrap();
    assert_eq!(stored, cancelled, "it was written after it was closed");
    assert!(ended.is_ok(), "the worker does not notice that the run is not its own any more");
}

#[tokio::test]
async fn what_a_later_run_stored_is_not_replaced_by_a_worker_without_a_lease() {
    let lab = calm_lab().await;
    let connection = connection(&lab, erp().await).await;
    let pace = Pace { lease: LEASE, renew_every: ms(60_000), batch_records: 1, ..Pace::default() };
    let woken = CancellationToken::new();
    let (run, worker) = start(&lab, &connection, pace, reads_outlines, woken.clone()).await;
    cancel_once_the_lease_has_ended(&lab, &run).await;

    let later = lab.calm().trigger(request(&connection)).await.unwrap();
    let nudge = lab.nudges.receive().unwrap();
    sync::work(&lab.calm(), nudge.event(), Instant::now() + ms(60_000)).await;
    let later = lab.store.run(&later.id).await.unwrap().unwrap();
    assert_eq!((later.status, later.counts.read), (RunStatus::Success, 1), "{later:?}");

    woken.cancel();
    timeout(ms(20_000), worker).await.unwrap().unwrap();
    let of = Collection::plain(connection.id, DATA_TYPE);
    let record = lab.store.record(&of, "A1").await.unwrap().unwrap();
    assert!(record.data.get().contains("version 2"), "{record:?}");
}

async fn calm_lab() -> Lab {
    let lab = Lab::open(0).await;
    lab.weather.calm_down();
    lab
}

/// Starts a run, and a worker for which some calls of the table wait.
async fn start(
    lab: &Lab,
    connection: &Connection,
    pace: Pace,
    which: fn(&str, &Value) -> bool,
    until: CancellationToken,
) -> (Run, JoinHandle<SqsBatchResponse>) {
    let store = lab.reached_by(|inner| Held { inner, which, until });
    let engine = Engine { store, pace, ..lab.calm() };
    let run = engine.trigger(request(connection)).await.unwrap();
    let nudge = lab.nudges.receive().unwrap();
    lab.nudges.forget(&nudge);
    let deadline = Instant::now() + ms(60_000);
    (run, tokio::spawn(async move { sync::work(&engine, nudge.event(), deadline).await }))
}

async fn cancel_once_the_lease_has_ended(lab: &Lab, run: &Run) -> Run {
    loop {
        sleep(ms(10)).await;
        let stored = lab.store.run(&run.id).await.unwrap().unwrap();
        if stored.lease.is_some_and(|lease| lease.until < sync::now()) {
            let cancelled = lab.calm().cancel(&run.id).await.unwrap();
            assert_eq!(cancelled.status, RunStatus::Cancelled, "{cancelled:?}");
            return cancelled;
        }
    }
}

/// An ERP with one record, another version of it each time it is asked. The first time it promises a second page, and
/// never answers when it is asked for that.
async fn erp() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for version in 1.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(answer(stream, version));
        }
    });
    url
}

async fn answer(mut stream: TcpStream, version: u32) -> ! {
    let mut asked = [0; 4096];
    let read = stream.read(&mut asked).await.unwrap();
    assert!(asked[..read].ends_with(b"\r\n\r\n"), "a request is longer than expected");
    let next = (version == 1).then_some("?page=2");
    let page =
        json!({"data": [{"id": "A1", "sku": "A1", "name": format!("version {version}")}], "next": next});
    let page = page.to_string();
    let head = format!("content-type: application/json\r\ncontent-length: {}", page.len());
    stream.write_all(format!("HTTP/1.1 200 OK\r\n{head}\r\n\r\n{page}").as_bytes()).await.unwrap();
    std::future::pending().await
}

async fn connection(lab: &Lab, url: String) -> Connection {
    let mut connection = Connection { id: ConnectionId::generate(), ..lab.connection.clone() };
    connection.credentials.api_url = Some(url);
    connection.settings = serde_json::from_value(json!({"timeout": 60_000})).unwrap();
    lab.store.create_connection(&connection).await.unwrap();
    connection
}

fn request(connection: &Connection) -> TriggerRequest {
    TriggerRequest {
        connection: connection.clone(),
        config: None,
        data_type: DATA_TYPE,
        scope: None,
        direction: Direction::Pull,
        mode: None,
        dry_run: false,
        trigger: Trigger::Manual,
        triggered_by: "usr_1".to_owned(),
        slot: None,
        retry_of: None,
    }
}
