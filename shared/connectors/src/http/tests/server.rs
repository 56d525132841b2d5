//! A small API with products, whose way of paging each test chooses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::DataType;
use domain::connection::{ApiSettings, ConnectionSettings, Credentials};
use jiff::Timestamp;
use tokio::net::TcpListener;
use transport::{ErpError, Transport};

use crate::http::HttpConnector;
use crate::{Connector, Item, Page, Pull};

/// A request as the server saw it.
pub(super) struct Asked {
    pub(super) query: HashMap<String, String>,
    pub(super) headers: HeaderMap,
    /// The server's own address, without a slash at the end.
    pub(super) origin: String,
}

impl Asked {
    pub(super) fn number(&self, name: &str) -> Option<usize> {
        self.query.get(name)?.parse().ok()
    }
}

type Answer = Arc<dyn Fn(Asked) -> Response + Send + Sync>;

/// A running server; it remembers the query of each request.
pub(super) struct Server {
    pub(super) origin: String,
    queries: Arc<Mutex<Vec<String>>>,
}

#[derive(Clone)]
struct Shared {
    origin: String,
    answer: Answer,
    queries: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Answers `/products` by a function.
    pub(super) async fn answering<R: IntoResponse>(
        answer: impl Fn(Asked) -> R + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let queries = Arc::new(Mutex::new(vec![]));
        let answer: Answer = Arc::new(move |asked| answer(asked).into_response());
        let shared = Shared { origin: origin.clone(), answer, queries: Arc::clone(&queries) };
        let router = Router::new().route("/products", get(respond)).with_state(shared);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { origin, queries }
    }

    /// How often it was asked.
    pub(super) fn asked(&self) -> usize {
        self.queries.lock().unwrap().len()
    }

    /// The queries it was asked with.
    pub(super) fn queries(&self) -> Vec<String> {
        self.queries.lock().unwrap().clone()
    }

    pub(super) fn connector(&self, api: ApiSettings) -> HttpConnector {
        self.connector_with(api, Credentials::default())
    }

    pub(super) fn connector_with(&self, api: ApiSettings, credentials: Credentials) -> HttpConnector {
        let settings = ConnectionSettings { api, retry_attempts: 0, ..ConnectionSettings::default() };
        let credentials = Credentials { api_url: Some(format!("{}/", self.origin)), ..credentials };
        let transport = Transport::new("127.0.0.0/8".parse().unwrap());
        HttpConnector::new(&settings, credentials, &transport).unwrap()
    }

    /// Pulls everything, ten at a time, making the connector anew from the checkpoint after each page.
    pub(super) async fn pull(&self, api: &ApiSettings) -> Result<Pulled, ErpError> {
        let mut pulled = Pulled::default();
        let mut resume = None;
        loop {
            let pull =
                Pull { data_type: DataType::Products, page_size: 10, resume: resume.clone(), since: None };
            let mut pages = self.connector(api.clone()).pull(pull).await?;
            let Some(page) = pages.next().await? else { return Ok(pulled) };
            pulled.take(&page);
            resume = Some(page.resume);
        }
    }

    /// Pulls what changed since a moment, or everything; says which queries that took and whether everything came.
    pub(super) async fn pull_since(&self, api: ApiSettings, since: Option<Timestamp>) -> (Vec<String>, bool) {
        let before = self.asked();
        let pull = Pull { data_type: DataType::Products, page_size: 10, resume: None, since };
        let mut pages = self.connector(api.clone()).pull(pull.clone()).await.unwrap();
        let mut resume = None;
        while let Some(page) = pages.next().await.unwrap() {
            resume = Some(page.resume);
        }
        let queries = self.queries()[before..].to_vec();
        let mut again = self.connector(api).pull(Pull { resume, ..pull }).await.unwrap();
        assert!(again.next().await.unwrap().is_none());
        assert_eq!(again.complete(), pages.complete(), "what is known at the end is not forgotten");
        (queries, pages.complete())
    }

    /// Pulls everything, ten at a time, in one go.
    pub(super) async fn pull_in_one_go(&self, api: &ApiSettings) -> Result<Pulled, ErpError> {
        let mut pulled = Pulled::default();
        let pull = Pull { data_type: DataType::Products, page_size: 10, resume: None, since: None };
        let mut pages = self.connector(api.clone()).pull(pull).await?;
        while let Some(page) = pages.next().await? {
            pulled.take(&page);
        }
        Ok(pulled)
    }
}

async fn respond(
    State(shared): State<Shared>,
    Query(query): Query<HashMap<String, String>>,
    uri: axum::http::Uri,
    headers: HeaderMap,
) -> Response {
    shared.queries.lock().unwrap().push(uri.query().unwrap_or_default().to_owned());
    (shared.answer)(Asked { query, headers, origin: shared.origin })
}

/// What came of a pull.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pulled {
    pub(super) records: Vec<String>,
    pub(super) total: Option<u64>,
    pub(super) warnings: Vec<String>,
}

impl Pulled {
    fn take(&mut self, page: &Page) {
        for item in &page.items {
            let (Item::Record(range) | Item::Broken(range, _)) = item;
            self.records.push(String::from_utf8(page.body[range.clone()].to_vec()).unwrap());
        }
        self.total = page.total.or(self.total);
        self.warnings.extend(page.warnings.clone());
        assert!(page.resume.len() < 5000, "{}", page.resume);
    }

    /// That the pull brought each of the server's products once, in order, and nothing to worry about.
    pub(super) fn assert_all(&self, count: usize) {
        assert_eq!(self.records, products(0, count, count));
        assert_eq!(self.warnings, Vec::<String>::new());
    }
}

/// Up to `limit` of `all` products, from `offset` on.
pub(super) fn products(offset: usize, limit: usize, all: usize) -> Vec<String> {
    (offset..all.min(offset + limit)).map(|n| format!(r#"{{"sku":"P{n}"}}"#)).collect()
}

/// The same as a JSON list.
pub(super) fn list(offset: usize, limit: usize, all: usize) -> String {
    format!("[{}]", products(offset, limit, all).join(","))
}
