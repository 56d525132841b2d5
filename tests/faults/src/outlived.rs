//! A worker that outlives its lease: the run it was at is closed by somebody else while both the ERP and the table keep
//! it waiting. Whatever it does once it wakes, the run stays closed.

use std::time::Duration;

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
use sync::{Engine, Pace, TriggerRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep, timeout};

use crate::lab::{DATA_TYPE, Lab};
use crate::plan::ms;

/// How long a worker has a run; it looks after it less often than that.
const LEASE: Duration = ms(300);
const RENEW_EVERY: Duration = ms(1_500);

/// A way to the table on which records never arrive, and all else does.
#[derive(Debug, Clone)]
struct WithoutRecords(SharedHttpClient);

#[derive(Debug, Clone)]
struct Laid(SharedHttpConnector);

impl HttpClient for WithoutRecords {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(Laid(self.0.http_connector(settings, components)))
    }
}

impl HttpConnector for Laid {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let is_write =
            request.headers().get("x-amz-target").is_some_and(|target| target.ends_with("PutItem"));
        let sent: Value = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap();
        if is_write && sent["Item"].get("outline").is_some() {
            return HttpConnectorFuture::new(std::future::pending());
        }
        self.0.call(request)
    }
}

#[tokio::test]
async fn a_run_that_was_closed_under_a_worker_stays_closed() {
    let lab = Lab::open(0).await;
    let connection = connection(&lab, with_one_page().await).await;
    let engine = Engine {
        store: lab.reached_by(WithoutRecords),
        pace: Pace { lease: LEASE, renew_every: RENEW_EVERY, batch_records: 1, ..Pace::default() },
        ..lab.calm()
    };
    let run = engine.trigger(request(connection)).await.unwrap();
    let nudge = lab.nudges.receive().unwrap();
    let worker =
        tokio::spawn(async move { sync::work(&engine, nudge.event(), Instant::now() + ms(60_000)).await });

    let cancelled = cancel_once_the_lease_has_ended(&lab, &run).await;
    assert_eq!(cancelled.status, RunStatus::Cancelled, "{cancelled:?}");
    let ended = timeout(RENEW_EVERY * 3, worker).await;

    let stored = lab.store.run(&run.id).await.unwrap().unwrap();
    assert_eq!(stored, cancelled, "it was written after it was closed");
    assert!(ended.is_ok(), "the worker does not notice that the run is not its own any more");
}

async fn cancel_once_the_lease_has_ended(lab: &Lab, run: &Run) -> Run {
    loop {
        sleep(ms(10)).await;
        let stored = lab.store.run(&run.id).await.unwrap().unwrap();
        if stored.lease.is_some_and(|lease| lease.until < sync::now()) {
            return lab.calm().cancel(&run.id).await.unwrap();
        }
    }
}

/// An ERP that answers with a first page and never again.
async fn with_one_page() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = [0; 4096];
        let read = stream.read(&mut asked).await.unwrap();
        assert!(asked[..read].ends_with(b"\r\n\r\n"), "a request is longer than expected");
        let page = json!({"data": [{"id": "A1", "sku": "A1", "name": "One"}], "next": "?page=2"}).to_string();
        let length = page.len();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{page}").as_bytes()).await.unwrap();
        std::future::pending::<TcpStream>().await
    });
    url
}

async fn connection(lab: &Lab, url: String) -> Connection {
    let mut connection = Connection { id: ConnectionId::generate(), ..lab.connection.clone() };
    connection.credentials.api_url = Some(url);
    connection.settings = serde_json::from_value(json!({"timeout": 60_000})).unwrap();
    lab.store.create_connection(&connection).await.unwrap();
    connection
}

fn request(connection: Connection) -> TriggerRequest {
    TriggerRequest {
        connection,
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
