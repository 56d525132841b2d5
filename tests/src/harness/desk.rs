//! An ERP that takes records as well as it gives them: it makes, changes and deletes them, numbers orders itself, finds
//! them by reference, and misbehaves when told to. Every digit is kept as it was sent.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::Erp;

/// A record, its values as they were sent.
type Fields = BTreeMap<String, Box<RawValue>>;

/// How the desk behaves at a write.
#[derive(Debug, Clone)]
pub(crate) enum Mood {
    /// Waits for a permit, then does it.
    Waits(Arc<Semaphore>),
    /// Does it, and breaks the connection off in the middle of the answer.
    CutsOff,
    /// Does it, and then cannot remember that it did.
    Fails,
    /// Does nothing, and says that it is busy.
    Busy,
    /// Does nothing, and says why.
    Refuses(&'static str),
}

#[derive(Default)]
struct Books {
    lists: HashMap<String, Vec<Fields>>,
    moods: VecDeque<Mood>,
    /// Each write that came in: method, path, idempotency key.
    writes: Vec<(String, String, String)>,
    /// What was answered to each idempotency key, if the desk heeds them.
    answered: Option<HashMap<String, Value>>,
    numbered: u32,
}

/// A running desk. It ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Desk {
    url: String,
    books: Arc<Mutex<Books>>,
}

impl Desk {
    /// One that does not heed idempotency keys.
    pub(crate) async fn start() -> Self {
        let mut desk = Self { url: String::new(), books: Arc::default() };
        let routes = axum::Router::new()
            .route("/{list}", get(read).post(make))
            .route("/{list}/{key}", put(change).delete(remove))
            .with_state(desk.clone());
        desk.url = Erp::serving(routes).await;
        desk
    }

    /// Answers a repeated idempotency key as it did the first time, from now on.
    pub(crate) fn heed_idempotency_keys(&self) {
        self.books.lock().unwrap().answered = Some(HashMap::new());
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// How the next writes go, one after the other; those after them go well.
    pub(crate) fn be(&self, moods: impl IntoIterator<Item = Mood>) {
        self.books.lock().unwrap().moods.extend(moods);
    }

    /// Puts a record into a list, in the place of one with the same key.
    pub(crate) fn set(&self, list: &str, record: Value) {
        self.keep(list, serde_json::from_value(record).unwrap());
    }

    fn keep(&self, list: &str, record: Fields) {
        let key = text(&record, key_field(list));
        let mut books = self.books.lock().unwrap();
        let records = books.lists.entry(list.to_owned()).or_default();
        match records.iter_mut().find(|known| text(known, key_field(list)) == key) {
            Some(known) => *known = record,
            None => records.push(record),
        }
    }

    /// Takes a record out of a list.
    pub(crate) fn forget(&self, list: &str, key: &str) {
        let mut books = self.books.lock().unwrap();
        books.lists.entry(list.to_owned()).or_default().retain(|known| text(known, key_field(list)) != key);
    }

    /// The records of a list, in the order they were made.
    pub(crate) fn records(&self, list: &str) -> Vec<Value> {
        let books = self.books.lock().unwrap();
        let records = books.lists.get(list).into_iter().flatten();
        records.map(|record| serde_json::to_value(record).unwrap()).collect()
    }

    /// The writes that came in: method, path, idempotency key.
    pub(crate) fn writes(&self) -> Vec<(String, String, String)> {
        self.books.lock().unwrap().writes.clone()
    }

    /// Notes a write; answers how the desk is to behave.
    fn note(&self, method: &str, path: String, headers: &HeaderMap) -> Option<Mood> {
        let key = headers["idempotency-key"].to_str().unwrap().to_owned();
        let mut books = self.books.lock().unwrap();
        books.writes.push((method.to_owned(), path, key));
        books.moods.pop_front()
    }
}

fn key_field(list: &str) -> &'static str {
    match list {
        "orders" => "orderNumber",
        _ => "sku",
    }
}

fn text(record: &Fields, field: &str) -> String {
    let value: Value = record.get(field).map_or(Value::Null, |raw| serde_json::from_str(raw.get()).unwrap());
    value.as_str().unwrap_or_default().to_owned()
}

/// What a desk in this mood answers without doing anything; `None` if it does the write.
async fn refusal(mood: Option<&Mood>) -> Option<Response> {
    match mood? {
        Mood::Waits(gate) => {
            gate.acquire().await.unwrap().forget();
            None
        }
        Mood::Busy => Some((StatusCode::SERVICE_UNAVAILABLE, "come back later").into_response()),
        Mood::Refuses(reason) => {
            Some((StatusCode::UNPROCESSABLE_ENTITY, Json(json!({"error": reason}))).into_response())
        }
        Mood::CutsOff | Mood::Fails => None,
    }
}

fn answer(mood: Option<&Mood>, good: Value) -> Response {
    match mood {
        Some(Mood::CutsOff) => {
            let broken = futures::stream::iter([
                Ok(Bytes::from_static(b"{\"orderNumber\": \"")),
                Err(std::io::Error::other("the line is dead")),
            ]);
            let json = [("content-type", "application/json")];
            (StatusCode::CREATED, json, Body::from_stream(broken)).into_response()
        }
        Some(Mood::Fails) => (StatusCode::INTERNAL_SERVER_ERROR, "something went wrong").into_response(),
        _ => (StatusCode::CREATED, Json(good)).into_response(),
    }
}

async fn read(
    State(desk): State<Desk>,
    Path(list): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let books = desk.books.lock().unwrap();
    let all = books.lists.get(&list).map_or(&[][..], Vec::as_slice);
    let number = |name: &str, usual: usize| query.get(name).map_or(usual, |text| text.parse().unwrap());
    let (page, limit) = (number("page", 1), number("limit", 50));
    let reference = query.get("externalId");
    let wanted = |record: &&Fields| reference.is_none_or(|wanted| text(record, "reference") == *wanted);
    let found: Vec<&Fields> = all.iter().filter(wanted).skip((page - 1) * limit).take(limit).collect();
    let body = format!(r#"{{"data": {}, "total": {}}}"#, to_raw_value(&found).unwrap(), all.len());
    ([("content-type", "application/json")], body).into_response()
}

async fn make(
    State(desk): State<Desk>,
    Path(list): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mood = desk.note("POST", format!("/{list}"), &headers);
    if let Some(refusal) = refusal(mood.as_ref()).await {
        return refusal;
    }
    let key = headers["idempotency-key"].to_str().unwrap().to_owned();
    let mut record: Fields = serde_json::from_slice(&body).unwrap();
    let mut books = desk.books.lock().unwrap();
    let known = books.answered.as_ref().and_then(|answered| answered.get(&key).cloned());
    let good = known.unwrap_or_else(|| {
        if list == "orders" {
            books.numbered += 1;
            let number = format!("SO-{}", books.numbered);
            record.insert("orderNumber".to_owned(), to_raw_value(&number).unwrap());
        }
        let good = json!({key_field(&list): text(&record, key_field(&list))});
        books.lists.entry(list).or_default().push(record);
        if let Some(answered) = &mut books.answered {
            answered.insert(key, good.clone());
        }
        good
    });
    answer(mood.as_ref(), good)
}

async fn change(
    State(desk): State<Desk>,
    Path((list, key)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mood = desk.note("PUT", format!("/{list}/{key}"), &headers);
    if let Some(refusal) = refusal(mood.as_ref()).await {
        return refusal;
    }
    let known = desk.records(&list).iter().any(|record| record[key_field(&list)] == key.as_str());
    if !known {
        return StatusCode::NOT_FOUND.into_response();
    }
    desk.keep(&list, serde_json::from_slice(&body).unwrap());
    answer(mood.as_ref(), json!({}))
}

async fn remove(
    State(desk): State<Desk>,
    Path((list, key)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let mood = desk.note("DELETE", format!("/{list}/{key}"), &headers);
    if let Some(refusal) = refusal(mood.as_ref()).await {
        return refusal;
    }
    desk.forget(&list, &key);
    answer(mood.as_ref(), json!({}))
}
