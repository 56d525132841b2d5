//! An ERP that takes orders and is strict about it: it wants an idempotency key, answers the same for a repeated one,
//! refuses what is not whole and what it has already, and misbehaves on demand.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use domain::DataType;
use domain::change::Operation;
use domain::connection::{ApiSettings, ConnectionSettings, Credentials, PushLookup, PushSettings};
use domain::mapping::FieldMapping;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use transport::Transport;

use crate::conformance::Unkept;
use crate::http::HttpConnector;
use crate::{Connector, Found, Lookup, Push, PushError, Pushed};

/// What the ERP does with one request.
pub(in crate::http) enum Mood {
    /// It does not look at it and answers this.
    Answers(Response),
    /// It does as asked, and never answers.
    Silent,
    /// It does as asked, and answers this instead.
    Garbles(Response),
}

#[derive(Default)]
struct Books {
    orders: Vec<(String, Value)>,
    answered: HashMap<String, (Value, u16, String)>,
    requests: Vec<String>,
    moods: VecDeque<Mood>,
}

/// A running ERP.
#[derive(Clone)]
pub(in crate::http) struct Erp {
    pub(super) origin: String,
    pub(super) settings: ConnectionSettings,
    books: Arc<Mutex<Books>>,
    cut: Arc<AtomicBool>,
}

impl Erp {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let door = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let inside = listener.local_addr().unwrap();
        let settings = ConnectionSettings {
            timeout: 2_000,
            retry_attempts: 0,
            retry_delay: 1,
            ..ConnectionSettings::default()
        };
        let erp = Self {
            origin: format!("http://{}", door.local_addr().unwrap()),
            settings,
            books: Arc::default(),
            cut: Arc::default(),
        };
        let router = Router::new().fallback(respond).with_state(erp.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let cut = Arc::clone(&erp.cut);
        tokio::spawn(async move {
            while let Ok((outside, _)) = door.accept().await {
                #[expect(
                    clippy::disallowed_methods,
                    reason = "inside the ERP, on the other side of the wire"
                )]
                let inside = TcpStream::connect(inside).await.unwrap();
                tokio::spawn(carry(outside, inside, Arc::clone(&cut)));
            }
        });
        erp
    }

    /// The same with settings for orders.
    pub(super) fn with(mut self, push: PushSettings) -> Self {
        self.settings.api.push.insert(DataType::Orders, push);
        self
    }

    /// The same, looking orders up by our reference.
    pub(super) fn with_lookup(self, push: PushSettings) -> Self {
        let path = "/orders?externalId={reference}".to_owned();
        self.with(PushSettings { lookup: Some(PushLookup { path, records_path: None }), ..push })
    }

    /// What it does with the next request.
    pub(super) fn next(&self, mood: Mood) {
        self.books.lock().unwrap().moods.push_back(mood);
    }

    /// From now on every connection is cut when the answer is on its way, or no longer.
    pub(super) fn cut_answers(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }

    pub(super) fn orders(&self) -> Vec<Value> {
        self.books.lock().unwrap().orders.iter().map(|(_, order)| order.clone()).collect()
    }

    /// The requests it saw, with their bodies.
    pub(super) fn requests(&self) -> Vec<String> {
        self.books.lock().unwrap().requests.clone()
    }

    pub(super) fn connector(&self) -> HttpConnector {
        let credentials = Credentials { api_url: Some(self.origin.clone()), ..Credentials::default() };
        let transport = Transport::new("127.0.0.0/8".parse().unwrap());
        HttpConnector::new(&self.settings, credentials, &transport, Arc::new(Unkept)).unwrap()
    }

    /// Sends an order as `chg_1-1`.
    pub(super) async fn push(
        &self,
        operation: Operation,
        key: &str,
        order: &Value,
    ) -> Result<Pushed, PushError> {
        let record = RawValue::from_string(order.to_string()).unwrap();
        let push = Push {
            data_type: DataType::Orders,
            operation,
            key,
            reference: "WEB-1",
            idempotency_key: "chg_1-1",
            record: (operation != Operation::Delete).then_some(&record),
            mapping: &mapping(),
            zone: &domain::template::UTC,
        };
        self.connector().push(&push).await
    }

    pub(super) async fn create(&self) -> Result<Pushed, PushError> {
        self.push(Operation::Create, "WEB-1", &order()).await
    }

    pub(super) async fn find(&self, reference: &str) -> Result<Option<Found>, transport::ErpError> {
        let lookup = Lookup { data_type: DataType::Orders, reference, mapping: &mapping() };
        self.connector().find(&lookup).await
    }

    fn take(&self, key: &str, body: &Value) -> (u16, String) {
        let mut books = self.books.lock().unwrap();
        if let Some((same, status, answer)) = books.answered.get(key) {
            let differs = (422, r#"{"error":"this key was used for another order"}"#.to_owned());
            return if same == body { (*status, answer.clone()) } else { differs };
        }
        let reference = body["externalId"].as_str().map(str::to_owned);
        let answer = match reference {
            None => (422, r#"{"error":{"message":"externalId is missing"}}"#.to_owned()),
            Some(_) if !body["total"].is_number() => {
                (422, r#"{"error":"total must be a number"}"#.to_owned())
            }
            Some(reference) if books.orders.iter().any(|(_, order)| order["externalId"] == *reference) => {
                (409, format!(r#"{{"error":"there is an order {reference}"}}"#))
            }
            Some(_) => {
                let id = format!("SO-{}", books.orders.len() + 1);
                books.orders.push((id.clone(), body.clone()));
                (201, json!({"data": {"orderId": id}}).to_string())
            }
        };
        books.answered.insert(key.to_owned(), (body.clone(), answer.0, answer.1.clone()));
        answer
    }

    fn search(&self, query: &str) -> String {
        let books = self.books.lock().unwrap();
        let wanted = query.strip_prefix("externalId=").unwrap();
        let found = books.orders.iter().filter(|(_, order)| order["externalId"] == *wanted);
        let records: Vec<_> =
            found.map(|(id, order)| json!({"orderId": id, "externalId": order["externalId"]})).collect();
        json!({"query": wanted, "results": records}).to_string()
    }
}

/// What the shop sold.
pub(in crate::http) fn order() -> Value {
    json!({
        "orderNumber": "WEB-1", "customerName": "Ada", "total": "12.50", "currency": "EUR",
        "shippingAddress": {"name": "Ada L", "city": "Graz"},
        "lines": [{"sku": "A", "quantity": 2, "unitPrice": "5.10"}, {"sku": "B", "quantity": 1, "unitPrice": "2.30"}],
    })
}

pub(in crate::http) fn mapping() -> FieldMapping {
    let entries =
        [("orderNumber", "orderId"), ("reference", "externalId"), ("shippingAddress.city", "ship.town")];
    entries.into_iter().map(|(ours, theirs)| (ours.to_owned(), Some(theirs.to_owned()))).collect()
}

/// Carries bytes in both directions; if `cut`, until the first answer.
async fn carry(mut outside: TcpStream, mut inside: TcpStream, cut: Arc<AtomicBool>) {
    let (mut answer, mut ask) = inside.split();
    let (mut from, mut to) = outside.split();
    let asking = tokio::io::copy(&mut from, &mut ask);
    let answering = async {
        let mut first = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = answer.read(&mut first).await {
            let sent = tokio::io::AsyncWriteExt::write_all(&mut to, &first[..length]);
            if cut.load(Ordering::SeqCst) || sent.await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        _ = asking => {}
        () = answering => {}
    }
}

async fn respond(
    State(erp): State<Erp>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mood = {
        let mut books = erp.books.lock().unwrap();
        books.requests.push(written(&method, &uri, &headers, &body));
        books.moods.pop_front()
    };
    if let Some(Mood::Answers(response)) = mood {
        return response;
    }
    let key = headers.get("idempotency-key").map(|key| key.to_str().unwrap());
    let answer = match (method, key) {
        (Method::GET, _) => json_answer(200, erp.search(uri.query().unwrap())),
        (_, None) => json_answer(400, r#"{"error":"Idempotency-Key is missing"}"#.to_owned()),
        (Method::POST, Some(key)) => match serde_json::from_slice(&body) {
            Ok(body) => {
                let (status, answer) = erp.take(key, &body);
                json_answer(status, answer)
            }
            Err(error) => json_answer(400, json!({"error": error.to_string()}).to_string()),
        },
        (Method::DELETE, Some(_)) => StatusCode::NO_CONTENT.into_response(),
        _ => StatusCode::OK.into_response(),
    };
    match mood {
        Some(Mood::Silent) => std::future::pending().await,
        Some(Mood::Garbles(instead)) => instead,
        Some(Mood::Answers(_)) | None => answer,
    }
}

/// A request as a text, without what changes from run to run.
fn written(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> String {
    let kept = ["accept", "content-type", "idempotency-key", "prefer"];
    let mut text = format!("{method} {uri}\n");
    for name in kept {
        if let Some(value) = headers.get(name) {
            text += &format!("{name}: {}\n", value.to_str().unwrap());
        }
    }
    if body.is_empty() {
        return text;
    }
    // What is not JSON shows as it is.
    text + &String::from_utf8_lossy(body) + "\n"
}

pub(super) fn json_answer(status: u16, body: String) -> Response {
    (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, "application/json")], body)
        .into_response()
}

/// A path other than that of the data type.
pub(super) fn paths(path: &str) -> ApiSettings {
    ApiSettings { paths: [(DataType::Orders, path.to_owned())].into(), ..ApiSettings::default() }
}
