//! Reading a list page by page, and putting what belongs to its rows into their records: one query for a page, and one
//! for each kind of detail of that page.

use std::collections::HashMap;

use async_trait::async_trait;
use domain::json::{self, Json};
use jiff::Timestamp;
use transport::ErpError;

use super::assembly::{list, member, object};
use super::client::NetSuite;
use super::query::{Detail, OWNER, Table};
use super::suiteql::{LARGEST_PAGE, Rows, SuiteQl, id, value};
use super::tables::table;
use crate::rest::{Batch, Source, Step};
use crate::{Pull, offers_changes};

/// What a step goes on from: the key of the last row.
const AFTER: &str = "after";

/// The list of one data type.
#[derive(Debug)]
pub(super) struct List {
    suiteql: SuiteQl,
    table: Table,
    page_size: u32,
    since: Option<Timestamp>,
}

impl List {
    pub(super) fn new(erp: &NetSuite, pull: &Pull) -> Self {
        Self {
            suiteql: erp.suiteql().clone(),
            table: table(pull.data_type, erp.settings()),
            page_size: pull.page_size.min(LARGEST_PAGE),
            since: pull.since.filter(|_| offers_changes(super::OFFERS, pull.data_type)),
        }
    }

    /// All rows of a detail that belong to these rows.
    async fn rows_of(&self, detail: &Detail, rows: &[Json<'_>]) -> Result<Vec<Rows>, ErpError> {
        let has_owner = |row: &&Json<'_>| value(**row, detail.by).is_some();
        let owners: Result<Vec<i64>, ErpError> =
            rows.iter().filter(has_owner).map(|row| id(*row, detail.by)).collect();
        let mut owners = owners?;
        owners.sort_unstable();
        owners.dedup();
        if owners.is_empty() { Ok(Vec::new()) } else { self.suiteql.all(&detail.query(&owners)).await }
    }

    /// Where the page behind these rows begins.
    fn next(&self, rows: &[Json<'_>], has_more: bool) -> Result<Option<Step>, ErpError> {
        let Some(last) = rows.last().filter(|_| has_more) else {
            return match has_more {
                false => Ok(None),
                true => Err(ErpError::Malformed(
                    "NetSuite said that there are more rows, and gave none".to_owned(),
                )),
            };
        };
        let ids: Result<Vec<_>, ErpError> =
            self.table.key.iter().map(|column| Ok(id(*last, column)?.to_string())).collect();
        Ok(Some(Step::Cursor(AFTER.to_owned(), ids?.join(","))))
    }
}

#[async_trait]
impl Source for List {
    async fn batch(&self, step: &Step) -> Result<Batch, ErpError> {
        let after = match step {
            Step::Cursor(_, after) => Some(after.as_str()),
            _ => None,
        };
        let page = self.suiteql.page(&self.table.query(self.since, after)?, self.page_size, 0).await?;
        let (rows, has_more) = page.read()?;
        let next = self.next(&rows, has_more)?;
        let mut pages = Vec::new();
        for detail in &self.table.details {
            pages.push(self.rows_of(detail, &rows).await?);
        }
        let mut details = Vec::new();
        for (detail, pages) in self.table.details.iter().zip(&pages) {
            details.push(Owned::by(detail, pages)?);
        }
        let records = rows.into_iter().map(|row| record(row, self.table.statuses, &details));
        Batch::written(list(records), next)
    }

    fn is_whole(&self) -> bool {
        self.since.is_none()
    }
}

/// The rows of a detail, by what they belong to.
struct Owned<'a> {
    detail: &'a Detail,
    rows: HashMap<String, Vec<Json<'a>>>,
}

impl<'a> Owned<'a> {
    fn by(detail: &'a Detail, pages: &'a [Rows]) -> Result<Self, ErpError> {
        let mut rows: HashMap<String, Vec<Json<'a>>> = HashMap::new();
        for page in pages {
            for row in page.read()?.0 {
                rows.entry(id(row, OWNER)?.to_string()).or_default().push(row);
            }
        }
        Ok(Self { detail, rows })
    }

    /// Those that belong to a row, as a JSON list.
    fn of(&self, row: Json<'_>) -> Option<String> {
        let rows = self.rows.get(value(row, self.detail.by)?.as_ref())?;
        Some(list(rows.iter().map(|row| object(members(*row, OWNER)))))
    }
}

/// A row with its details as a record. Its status is a letter, at times behind the kind of transaction: `SalesOrd:B`.
fn record(row: Json<'_>, statuses: &[(&str, &str)], details: &[Owned<'_>]) -> String {
    const STATUS: &str = "status";
    if statuses.is_empty() {
        return object(members(row, "").chain(with_details(row, details)));
    }
    let status = value(row, STATUS).map(|status| {
        let letter = status.rsplit(':').next().unwrap_or_default();
        let known = statuses.iter().find(|(known, _)| *known == letter);
        let words = known.map_or(status.as_ref(), |(_, words)| *words);
        (member(STATUS, &json::string(words)), member("statuscode", &json::string(letter)))
    });
    let status = status.into_iter().flat_map(|(words, code)| [words, code]);
    object(members(row, STATUS).chain(status).chain(with_details(row, details)))
}

fn with_details(row: Json<'_>, details: &[Owned<'_>]) -> impl Iterator<Item = String> {
    details.iter().filter_map(move |owned| Some(member(owned.detail.name, &owned.of(row)?)))
}

/// The columns of a row but one, as members of an object. The links that come with each row say nothing.
fn members<'a>(row: Json<'a>, but: &'static str) -> impl Iterator<Item = String> + 'a {
    let columns = row.members().into_iter().filter(move |(name, _)| name != but && name != "links");
    columns.map(|(name, value)| member(&name, value.text()))
}
