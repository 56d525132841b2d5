//! The ERP's server: pages of its records in any style of paging, an order desk, and everything that servers do wrong.

use std::collections::HashMap;
use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::request::Parts;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::{Catalogue, Desk};
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

/// What the ERP has.
#[derive(Debug)]
pub(crate) struct Shop {
    pub(crate) catalogue: Catalogue,
    pub(crate) desk: Desk,
}

/// A running server.
#[derive(Debug)]
struct Server {
    shop: Arc<Mutex<Shop>>,
    plan: Plan,
    dice: Dice,
    victims: Victims,
}

type Body = BoxBody<Bytes, io::Error>;

/// Serves the catalogue under `/products` and the desk under `/orders`, until the runtime ends, and returns where.
pub(crate) async fn serve(shop: Arc<Mutex<Shop>>, plan: Plan, dice: Dice, victims: Victims) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = Arc::new(Server { shop, plan, dice, victims });
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
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let fault = self.dice.fault(self.plan.erp_faults, &FAULTS);
        // What takes an order may fail before it did, or after.
        let in_vain = self.dice.throw(fastrand::Rng::bool);
        match fault {
            Some(Fault::TooManyRequests) => {
                let mut answer = whole(429, "slow down".to_owned());
                answer.headers_mut().insert("retry-after", "0".parse().unwrap());
                return Ok(answer);
            }
            Some(Fault::Unavailable) => return Ok(whole(503, "back soon".to_owned())),
            Some(Fault::ServerError) if in_vain => return Ok(whole(500, "it crashed".to_owned())),
            Some(Fault::Reset) if in_vain => return Err(io::ErrorKind::ConnectionReset.into()),
            _ => {}
        }
        let (status, text) = self.work(&head, &body);
        match fault {
            Some(Fault::ServerError) => return Ok(whole(500, "it crashed".to_owned())),
            Some(Fault::Reset) => return Err(io::ErrorKind::ConnectionReset.into()),
            Some(Fault::Cut) => return Ok(cut(text)),
            Some(Fault::HalfJson) => return Ok(whole(status, text[..text.len() / 2].to_owned())),
            Some(Fault::WebPage) => {
                return Ok(whole(200, "<html><title>Please sign in</title></html>".to_owned()));
            }
            Some(Fault::Slow) => tokio::time::sleep(self.slow()).await,
            Some(Fault::WorkerDies) => self.victims.kill_one(&self.dice),
            _ => {}
        }
        Ok(whole(status, text))
    }

    /// What it does when nothing goes wrong.
    fn work(&self, head: &Parts, body: &[u8]) -> (u16, String) {
        let mut shop = self.shop.lock().unwrap();
        let query = head.uri.query().unwrap_or_default();
        let asked: HashMap<_, _> = query.split('&').filter_map(|pair| pair.split_once('=')).collect();
        match (&head.method, head.uri.path()) {
            (&Method::POST, "/orders") => {
                let key = head.headers.get("idempotency-key").filter(|_| self.plan.idempotent);
                let order = serde_json::from_slice(body).unwrap();
                (201, shop.desk.take(order, key.map(|key| key.to_str().unwrap())).to_string())
            }
            (_, "/orders") if asked.contains_key("reference") => {
                (200, json!({"data": shop.desk.find(asked["reference"])}).to_string())
            }
            (_, "/orders") => (200, self.page(&asked, &shop.desk.served())),
            (_, "/products") => {
                if self.plan.restless && !self.dice.is_calm() {
                    shop.catalogue.pass_moment();
                }
                let since = asked.get("since").map(|since| since.parse().unwrap());
                (200, self.page(&asked, &shop.catalogue.served(since)))
            }
            _ => (200, "{}".to_owned()),
        }
    }

    /// Up to twice a lease.
    fn slow(&self) -> Duration {
        self.plan.pace.lease.mul_f64(self.dice.throw(|rng| rng.f64() * 2.0))
    }

    fn page(&self, asked: &HashMap<&str, &str>, all: &[Value]) -> String {
        let number = |name: &str| asked.get(name).and_then(|value| value.parse::<usize>().ok());
        let limit = number("limit").unwrap_or(self.plan.page as usize);
        let skipped = match self.plan.paging {
            Paging::Page => (number("page").unwrap_or(1) - 1) * limit,
            Paging::Offset => number("offset").unwrap_or_default(),
            Paging::Cursor | Paging::NextUrl => number("cursor").unwrap_or_default(),
        };
        let records: Vec<&Value> = all.iter().skip(skipped).take(limit).collect();
        let next = skipped + records.len();
        let more = next < all.len();
        let mut page = json!({"data": records});
        match self.plan.paging {
            Paging::Cursor => page["nextCursor"] = if more { next.to_string().into() } else { ().into() },
            Paging::NextUrl => {
                let since = asked.get("since").map(|since| format!("&since={since}")).unwrap_or_default();
                let address = format!("?cursor={next}&limit={limit}{since}");
                page["next"] = if more { address.into() } else { ().into() };
            }
            Paging::Page | Paging::Offset => {}
        }
        if self.plan.tells_total {
            page["total"] = all.len().into();
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
