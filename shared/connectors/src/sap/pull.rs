//! Walking through their lists: by the links that SAP gives, else by `$top` and `$skip`.

use async_trait::async_trait;
use domain::DataType;
use domain::connection::providers::sap::{ODataVersion, SapSettings};
use domain::json::Json;
use transport::ErpError;
use url::Url;

use super::client::Sap;
use super::deliveries::Deliveries;
use super::shape::shaped;
use super::stock::{summed, whole_rows};
use crate::rest::{Batch, Client, Source, Step, same_host, set};
use crate::{Pull, offers_changes};

const SKIP: &str = "$skip";
const TOP: &str = "$top";

/// The list of one data type.
#[derive(Debug)]
pub(super) struct ListPages {
    client: Client,
    settings: SapSettings,
    data_type: DataType,
    version: ODataVersion,
    /// Where it begins.
    begin: Url,
    /// How many records are asked for at a time; none where the server is told otherwise.
    top: Option<u64>,
    deliveries: Option<Deliveries>,
    whole: bool,
}

impl ListPages {
    pub(super) fn new(erp: &Sap, pull: &Pull) -> Result<Self, ErpError> {
        let list = erp.list(pull.data_type)?;
        let since = pull.since.filter(|_| offers_changes(super::OFFERS, pull.data_type));
        let size = list.page_size(pull.page_size);
        let mut query = list.query(since);
        if list.is_of_users() {
            // While users change, the pages stay those of the moment the pull began.
            query.push(("paging", "snapshot".to_owned()));
            query.push(("customPageSize", size.to_string()));
        }
        let query: Vec<_> = query.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let deliveries = pull.data_type == DataType::OrderStatus && erp.settings().deliveries;
        Ok(Self {
            client: erp.client().clone(),
            settings: erp.settings().clone(),
            data_type: pull.data_type,
            version: list.version,
            begin: erp.url(list.service, list.set, &query),
            top: (!list.is_of_users()).then_some(size.into()),
            deliveries: deliveries.then(|| Deliveries::of(erp)),
            whole: since.is_none(),
        })
    }

    /// The address of a step, and how many records come before it where that is known.
    fn address(&self, step: &Step) -> Result<(Url, u64), ErpError> {
        let before = match step {
            Step::Address(address) => return Ok((same_host(&self.begin, address)?, 0)),
            Step::Offset(_, before) => *before,
            _ => 0,
        };
        let mut url = self.begin.clone();
        if let Some(top) = self.top {
            set(&mut url, TOP, &top.to_string());
        }
        if before > 0 {
            set(&mut url, SKIP, &before.to_string());
        }
        Ok((plainly(url), before))
    }

    /// What follows a page.
    fn next(
        &self,
        step: &Step,
        at: &Url,
        before: u64,
        link: Option<&str>,
        rows: &[Json<'_>],
    ) -> Result<Option<Step>, ErpError> {
        let came = rows.len() as u64;
        let is_full = self.top.is_some_and(|top| came >= top);
        if self.data_type == DataType::Inventory {
            if link.is_none() && !is_full {
                return Ok(None);
            }
            let whole = whole_rows(rows, self.settings.stock_by)?;
            return Ok(Some(Step::Offset(SKIP.to_owned(), before + whole as u64)));
        }
        match (step, link) {
            (Step::Address(_), Some(link)) => Ok(Some(Step::Address(following(at, link)?.into()))),
            (_, Some(link)) if self.top.is_none() => Ok(Some(Step::Address(following(at, link)?.into()))),
            // Their pages are smaller than ours. A link would end where ours does: go on without `$top`.
            (_, Some(_)) => {
                let mut url = self.begin.clone();
                set(&mut url, SKIP, &(before + came).to_string());
                Ok(Some(Step::Address(plainly(url).into())))
            }
            (Step::Address(_), None) => Ok(None),
            (_, None) => Ok(is_full.then(|| Step::Offset(SKIP.to_owned(), before + came))),
        }
    }

    /// The records of a page in the form that mapping reads.
    async fn shape(&self, batch: Batch) -> Result<Batch, ErpError> {
        let records = batch.records();
        let mut texts = match self.data_type {
            DataType::Inventory => {
                let whole = if batch.is_last() {
                    records.len()
                } else {
                    whole_rows(&records, self.settings.stock_by)?
                };
                summed(records.get(..whole).unwrap_or_default(), self.settings.stock_by)?
            }
            data_type => {
                let shape = |record: &Json<'_>| shaped(&self.settings, data_type, *record);
                records.iter().filter_map(shape).collect()
            }
        };
        if let Some(deliveries) = &self.deliveries {
            deliveries.tell(&mut texts).await?;
        }
        Ok(batch.with_records(&texts))
    }
}

/// An address as SAP's own clients write it: `$` as it is, blanks as `%20`.
pub(super) fn plainly(mut url: Url) -> Url {
    let plain = url.query().map(|query| query.replace("%24", "$").replace('+', "%20"));
    url.set_query(plain.as_deref());
    url
}

/// The address that a link leads to. A system behind a proxy may write its own host, to which we do not go, with its
/// credentials least of all: it is asked for the same where we reach it.
pub(super) fn following(at: &Url, link: &str) -> Result<Url, ErpError> {
    same_host(at, link).or_else(|elsewhere| {
        let link = Url::parse(link).map_err(|_| elsewhere)?;
        let mut url = at.clone();
        url.set_query(link.query());
        Ok(url)
    })
}

/// The records of an answer, and the link to what follows them.
pub(super) const fn places(version: ODataVersion) -> (&'static str, &'static str) {
    match version {
        ODataVersion::V2 => ("d.results", "d.__next"),
        ODataVersion::V4 => ("value", "@odata.nextLink"),
    }
}

#[async_trait]
impl Source for ListPages {
    async fn batch(&self, step: &Step) -> Result<Batch, ErpError> {
        let (url, before) = self.address(step)?;
        let request = self.client.get(url);
        let answer = self.client.send(&request).await?;
        let at = answer.url.clone();
        let (records, link) = places(self.version);
        let batch = Batch::of(answer, &request, records, |json, rows| {
            let link = json.at(link).and_then(Json::as_string);
            self.next(step, &at, before, link.as_deref(), rows)
        })?;
        self.shape(batch).await
    }

    fn is_whole(&self) -> bool {
        self.whole
    }
}
