//! Walking through their lists by `@odata.nextLink`.

use async_trait::async_trait;
use http::{HeaderName, HeaderValue};
use jiff::Timestamp;
use transport::ErpError;
use url::Url;

use super::client::BusinessCentral;
use super::mapping::entities;
use crate::rest::{Batch, Client, Source, Step, same_host};
use crate::{Pull, offers_changes};

const PREFER: HeaderName = HeaderName::from_static("prefer");

/// The most records they give at a time.
const LARGEST_PAGE: u32 = 20_000;

/// The lists of one data type, one after the other.
#[derive(Debug)]
pub(super) struct List {
    client: Client,
    page_size: HeaderValue,
    /// Where each list begins.
    begins: Vec<Url>,
    since: Option<Timestamp>,
}

impl List {
    pub(super) async fn new(erp: &BusinessCentral, pull: &Pull) -> Result<Self, ErpError> {
        let since = pull.since.filter(|_| offers_changes(super::OFFERS, pull.data_type));
        let mut begins = Vec::new();
        for entity in entities(pull.data_type) {
            let query = entity.query(since);
            let query: Vec<_> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
            begins.push(erp.url(entity.name, &query).await?);
        }
        let page_size = format!("odata.maxpagesize={}", pull.page_size.min(LARGEST_PAGE));
        let page_size = HeaderValue::from_str(&page_size)
            .map_err(|_| ErpError::Misconfigured("settings.batchSize cannot be sent".to_owned()))?;
        Ok(Self { client: erp.reader(), page_size, begins, since })
    }

    /// The list behind the one that an address belongs to.
    fn list_after(&self, url: &Url) -> Option<&Url> {
        let at = self.begins.iter().position(|begin| begin.path() == url.path())?;
        self.begins.get(at + 1)
    }
}

#[async_trait]
impl Source for List {
    async fn batch(&self, step: &Step) -> Result<Batch, ErpError> {
        let url = match (step, self.begins.first()) {
            (Step::Address(address), Some(first)) => same_host(first, address)?,
            (_, Some(first)) => first.clone(),
            (_, None) => return Ok(Batch::empty()),
        };
        let mut request = self.client.get(url);
        request.headers.insert(PREFER, self.page_size.clone());
        let answer = self.client.send(&request).await?;
        let at = answer.url.clone();
        let batch = Batch::of(answer, &request, "value", |json, _| {
            let next = json.at("@odata.nextLink").and_then(|link| link.as_string());
            next.map(|link| Ok(Step::Address(same_host(&at, &link)?.into()))).transpose()
        })?;
        Ok(match self.list_after(&request.url).filter(|_| batch.is_last()) {
            Some(next) => batch.followed_by(Step::Address(next.clone().into())),
            None => batch,
        })
    }

    fn is_whole(&self) -> bool {
        self.since.is_none()
    }
}
