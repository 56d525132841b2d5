//! How to ask an HTTP API for the next page.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How to ask for the next page. Names left out take the usual ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Paging {
    /// The style; found from the first answer by `auto`.
    pub style: PagingStyle,
    /// The query parameter for the number of records; `limit` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit_param: Option<String>,
    /// The query parameter for the page number; `page` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_param: Option<String>,
    /// The number of the first page; 1 if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_page: Option<u32>,
    /// The query parameter for the offset; `offset` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset_param: Option<String>,
    /// The query parameter for the cursor; `cursor` if left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor_param: Option<String>,
    /// Where the answer has the next cursor or the next address, as a dotted path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_path: Option<String>,
}

/// A way to ask for the next page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PagingStyle {
    /// Found from the first answer: a `Link` header, a next address, a cursor, else page and limit.
    #[default]
    Auto,
    /// Everything comes in one answer.
    None,
    /// The `Link` header with `rel="next"`.
    Link,
    /// The answer holds the address of the next page.
    NextUrl,
    /// The answer holds a cursor for the next page.
    Cursor,
    /// Page number and limit.
    Page,
    /// Offset and limit.
    Offset,
}
