//! SuiteQL: asking a query, and reading its rows.

use std::borrow::Cow;

use domain::json::{Json, Kind};
use http::{HeaderName, HeaderValue, Method};
use serde_json::json;
use transport::ErpError;
use transport::http::{HttpAnswer, HttpRequest, place};

use crate::rest::{self, Client};

/// The most rows they give at a time.
pub(super) const LARGEST_PAGE: u32 = 1_000;

/// The most rows of one query that can be reached at all.
const LAST_ROW: u32 = 100_000;

/// Asks queries.
#[derive(Debug, Clone)]
pub(super) struct SuiteQl(Client);

impl SuiteQl {
    /// Asks by means of a client; without the preference they refuse.
    pub(super) fn new(client: Client) -> Self {
        let prefer = HeaderName::from_static("prefer");
        Self(client.with_header(prefer, HeaderValue::from_static("transient")))
    }

    /// Up to `limit` rows of a query, from row `offset` on.
    ///
    /// # Errors
    /// With what they said, or why they could not be asked.
    pub(super) async fn page(&self, query: &str, limit: u32, offset: u32) -> Result<Rows, ErpError> {
        let (limit, offset) = (limit.to_string(), offset.to_string());
        let url = self.0.url("query/v1/suiteql", &[("limit", &limit), ("offset", &offset)]);
        let mut request = self.0.write(Method::POST, url, json!({"q": query}).to_string());
        // A query changes nothing, however often it is asked.
        request.repeatable = true;
        let answer = self.0.send(&request).await?;
        Ok(Rows { answer, request })
    }

    /// All rows of a query that has a hundred thousand at the most.
    ///
    /// # Errors
    /// As [`Self::page`]; `Malformed` if there are more.
    pub(super) async fn all(&self, query: &str) -> Result<Vec<Rows>, ErpError> {
        let mut pages = Vec::new();
        for page in 0..LAST_ROW / LARGEST_PAGE {
            let rows = self.page(query, LARGEST_PAGE, page * LARGEST_PAGE).await?;
            let (_, has_more) = rows.read()?;
            pages.push(rows);
            if !has_more {
                return Ok(pages);
            }
        }
        Err(ErpError::Malformed(format!(
            "NetSuite has more than {LAST_ROW} lines for the records of one page: ask for fewer records at a time with \
             settings.batchSize"
        )))
    }
}

/// Some rows.
#[derive(Debug)]
pub(super) struct Rows {
    answer: HttpAnswer,
    request: HttpRequest,
}

impl Rows {
    /// The rows, and whether others follow them.
    ///
    /// # Errors
    /// `Malformed`, with what came instead.
    pub(super) fn read(&self) -> Result<(Vec<Json<'_>>, bool), ErpError> {
        let json = rest::read(&self.answer, &self.request)?;
        let member = |name, kind| {
            let found: Option<Json<'_>> = json.as_ref().and_then(|json| json.at(name));
            found.filter(|found| found.kind() == kind)
        };
        match (member("items", Kind::Array), member("hasMore", Kind::Bool)) {
            (Some(rows), Some(has_more)) => Ok((rows.items(), has_more.text() == "true")),
            _ => Err(ErpError::Malformed(format!(
                "{} answered without items and hasMore",
                place(&self.answer.url)
            ))),
        }
    }
}

/// What a column holds in a row; nothing where it is empty. They write numbers as texts.
pub(super) fn value<'a>(row: Json<'a>, column: &str) -> Option<Cow<'a, str>> {
    let found = row.get(column)?;
    match found.kind() {
        Kind::String => found.as_string(),
        Kind::Number => Some(Cow::Borrowed(found.text())),
        _ => None,
    }
}

/// An internal id in a row.
///
/// # Errors
/// `Malformed`, if there is none.
pub(super) fn id(row: Json<'_>, column: &str) -> Result<i64, ErpError> {
    value(row, column).and_then(|id| id.parse().ok()).ok_or_else(|| {
        ErpError::Malformed(format!("NetSuite answered with a row whose {column} is no internal id"))
    })
}

/// A text as it stands in a query.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
