//! Asking for what changed, and knowing whether everything came.

use axum::http::StatusCode;
use axum::response::IntoResponse;
use domain::DataType;
use domain::connection::{ApiSettings, ChangedSince, MomentFormat, Paging, PagingStyle};

use super::server::{Server, list};
use crate::Connector;

fn changed_since(param: &str, format: MomentFormat) -> ChangedSince {
    ChangedSince { param: param.to_owned(), format }
}

async fn paged(all: usize) -> Server {
    Server::answering(move |asked| list((asked.number("page").unwrap_or(1) - 1) * 10, 10, all)).await
}

#[tokio::test]
async fn the_moment_goes_along_with_every_page() {
    let since = Some("2026-11-21T06:07:08.9Z".parse().unwrap());
    let api = ApiSettings {
        paths: [(DataType::Products, "/products?active=1".to_owned())].into(),
        changed_since: Some(changed_since("from", MomentFormat::Date)),
        changed_since_of: [(DataType::Products, changed_since("updated[gte]", MomentFormat::Rfc3339))].into(),
        ..ApiSettings::default()
    };
    let server = paged(12).await;
    let (queries, complete) = server.pull_since(api.clone(), since).await;
    let moment = "active=1&updated%5Bgte%5D=2026-11-21T06%3A07%3A08Z";
    let pages = ["", "&page=1", "&page=2"].map(|page| format!("{moment}{page}&limit=10"));
    assert_eq!(queries, pages, "the page numbered 1 shows from where they are counted");
    assert!(!complete, "what changed is not everything");

    let (queries, complete) = server.pull_since(api, None).await;
    assert_eq!(queries[0], "active=1&limit=10");
    assert!(complete);
}

#[tokio::test]
async fn without_a_parameter_every_pull_reads_everything() {
    let server = paged(12).await;
    let (queries, complete) =
        server.pull_since(ApiSettings::default(), Some("2026-11-21T06:07:08Z".parse().unwrap())).await;
    assert_eq!(queries, ["limit=10", "page=1&limit=10", "page=2&limit=10"]);
    assert!(complete);

    let of = |changes: &[DataType]| ApiSettings {
        changed_since_of: changes
            .iter()
            .map(|kind| (*kind, changed_since("since", MomentFormat::Unix)))
            .collect(),
        ..ApiSettings::default()
    };
    let connector = server.connector(of(&[DataType::Orders]));
    assert!(connector.pulls_changes(DataType::Orders) && !connector.pulls_changes(DataType::Products));
}

#[tokio::test]
async fn in_doubt_not_everything_came() {
    let whole =
        |style| ApiSettings { paging: Paging { style, ..Paging::default() }, ..ApiSettings::default() };
    let short = Server::answering(|_| format!(r#"{{"data":{},"total":50}}"#, list(0, 10, 50))).await;
    assert!(!short.pull_since(whole(PagingStyle::None), None).await.1, "the server tells of more records");

    let ignoring = Server::answering(|_| list(0, 10, 10)).await;
    assert!(!ignoring.pull_since(ApiSettings::default(), None).await.1, "the server ignores paging");

    let plain = |body: String| {
        move |asked: super::server::Asked| {
            let refused = (StatusCode::BAD_REQUEST, "unknown parameter page").into_response();
            if asked.query.is_empty() { body.clone().into_response() } else { refused }
        }
    };
    let silent = Server::answering(plain(list(0, 12, 12))).await;
    assert!(!silent.pull_since(ApiSettings::default(), None).await.1, "it may have given a first page only");
    let telling = Server::answering(plain(format!(r#"{{"data":{},"total":12}}"#, list(0, 12, 12)))).await;
    assert!(telling.pull_since(ApiSettings::default(), None).await.1);
}

#[tokio::test]
async fn before_the_last_page_not_everything_came() {
    let server = paged(12).await;
    let pull = crate::Pull { data_type: DataType::Products, page_size: 10, resume: None, since: None };
    let mut pages = server.connector(ApiSettings::default()).pull(pull).await.unwrap();
    pages.next().await.unwrap().unwrap();
    assert!(!pages.complete());
}
