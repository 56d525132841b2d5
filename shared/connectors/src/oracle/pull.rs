//! Walking through a resource, page by page in the order of its key.

use async_trait::async_trait;
use domain::DataType;
use domain::connection::{OraclePaging, OracleRead, OracleSettings};
use domain::json::{Json, Kind};
use jiff::Timestamp;
use transport::ErpError;
use transport::http::place;
use url::Url;

use super::children::{completed, cut_short, has_more};
use super::client::Oracle;
use super::config::misconfigured;
use super::mapping::{Resource, quoted, resource};
use crate::rest::{Batch, JsonAnswer, Source, Step};
use crate::{Pull, offers_changes};

/// The most records they give at a time.
pub(super) const LARGEST_PAGE: u32 = 500;

const OFFSET: &str = "offset";

/// The records of one data type.
#[derive(Debug)]
pub(super) struct List {
    erp: Oracle,
    resource: &'static Resource,
    fields: String,
    /// What holds for all that are asked for.
    conditions: Vec<String>,
    page_size: u32,
    since: Option<Timestamp>,
}

impl List {
    /// # Errors
    /// `Misconfigured`, if the connection does not say whose records are meant.
    pub(super) fn new(erp: &Oracle, pull: &Pull) -> Result<Self, ErpError> {
        let resource = resource(pull.data_type);
        let usual = OracleRead::default();
        let own = erp.settings().reads.get(&pull.data_type).unwrap_or(&usual);
        let since = pull.since.filter(|_| offers_changes(super::OFFERS, pull.data_type));
        let mut conditions: Vec<String> = resource.filter.map(str::to_owned).into_iter().collect();
        if resource.of_organization {
            let organization = organization(erp.settings(), pull.data_type)?;
            conditions.push(format!("OrganizationCode = {}", quoted(organization)));
        }
        conditions.extend(own.filter.as_ref().map(|filter| format!("({filter})")));
        conditions.extend(since.map(|since| changed_since(resource, own, since)));
        Ok(Self {
            erp: erp.clone(),
            resource,
            fields: own.fields.clone().unwrap_or_else(|| resource.fields.to_owned()),
            conditions,
            page_size: pull.page_size.min(LARGEST_PAGE),
            since,
        })
    }

    /// The field by whose last value the next page is asked for.
    fn page_key(&self) -> Option<&'static str> {
        self.resource.key.filter(|_| self.erp.settings().paging == OraclePaging::Key)
    }

    fn url(&self, step: &Step) -> Url {
        let mut conditions = self.conditions.clone();
        if let Step::Cursor(key, last) = step {
            conditions.push(format!("{key} > {last}"));
        }
        let order: Vec<_> = self.resource.order.iter().map(|field| format!("{field}:asc")).collect();
        let (order, limit) = (order.join(","), self.page_size.to_string());
        let mut query =
            vec![("onlyData", "true"), ("fields", &self.fields), ("orderBy", &order), ("limit", &limit)];
        let (condition, offset) = (conditions.join(" and "), offset_of(step).to_string());
        if !condition.is_empty() {
            query.push(("q", &condition));
        }
        if offset != "0" {
            query.push((OFFSET, &offset));
        }
        self.erp.url(self.resource, &query)
    }

    fn next(&self, step: &Step, json: &JsonAnswer<'_>, records: &[Json<'_>]) -> Result<Option<Step>, String> {
        let Some(flag) = json.at("hasMore") else { return Err("without hasMore".to_owned()) };
        if !has_more(Some(flag)) {
            return Ok(None);
        }
        let Some(last) = records.last() else {
            return Err("that there is more, and gave nothing".to_owned());
        };
        let Some(key) = self.page_key() else {
            let read = u64::try_from(records.len()).unwrap_or(u64::MAX);
            return Ok(Some(Step::Offset(OFFSET.to_owned(), offset_of(step) + read)));
        };
        match last.get(key).filter(|value| value.kind() == Kind::Number) {
            Some(value) => Ok(Some(Step::Cursor(key.to_owned(), value.text().to_owned()))),
            None => Err(format!("with a record without {key}: settings.oracle.reads must ask for it")),
        }
    }
}

#[async_trait]
impl Source for List {
    async fn batch(&self, step: &Step) -> Result<Batch, ErpError> {
        let request = self.erp.client().get(self.url(step));
        let answer = self.erp.client().send(&request).await?;
        let at = place(&answer.url);
        let mut cut = Vec::new();
        let batch = Batch::of(answer, &request, "items", |json, records| {
            let each = records.iter().enumerate();
            cut.extend(
                each.filter_map(|(position, record)| Some((position, cut_short(self.resource, *record)?))),
            );
            self.next(step, json, records)
                .map_err(|what| ErpError::Malformed(format!("{at} answered {what}")))
        })?;
        let mut whole = Vec::with_capacity(cut.len());
        for (position, record) in cut {
            whole.push((position, completed(&self.erp, self.resource, &self.fields, &record).await?));
        }
        Ok(batch.completed(whole))
    }

    fn is_whole(&self) -> bool {
        self.since.is_none()
    }
}

/// Whose items or stock are meant.
fn organization(settings: &OracleSettings, data_type: DataType) -> Result<&str, ErpError> {
    let warehouse = settings.warehouse.as_deref().filter(|_| data_type == DataType::Inventory);
    warehouse.or(settings.organization.as_deref()).ok_or_else(|| {
        misconfigured(&format!(
            "settings.oracle.organization is needed for {data_type}: Fusion has one record for each organization"
        ))
    })
}

/// The condition that leaves out what did not change.
fn changed_since(resource: &Resource, own: &OracleRead, since: Timestamp) -> String {
    let usual = resource.changed.iter().map(|field| (*field).to_owned());
    let fields: Vec<String> = if own.changed.is_empty() { usual.collect() } else { own.changed.clone() };
    let moment = since.strftime("%Y-%m-%dT%H:%M:%S%.3f+00:00").to_string();
    let each: Vec<_> = fields.iter().map(|field| format!("{field} > '{moment}'")).collect();
    if each.len() == 1 { each.concat() } else { format!("({})", each.join(" or ")) }
}

const fn offset_of(step: &Step) -> u64 {
    match step {
        Step::Offset(_, offset) => *offset,
        Step::First | Step::Page(_) | Step::Cursor(..) | Step::Address(_) => 0,
    }
}
