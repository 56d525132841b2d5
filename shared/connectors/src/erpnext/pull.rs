//! Walking through their documents by name. A name stays as it is whatever is changed meanwhile, so that no document is
//! left out or comes twice, as happens with offsets.

use std::sync::Arc;

use async_trait::async_trait;
use domain::DataType;
use jiff::Timestamp;
use transport::ErpError;

use super::client::Site;
use super::mapping::{documents, largest_page};
use super::question::Question;
use super::related::{self, Satellite};
use super::row::Row;
use crate::rest::{Batch, Source, Step};
use crate::{Pull, offers_changes};

/// The documents of one data type; where only changes are asked for, then those about which another document changed.
#[derive(Debug)]
pub(super) struct Documents {
    site: Arc<Site>,
    data_type: DataType,
    page_size: u32,
    since: Option<Timestamp>,
}

impl Documents {
    pub(super) fn new(site: Arc<Site>, pull: &Pull) -> Self {
        let since = pull.since.filter(|_| offers_changes(super::OFFERS, pull.data_type));
        let page_size = pull.page_size.min(largest_page(pull.data_type));
        Self { site, data_type: pull.data_type, page_size, since }
    }

    fn all(&self) -> Question {
        documents(self.data_type, &self.site.settings.reference_field, self.site.company.as_deref())
    }

    /// The next page of those that changed, and where to go on after it.
    async fn page(&self, question: Question, after: &str) -> Result<(Vec<Row>, Option<Step>), ErpError> {
        let doctype = question.doctype;
        let mut question = question.at_most(self.page_size);
        if let Some(since) = self.since {
            let earliest = self.site.clock().await?.earliest_since(since);
            question = question.only("modified", ">=", earliest);
        }
        if !after.is_empty() {
            question = question.only("name", ">", after);
        }
        let rows = self.site.rows(&question).await?;
        let is_full = rows.len() >= usize::try_from(self.page_size).unwrap_or(usize::MAX);
        let last = rows.last().filter(|_| is_full).map(|row| row.text("name"));
        let next = last.map(|name| match name.as_str() {
            "" => Err(ErpError::Malformed(format!("ERPNext answered with a {doctype} without a name"))),
            _ => Ok(Step::Cursor(doctype.to_owned(), name)),
        });
        Ok((rows, next.transpose()?))
    }

    /// The documents about which these satellites are, but for those that came because they changed themselves.
    async fn owners(&self, satellite: Satellite, rows: &[Row]) -> Result<Vec<Row>, ErpError> {
        let names = satellite.owners(&self.site, rows).await?;
        let Some(since) = self.since.filter(|_| !names.is_empty()) else { return Ok(Vec::new()) };
        let earliest = self.site.clock().await?.earliest_since(since);
        self.site.rows(&self.all().only("name", "in", names).only("modified", "<", earliest)).await
    }
}

#[async_trait]
impl Source for Documents {
    async fn batch(&self, step: &Step) -> Result<Batch, ErpError> {
        let satellite = Satellite::of(self.data_type, &self.site).filter(|_| self.since.is_some());
        let (doctype, after) = match step {
            Step::Cursor(doctype, after) => (doctype.as_str(), after.as_str()),
            _ => ("", ""),
        };
        let (rows, next) = match satellite {
            Some(satellite) if satellite.doctype() == doctype => {
                let (rows, next) = self.page(satellite.question(&self.site), after).await?;
                (self.owners(satellite, &rows).await?, next)
            }
            _ => {
                let (rows, next) = self.page(self.all(), after).await?;
                let begin =
                    |satellite: Satellite| Step::Cursor(satellite.doctype().to_owned(), String::new());
                (rows, next.or_else(|| satellite.map(begin)))
            }
        };
        let records = related::complete(&self.site, self.data_type, rows).await?;
        Batch::written(format!("[{}]", records.join(",")), next)
    }

    fn is_whole(&self) -> bool {
        self.since.is_none()
    }
}
