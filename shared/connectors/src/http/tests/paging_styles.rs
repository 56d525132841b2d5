//! Every way of paging, found by itself or configured, in one go and resumed after each page.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use domain::connection::{ApiSettings, Paging, PagingStyle};
use proptest::prelude::*;

use super::server::{Asked, Pulled, Server, list};

fn paging(style: PagingStyle) -> ApiSettings {
    ApiSettings { paging: Paging { style, ..Paging::default() }, ..ApiSettings::default() }
}

/// Pulls twice, in one go and resuming after each page; both must bring the same.
async fn pulled(
    api: ApiSettings,
    answer: impl Fn(Asked) -> Response + Send + Sync + 'static,
) -> (Pulled, Server) {
    let server = Server::answering(answer).await;
    let resumed = server.pull(&api).await.unwrap();
    assert_eq!(server.pull_in_one_go(&api).await.unwrap(), resumed);
    (resumed, server)
}

/// Page and limit, all of `all` products, at most `cap` a page.
fn by_page(all: usize, cap: usize) -> impl Fn(Asked) -> Response + Send + Sync + 'static {
    move |asked| {
        let limit = asked.number("limit").unwrap_or(cap).min(cap);
        list((asked.number("page").unwrap_or(1) - 1) * limit, limit, all).into_response()
    }
}

#[tokio::test]
async fn pages_are_counted_without_being_told() {
    for all in [0, 1, 9, 10, 11, 20, 35] {
        pulled(ApiSettings::default(), by_page(all, 100)).await.0.assert_all(all);
    }
}

#[tokio::test]
async fn a_server_that_gives_fewer_than_asked_for_is_read_to_its_end() {
    pulled(ApiSettings::default(), by_page(17, 4)).await.0.assert_all(17);
    pulled(paging(PagingStyle::Page), by_page(17, 4)).await.0.assert_all(17);
}

#[tokio::test]
async fn a_server_that_ignores_paging_is_read_once() {
    for all in [3, 10, 25] {
        let (pulled, _) = pulled(ApiSettings::default(), move |_| list(0, all, all).into_response()).await;
        assert_eq!(pulled.records.len(), all);
        assert!(pulled.warnings[0].contains("the server ignores paging"), "{:?}", pulled.warnings);
    }
}

#[tokio::test]
async fn pages_past_the_end_may_be_refused() {
    for status in [StatusCode::NOT_FOUND, StatusCode::BAD_REQUEST] {
        let (pulled, _) = pulled(ApiSettings::default(), move |asked| {
            let page = asked.number("page").unwrap_or(1);
            if page > 1 { status.into_response() } else { list(0, 7, 7).into_response() }
        })
        .await;
        pulled.assert_all(7);
    }
}

#[tokio::test]
async fn a_server_that_refuses_paging_parameters_is_asked_without() {
    let (pulled, server) = pulled(ApiSettings::default(), |asked| {
        let refused = (StatusCode::BAD_REQUEST, "unknown parameter page").into_response();
        if asked.query.is_empty() { list(0, 12, 12).into_response() } else { refused }
    })
    .await;
    pulled.assert_all(12);
    assert!(server.queries().iter().all(|query| query.is_empty() || query == "limit=10"));
}

#[tokio::test]
async fn a_known_total_saves_the_last_question() {
    let (pulled, server) = pulled(ApiSettings::default(), |asked| {
        let page = asked.number("page").unwrap_or(1) - 1;
        format!(r#"{{"data":{},"total":20}}"#, list(page * 10, 10, 20)).into_response()
    })
    .await;
    pulled.assert_all(20);
    assert_eq!(
        (pulled.total, server.asked()),
        (Some(20), 6),
        "twice the first, the one numbered 1, and the second"
    );
}

#[tokio::test]
async fn a_total_that_was_not_reached_is_a_warning() {
    let (pulled, _) = pulled(paging(PagingStyle::None), |_| {
        format!(r#"{{"data":{},"total":50}}"#, list(0, 10, 50)).into_response()
    })
    .await;
    assert!(pulled.warnings[0].contains("50 records but gave 10"), "{:?}", pulled.warnings);
}

#[tokio::test]
async fn offsets_are_found_by_themselves_or_configured() {
    for (api, param) in [(ApiSettings::default(), "skip"), (paging(PagingStyle::Offset), "offset")] {
        let (pulled, _) = pulled(api, move |asked| {
            let offset = asked.number(param).unwrap_or(0);
            format!(r#"{{"products":{},"total":35,"{param}":{offset},"limit":10}}"#, list(offset, 10, 35))
                .into_response()
        })
        .await;
        pulled.assert_all(35);
    }
}

#[tokio::test]
async fn configured_names_are_used() {
    let api = ApiSettings {
        paging: Paging {
            style: PagingStyle::Offset,
            limit_param: Some("$top".to_owned()),
            offset_param: Some("$skip".to_owned()),
            ..Paging::default()
        },
        ..ApiSettings::default()
    };
    let (pulled, _) = pulled(api, |asked| {
        list(asked.number("$skip").unwrap(), asked.number("$top").unwrap(), 25).into_response()
    })
    .await;
    pulled.assert_all(25);
}

#[tokio::test]
async fn a_first_page_may_be_zero() {
    let api = ApiSettings {
        paging: Paging { style: PagingStyle::Page, first_page: Some(0), ..Paging::default() },
        ..ApiSettings::default()
    };
    let (pulled, _) =
        pulled(api, |asked| list(asked.number("page").unwrap() * 10, 10, 25).into_response()).await;
    pulled.assert_all(25);
}

#[tokio::test]
async fn the_link_header_is_followed() {
    for style in [PagingStyle::Auto, PagingStyle::Link] {
        let (pulled, _) = pulled(paging(style), |asked| {
            let from = asked.number("from").unwrap_or(0);
            let link = format!("<{}/products?from={}>; rel=\"next\"", asked.origin, from + 10);
            let body = list(from, 10, 25);
            if from < 20 { ([("link", link)], body).into_response() } else { body.into_response() }
        })
        .await;
        pulled.assert_all(25);
    }
}

#[tokio::test]
async fn next_addresses_are_followed_whole_or_relative() {
    for (style, whole) in [(PagingStyle::Auto, true), (PagingStyle::NextUrl, false)] {
        let (pulled, _) = pulled(paging(style), move |asked| {
            let from = asked.number("$skiptoken").unwrap_or(0);
            let origin = if whole { asked.origin.as_str() } else { "" };
            let next = match from {
                0 | 10 => format!(r#""{origin}/products?$skiptoken={}""#, from + 10),
                _ => "null".to_owned(),
            };
            format!(r#"{{"value":{},"@odata.nextLink":{next}}}"#, list(from, 10, 25)).into_response()
        })
        .await;
        pulled.assert_all(25);
    }
}

#[tokio::test]
async fn cursors_are_followed() {
    for (style, member, param) in [
        (PagingStyle::Auto, "nextCursor", "cursor"),
        (PagingStyle::Auto, "nextPageToken", "pageToken"),
        (PagingStyle::Cursor, "next_cursor", "cursor"),
    ] {
        let (pulled, _) = pulled(paging(style), move |asked| {
            let from =
                asked.query.get(param).map_or(0, |cursor| cursor.trim_start_matches("at/").parse().unwrap());
            let next = if from < 20 { format!(r#""at/{}""#, from + 10) } else { "null".to_owned() };
            format!(r#"{{"items":{},"{member}":{next}}}"#, list(from, 10, 25)).into_response()
        })
        .await;
        pulled.assert_all(25);
    }
}

#[tokio::test]
async fn empty_pages_before_the_last_cursor_are_passed() {
    let (pulled, _) = pulled(ApiSettings::default(), |asked| {
        let at = asked.number("cursor").unwrap_or(0);
        let next = if at < 3 { (at + 1).to_string() } else { "null".to_owned() };
        let records = if at == 3 { list(0, 5, 5) } else { "[]".to_owned() };
        format!(r#"{{"items":{records},"next_cursor":{next}}}"#).into_response()
    })
    .await;
    pulled.assert_all(5);
}

#[tokio::test]
async fn has_more_decides_even_after_a_short_page() {
    let (pulled, server) = pulled(ApiSettings::default(), |asked| {
        let page = asked.number("page").unwrap_or(1) - 1;
        let (from, size) = [(0, 10), (10, 3), (13, 10)][page];
        format!(r#"{{"data":{},"hasMore":{}}}"#, list(from, size, 23), page < 2).into_response()
    })
    .await;
    pulled.assert_all(23);
    assert_eq!(server.asked(), 8);
}

/// A server as they are in the wild: from which number it counts pages, how many records it gives at a time whatever it is
/// asked for, what it tells beside them, and how its pages end.
#[derive(Debug, Clone)]
struct Wild {
    base: usize,
    cap: usize,
    all: usize,
    beside: &'static str,
    end: u16,
    /// What it calls the number of a page.
    param: &'static str,
}

impl Wild {
    fn answer(&self, asked: &Asked) -> Response {
        let page = asked.number(self.param).unwrap_or(self.base);
        let from = page.saturating_sub(self.base) * self.cap;
        let number = page.max(self.base);
        if from >= self.all && from > 0 {
            return match self.end {
                200 => "[]".into_response(),
                201 => (StatusCode::OK, "").into_response(),
                status => {
                    (StatusCode::from_u16(status).unwrap(), r#"{"message":"no such page"}"#).into_response()
                }
            };
        }
        let records = list(from, self.cap.min(self.all - from), self.all);
        let (all, cap) = (self.all, self.cap);
        let pages = all.div_ceil(cap);
        match self.beside {
            "nothing" => records.into_response(),
            "total" => format!(r#"{{"data":{records},"total":{all}}}"#).into_response(),
            "own total" => format!(r#"{{"data":{records},"gesamt":{all}}}"#).into_response(),
            "page size" => format!(r#"{{"data":{records},"total":{}}}"#, cap.min(all - from)).into_response(),
            "spring" => format!(
                r#"{{"data":{records},"number":{number},"totalElements":{all},"totalPages":{pages},"last":{}}}"#,
                from + cap >= all
            )
            .into_response(),
            "number" => format!(r#"{{"data":{records},"page":{number}}}"#).into_response(),
            _ => unreachable!(),
        }
    }
}

fn wild() -> impl Strategy<Value = Wild> {
    let beside = prop::sample::select(vec!["nothing", "total", "own total", "page size", "spring", "number"]);
    let end = prop::sample::select(vec![200, 201, 204, 404, 400, 422, 416]);
    let param = prop::sample::select(vec!["page", "page", "page", "seite"]);
    (0_usize..2, 1_usize..12, 0_usize..40, beside, end, param)
        .prop_map(|(base, cap, all, beside, end, param)| Wild { base, cap, all, beside, end, param })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn every_record_comes_or_it_is_told(wild in wild()) {
        tokio::runtime::Runtime::new().unwrap().block_on(async {
            let serving = wild.clone();
            let server = Server::answering(move |asked| serving.answer(&asked)).await;
            let pulled = server.pull_in_one_go(&ApiSettings::default()).await.unwrap();
            let mut skus = pulled.records.clone();
            skus.sort();
            skus.dedup();
            assert_eq!(skus.len(), pulled.records.len(), "none comes twice: {wild:?}");
            assert!(skus.len() == wild.all || !pulled.warnings.is_empty(), "{wild:?} {pulled:?}");
            if wild.param == "page" && wild.beside != "number" {
                assert_eq!(skus.len(), wild.all, "{wild:?} {pulled:?}");
            }
        });
    }
}
