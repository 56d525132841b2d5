//! An ERP that serves lists of records over HTTP, a page at a time. Tests change its records between runs.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

type Lists = Arc<Mutex<HashMap<String, Vec<Value>>>>;

/// A running ERP. It ends with the test's runtime.
pub(crate) struct Erp {
    url: String,
    lists: Lists,
}

impl Erp {
    /// Serves no records yet, under `/{list}?page=&limit=&since=`, as `{"data": […], "total": …}`. With `since`, those
    /// whose `modifiedAt` is not before it.
    pub(crate) async fn start() -> Self {
        let lists = Lists::default();
        let routes = axum::Router::new().route("/{list}", get(page)).with_state(Arc::clone(&lists));
        Self { url: serve(routes).await, lists }
    }

    /// Serves whatever `routes` do, and returns where.
    pub(crate) async fn serving(routes: axum::Router) -> String {
        serve(routes).await
    }

    /// Serves `total` products, two on a page. Each page waits for a permit.
    pub(crate) async fn gated(total: usize) -> (String, Arc<Semaphore>) {
        let gate = Arc::new(Semaphore::new(0));
        let permits = Arc::clone(&gate);
        let answer = async move |Query(query): Query<HashMap<String, String>>| {
            permits.acquire().await.unwrap().forget();
            let page: u64 = query.get("page").map_or(1, |page| page.parse().unwrap());
            let data: Vec<_> = (0..2).map(|n| json!({"sku": format!("P{page}-{n}")})).collect();
            Json(json!({"data": data, "page": page, "total": total}))
        };
        (serve(axum::Router::new().fallback(get(answer))).await, gate)
    }

    /// Answers `good` to who sends `authorization`; turns away whoever does not. Returns where.
    pub(crate) async fn demanding(
        authorization: &'static str,
        good: impl IntoResponse + Clone + Send + Sync + 'static,
    ) -> String {
        let check = async move |headers: HeaderMap| {
            if headers.get(AUTHORIZATION).is_some_and(|sent| sent == authorization) {
                good.into_response()
            } else {
                let refusal = json!({"error": {"message": "This key is locked, ask Ms. Field."}});
                (StatusCode::UNAUTHORIZED, Json(refusal)).into_response()
            }
        };
        serve(axum::Router::new().fallback(check)).await
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Puts `records` in the place of what `/{list}` serves.
    pub(crate) fn set(&self, list: &str, records: Vec<Value>) {
        self.lists.lock().unwrap().insert(list.to_owned(), records);
    }
}

async fn serve(routes: axum::Router) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    format!("http://{address}")
}

async fn page(
    State(lists): State<Lists>,
    Path(list): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Json<Value>, StatusCode> {
    let lists = lists.lock().unwrap();
    let records = lists.get(&list).ok_or(StatusCode::NOT_FOUND)?;
    let number = |name: &str| query.get(name).map(|text| text.parse::<usize>().unwrap());
    let limit = number("limit").unwrap_or(50);
    let skipped = (number("page").unwrap_or(1) - 1) * limit;
    let since = query.get("since");
    let asked = |record: &&Value| since.is_none_or(|since| record["modifiedAt"].as_str() >= Some(since));
    let asked: Vec<&Value> = records.iter().filter(asked).collect();
    let data: Vec<&&Value> = asked.iter().skip(skipped).take(limit).collect();
    Ok(Json(json!({"data": data, "total": asked.len()})))
}
