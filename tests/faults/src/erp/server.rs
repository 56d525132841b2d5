//! The ERP's server: pages of the catalogue, in any style of paging, and everything that servers do wrong.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::json;
use tokio::net::TcpListener;

use super::Catalogue;
use crate::dice::Dice;
use crate::plan::{Paging, Plan};
use crate::workers::Victims;

/// What goes wrong with one request.
#[derive(Debug, Clone, Copy)]
enum Fault {
    TooManyRequests,
    ServerError,
    Unavailable,
    /// The connection is closed without an answer.
    Reset,
    /// The answer breaks off.
    Cut,
    /// The answer is complete and is half a JSON.
    HalfJson,
    WebPage,
    Slow,
    /// The worker dies while it waits.
    WorkerDies,
}

const FAULTS: [Fault; 12] = [
    Fault::TooManyRequests,
    Fault::TooManyRequests,
    Fault::ServerError,
    Fault::Unavailable,
    Fault::Reset,
    Fault::Cut,
    Fault::HalfJson,
    Fault::WebPage,
    Fault::Slow,
    Fault::Slow,
    Fault::Slow,
    Fault::WorkerDies,
];

/// A running server.
#[derive(Debug)]
struct Server {
    catalogue: Arc<Mutex<Catalogue>>,
    plan: Plan,
    dice: Dice,
    victims: Victims,
}

type Body = BoxBody<Bytes, io::Error>;

/// Serves `catalogue` under `/products`, until the runtime ends, and returns where.
pub(crate) async fn serve(
    catalogue: Arc<Mutex<Catalogue>>,
    plan: Plan,
    dice: Dice,
    victims: Victims,
) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = Arc::new(Server { catalogue, plan, dice, victims });
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            stream.set_nodelay(true).unwrap();
            let server = Arc::clone(&server);
            let service = service_fn(move |request| {
                let server = Arc::clone(&server);
                async move { server.answer(request).await }
            });
            let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            // That connections end badly is what this server is for.
            tokio::spawn(async move { connection.await.unwrap_or(()) });
        }
    });
    url
}

impl Server {
    async fn answer(&self, request: Request<Incoming>) -> io::Result<Response<Body>> {
        if self.plan.restless && !self.dice.is_calm() {
            self.catalogue.lock().unwrap().pass_moment();
        }
        let page = self.page(request.uri().query().unwrap_or_default());
        match self.dice.fault(self.plan.erp_faults, &FAULTS) {
            None => Ok(whole(200, page)),
            Some(Fault::TooManyRequests) => {
                let mut answer = whole(429, "slow down".to_owned());
                answer.headers_mut().insert("retry-after", "0".parse().unwrap());
                Ok(answer)
            }
            Some(Fault::ServerError) => Ok(whole(500, "it crashed".to_owned())),
            Some(Fault::Unavailable) => Ok(whole(503, "back soon".to_owned())),
            Some(Fault::Reset) => Err(io::ErrorKind::ConnectionReset.into()),
            Some(Fault::Cut) => Ok(cut(page)),
            Some(Fault::HalfJson) => Ok(whole(200, page[..page.len() / 2].to_owned())),
            Some(Fault::WebPage) => Ok(whole(200, "<html><title>Please sign in</title></html>".to_owned())),
            Some(Fault::Slow) => {
                tokio::time::sleep(self.slow()).await;
                Ok(whole(200, page))
            }
            Some(Fault::WorkerDies) => {
                self.victims.kill_one(&self.dice);
                Ok(whole(200, page))
            }
        }
    }

    /// Up to twice a lease.
    fn slow(&self) -> Duration {
        self.plan.pace.lease.mul_f64(self.dice.throw(|rng| rng.f64() * 2.0))
    }

    fn page(&self, query: &str) -> String {
        let asked: HashMap<_, _> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let number = |name: &str| asked.get(name).and_then(|value| value.parse::<usize>().ok());
        let limit = number("limit").unwrap_or(self.plan.page as usize);
        let skipped = match self.plan.paging {
            Paging::Page => (number("page").unwrap_or(1) - 1) * limit,
            Paging::Offset => number("offset").unwrap_or_default(),
            Paging::Cursor | Paging::NextUrl => number("cursor").unwrap_or_default(),
        };
        let catalogue = self.catalogue.lock().unwrap();
        let records = catalogue.page(skipped, limit);
        let all = catalogue.size().all;
        let next = skipped + records.len();
        let more = (next as u64) < all;
        let mut page = json!({"data": records});
        match self.plan.paging {
            Paging::Cursor => page["nextCursor"] = if more { next.to_string().into() } else { ().into() },
            Paging::NextUrl => {
                let address = format!("/products?cursor={next}&limit={limit}");
                page["next"] = if more { address.into() } else { ().into() };
            }
            Paging::Page | Paging::Offset => {}
        }
        if self.plan.tells_total {
            page["total"] = all.into();
        }
        page.to_string()
    }
}

fn whole(status: u16, body: String) -> Response<Body> {
    let body = Full::new(Bytes::from(body)).map_err(|never: Infallible| match never {});
    Response::builder().status(status).header("content-type", "application/json").body(body.boxed()).unwrap()
}

/// Half a body, and then the connection is gone.
fn cut(body: String) -> Response<Body> {
    let half = Bytes::from(body).slice(..8);
    let frames = [Ok(Frame::data(half)), Err(io::Error::from(io::ErrorKind::ConnectionReset))];
    let body = StreamBody::new(stream::iter(frames));
    Response::builder().header("content-type", "application/json").body(BodyExt::boxed(body)).unwrap()
}
