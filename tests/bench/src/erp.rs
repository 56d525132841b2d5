//! An ERP that is no bottleneck: it serves pages it rendered before the first request.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use bytes::Bytes;
use serde::Deserialize;

use crate::process::Running;

/// What makes this program be the ERP.
pub(crate) const COMMAND: &str = "serve-erp";

/// Records on a page.
const PAGE: usize = 1_000;

/// An ERP in a process of its own.
pub(crate) struct Erp {
    pub(crate) address: String,
    _process: Running,
}

/// Starts the ERP with a catalogue of `products`.
pub(crate) async fn start(products: usize) -> Result<Erp> {
    let program = std::env::current_exe()?;
    let mut child =
        Command::new(program).args([COMMAND, &products.to_string()]).stdout(Stdio::piped()).spawn()?;
    let output = child.stdout.take().context("the ERP has no output")?;
    let process = Running::new(child);
    let address = tokio::task::spawn_blocking(move || {
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).map(|_| line.trim().to_owned())
    });
    Ok(Erp { address: address.await??, _process: process })
}

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
    let pages: Arc<Vec<Bytes>> =
        Arc::new((0..products.div_ceil(PAGE)).map(|page| render(page, products)).collect());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("http://{}", listener.local_addr()?);
    let answer = |State(pages): State<Arc<Vec<Bytes>>>, Query(Page { page }): Query<Page>| async move {
        let body = page.checked_sub(1).and_then(|page| pages.get(page)).cloned();
        ([(CONTENT_TYPE, "application/json")], body.unwrap_or_else(|| Bytes::from_static(b"[]")))
    };
    axum::serve(listener, Router::new().route("/products", get(answer)).with_state(pages)).await?;
    Ok(())
}

/// A page of products of about 300 bytes each, in the order of their SKUs.
fn render(page: usize, products: usize) -> Bytes {
    let records = (page * PAGE..((page + 1) * PAGE).min(products)).map(|n| {
        let (price, stock, group) = (n % 9_973, n.wrapping_mul(2_654_435_761) % 1_000, n % 37);
        format!(
            r#"{{"sku":"SKU-{n:08}","name":"Product {n} of the catalogue","description":"A thing of group {group}, packed in boxes of {}, made to last","unitPrice":{}.{:02},"currency":"EUR","uom":"EA","category":"group-{group}","barcode":"40{n:011}","weight":{}.{}5,"active":true,"stock":{stock},"updatedAt":"2026-11-{:02}T08:{:02}:00Z"}}"#,
            n % 24 + 1,
            price / 10,
            n % 100,
            n % 40,
            n % 10,
            n % 28 + 1,
            n % 60,
        )
    });
    Bytes::from(format!("[{}]", records.collect::<Vec<_>>().join(",")))
}
