//! Answers of lists: a plain array, with the address of the next page in the `Link` header (RFC 8288).

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::LINK;
use http::{HeaderValue, Uri};
use serde::Serialize;
use store::Listing;
use url::form_urlencoded::{Serializer, parse};
use utoipa::ToSchema;

/// One page of a list.
#[derive(Debug)]
pub(crate) struct Page<T> {
    items: Vec<T>,
    link: Option<HeaderValue>,
    pagination: Pagination,
}

/// How a list is paged, for the platform surface's envelope.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Pagination {
    /// How many items the page holds at most.
    #[schema(example = 50)]
    per_page: u32,
    /// The `cursor` of the next page, if there is one.
    #[schema(required = false)]
    next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// The page that was asked for at `uri`.
    pub(crate) fn new(uri: &Uri, limit: u32, listing: Listing<T>) -> Self {
        let link = listing.next.as_deref().and_then(|cursor| next_link(uri, cursor));
        let pagination = Pagination { per_page: limit, next_cursor: listing.next };
        Self { items: listing.items, link, pagination }
    }
}

/// The same address with another cursor, for a `Link` header.
pub(crate) fn next_link(uri: &Uri, cursor: &str) -> Option<HeaderValue> {
    let kept = parse(uri.query().unwrap_or_default().as_bytes()).filter(|(name, _)| name != "cursor");
    let query = Serializer::new(String::new()).extend_pairs(kept).append_pair("cursor", cursor).finish();
    HeaderValue::from_str(&format!("<{}?{query}>; rel=\"next\"", uri.path())).ok()
}

impl<T: Serialize> IntoResponse for Page<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.items).into_response();
        if let Some(link) = self.link {
            response.headers_mut().insert(LINK, link);
        }
        response.extensions_mut().insert(self.pagination);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_the_filters_and_changes_the_cursor() {
        let uri: Uri = "/erp/sync-logs?dataType=orders&cursor=old&limit=10".parse().unwrap();
        let link = next_link(&uri, "new+1").unwrap();
        assert_eq!(link, "</erp/sync-logs?dataType=orders&limit=10&cursor=new%2B1>; rel=\"next\"");
    }
}
