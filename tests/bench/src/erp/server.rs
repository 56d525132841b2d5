//! The ERP's HTTP.

use std::sync::{Arc, PoisonError, RwLock};

use anyhow::Result;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use serde::Deserialize;

use super::catalogue::{Catalogue, Change};

type Shared = State<Arc<RwLock<Catalogue>>>;

#[derive(Deserialize)]
struct Page {
    #[serde(default = "first_page")]
    page: usize,
}

const fn first_page() -> usize {
    1
}

/// Serves `/products?page=` until it is killed.
#[expect(clippy::print_stdout, reason = "tells the parent process its address")]
pub(crate) async fn serve(products: usize) -> Result<()> {
    let catalogue = Arc::new(RwLock::new(Catalogue::new(products)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let routes = Router::new().route("/products", get(list_products)).route("/change/{which}", post(change));
    axum::serve(listener, routes.with_state(catalogue)).await?;
    Ok(())
}

async fn list_products(State(catalogue): Shared, Query(Page { page }): Query<Page>) -> impl IntoResponse {
    let body = catalogue.read().unwrap_or_else(PoisonError::into_inner).page(page);
    ([(CONTENT_TYPE, "application/json")], body)
}

async fn change(State(catalogue): Shared, Path(which): Path<String>) -> StatusCode {
    let Some(change) = Change::named(&which) else { return StatusCode::NOT_FOUND };
    catalogue.write().unwrap_or_else(PoisonError::into_inner).change(change);
    StatusCode::NO_CONTENT
}
