//! Walking through the records of a data type by their numbers. Odoo keeps the moment of a change to the microsecond,
//! tells it to the second, and before version 19 compares it to the microsecond: whoever goes on "after the last moment
//! seen" meets the same records again, for ever where one import made more of them than a page holds. Numbers do not
//! change, and whatever is made meanwhile gets a higher one.

use std::collections::HashSet;

use async_trait::async_trait;
use domain::DataType;
use serde_json::{Map, Value, json};
use transport::ErpError;

use super::beside;
use super::client::{Odoo, Search};
use super::config::misconfigured;
use super::mapping::{Model, changed, conditions, model};
use super::row::Row;
use crate::rest::{Batch, Source, Step};
use crate::{Pull, offers_changes};

/// The most records that are asked for at a time: all that belongs to them is asked for at once, and Odoo's workers are
/// stopped after two minutes unless its admin allows more.
const LARGEST_PAGE: u32 = 1_000;

/// The number of a product.
const NUMBER: &str = "default_code";

/// The records of one data type.
#[derive(Debug)]
pub(super) struct List {
    erp: Odoo,
    data_type: DataType,
    model: Model,
    /// The conditions of all stretches.
    domain: Vec<Value>,
    /// What is walked through, one after the other.
    stretches: Vec<Stretch>,
    limit: u32,
    is_whole: bool,
}

/// All records, or their quantities in one warehouse.
#[derive(Debug, Clone, Default)]
struct Stretch {
    warehouse: Option<String>,
    context: Map<String, Value>,
}

impl List {
    pub(super) async fn new(erp: &Odoo, pull: &Pull) -> Result<Self, ErpError> {
        let (data_type, model) = (pull.data_type, model(pull.data_type));
        let since = pull.since.filter(|_| offers_changes(super::OFFERS, data_type));
        let fields = erp.fields(model.name).await?;
        let own = erp.settings().fields.get(&data_type);
        if let Some(strange) = own.into_iter().flatten().find(|name| !fields.contains_key(*name)) {
            return Err(misconfigured(&format!(
                "settings.odoo.fields.{data_type} names {strange}, which {} does not have, or not for this user",
                model.name
            )));
        }
        let mut domain = conditions(data_type, &fields);
        domain.extend(since.into_iter().flat_map(|since| changed(data_type, since, &fields)));
        let stretches = match data_type {
            DataType::Inventory if !erp.settings().warehouses.is_empty() => warehouses(erp).await?,
            _ => vec![Stretch::default()],
        };
        let limit = pull.page_size.clamp(1, LARGEST_PAGE);
        Ok(Self { erp: erp.clone(), data_type, model, domain, stretches, limit, is_whole: since.is_none() })
    }

    /// The records of a stretch behind a number.
    async fn rows(&self, stretch: &Stretch, after: i64) -> Result<Vec<Row>, ErpError> {
        let own = self.erp.settings().fields.get(&self.data_type);
        let own = own.into_iter().flatten().map(String::as_str);
        let fields: Vec<&str> = self.model.fields.iter().copied().chain(own).collect();
        let behind = [json!(["id", ">", after])];
        let domain = behind.into_iter().chain(self.domain.iter().cloned()).collect();
        let search = Search { limit: Some(self.limit), ..Search::of(self.model.name, &fields, domain) };
        let mut search = if self.model.with_archived { search.with_archived() } else { search };
        search.context.extend(stretch.context.clone());
        let mut rows = self.erp.search(&search).await?;
        if let Some(warehouse) = &stretch.warehouse {
            rows.iter_mut().for_each(|row| row.set_text("warehouse", warehouse));
        }
        Ok(rows)
    }

    /// Leaves out archived products whose number an active one has: a product that was made anew has its old one beside it,
    /// and that must not take its place, wherever it comes and whichever changed last.
    async fn without_archived_twins(&self, mut page: Vec<Row>) -> Result<Vec<Row>, ErpError> {
        let is_archived = |row: &Row| row.get("active").is_some_and(|active| active.text() == "false");
        let archived = page.iter().filter(|row| is_archived(row));
        let numbers: Vec<String> = archived.filter_map(|row| row.text(NUMBER)).collect();
        if numbers.is_empty() {
            return Ok(page);
        }
        let active = Search::of(self.model.name, &[NUMBER], json!([[NUMBER, "in", numbers]]));
        let taken: HashSet<String> =
            self.erp.search(&active).await?.iter().filter_map(|row| row.text(NUMBER)).collect();
        page.retain(|row| {
            !is_archived(row) || row.text(NUMBER).is_none_or(|number| !taken.contains(&number))
        });
        Ok(page)
    }

    /// What follows a page of one stretch.
    fn next(&self, at: usize, page: &[Row]) -> Result<Option<Step>, ErpError> {
        let is_full = u32::try_from(page.len()).is_ok_and(|length| length >= self.limit);
        let (at, after) = match page.last().filter(|_| is_full) {
            Some(last) => {
                let id = last.id().ok_or_else(|| {
                    ErpError::Malformed(format!("Odoo gave a record of {} without id", self.model.name))
                })?;
                (at, id)
            }
            None => (at + 1, 0),
        };
        Ok((at < self.stretches.len()).then(|| Step::Cursor(at.to_string(), after.to_string())))
    }
}

/// The warehouses whose stock is told apart.
async fn warehouses(erp: &Odoo) -> Result<Vec<Stretch>, ErpError> {
    let codes = &erp.settings().warehouses;
    let search = Search::of("stock.warehouse", &["code"], json!([["code", "in", codes]]));
    let found = erp.search(&search).await?;
    let stretch = |code: &String| {
        let warehouse = found.iter().find(|row| row.text("code").as_ref() == Some(code));
        let id = warehouse.and_then(Row::id).ok_or_else(|| {
            misconfigured(&format!("settings.odoo.warehouses names {code}, which is no warehouse there"))
        })?;
        // The first name is that of Odoo 17 and before, the second that of those since.
        let context = ["warehouse", "warehouse_id"].map(|name| (name.to_owned(), json!(id)));
        Ok(Stretch { warehouse: Some(code.clone()), context: context.into_iter().collect() })
    };
    codes.iter().map(stretch).collect()
}

#[async_trait]
impl Source for List {
    async fn batch(&self, step: &Step) -> Result<Batch, ErpError> {
        let (at, after) = match step {
            Step::Cursor(at, after) => (at.parse().unwrap_or(usize::MAX), after.parse().unwrap_or(i64::MAX)),
            _ => (0, 0),
        };
        let Some(stretch) = self.stretches.get(at) else { return Ok(Batch::empty()) };
        let mut page = self.rows(stretch, after).await?;
        let next = self.next(at, &page)?;
        if self.data_type == DataType::Products {
            page = self.without_archived_twins(page).await?;
        }
        beside::put(&self.erp, self.data_type, &mut page).await?;
        let records: Vec<_> = page.iter().map(Row::to_json).collect();
        Batch::written(format!("[{}]", records.join(",")), next)
    }

    fn is_whole(&self) -> bool {
        self.is_whole
    }
}
